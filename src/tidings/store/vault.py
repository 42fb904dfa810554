"""Secrets at rest: sealed with AES-256-GCM under a master key, bound to their table, row and purpose.

Owns the sealed form ``v1.<key id>.<base64 of nonce and ciphertext>`` (security.md section 4). The binding is
associated data: a ciphertext copied into another row does not open there.
"""

import base64
import hashlib
import os
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tidings.core.secret import Secret
from tidings.errors import Misconfigured

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORM = "v1"


class Purpose(StrEnum):
    """What a sealed secret is for. It opens for nothing else, not even in its own row."""

    API = "api_secret"
    SIGNING = "signing_secret"
    OLD_SIGNING = "old_signing_secret"


class Vault:
    """Seals under the first master key; opens with any of them."""

    def __init__(self, keys: Sequence[Secret], *, entropy: Callable[[int], bytes]) -> None:
        self._ciphers = {_key_id(key): AESGCM(key.reveal()) for key in keys}
        self.newest = _key_id(keys[0])
        self._entropy = entropy

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys at hand, the newest first."""
        return tuple(self._ciphers)

    def seal(self, secret: Secret, *, table: str, row: str, purpose: Purpose) -> str:
        nonce = self._entropy(_NONCE_BYTES)
        sealed = nonce + self._ciphers[self.newest].encrypt(nonce, secret.reveal(), _place(table, row, purpose))
        return f"{_FORM}.{self.newest}.{base64.b64encode(sealed).decode()}"

    def open(self, sealed: str, *, table: str, row: str, purpose: Purpose) -> Secret:
        """Raise ``Misconfigured`` when no master key at hand opens it in this place."""
        try:
            key_id, raw = _read(sealed)
            cipher = self._ciphers[key_id]
            return Secret(cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _place(table, row, purpose)))
        except (ValueError, KeyError, InvalidTag) as error:
            raise Misconfigured(
                f"TIDINGS_MASTER_KEY: does not open a secret in {table}; give the key under which it was sealed"
            ) from error


def key_id_of(sealed: str) -> str | None:
    """Return the id of the key that a text says it was sealed under, or None when it is not of the sealed form."""
    try:
        return _read(sealed)[0]
    except ValueError:
        return None


def key_file(database: Path) -> Path:
    """Return where the master key of a SQLite file is kept when the settings name none."""
    return database.with_name(database.name + ".key")


def keys_beside(database: Path, *, entropy: Callable[[int], bytes]) -> list[Secret]:
    """Return the master keys kept beside a SQLite file, one a line and the newest first, making one once (mode 0600).

    Raises ``Misconfigured`` when the file cannot be made or read, or holds no key or what is none.
    """
    path = key_file(database)
    try:
        _make(path, entropy)
        text = path.read_text("ascii")
    except (OSError, ValueError) as error:
        raise Misconfigured(f"TIDINGS_MASTER_KEY: is unset and the key file {path} cannot be used") from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise Misconfigured(f"{path}: holds no key; put back the one that was in it")
    return [_parse_key(line, name=str(path)) for line in lines]


def _parse_key(text: str, *, name: str) -> Secret:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Misconfigured(f"{name}: is not base64; give 32 random bytes in base64") from error
    if len(raw) != KEY_BYTES:
        raise Misconfigured(f"{name}: holds {len(raw)} bytes; give 32 random bytes in base64")
    return Secret(raw)


def _make(path: Path, entropy: Callable[[int], bytes]) -> None:
    # Written whole under another name first: a crash in between must not leave half a key behind.
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(entropy(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    # Without its entry in the folder the key is lost with the power, and with it every sealed secret.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(sealed: str) -> tuple[str, bytes]:
    """Return key id and ciphertext. Raises ValueError for whatever ``Vault.seal`` does not write."""
    form, key_id, text = sealed.split(".")
    raw = base64.b64decode(text, validate=True)
    if form != _FORM or base64.b64encode(raw).decode() != text:
        raise ValueError("not of the sealed form")
    return key_id, raw


def _key_id(key: Secret) -> str:
    return hashlib.sha256(b"tidings master key id" + key.reveal()).hexdigest()[:8]


def _place(table: str, row: str, purpose: Purpose) -> bytes:
    return f"{table}\x1f{row}\x1f{purpose}".encode()

"""Style sheet, script and pictures, served by ourselves.

Owns their names: each carries a hash of its content, so that a browser may keep it for ever and a new release is seen
at once.
"""

import hashlib
from importlib import resources

from msgspec import Struct

from tidings.errors import NotFound
from tidings.web.answer import Answer

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"
_HASH_LENGTH = 12


class Asset(Struct, frozen=True):
    """One file as it is served."""

    name: str
    body: bytes
    media_type: str

    def answer(self, if_none_match: bytes | None) -> Answer:
        """Return the file, or 304 to a browser that has it."""
        headers = {"cache-control": _FOR_EVER, "etag": f'"{self.name}"'}
        if if_none_match == headers["etag"].encode():
            return Answer(status=304, body=b"", media_type=self.media_type, headers=headers)
        return Answer(body=self.body, media_type=self.media_type, headers=headers)


class Assets:
    """All files, by the name of the file and by the name they are served under."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        folder = resources.files("tidings.web.pages") / "static"
        files = {file.name: file.read_bytes() for file in folder.iterdir() if "." in file.name}
        self._served = {name: _asset(name, body) for name, body in files.items()}
        self._by_name = {asset.name: asset for asset in self._served.values()}

    def path(self, file: str) -> str:
        """Return where a file is served."""
        return f"{self._prefix}/assets/{self._served[file].name}"

    def get(self, name: str) -> Asset:
        """Return what is served under a name. Raises NotFound."""
        try:
            return self._by_name[name]
        except KeyError:
            raise NotFound("asset", name) from None


def _asset(file: str, body: bytes) -> Asset:
    stem, _, ending = file.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:_HASH_LENGTH]
    return Asset(f"{stem}.{digest}.{ending}", body, _TYPES[ending])

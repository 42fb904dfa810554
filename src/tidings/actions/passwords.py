"""Passwords as they are kept: argon2id, 19 MiB and two passes (docs/decisions/0005).

Owns the work of hashing, in a thread and at most two at a time: a flood of logins must neither hold up deliveries nor
take the machine's memory.
"""

import asyncio
import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tidings.core.secret import Secret
from tidings.errors import InvalidArgument

SHORTEST = 12
LONGEST = 256
_GENERATED_BYTES = 18
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="tidings-password")
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def checked(password: Secret) -> Secret:
    """Return the password. Raises InvalidArgument unless it is of a length that protects."""
    if not SHORTEST <= len(password.reveal()) <= LONGEST:
        raise InvalidArgument("password", f"must be {SHORTEST} to {LONGEST} bytes long")
    return password


def generated(entropy: Callable[[int], bytes]) -> Secret:
    """Return a password that nobody guesses."""
    return Secret(base64.urlsafe_b64encode(entropy(_GENERATED_BYTES)))


async def hashed(password: Secret) -> str:
    """Return what is kept of a password."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _hasher.hash, password.reveal())


async def is_right(kept: str | None, given: Secret) -> bool:
    """Tell whether ``given`` is the password. None, for a name that nobody has, takes the same time."""
    known = kept if len(given.reveal()) <= LONGEST else None
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _verify, known, given.reveal()[:LONGEST])


def _verify(kept: str | None, given: bytes) -> bool:
    try:
        _hasher.verify(_of_nobody() if kept is None else kept, given)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


@lru_cache(maxsize=1)
def _of_nobody() -> str:
    return _hasher.hash(b"the password of nobody")

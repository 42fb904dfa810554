"""A small disk that can be filled, in a mount namespace of this process and its children alone.

Owns the namespace and the mounts. Needs root; without it, ``own_namespace`` says no and the disk is not offered.
"""

import ctypes
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_FILLER = "filler"
_PIECE = 64 * 1024


def own_namespace() -> bool:
    """Leave the machine's mount namespace, before there is any other thread; return whether that was possible."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS) != 0:
        return False
    return subprocess.run(["mount", "--make-rprivate", "/"], check=False, capture_output=True).returncode == 0  # noqa: S607


class SmallDisk:
    """A mounted file system of so many megabytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leave no space."""
        with (self.folder / _FILLER).open("ab", buffering=0) as file:
            piece = _PIECE
            while piece:
                try:
                    file.write(b"\0" * piece)
                except OSError:
                    piece //= 2

    def clear(self) -> None:
        (self.folder / _FILLER).unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk at ``folder``, readable by every user, and unmount it."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "none", folder], check=True)  # noqa: S607
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S607

"""A disk of its own for one installation, which its file system gives up on: from then on it is read-only for real.

Owns the mount, in a namespace that nobody else sees, and the processes in it. ext4 does by itself what is asked of it
here when it finds damage (``errors=remount-ro``); files that are open stay open, and every write to them is refused.
Needs root.
"""

import asyncio
import contextlib
import shutil
import subprocess
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from support.service import Installation

_MEGABYTES = 64
_DAMAGED_AND_MENDED = 1


@dataclass(frozen=True, kw_only=True)
class OnFailingDisk(Installation):
    """An installation all of whose commands see the disk; others see an empty folder."""

    holder: int
    image: Path

    @property
    def database(self) -> Path:
        return self.disk / "tidings.db"

    @property
    def disk(self) -> Path:
        return self.folder / "disk"

    def fail(self) -> None:
        """Let the file system find damage."""
        found = subprocess.run(
            [_program("losetup"), "-n", "-O", "NAME", "-j", str(self.image)], check=True, capture_output=True, text=True
        )
        Path("/sys/fs/ext4", Path(found.stdout.strip()).name, "trigger_fs_error").write_text("1", "ascii")

    def mend(self) -> None:
        """Do what an operator does: check the file system, and mount it again. Nobody may be at work on it."""
        self._inside("umount", str(self.disk))
        checked = subprocess.run([_program("e2fsck"), "-f", "-y", str(self.image)], check=False, capture_output=True)
        assert checked.returncode <= _DAMAGED_AND_MENDED, checked.stdout
        self._inside(*_mounting(self.image, self.disk))

    def forbid_writes(self) -> None:
        """Protect the file and its log: who has them open is refused as well."""
        self._inside(_program("chattr"), "+i", str(self.database), f"{self.database}-wal")

    def allow_writes(self) -> None:
        self._inside(_program("chattr"), "-i", str(self.database), f"{self.database}-wal")

    def make_read_only(self) -> None:
        """Mount it read-only, as after a start with a damaged disk. Nobody may be at work on it."""
        self._inside("mount", "-o", "remount,ro", str(self.disk))

    def make_writable(self) -> None:
        self._inside("mount", "-o", "remount,rw", str(self.disk))

    async def _start(self, *arguments: str, stderr: int | IO[bytes]) -> Process:
        return await asyncio.create_subprocess_exec(
            *_entering(self.holder),
            *(sys.executable, "-m", "tidings", *arguments),
            stdin=DEVNULL,
            stdout=self.stdout,
            stderr=stderr,
            env=self.environment(),
        )

    def _inside(self, *command: str) -> None:
        subprocess.run([*_entering(self.holder), *command], check=True, capture_output=True)


@asynccontextmanager
async def on_failing_disk(folder: Path, settings: dict[str, str]) -> AsyncIterator[OnFailingDisk]:
    """Make a disk and mount it where only the installation sees it; it goes with the last process that sees it."""
    image, place = _made(folder)
    mounting = " ".join(_mounting(image, place))
    holder = await asyncio.create_subprocess_exec(
        *(_program("unshare"), "--mount", "--propagation", "private"),
        *("sh", "-c", f"{mounting} && echo mounted && exec sleep infinity"),
        stdin=DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdout is not None
    try:
        assert await holder.stdout.readline() == b"mounted\n"
        yield OnFailingDisk(folder=folder, settings=settings, holder=holder.pid, image=image)
    finally:
        with contextlib.suppress(ProcessLookupError):
            holder.kill()
        await holder.wait()


def _made(folder: Path) -> tuple[Path, Path]:
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(_MEGABYTES * 1024 * 1024)
    subprocess.run([_program("mkfs.ext4"), "-q", str(image)], check=True)
    return image, place


def _mounting(image: Path, place: Path) -> tuple[str, ...]:
    return ("mount", "-o", "loop,errors=remount-ro", str(image), str(place))


def _entering(holder: int) -> tuple[str, ...]:
    return (_program("nsenter"), "--target", str(holder), "--mount", "--")


def _program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin")
    assert found is not None, f"{name} is not installed"
    return found

"""A network of its own, in which every address of the world is this machine.

Owns the namespace: whatever is called in it, by this process and its children, arrives on its loopback, and no packet
ever leaves. Owns the canary too, which listens on every address at once. Needs root.
"""

import ctypes
import os
import socket
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv6Address
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Self

_CLONE_NEWNS = 0x00020000
_CLONE_NEWNET = 0x40000000
WATCHED = (443, 8443, 80, 22, 25, 2375, 5432, 6379, 8080, 9200)
"""Ports that a service of this machine or of the cloud may listen on, and those of ordinary receivers."""


class NoNamespace(Exception):
    """The kernel did not give this process a network of its own."""


def enter() -> None:
    """Leave the machine's network and mounts, before there is any other thread."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET | _CLONE_NEWNS) != 0:
        raise NoNamespace(f"{os.strerror(ctypes.get_errno())}: attacks need a network of their own; run them as root")
    for command in (
        "mount --make-rprivate /",
        "ip link set lo up",
        # Every address is local: what is sent to it is received here.
        "ip route add local default dev lo",
        "ip -6 route add local ::/0 dev lo",
    ):
        subprocess.run(command.split(), check=True, capture_output=True)


def believe(folder: Path, *, hosts: str, resolver: str) -> None:
    """Replace /etc/hosts and /etc/resolv.conf, for this process and its children alone."""
    for name, text in (("hosts", hosts), ("resolv.conf", resolver)):
        file = folder / name
        file.write_text(text, "ascii")
        subprocess.run(["mount", "--bind", file, f"/etc/{name}"], check=True)  # noqa: S607


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Make a folder for everything that the run writes: what is attacked here is no disk."""
    with tempfile.TemporaryDirectory(prefix="tidings-attack-") as name:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0711", "none", name], check=True)  # noqa: S607
        before, tempfile.tempdir = tempfile.tempdir, name
        try:
            yield Path(name)
        finally:
            tempfile.tempdir = before
            subprocess.run(["umount", "--lazy", name], check=True)  # noqa: S607


class Canary:
    """Counts connections to any address on ``WATCHED`` ports, but those on which a receiver listens by itself."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()
        self._listeners = [
            socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, reuse_port=True)
            for port in WATCHED
        ]
        self._stopping, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._count, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.close()
        self._thread.join()
        for listener in (*self._listeners, self._stopping):
            listener.close()

    @property
    def count(self) -> int:
        """Connections so far. The kernel has accepted them all before the caller knew that it was connected."""
        return self.counted.total()

    def _count(self) -> None:
        with DefaultSelector() as selector:
            for listener in (*self._listeners, self._stopping):
                selector.register(listener, EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._stopping:
                        return
                    assert isinstance(key.fileobj, socket.socket)
                    self._accept(key.fileobj)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            caught, _ = listener.accept()
            with caught:
                host, port = caught.getsockname()[:2]
                address = IPv6Address(host.partition("%")[0])
                self.counted[f"[{address.ipv4_mapped or address}]:{port}"] += 1

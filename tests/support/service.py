"""The real program in a process of its own: ``tidings serve`` and every other command.

Owns the processes that tests start, and what they say. Refuses to import the product: it is run, not called.
"""

import asyncio
import contextlib
import itertools
import json
import os
import random
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeAlias

from support.marked_secrets import RUN, Kind

JsonObject: TypeAlias = dict[str, Any]

READY_WITHIN = 30.0
STOPPED_WITHIN = 45.0
COMMAND_WITHIN = 60.0
# Out of the range from which the system takes ports for outgoing connections, so that nobody takes one in between.
BELOW_EPHEMERAL = range(20_000, 32_000)

_launches = itertools.count()


class ServiceFailed(Exception):
    """The program did not do what it was started for; carries what it said."""


@dataclass(frozen=True)
class ApiKey:
    """A partner's key and its secret, as handed out once."""

    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Finished:
    """A command that came to its end."""

    status: int
    stdout: str
    stderr: str


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on, and that no outgoing connection will take meanwhile."""
    while True:
        port = random.choice(BELOW_EPHEMERAL)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Service:
    """One process of ``tidings serve``."""

    def __init__(self, process: Process, *, port: int, stderr: Path) -> None:
        self._process = process
        self._stderr = stderr
        self._said: list[str] = []
        self._spoke = asyncio.Event()
        self._pump = asyncio.create_task(self._read_stdout())
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    @property
    def stdout(self) -> list[str]:
        """The lines said so far."""
        return list(self._said)

    @property
    def stderr(self) -> str:
        """The log so far."""
        return self._stderr.read_text("utf-8")

    async def until_ready(self, *, within: float = READY_WITHIN) -> None:
        """Wait for the line that says it is ready. Raise ServiceFailed when it ends, or says nothing, instead."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._spoke.wait(), within)
        if not self._said:
            await self.kill()
            raise ServiceFailed(f"not ready, status {self._process.returncode}: {self.stderr}")

    async def stop(self, *, within: float = STOPPED_WITHIN) -> int:
        """Ask it to stop; return its exit status."""
        self.send(signal.SIGTERM)
        return await self.ended(within=within)

    async def kill(self) -> None:
        self.send(signal.SIGKILL)
        await self._gone()

    def send(self, number: signal.Signals) -> None:
        # It may have ended by itself a moment ago.
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def ended(self, *, within: float = STOPPED_WITHIN) -> int:
        """Wait until it ends by itself; return its exit status. It is killed when it does not."""
        try:
            return await asyncio.wait_for(self._gone(), within)
        except TimeoutError:
            await self.kill()
            raise ServiceFailed(f"still running after {within} s: {self.stderr[-4000:]}") from None

    async def _gone(self) -> int:
        status = await self._process.wait()
        await asyncio.shield(self._pump)
        return status

    async def _read_stdout(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._said.append(line.decode().rstrip("\n"))
            self._spoke.set()
        # No more will come: whoever waits for the ready line need not wait on.
        self._spoke.set()


@dataclass(frozen=True)
class Installation:
    """One folder with one database and its settings; ``settings`` are environment variables.

    What goes to another ``stdout`` than a pipe is not returned.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    stdout: int | IO[bytes] = PIPE

    @property
    def database(self) -> Path:
        return self.folder / "tidings.db"

    def environment(self) -> dict[str, str]:
        """Return this process's own environment without a trace of another installation."""
        RUN.learn_settings(self.settings)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
        return {**inherited, "TIDINGS_DATABASE_URL": f"sqlite:///{self.database}", **self.settings}

    async def serve(self, *arguments: str, port: int | None = None) -> Service:
        """Start the service and wait until it is ready."""
        service = await self.launch(*arguments, port=port)
        await service.until_ready()
        return service

    async def launch(self, *arguments: str, port: int | None = None) -> Service:
        """Start the service and do not wait."""
        chosen = free_port() if port is None else port
        log = self.folder / f"serve-{next(_launches)}.log"
        with log.open("wb") as stderr:
            process = await self._start("serve", "--port", str(chosen), *arguments, stderr=stderr)
        return Service(process, port=chosen, stderr=log)

    async def run(self, *arguments: str, within: float = COMMAND_WITHIN) -> Finished:
        """Run a command to its end."""
        process = await self._start(*arguments, stderr=PIPE)
        try:
            printed, stderr = await asyncio.wait_for(process.communicate(), within)
        except TimeoutError:
            process.kill()
            raise ServiceFailed(f"tidings {arguments} did not end within {within} s") from None
        assert process.returncode is not None
        stdout = (printed or b"").decode()
        RUN.learn_from(stdout)
        RUN.look_into(Kind.LOG, f"stderr of tidings {' '.join(arguments)}", stderr)
        return Finished(process.returncode, stdout, stderr.decode())

    async def ask(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever JSON the command prints
        """Run a command that prints one JSON document; return the document."""
        finished = await self.run(*arguments, "--json")
        if finished.status:
            raise ServiceFailed(f"tidings {' '.join(arguments)}: {finished.stderr}")
        return json.loads(finished.stdout)

    async def create_partner(self, name: str, *hosts: str) -> ApiKey:
        options = itertools.chain.from_iterable(("--allow-host", host) for host in hosts)
        made = await self.ask("partner", "create", name, *options)
        return ApiKey(key=made["api_key"], secret=made["api_secret"])

    async def create_token(self, name: str) -> str:
        return str((await self.ask("token", "create", name))["token"])

    async def _start(self, *arguments: str, stderr: int | IO[bytes]) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tidings", *arguments),
            stdin=DEVNULL,
            stdout=self.stdout,
            stderr=stderr,
            env=self.environment(),
            cwd=self.folder,
        )

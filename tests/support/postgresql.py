"""A private PostgreSQL cluster in a temporary folder, on loopback, started and stopped by the tests.

``initdb`` and ``postgres`` refuse root: run as root, they are run as the user ``nobody``.
"""

import os
import pwd
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp

from support.marked_secrets import RUN, Kind

_START_S = 60


class Cluster:
    """A running server. ``create()`` returns the URL of a fresh database."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    def url(self, database: str) -> str:
        return f"postgresql://tidings@127.0.0.1:{self.port}/{database}"

    def create(self, *, template: str | None = None) -> str:
        """Make a database, like the one with the URL ``template`` if given, and return its URL."""
        name = f"t{uuid.uuid4().hex}"
        like = "" if template is None else f" TEMPLATE {template.rpartition('/')[2]}"
        self.control_sql(f"CREATE DATABASE {name}{like}")
        return self.url(name)

    @contextmanager
    def database(self, *, template: str | None = None) -> Iterator[str]:
        """Make a database as ``create`` does, and drop it afterwards, whoever is still connected."""
        url = self.create(template=template)
        try:
            yield url
        finally:
            self.control_sql(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def control_sql(self, statement: str, *, database: str = "postgres") -> str:
        return _run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database))

    def admit_by_password(self, user: str, password: str) -> None:
        """Make a superuser who has to prove a password; everybody else is trusted."""
        self.control_sql(
            f"SET password_encryption = 'scram-sha-256'; CREATE ROLE {user} SUPERUSER LOGIN PASSWORD '{password}'"
        )
        rules = self.folder / "data" / "pg_hba.conf"
        # The first rule that fits is the one that counts.
        rules.write_text(f"host all {user} 127.0.0.1/32 scram-sha-256\n{rules.read_text('utf-8')}", "utf-8")
        self.control_sql("SELECT pg_reload_conf()")

    def admit_by_tls_alone(self, chain: Path, key: Path) -> None:
        """Show this certificate, and refuse whoever comes over the network without TLS. Restarts the server."""
        data = self.folder / "data"
        owner = data.stat()
        for file, name in ((chain, "server.crt"), (key, "server.key")):
            place = data / name
            shutil.copy(file, place)
            place.chmod(0o600)
            os.chown(place, owner.st_uid, owner.st_gid)
        with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write("ssl = on\n")
        (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n", "utf-8")
        self.stop()
        self.start()

    def start(self, *settings: str) -> None:
        chosen = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self.folder}",
            *settings,
        ]
        options = " ".join(f"-c {one}" for one in chosen)
        log = str(self.folder / "log")
        _run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-t", str(_START_S), "-l", log, "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        _run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", mode, "stop")

    def promote(self) -> None:
        """Have a standby take writes from now on."""
        _run("pg_ctl", "-D", str(self.folder / "data"), "-w", "promote")

    def stop_if_running(self) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop("immediate")

    @property
    def postmaster(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text("ascii").splitlines()[0])


@contextmanager
def cluster(*settings: str) -> Iterator[Cluster]:
    """Start a cluster of its own and remove it afterwards."""
    folder = Path(mkdtemp(prefix="tidings-pg-"))
    user = _user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    made = Cluster(folder, _free_port())
    try:
        data = str(folder / "data")
        _run("initdb", "--no-sync", "-D", data, "-U", "tidings", "-A", "trust", "-E", "UTF8", "--locale=C")
        made.start(*settings)
        try:
            yield made
        finally:
            _look_into(made)
            made.stop_if_running()
    finally:
        shutil.rmtree(folder)


@contextmanager
def standby(primary: Cluster) -> Iterator[Cluster]:
    """Copy a cluster and have the copy follow it; ``promote`` makes it one of its own."""
    folder = Path(mkdtemp(prefix="tidings-pg-"))
    user = _user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    made = Cluster(folder, _free_port())
    try:
        data = str(folder / "data")
        # -R writes where it follows from; -X stream takes what is written meanwhile.
        _run(
            "pg_basebackup", "-d", primary.url("postgres"), "-D", data, "-R", "-X", "stream", "-c", "fast", "--no-sync"
        )
        made.start()
        try:
            yield made
        finally:
            made.stop_if_running()
    finally:
        shutil.rmtree(folder)


def dump(url: str) -> bytes | None:
    """Return everything that a database holds as text, or None when its server is gone."""
    done = subprocess.run([_binary("pg_dump"), "--dbname", url], check=False, capture_output=True, cwd="/")
    return done.stdout if done.returncode == 0 else None


def _look_into(made: Cluster) -> None:
    """Look for secrets in everything that the tests left in a server, unless it is down."""
    if not (made.folder / "data" / "postmaster.pid").exists():
        return
    for name in made.control_sql("SELECT datname FROM pg_database WHERE NOT datistemplate").split():
        RUN.look_into(Kind.DATABASE, f"PostgreSQL database {name}", dump(made.url(name)) or b"")


def restore(url: str, dumped: bytes) -> None:
    """Bring back into an empty database what ``dump`` returned."""
    command = [_binary("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "--dbname", url]
    subprocess.run(command, check=True, input=dumped, stdout=subprocess.DEVNULL, cwd="/")


def version() -> str:
    """Return what the server calls itself, or that there is none."""
    try:
        program = _binary("postgres")
    except RuntimeError:
        return "no PostgreSQL"
    told = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    return f"PostgreSQL {told.split()[2]}"


def _user() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _run(program: str, *arguments: str) -> str:
    user = _user()
    done = subprocess.run(
        [_binary(program), *arguments],
        check=False,
        text=True,
        # pg_ctl leaves the server its standard streams: a pipe of ours would stay open as long as it runs.
        stdout=subprocess.PIPE if program == "psql" else subprocess.DEVNULL,
        stderr=subprocess.PIPE if program == "psql" else subprocess.DEVNULL,
        cwd="/",
        # Certificates are looked for in the home, and another user's must not be read.
        env={**os.environ, "HOME": "/nonexistent"},
        user=None if user is None else user.pw_uid,
        group=None if user is None else user.pw_gid,
        extra_groups=None if user is None else [],
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program} {' '.join(arguments[:4])} … ended with {done.returncode}: {done.stderr}")
    return done.stdout or ""


def _binary(program: str) -> str:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / program).exists():
            return str(folder / program)
    found = shutil.which(program)
    if found is None:
        raise RuntimeError(f"{program} is not installed; install PostgreSQL (Debian: apt-get install postgresql)")
    return found


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port

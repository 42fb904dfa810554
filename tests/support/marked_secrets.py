"""Every secret that this run has seen, and the search for it where it must never be.

Owns the register: clients, command lines and services of the tests have it *learn* the secrets that are handed to them,
and have it *look into* logs, metrics and databases. Master keys, API secrets, signing secrets, platform tokens,
passwords, session cookies and links to the partner page must be nowhere. What went over the wire (signatures, bodies of
events) is kept in the database on purpose and must be in no log. What is found is told by name and place, and never
repeated.
"""

import io
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from support.needles import Needles, spellings

MARKS_OF_BODIES = ("AA00 TEST EXAM PLE1", "AEGXGV-JZ4I2-6QXEJS")
"""What the bodies of nearly all events in tests hold, and nothing else does."""

_FIELDS = "api_secret|secret|token|password"
_IN_JSON = re.compile(rf'"({_FIELDS})"\s*:\s*"([^"\\]{{16,}})"')
_ON_A_CARD = re.compile(rf"^({_FIELDS.replace('_', ' ')}) +(\S{{16,}})\s*$", re.MULTILINE)
_IN_A_LINK = re.compile(r"/portal/open\?token=([A-Za-z0-9_-]{43})")
_COOKIE = re.compile(r"^[^=;]+=([^;]{16,})")
_MASTER_KEY = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=(?!=)")
_KEY_FILES = {".key"}
_FEWEST_LETTERS = 12
_LONGER_THAN_A_TIME = 40


Summary: TypeAlias = tuple[dict[str, int], dict[str, int], list[str]]
"""How many secrets of each kind, how many places of each kind, and what was found."""


class Kind(StrEnum):
    """What is looked into, which decides what must not be there."""

    LOG = "log"
    DATABASE = "database"


class Register:
    """The secrets of one run, and what was found of them."""

    def __init__(self) -> None:
        self._secrets = Needles()
        self._traffic = Needles()
        self._known: set[str] = set()
        self.learnt: Counter[str] = Counter()
        self.places: Counter[Kind] = Counter()
        self.found: list[str] = []
        for mark in MARKS_OF_BODIES:
            self._traffic.add("body of an event", mark.encode())

    def learn(self, kind: str, secret: str) -> None:
        """From now on ``secret`` must be nowhere. A word of a few letters marks nothing."""
        if secret in self._known or len(secret) < _FEWEST_LETTERS:
            return
        self._known.add(secret)
        self.learnt[kind] += 1
        for how, spelt in spellings(secret).items():
            self._secrets.add(f"{kind} #{self.learnt[kind]} as {how}", spelt)

    def learn_from(self, text: str) -> None:
        """Learn the secrets that an answer or a command's output hands out."""
        for pattern in (_IN_JSON, _ON_A_CARD):
            for kind, secret in pattern.findall(text):
                self.learn(kind.replace(" ", "_"), secret)
        self.learn_links(text)

    def learn_links(self, text: str) -> None:
        """Learn what links to the partner page let in with, from an answer or from a page that shows one."""
        for secret in _IN_A_LINK.findall(text):
            self.learn("portal_link", secret)

    def learn_cookies(self, headers: Iterable[str]) -> None:
        """Learn the sessions that ``Set-Cookie`` headers hand out."""
        for header in headers:
            for secret in _COOKIE.findall(header):
                self.learn("cookie", secret)

    def learn_settings(self, settings: Mapping[str, str]) -> None:
        """Learn the secrets that a service is started with."""
        self.learn_master_keys(settings.get("TIDINGS_MASTER_KEY", ""))
        self.learn("database_password", urlsplit(settings.get("TIDINGS_DATABASE_URL", "")).password or "")
        for name, value in settings.items():
            if name.endswith("_SECRET"):
                self.learn("secret", value)

    def learn_master_keys(self, setting: str) -> None:
        """Learn what is a key in a setting or a key file: tests also write what is none."""
        for key in _MASTER_KEY.findall(setting):
            self.learn("master_key", key)

    def learn_signature(self, kind: str, header: str) -> None:
        """From now on what ``header`` signs with must be in no log."""
        for part in header.split(","):
            value = part.partition("=")[2] if kind == "X-Signature" else part
            if len(value) > _LONGER_THAN_A_TIME:
                self._traffic.add(kind, value.encode())

    def knows(self, secret: str) -> bool:
        return secret in self._known

    def summed_up(self) -> Summary:
        """Return what was seen and found, without any secret, for the process that sums up several like this one."""
        return dict(self.learnt), {kind.value: count for kind, count in self.places.items()}, self.found

    def add(self, other: Summary) -> None:
        """Count what another process has seen."""
        learnt, places, found = other
        self.learnt.update(learnt)
        self.places.update({Kind(kind): count for kind, count in places.items()})
        self.found += found

    def look_into(self, kind: Kind, place: str, hay: bytes) -> list[str]:
        """Search ``hay``, remember what was found under ``place``, and return it."""
        names = self._secrets.found_in(hay)
        if kind is Kind.LOG:
            names += self._traffic.found_in(hay)
        self.places[kind] += 1
        told = [f"{place}: {name}" for name in names]
        self.found += told
        return told

    def look_into_folder(self, folder: Path) -> list[str]:
        """Search every file below ``folder``, and all rows of every SQLite database among them."""
        files = sorted(each for each in folder.rglob("*") if each.is_file() and not each.is_symlink())
        for file in files:
            if file.suffix in _KEY_FILES:
                self.learn_master_keys(file.read_text("ascii", "replace"))
        found: list[str] = []
        for file in files:
            if file.suffix not in _KEY_FILES:
                found += self._look_into_file(file, str(file.relative_to(folder)))
        return found

    def _look_into_file(self, file: Path, place: str) -> list[str]:
        kind = Kind.LOG if file.suffix == ".log" else Kind.DATABASE
        found = self.look_into(kind, place, file.read_bytes())
        if file.suffix == ".db":
            found += self.look_into(kind, f"rows of {place}", rows_of(file))
        return found


RUN = Register()
"""What this process has seen."""


def rows_of(database: Path) -> bytes:
    """Return every value of a SQLite database: a long one lies in pieces in the file. Nothing when it is damaged."""
    said = io.BytesIO()
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for value in _values(connection):
            said.write(value + b"\n")
    return said.getvalue()


def _values(connection: sqlite3.Connection) -> Iterator[bytes]:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        for row in connection.execute(f'SELECT * FROM "{table}"'):
            yield from (value if isinstance(value, bytes) else str(value).encode() for value in row)

"""The search for secrets finds what is planted, in every spelling and wherever it lies, and nothing else."""

import base64
import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.certificates import Authority
from support.house import open_house
from support.https_receiver import HttpsReceiver
from support.marked_secrets import MARKS_OF_BODIES, RUN, Kind, Register
from support.needles import SHORTEST, Needles, spellings

RAW = bytes(range(200, 232))
SECRET = base64.b64encode(RAW).decode()
TOKEN = "tdt_" + base64.urlsafe_b64encode(RAW).decode().rstrip("=")

LEAKS = {
    "as it was handed out": SECRET.encode(),
    "raw": RAW,
    "hex": RAW.hex().encode(),
    "upper-case hex": RAW.hex().upper().encode(),
    "hex of the text": SECRET.encode().hex().encode(),
    "URL-safe base64": base64.urlsafe_b64encode(RAW),
    "base64 of the text": base64.b64encode(SECRET.encode()),
    "base64 after one letter": base64.b64encode(b":" + SECRET.encode()),
    "base64 after two letters": base64.b64encode(b"a:" + SECRET.encode()),
    "URL-encoded text": quote(SECRET, safe="").encode(),
    "URL-encoded bytes": quote(RAW, safe="").encode(),
    "URL-encoded bytes in lower case": quote(RAW, safe="").lower().encode(),
    "repr of the bytes": repr(RAW).encode(),
    "a SQL literal": f"X'{RAW.hex().upper()}'".encode(),
}


@pytest.fixture
def register() -> Register:
    made = Register()
    made.learn("secret", SECRET)
    return made


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder where secrets may be planted: the search at the end of the run does not come here."""
    with TemporaryDirectory(prefix="tidings-planted-") as name:
        yield Path(name)


@pytest.mark.parametrize("how", LEAKS)
@pytest.mark.parametrize("before", range(8))
def test_a_planted_secret_is_found_in_every_spelling_at_every_place(register: Register, how: str, before: int) -> None:
    hay = b"." * before + LEAKS[how] + b"\n"

    assert register.look_into(Kind.LOG, "here", hay)
    assert register.found[0].startswith("here: secret #1 as ")
    assert SECRET not in register.found[0]


@pytest.mark.parametrize("how", [how for how in LEAKS if "hex" in how or "raw" in how])
def test_a_token_is_found_by_the_bytes_behind_it_too(how: str) -> None:
    register = Register()
    register.learn("token", TOKEN)

    assert register.look_into(Kind.LOG, "here", LEAKS[how]) or how == "hex of the text"
    assert register.look_into(Kind.LOG, "here", TOKEN.encode())


def test_what_holds_no_secret_holds_none(register: Register) -> None:
    noise = random.Random(7).randbytes(100_000) + base64.b64encode(os.urandom(50_000)) + RAW[:-1] + SECRET[:-6].encode()

    assert register.look_into(Kind.LOG, "here", noise) == []


def test_a_log_of_many_pieces_is_read_to_its_end(register: Register) -> None:
    piece = 4 * 1024 * 1024

    for place in (0, piece - 20, piece, 2 * piece - 1, 2 * piece + 777):
        hay = bytes(place) + SECRET.encode()
        assert register.look_into(Kind.LOG, "here", hay), place


@given(before=st.binary(max_size=40), needle=st.binary(min_size=SHORTEST, max_size=60), after=st.binary(max_size=40))
def test_any_needle_is_found_in_any_hay(before: bytes, needle: bytes, after: bytes) -> None:
    needles = Needles()
    needles.add("needle", needle)

    assert needles.found_in(before + needle + after) == ["needle"]


def test_a_short_needle_is_found_as_well() -> None:
    needles = Needles()
    needles.add("password", b"hunter2")

    assert needles.found_in(b"the password is hunter2!") == ["password"]


def test_every_spelling_is_long_enough_to_mean_something() -> None:
    assert min(map(len, spellings(SECRET).values())) >= len(RAW)


@pytest.mark.parametrize("length", [40, 8_000])
def test_a_secret_in_a_row_is_found_though_its_page_cannot_hold_it(
    register: Register, folder: Path, length: int
) -> None:
    with closing(sqlite3.connect(folder / "some.db")) as connection, connection:
        connection.execute("CREATE TABLE t (x TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", ("." * (length // 2) + SECRET + "." * length,))

    assert any(told.startswith("rows of some.db: ") for told in register.look_into_folder(folder))


def test_a_deleted_row_is_found_in_the_file(register: Register, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "some.db")) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        with connection:
            connection.execute("CREATE TABLE t (x TEXT)")
            connection.execute("INSERT INTO t VALUES (?)", (SECRET,))
        with connection:
            connection.execute("DELETE FROM t")

    assert any(told.startswith("some.db: ") for told in register.look_into_folder(folder))


def test_what_goes_over_the_wire_may_be_in_a_database_and_in_no_log(register: Register) -> None:
    signature = os.urandom(32).hex()
    register.learn_signature("X-Signature", f"t=1234567890,v1={signature}")

    for hay in (signature.encode(), MARKS_OF_BODIES[0].encode()):
        assert register.look_into(Kind.DATABASE, "attempts", hay) == []
        assert register.look_into(Kind.LOG, "log", hay)
    assert register.look_into(Kind.LOG, "log", b"t=1234567890") == []


def test_a_key_file_is_learnt_and_not_searched(folder: Path) -> None:
    register = Register()
    (folder / "some.db.key").write_text(f"{SECRET}\n", "ascii")
    clean = register.look_into_folder(folder)
    (folder / "serve.log").write_bytes(b"key is " + RAW)

    assert clean == []
    assert register.look_into_folder(folder)
    assert register.learnt == {"master_key": 1}


@pytest.mark.parametrize(
    "text",
    [
        f'{{"result":{{"api_secret":"{SECRET}"}}}}',
        f'{{"secret": "{SECRET}"}}',
        f'{{"name":"x","token":"{SECRET}"}}',
        f"name        x\napi secret  {SECRET}\n",
    ],
)
def test_secrets_are_learnt_from_what_hands_them_out(text: str) -> None:
    register = Register()

    register.learn_from(text)

    assert register.knows(SECRET)


def test_a_link_to_the_partner_page_is_learnt_in_either_of_its_forms_and_from_a_page() -> None:
    letters = base64.urlsafe_b64encode(RAW).decode().rstrip("=")
    for text in (
        f'{{"result":{{"url":"https://hooks.acme.com/portal/open?token={letters}"}}}}',
        f'{{"path": "/portal/open?token={letters}"}}',
        f"<code>http://127.0.0.1:8080/portal/open?token={letters}</code>",
    ):
        register = Register()
        register.learn_from(text)
        assert register.learnt == {"portal_link": 1}
        assert register.knows(letters)


@pytest.mark.asyncio(loop_scope="session")
async def test_every_secret_of_a_running_service_is_learnt_and_a_leak_into_its_log_is_found(
    tmp_path: Path, authority: Authority
) -> None:
    async with (
        HttpsReceiver(authority) as receiver,
        open_house(tmp_path, authority, {}, receiver=receiver) as house,
    ):
        partner = await house.partner()
        await house.platform.until_ended(await house.publish(partner))
        made = await house.platform.http.post(f"/platform/v1/webhooks/{partner.webhook}/rotate-secret")
        link = await house.platform.http.post(f"/platform/v1/partners/{partner.name}/portal-link")
        token = str(house.platform.http.headers["Authorization"]).removeprefix("Bearer ")
        (request,) = house.received(partner)
    clean = RUN.look_into_folder(tmp_path)
    handed_out = {
        "token": token,
        "api_secret": partner.client.api_key.secret,
        "secret": partner.secret,
        "portal_link": link.json()["result"]["path"].partition("=")[2],
        "rotated": made.json()["result"]["secret"],
        "master_key": (tmp_path / "tidings.db.key").read_text("ascii").strip(),
    }
    leak = tmp_path / "leak.log"
    found = {}
    wire = {"signature": request.header("X-Signature"), "body": request.body.decode()}
    for name, secret in {**handed_out, **wire}.items():
        leak.write_text(f"2026-01-01T00:00:00Z error something broke: {secret!r}\n", "utf-8")
        found[name] = _taken_back(RUN, tmp_path)
    leak.unlink()

    assert clean == []
    assert all(RUN.knows(secret) for secret in handed_out.values())
    assert all(found.values()), found


def _taken_back(register: Register, folder: Path) -> list[str]:
    """Search ``folder``, and let the run forget what was planted there."""
    found = register.look_into_folder(folder)
    del register.found[len(register.found) - len(found) :]
    return found

"""Sealed secrets under attack: nothing opens but what was sealed, where it was sealed."""

import base64
import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from support.stepped_clock import START
from support.stored import WEBHOOK, add_partner, add_webhook
from tidings.core.secret import Secret
from tidings.errors import Misconfigured
from tidings.store import sealed, webhooks
from tidings.store.database import Database
from tidings.store.sealed import PLACES, Sealed
from tidings.store.tables import api_keys, metadata
from tidings.store.vault import Purpose, Vault, key_file, key_id_of, keys_beside
from tidings.store.webhooks import SealedSecrets

OLD, NEW, FOREIGN = (Secret(bytes([number]) * 32) for number in (1, 2, 3))
SECRET = Secret(b"33 bytes, so that it is padded !!")
ROW = "WHAAAAAA-AAAAA-AAAAAA"
OTHER_ROW = "WHBBBBBB-BBBBB-BBBBBB"
HOME = ("webhooks", ROW, Purpose.SIGNING)

BOTH = Vault([NEW, OLD], entropy=os.urandom)
TEXT = Vault([NEW], entropy=os.urandom).seal(SECRET, table="webhooks", row=ROW, purpose=Purpose.SIGNING)


def opened(text: str, vault: Vault = BOTH, place: tuple[str, str, Purpose] = HOME) -> Secret | None:
    table, row, purpose = place
    try:
        return vault.open(text, table=table, row=row, purpose=purpose)
    except Misconfigured:
        return None


def parts(text: str) -> tuple[str, str, bytes]:
    form, key, body = text.split(".")
    return form, key, base64.b64decode(body)


def joined(form: str, key: str, body: bytes) -> str:
    return f"{form}.{key}.{base64.b64encode(body).decode()}"


def test_what_was_sealed_opens_where_it_was_sealed_with_any_key_at_hand() -> None:
    under_old = Vault([OLD], entropy=os.urandom).seal(SECRET, table="webhooks", row=ROW, purpose=Purpose.SIGNING)

    assert opened(TEXT) == opened(under_old) == SECRET
    assert key_id_of(TEXT) != key_id_of(under_old)


def test_sealing_is_under_the_newest_key_and_never_the_same_twice() -> None:
    texts = {BOTH.seal(SECRET, table="webhooks", row=ROW, purpose=Purpose.SIGNING) for _ in range(100)}

    assert len(texts) == 100
    assert {key_id_of(text) for text in texts} == {BOTH.newest}
    assert not any(base64.b64encode(SECRET.reveal()).decode() in text for text in texts)


@pytest.mark.parametrize(
    "place", [one for one in product(("webhooks", "api_keys"), (ROW, OTHER_ROW, ""), Purpose) if one != HOME]
)
def test_it_opens_in_no_other_table_row_or_purpose(place: tuple[str, str, Purpose]) -> None:
    assert opened(TEXT, place=place) is None


def test_a_boundary_between_table_and_row_cannot_be_moved() -> None:
    text = BOTH.seal(SECRET, table="webhooks", row="a\x1fb", purpose=Purpose.SIGNING)

    assert opened(text, place=("webhooks", "a", Purpose.SIGNING)) is None


def test_another_master_key_opens_nothing() -> None:
    assert opened(TEXT, Vault([FOREIGN], entropy=os.urandom)) is None
    assert opened(TEXT, Vault([OLD], entropy=os.urandom)) is None


def test_naming_another_key_at_hand_opens_nothing() -> None:
    form, _, body = parts(TEXT)

    for key in (*BOTH.key_ids[1:], "00000000", "", "v1"):
        assert opened(joined(form, key, body)) is None


def test_no_cut_of_it_opens() -> None:
    form, key, body = parts(TEXT)
    pieces = [piece for length in range(1, len(body)) for piece in (body[:length], body[length:])]
    texts = [TEXT[:length] for length in range(len(TEXT))]

    for text in (*texts, *(joined(form, key, piece) for piece in (b"", *pieces, body + b"0"))):
        assert opened(text) is None


def test_no_flipped_bit_opens() -> None:
    form, key, body = parts(TEXT)

    for bit in range(len(body) * 8):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        assert opened(joined(form, key, bytes(flipped))) is None


def other_spellings() -> Iterator[str]:
    form, key, body = TEXT.split(".")
    yield from (f"v2.{key}.{body}", f"{key}.{body}", f".{key}.{body}", f"{form}.{key}.{body}.", f"{form}.{key}.")
    yield from (f"{form}.{key}.{body}\n", f"{form}.{key}. {body}", f"{form}.{key}.{body[:8]}!{body[8:]}")
    yield from (f"{form}.{key}.{body.rstrip('=')}", f"{form}.{key.upper()}.{body}", f"{form}.{key}.{body}====")
    yield f"{form}.{key}.{body[:-3]}{chr(ord(body[-3]) + 1)}=="


SPELLINGS = list(other_spellings())


# What is sealed reads otherwise in each process that collects the tests; their names may not.
@pytest.mark.parametrize("text", SPELLINGS, ids=range(len(SPELLINGS)))
def test_it_has_one_spelling(text: str) -> None:
    assert text != TEXT
    assert opened(text) is None


@given(text=st.text(max_size=200) | st.text(alphabet="v1.abcdef0=+/", max_size=200))
def test_junk_is_refused_and_never_a_crash(text: str) -> None:
    assert opened(text) is None


def test_a_secret_and_what_holds_one_mask_themselves() -> None:
    held = SealedSecrets(newest=TEXT), Vault([OLD], entropy=os.urandom), SECRET, (SECRET,), {"a": SECRET}

    for one in held:
        assert SECRET.reveal().decode() not in f"{one!r} {one}"
        assert "\\x01" not in f"{one!r} {one}"


def test_every_column_of_sealed_secrets_is_looked_after_by_the_keyring() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if "sealed" in column.name
    }

    assert {f"{place.table}.{place.column.name}" for place in PLACES} == columns


def fill(connection: Connection) -> None:
    add_webhook(connection, partner=add_partner(connection))
    webhooks.set_secrets(connection, "acme", WEBHOOK, SealedSecrets(newest="1", old="2", old_ends_at=START))
    common = {"partner_id": "acme", "nonce_window": 0, "nonce_highest": "0", "created_at": START}
    rows = [{"key": f"k{number}", "sealed_secret": str(number), **common} for number in (3, 4)]
    connection.execute(insert(api_keys), [*rows, {"key": "revoked", "sealed_secret": "", **common}])


def walk(connection: Connection) -> list[str]:
    found = []
    for place in PLACES:
        after = ""
        while page := sealed.page(connection, place, after=after, most=1):
            found.append(page[0].text)
            after = page[0].row
    return found


async def test_all_sealed_secrets_are_found_page_by_page(database: Database) -> None:
    await database.write(fill)

    assert sorted(await database.read(walk)) == ["1", "2", "3", "4"]
    assert await database.read(sealed.count) == 4


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.purpose)
async def test_a_secret_that_somebody_changed_meanwhile_is_not_written_over(
    database: Database, place: sealed.Place
) -> None:
    await database.write(fill)
    (before, *_) = await database.read(lambda connection: sealed.page(connection, place, after="", most=9))
    stale = Sealed(row=before.row, text="as it was")

    lost = await database.write(lambda connection: sealed.replace(connection, place, stale, "anew"))
    unchanged = await database.read(walk)
    won = await database.write(lambda connection: sealed.replace(connection, place, before, "anew"))

    assert (lost, won) == (False, True)
    assert sorted(unchanged) == ["1", "2", "3", "4"]
    assert sorted(await database.read(walk)) == sorted({"1", "2", "3", "4", "anew"} - {before.text})


def spelt(key: Secret) -> str:
    return base64.b64encode(key.reveal()).decode()


def test_a_key_is_made_once_beside_the_database_for_its_owner_alone(tmp_path: Path) -> None:
    first = keys_beside(tmp_path / "t.db", entropy=os.urandom)
    again = keys_beside(tmp_path / "t.db", entropy=os.urandom)

    assert len(first) == 1
    assert first == again
    assert key_file(tmp_path / "t.db").stat().st_mode & 0o777 == 0o600


def test_the_key_file_may_hold_several_keys_the_newest_first(tmp_path: Path) -> None:
    key_file(tmp_path / "t.db").write_text(f"{spelt(NEW)}\n\n {spelt(OLD)} \n", "ascii")

    assert keys_beside(tmp_path / "t.db", entropy=os.urandom) == [NEW, OLD]


@pytest.mark.parametrize("text", ["", "\n", "no base64", spelt(NEW)[:-4], f"{spelt(NEW)}\nshort\n", spelt(NEW) * 2])
def test_a_key_file_that_is_none_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    key_file(tmp_path / "t.db").write_text(text, "ascii")

    with pytest.raises(Misconfigured, match=r"t\.db\.key: ") as refused:
        keys_beside(tmp_path / "t.db", entropy=os.urandom)
    assert spelt(NEW)[:8] not in str(refused.value)

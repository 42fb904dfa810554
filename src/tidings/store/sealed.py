"""Every place where secrets are kept sealed, for whoever looks after the master keys.

Owns the list of these places, their reading page by page, and the one statement that puts the same secret there under
another key. Refuses to write over what somebody else changed meanwhile.
"""

from typing import Any

from msgspec import Struct
from sqlalchemy import Column, Connection, func, select, update

from tidings.store.tables import api_keys, webhooks
from tidings.store.vault import Purpose


class Place(Struct, frozen=True):
    """A column of sealed secrets; ``row`` is the column that names the row, ``purpose`` what the secrets are for."""

    row: Column[Any]
    column: Column[Any]
    purpose: Purpose

    @property
    def table(self) -> str:
        return str(self.column.table.name)


PLACES = (
    Place(api_keys.c.key, api_keys.c.sealed_secret, Purpose.API),
    Place(webhooks.c.id, webhooks.c.sealed_secret, Purpose.SIGNING),
    Place(webhooks.c.id, webhooks.c.old_sealed_secret, Purpose.OLD_SIGNING),
)


class Sealed(Struct, frozen=True):
    """One sealed secret, and the row that it is in."""

    row: str
    text: str


def count(connection: Connection) -> int:
    """Return how many sealed secrets there are."""
    asked = (select(func.count()).where(place.column != "") for place in PLACES)
    return sum(connection.execute(statement).scalar_one() for statement in asked)


def page(connection: Connection, place: Place, *, after: str, most: int) -> list[Sealed]:
    """Return the next sealed secrets of a place, in the order of its rows. A revoked or deleted row has none."""
    statement = (
        select(place.row, place.column).where(place.row > after, place.column != "").order_by(place.row).limit(most)
    )
    return [Sealed(row=row, text=text) for row, text in connection.execute(statement)]


def replace(connection: Connection, place: Place, before: Sealed, text: str) -> bool:
    """Put ``text`` where ``before`` is; return False when it is there no more, and change nothing then."""
    statement = update(place.column.table).where(place.row == before.row, place.column == before.text)
    return connection.execute(statement.values({place.column.key: text})).rowcount > 0

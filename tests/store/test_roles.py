"""What tokens and keys may do, as it is kept."""

from sqlalchemy import Connection, text

from support.stepped_clock import START
from support.stored import add_partner
from tidings.core.model import ApiKey, Token
from tidings.core.roles import ALL_PERMISSIONS, ALL_SCOPES, KeyPermission, TokenScope
from tidings.store import keys, schema, tokens
from tidings.store.database import Database

BEFORE_ROLES = "0001"


def a_token(*scopes: TokenScope) -> Token:
    return Token(name="billing", scopes=scopes, created_at=START, revoked_at=None)


def a_key(*permissions: KeyPermission) -> ApiKey:
    return ApiKey(
        key="public", partner="acme", nonce_window=0, permissions=permissions, created_at=START, revoked_at=None
    )


async def test_a_token_keeps_its_scopes(database: Database) -> None:
    token = a_token(TokenScope.PUBLISH, TokenScope.OPERATE)
    await database.write(lambda connection: tokens.insert_one(connection, token, digest="0"))
    assert await database.read(lambda connection: tokens.living(connection, "0")) == token
    assert await database.read(lambda connection: tokens.get(connection, "billing")) == token
    assert await database.read(tokens.every) == [token]


async def test_a_key_keeps_its_permissions(database: Database) -> None:
    key = a_key(KeyPermission.WEBHOOKS_READ)

    def add(connection: Connection) -> None:
        add_partner(connection)
        keys.insert_one(connection, key, sealed_secret="sealed")

    await database.write(add)
    credential = await database.read(lambda connection: keys.credential(connection, "public"))
    assert credential is not None
    assert credential.permissions == (KeyPermission.WEBHOOKS_READ,)
    assert await database.read(lambda connection: keys.get(connection, "public")) == key


def as_the_release_before_writes(connection: Connection) -> None:
    connection.execute(text("INSERT INTO platform_tokens (name, digest, created_at) VALUES ('billing', '0', 1)"))
    connection.execute(text("INSERT INTO partners (id, name, created_at) VALUES ('acme', 'acme', 1)"))
    connection.execute(
        text(
            "INSERT INTO api_keys (key, partner_id, sealed_secret, nonce_window, nonce_highest, created_at)"
            " VALUES ('public', 'acme', 'sealed', 0, '0', 1)"
        )
    )


async def test_what_was_there_before_roles_keeps_every_right(empty_database: Database) -> None:
    await empty_database.write(lambda connection: schema.upgrade_to(connection, BEFORE_ROLES))
    await empty_database.write(as_the_release_before_writes)
    await empty_database.write(schema.bring_up_to_date)
    await empty_database.read(everything_is_allowed)


async def test_what_the_release_before_makes_on_the_new_schema_has_every_right(database: Database) -> None:
    await database.write(as_the_release_before_writes)
    await database.read(everything_is_allowed)


def everything_is_allowed(connection: Connection) -> None:
    token = tokens.living(connection, "0")
    credential = keys.credential(connection, "public")
    assert token is not None
    assert token.scopes == ALL_SCOPES
    assert credential is not None
    assert credential.permissions == ALL_PERMISSIONS

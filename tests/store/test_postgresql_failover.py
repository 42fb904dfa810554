"""A primary that is gone, and its standby that takes over: the same URL goes on, and what was committed is there."""

from support.postgresql import Cluster, cluster, standby
from support.stored import add_partner
from tidings.errors import Unavailable
from tidings.store import partners, schema
from tidings.store.postgresql import PostgresqlDatabase


def set_to(server: Cluster, setting: str) -> None:
    server.control_sql(f"ALTER SYSTEM SET {setting}")
    server.control_sql("SELECT pg_reload_conf()")


async def written(database: PostgresqlDatabase, name: str) -> bool:
    try:
        await database.write(lambda connection: add_partner(connection, name))
    except Unavailable:
        return False
    return True


async def test_writes_go_on_after_the_standby_was_promoted() -> None:
    with cluster() as primary, standby(primary) as follower:
        # From here on, a commit is on both.
        set_to(primary, "synchronous_standby_names = '*'")
        name = primary.create().rpartition("/")[2]
        hosts = f"127.0.0.1:{primary.port},127.0.0.1:{follower.port}"
        database = PostgresqlDatabase(f"postgresql://tidings@{hosts}/{name}?target_session_attrs=read-write")
        await database.write(schema.bring_up_to_date)
        before = await written(database, "before")
        primary.stop("immediate")
        # With connections that the pool still has, and while neither takes writes.
        meanwhile = [await written(database, f"meanwhile-{number}") for number in range(3)]
        follower.promote()
        after = await written(database, "after")
        found = [one.id for one in await database.read(partners.every)]
        await database.close()

    assert (before, meanwhile, after) == (True, [False] * 3, True)
    assert found == ["after", "before"]

"""A PostgreSQL that admits nobody without TLS: every connection is encrypted, and what is wrong is one clear line."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.certificates import Authority
from support.database_fixtures import opened
from support.event_samples import marked
from support.house import marker, open_house
from support.https_receiver import HttpsReceiver
from support.postgresql import Cluster, cluster
from support.service import Installation
from tidings.store.dialects import wake_others
from tidings.store.postgresql import PostgresqlDatabase

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = {"TIDINGS_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make what URLs name: the server's authority, another one, and a file that is no certificate."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "other.pem").write_bytes(Authority().pem)
    (folder / "empty.pem").write_text("no certificate\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def guarded(files: Path) -> Iterator[Cluster]:
    """Run a server that shows a certificate for 127.0.0.1."""
    signer = Authority()
    signer.write(files)
    with cluster() as running:
        running.admit_by_tls_alone(*signer.write_server_files(files, "127.0.0.1"))
        yield running


@pytest.fixture(scope="module")
def migrated(guarded: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name a database with a schema; ``migrate`` came over TLS as well."""
    url = guarded.create()
    folder = tmp_path_factory.mktemp("migrating")
    settings = KEY | {"TIDINGS_DATABASE_URL": f"{url}?sslmode=require"}
    done = asyncio.run(Installation(folder, settings).run("migrate"))
    assert done.status == 0, done.stderr
    return url


@pytest.fixture
def verified(guarded: Cluster, migrated: str, files: Path) -> Iterator[str]:
    """Name a database of a service's own, by a URL that verifies the server."""
    with guarded.database(template=migrated) as url:
        yield f"{url}?sslmode=verify-full&sslrootcert={files}/roots.pem"


@pytest.mark.parametrize(
    "options",
    [
        "",
        "?sslmode=require",
        "?sslmode=require&sslrootcert={files}/roots.pem",
        "?sslmode=verify-ca&sslrootcert={files}/roots.pem",
        "?sslmode=verify-full&sslrootcert={files}/roots.pem&ssl_min_protocol_version=TLSv1.3",
    ],
)
async def test_a_server_that_asks_for_tls_gets_it(tmp_path: Path, migrated: str, files: Path, options: str) -> None:
    url = migrated + options.format(files=files)
    checked = await Installation(tmp_path, KEY | {"TIDINGS_DATABASE_URL": url}).run("check")

    assert checked.status == 0, checked


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("?sslmode=disable", "the server's pg_hba.conf admits no such connection"),
        ("?sslmode=verify-full", "name the file of the authority that signed it: sslrootcert=FILE"),
        ("?sslmode=verify-full&sslrootcert={files}/nowhere.pem", "certificate file of TIDINGS_DATABASE_URL does not"),
        ("?sslmode=verify-full&sslrootcert={files}/empty.pem", "TIDINGS_DATABASE_URL holds no certificate"),
        ("?sslmode=verify-full&sslrootcert={files}/other.pem", "not for this host, or not signed by sslrootcert"),
        ("?sslmode=verify-ca&sslrootcert={files}/other.pem", "not for this host, or not signed by sslrootcert"),
        ("?sslmode=require&sslrootcert={files}/other.pem", "not for this host, or not signed by sslrootcert"),
    ],
)
async def test_what_is_wrong_with_tls_is_one_clear_line(
    tmp_path: Path, migrated: str, files: Path, options: str, says: str
) -> None:
    url = migrated + options.format(files=files)
    refused = await Installation(tmp_path, KEY | {"TIDINGS_DATABASE_URL": url}).run("check")

    assert refused.status == 1
    (line,) = refused.stderr.strip().splitlines()
    assert says in line


@pytest.mark.parametrize("options", ["?sslmode=disable", "?sslmode=verify-full&sslrootcert={files}/other.pem"])
async def test_a_service_does_not_start_without_the_tls_that_is_asked_for(
    tmp_path: Path, migrated: str, files: Path, options: str
) -> None:
    url = migrated + options.format(files=files)
    refused = await Installation(tmp_path, KEY | {"TIDINGS_DATABASE_URL": url}).run("serve", "--port", "0")

    assert refused.status == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "Traceback" not in refused.stderr


async def test_a_certificate_for_another_host_is_refused_by_verify_full_alone(
    tmp_path: Path, migrated: str, files: Path
) -> None:
    named = migrated.replace("127.0.0.1", "localhost")
    answers = {}
    for mode in ("verify-ca", "verify-full"):
        url = f"{named}?sslmode={mode}&sslrootcert={files}/roots.pem"
        answers[mode] = await Installation(tmp_path, KEY | {"TIDINGS_DATABASE_URL": url}).run("check")

    assert answers["verify-ca"].status == 0, answers
    assert answers["verify-full"].status == 1
    assert "certificate is not for this host" in answers["verify-full"].stderr


async def test_events_are_delivered_and_every_connection_is_encrypted(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver, guarded: Cluster, verified: str
) -> None:
    settings = KEY | {"TIDINGS_DATABASE_URL": verified}
    async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
        partner = await house.partner()
        view = await house.platform.until_ended(await house.publish(partner))
        rows = guarded.control_sql(
            "SELECT ssl, query LIKE 'LISTEN%' FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)"
            f" WHERE datname = '{verified.partition('?')[0].rpartition('/')[2]}'"
        ).split()

    assert view["delivery"]["state"] == "delivered"
    assert "t|t" in rows
    assert [row for row in rows if not row.startswith("t|")] == []


async def test_a_certificate_that_is_trusted_no_more_is_an_outage_that_ends_by_itself(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver, guarded: Cluster, verified: str, files: Path
) -> None:
    settings = KEY | {"TIDINGS_DATABASE_URL": verified}
    good = files / "chain.pem", files / "key.pem"
    async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
        partner = await house.partner()
        event = {"partner": partner.name, "payload": marked(marker())}
        guarded.admit_by_tls_alone(*Authority().write_server_files(tmp_path, "127.0.0.1"))
        try:
            refused = await house.platform.try_publish(event)
        finally:
            guarded.admit_by_tls_alone(*good)
        view = await house.platform.until_ended(await house.publish(partner))

    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) >= 1
    assert view["delivery"]["state"] == "delivered"
    assert "Traceback" not in house.service.stderr


async def test_a_wake_up_call_comes_over_tls(verified: str) -> None:
    database = opened(verified)
    assert isinstance(database, PostgresqlDatabase)
    woken = asyncio.Event()
    listening = asyncio.create_task(database.listen(woken.set))
    async with asyncio.timeout(30):
        while not woken.is_set():
            await database.write(wake_others)
            await asyncio.sleep(0.01)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await database.close()

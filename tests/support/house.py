"""A running service, a platform that publishes to it, partners that listen: what most acceptance tests need.

Owns how the parts are put together. Refuses to hide them: tests reach through to service, platform and receiver.
"""

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from support.certificates import Authority
from support.event_samples import EVENT_TYPES, marked
from support.https_receiver import HttpsReceiver, Received, Reply
from support.marked_secrets import RUN, Kind
from support.platform_client import JsonObject, Platform, platform
from support.service import Installation, Service, free_port
from support.vendor_client import VendorClient

_numbers = itertools.count(1)


def unused_name() -> str:
    return f"partner-{next(_numbers)}"


def marker() -> str:
    """Return a word that no other event carries."""
    return f"marker-{next(_numbers)}"


@dataclass(frozen=True, kw_only=True)
class Partner:
    """A partner with one registered webhook, whose requests arrive at ``path`` of the receiver."""

    name: str
    path: str
    client: VendorClient
    webhook: str
    secret: str


@dataclass
class House:
    """One installation whose service can be killed and started again at the same place."""

    installation: Installation
    service: Service
    platform: Platform
    receiver: HttpsReceiver

    async def bare_partner(self) -> tuple[str, VendorClient]:
        """Create a partner that registered nothing yet; return its name and its program."""
        name = unused_name()
        api_key = await self.platform.create_partner(name, "127.0.0.1")
        return name, VendorClient(port=self.service.port, api_key=api_key)

    async def partner(self, *replies: Reply, events: Sequence[str] = EVENT_TYPES) -> Partner:
        """Create a partner whose webhook wants ``events`` and whose receiver answers with ``replies``."""
        name, client = await self.bare_partner()
        path = f"/{name}"
        if replies:
            self.receiver.script(path, *replies)
        registered = await client.register(self.receiver.url(path), events=list(events))
        return Partner(
            name=name, path=path, client=client, webhook=registered["webhook"]["id"], secret=registered["secret"]
        )

    async def publish(self, partner: Partner, payload: JsonObject | None = None) -> str:
        """Publish one event for ``partner``; return the id of its one delivery."""
        event = {"partner": partner.name, "payload": payload or marked(marker())}
        (published,) = await self.platform.publish(event)
        (delivery,) = published["deliveries"]
        return str(delivery)

    def received(self, partner: Partner) -> list[Received]:
        return self.receiver.at(partner.path)

    async def restart(self) -> None:
        """Start the service again after it ended, on the same port and data."""
        self.service = await self.installation.serve(port=self.service.port)


def settings_for(folder: Path, authority: Authority, receiver: HttpsReceiver) -> dict[str, str]:
    """Return the settings that let a service reach ``receiver``, and nothing else on this machine."""
    return {
        "TIDINGS_EGRESS_ALLOW": f"127.0.0.1/32:{receiver.port}",
        "TIDINGS_EGRESS_CA_FILE": str(authority.write(folder)),
    }


@asynccontextmanager
async def open_house(
    folder: Path, authority: Authority, settings: Mapping[str, str], *, receiver: HttpsReceiver
) -> AsyncIterator[House]:
    """Install the service in ``folder`` and run it; stop it at the end."""
    installation = Installation(folder, {**settings_for(folder, authority, receiver), **settings})
    async with open_house_of(installation, receiver) as house:
        yield house


@asynccontextmanager
async def open_house_of(installation: Installation, receiver: HttpsReceiver) -> AsyncIterator[House]:
    """Run the service of an installation that knows ``receiver``; stop it at the end."""
    token = await installation.create_token("platform")
    service = await installation.serve(port=free_port())
    async with platform(service.url, token) as client:
        house = House(installation=installation, service=service, platform=client, receiver=receiver)
        try:
            yield house
        finally:
            if house.service.running:
                # Where the metrics have a listener of their own, this finds nothing here.
                shown = await client.http.get("/metrics")
                RUN.look_into(Kind.LOG, f"metrics of {service.url}", shown.content)
                await house.service.stop()

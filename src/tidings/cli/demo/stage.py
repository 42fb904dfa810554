"""Everything that the story needs: a service, its receiver, a name server, two partners and the platform.

Owns setting all of it up on loopback in a temporary folder, and taking it down again.
"""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from tidings import app
from tidings.actions import partners, tokens
from tidings.actions.partners import NewPartner
from tidings.cli.demo.certificates import make_certificates
from tidings.cli.demo.clients import PartnerProgram, Platform
from tidings.cli.demo.name_server import NameServer
from tidings.cli.demo.receiver import Receiver
from tidings.cli.demo.service import served
from tidings.clock import Clock
from tidings.settings import Settings

REBOUND_HOST = "hooks.rebound.example.com"
"""The host of a partner who means harm; its names are answered by the demo's own name server."""
_RECEIVER_HOST = "127.0.0.1"
_RETRY_BASE_S = "1.1"
"""Longer than a second, so that ``t`` differs between two attempts, which are signed with whole seconds."""


class Stage(Struct, frozen=True, kw_only=True):
    """Who plays."""

    receiver: Receiver
    name_server: NameServer
    platform: Platform
    acme: PartnerProgram
    mallory: PartnerProgram
    clock: Clock


class _Cast(Struct, frozen=True, kw_only=True):
    token: str
    acme: NewPartner
    mallory: NewPartner


@asynccontextmanager
async def stage(clock: Clock) -> AsyncIterator[Stage]:
    """Set the stage, and clear it afterwards."""
    with TemporaryDirectory(prefix="tidings-demo-") as name:
        folder = Path(name)
        certificates = make_certificates(folder, clock.now())
        async with NameServer() as name_server, Receiver(certificates.server) as receiver:
            fields = _fields(folder, certificates.roots, receiver.port, name_server.port)
            cast = await _hire(fields)
            async with served(folder, _variables(fields)) as port:
                yield Stage(
                    receiver=receiver,
                    name_server=name_server,
                    platform=Platform(port, cast.token),
                    acme=_program(port, cast.acme),
                    mallory=_program(port, cast.mallory),
                    clock=clock,
                )


def _fields(folder: Path, roots: Path, receiver_port: int, name_server_port: int) -> dict[str, str]:
    return {
        "database_url": f"sqlite:///{folder / 'demo.db'}",
        "dns_servers": f"127.0.0.1:{name_server_port}",
        "egress_allow": f"{_RECEIVER_HOST}/32:{receiver_port}",
        "egress_ca_file": str(roots),
        "log": "text",
        "retry_base": _RETRY_BASE_S,
        "retry_jitter": "0",
    }


def _variables(fields: Mapping[str, str]) -> dict[str, str]:
    return {f"TIDINGS_{name.upper()}": value for name, value in fields.items()}


async def _hire(fields: Mapping[str, str]) -> _Cast:
    """Make the partners and the token as an operator does, before the service runs."""
    async with app.context(Settings.model_validate(fields)) as ctx:
        acme = await partners.create(ctx, "acme", name="Acme", allow_hosts=[_RECEIVER_HOST])
        mallory = await partners.create(ctx, "mallory", name="Mallory", allow_hosts=[REBOUND_HOST])
        token = await tokens.create(ctx, "demo")
    return _Cast(token=token.token, acme=acme, mallory=mallory)


def _program(port: int, partner: NewPartner) -> PartnerProgram:
    return PartnerProgram(port, partner.key, base64.b64decode(partner.secret.reveal()))

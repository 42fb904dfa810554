"""Weaknesses to be built into a service: each opens one door, and an attack must go through it.

Owns the patches. An attack that cannot succeed against a weakened service proves nothing about a sound one.
"""

import base64
from collections.abc import Callable
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, select

from tidings.actions import access, keyring
from tidings.actions import portal as partner_page
from tidings.actions.context import Context
from tidings.core import nonce as nonces
from tidings.core.audit import Actor, ActorKind
from tidings.core.instants import Instant
from tidings.core.model import Token, Webhook
from tidings.core.outcome import Outcome
from tidings.core.secret import Secret
from tidings.sender import answer, clients
from tidings.sender.request import OutboundRequest
from tidings.sender.sender import Sender
from tidings.sender.warmth import Destination
from tidings.store import browsing, events, keys, portal, tokens, webhooks
from tidings.store.tables import portal_links
from tidings.store.tables import webhooks as table
from tidings.store.vault import Purpose, Vault
from tidings.web.pages import answers, origin


def vetted_once() -> None:
    """Judge a host when it is registered, and take its word for it from then on."""
    real = Sender.post

    async def post(self: Sender, request: OutboundRequest) -> Outcome:
        self._are_allowed = lambda _addresses, _port: True
        return await real(self, request)

    Sender.post = post  # type: ignore[method-assign] # a bug


def unpinned() -> None:
    """Judge the addresses, and let the client look the name up once more by itself."""

    def client(destination: Destination, roots_pem: bytes | None) -> Any:  # noqa: ARG001 - its face
        return clients._builder(roots_pem).build()

    clients._pinned = client


def follows_redirects() -> None:
    real = clients._builder
    clients._builder = lambda roots_pem: real(roots_pem).follow_redirects(True)  # noqa: FBT003


def nonces_in_memory() -> None:
    """Keep the nonces that were used in each process alone."""
    highest: dict[str, int] = {}
    real = keys.state_for_update

    def state_for_update(connection: Connection, key: str) -> keys.KeyState | None:
        state = real(connection, key)
        return None if state is None else structs.replace(state, highest=highest.get(key, 0))

    def spend(connection: Connection, key: str, *, nonce: int, state: keys.KeyState) -> None:  # noqa: ARG001 - its face
        highest[key] = max(nonce, state.highest)

    keys.state_for_update, keys.spend = state_for_update, spend


def nonce_before_signature() -> None:
    """Spend the nonce of whoever names a key, before its signature is looked at."""
    real = access.authenticate_partner

    async def authenticate(ctx: Context, request: access.SignedRequest, **rest: Any) -> access.Caller:
        credential = await access._credential(ctx, request)
        nonce = nonces.parse(request.nonce or b"")
        item = access._Spending(key=credential.key, nonce=nonce, now=ctx.clock.now(), rate=ctx.limits.rate_limit)
        await ctx.store.write(access._spend_all, item)
        spend, access._spend_all = access._spend_all, lambda transaction, items: [None] * len(items)  # noqa: ARG005
        try:
            return await real(ctx, request, **rest)
        finally:
            access._spend_all = spend

    access.authenticate_partner = authenticate


def no_owner() -> None:
    """Find a webhook by its id, whoever asks for it."""

    def get(connection: Connection, partner: str, name: str) -> Webhook | None:  # noqa: ARG001 - its face
        row = connection.execute(select(table).where(table.c.id == name)).one_or_none()
        return None if row is None else webhooks._webhook(row)

    webhooks.get = get


def no_owner_of_deliveries() -> None:
    """Find a delivery and its event by their ids, whoever looks at the partner page."""
    browsing.get_own = lambda connection, partner, name: browsing.get(connection, name)  # noqa: ARG005 - its face
    events.get_own = lambda connection, partner, name: events.get(connection, name)  # noqa: ARG005 - its face


def links_for_good() -> None:
    """Let a link to the partner page in again and again, whenever it was made."""

    def use_link(connection: Connection, digest: str, now: Instant) -> str | None:  # noqa: ARG001 - its face
        found = connection.execute(select(portal_links.c.partner_id).where(portal_links.c.digest == digest)).scalar()
        return None if found is None else str(found)

    portal.use_link = use_link


def any_origin() -> None:
    """Believe a form wherever it comes from."""
    origin.check_origin = lambda scope, trusted: None  # noqa: ARG005 - its face


def framed() -> None:
    """Let other sites show our pages in frames of theirs."""
    answers.SAFE["content-security-policy"] = "default-src 'self'"


def any_scope() -> None:
    """Let every living token ask for everything."""
    access.admits = lambda scopes, needed: True  # type: ignore[attr-defined] # noqa: ARG005 - a bug with its face


def any_permission() -> None:
    """Let every living key ask for everything."""
    access.permits = lambda permissions, needed: True  # type: ignore[attr-defined] # noqa: ARG005 - as above


def remembered_tokens() -> None:
    """Ask the database once for each token."""
    known: dict[str, Token | None] = {}
    real = tokens.living

    def living(connection: Connection, digest: str) -> Token | None:
        if digest not in known:
            known[digest] = real(connection, digest)
        return known[digest]

    tokens.living = living


def in_the_platforms_name() -> None:
    """Let whoever is at a partner's page act in the name of a token."""

    def by_partner(ctx: Context, partner: str, address: str | None) -> Context:
        return ctx.by(Actor(ActorKind.TOKEN, partner, address))

    partner_page.by_partner = by_partner


def unsealed() -> None:
    """Keep secrets as they are, in the form of sealed ones."""

    def seal(self: Vault, secret: Secret, *, table: str, row: str, purpose: Purpose) -> str:  # noqa: ARG001 - its face
        return f"v1.{self.newest}.{base64.b64encode(bytes(12) + secret.reveal()).decode()}"

    def unseal(self: Vault, sealed: str, *, table: str, row: str, purpose: Purpose) -> Secret:  # noqa: ARG001 - as above
        return Secret(base64.b64decode(sealed.rpartition(".")[2])[12:])

    Vault.seal, Vault.open = seal, unseal  # type: ignore[method-assign] # a bug


def forgets_signing_secrets() -> None:
    """Seal API secrets under the newest master key, and leave the others as they are."""
    keyring.PLACES = keyring.PLACES[:1]  # type: ignore[attr-defined, assignment] # a bug


def shows_all() -> None:
    """Keep of an answer whatever was read of it."""
    answer.MOST_KEPT = answer.MOST_READ


BUGS: dict[str, Callable[[], None]] = {
    "vetted_once": vetted_once,
    "unpinned": unpinned,
    "follows_redirects": follows_redirects,
    "nonces_in_memory": nonces_in_memory,
    "nonce_before_signature": nonce_before_signature,
    "no_owner": no_owner,
    "no_owner_of_deliveries": no_owner_of_deliveries,
    "links_for_good": links_for_good,
    "any_origin": any_origin,
    "framed": framed,
    "any_scope": any_scope,
    "any_permission": any_permission,
    "remembered_tokens": remembered_tokens,
    "in_the_platforms_name": in_the_platforms_name,
    "unsealed": unsealed,
    "forgets_signing_secrets": forgets_signing_secrets,
    "shows_all": shows_all,
}

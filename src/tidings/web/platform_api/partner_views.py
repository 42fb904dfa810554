"""What is shown of partners, their hosts, keys and webhooks.

Shows a secret only in the answer that made it.
"""

from msgspec import Struct

from tidings.actions import partners
from tidings.actions.keys import NewKey
from tidings.actions.portal import PortalLink
from tidings.core.instants import rfc3339_micros
from tidings.core.model import ApiKey, Partner, Webhook
from tidings.core.roles import KeyPermission
from tidings.web.platform_api.views import WebhookFields, shown


class PartnerFields(Struct, frozen=True, kw_only=True):
    """A tenant."""

    id: str
    name: str
    enabled: bool
    allowed_hosts: tuple[str, ...]
    created_at: str


class KeyFields(Struct, frozen=True, kw_only=True):
    """A key, without its secret."""

    key: str
    partner: str
    nonce_window: int
    permissions: tuple[KeyPermission, ...]
    created_at: str
    revoked_at: str | None


class PartnersView(Struct, frozen=True):
    """A page of partners, by id."""

    partners: tuple[PartnerFields, ...]
    next_cursor: str | None


class OnePartnerView(Struct, frozen=True):
    """A partner as it is now."""

    partner: PartnerFields


class PartnerView(Struct, frozen=True):
    """A partner with its keys and webhooks."""

    partner: PartnerFields
    keys: tuple[KeyFields, ...]
    webhooks: tuple[WebhookFields, ...]


class PortalLinkView(Struct, frozen=True, kw_only=True):
    """A link to the partner's own page. ``url`` is as this request reached us, ``path`` the same without the host."""

    url: str
    path: str
    expires_at: str


class NewPartnerView(Struct, frozen=True):
    """A new partner and its first key; the secret is shown this once."""

    partner: PartnerFields
    api_key: str
    api_secret: str


class KeysView(Struct, frozen=True):
    """The keys of a partner."""

    keys: tuple[KeyFields, ...]


class OneKeyView(Struct, frozen=True):
    """A key as it is now."""

    key: KeyFields


class NewKeyView(Struct, frozen=True):
    """A new key; the secret is shown this once."""

    key: KeyFields
    api_key: str
    api_secret: str


class HostsView(Struct, frozen=True):
    """The hosts that a partner's callbacks may be on."""

    allowed_hosts: tuple[str, ...]


def partners_view(page: partners.PartnerPage) -> PartnersView:
    return PartnersView(tuple(shown(partner, PartnerFields) for partner in page.partners), page.next_cursor)


def one_partner_view(partner: Partner) -> OnePartnerView:
    return OnePartnerView(shown(partner, PartnerFields))


def partner_view(found: partners.PartnerView) -> PartnerView:
    return PartnerView(shown(found.partner, PartnerFields), _keys(found.keys), _webhooks(found.webhooks))


def new_partner_view(made: partners.NewPartner) -> NewPartnerView:
    return NewPartnerView(shown(made.partner, PartnerFields), made.key, made.secret.reveal().decode("ascii"))


def keys_view(keys: list[ApiKey]) -> KeysView:
    return KeysView(_keys(keys))


def one_key_view(key: ApiKey) -> OneKeyView:
    return OneKeyView(shown(key, KeyFields))


def new_key_view(made: NewKey) -> NewKeyView:
    return NewKeyView(shown(made.key, KeyFields), made.key.key, made.secret.reveal().decode("ascii"))


def hosts_view(partner: Partner) -> HostsView:
    return HostsView(partner.allowed_hosts)


def _keys(keys: list[ApiKey]) -> tuple[KeyFields, ...]:
    return tuple(shown(key, KeyFields) for key in keys)


def _webhooks(webhooks: list[Webhook]) -> tuple[WebhookFields, ...]:
    return tuple(shown(webhook, WebhookFields) for webhook in webhooks)


def portal_link_view(link: PortalLink, *, base: str) -> PortalLinkView:
    return PortalLinkView(url=base + link.path, path=link.path, expires_at=rfc3339_micros(link.ends_at))

"""What the OpenAPI document says of partners, their hosts, keys and webhooks."""

from tidings.web.openapi import Operation
from tidings.web.platform_api.partner_views import (
    HostsView,
    KeysView,
    NewKeyView,
    NewPartnerView,
    OneKeyView,
    OnePartnerView,
    PartnersView,
    PartnerView,
)
from tidings.web.platform_api.queries import PartnerQuery, WebhookQuery
from tidings.web.platform_api.refusals import ALWAYS, OF_ONE, WITH_BODY
from tidings.web.platform_api.shapes import (
    AllowHostBody,
    NewKeyBody,
    NewPartnerBody,
    PartnerChangeBody,
    RotateSecretBody,
)
from tidings.web.platform_api.webhook_views import OneWebhookView, RotatedView, WebhooksView

_PARTNERS = "/platform/v1/partners"
_PARTNER = f"{_PARTNERS}/{{partner_id}}"
_WEBHOOKS = "/platform/v1/webhooks"
_WEBHOOK = f"{_WEBHOOKS}/{{webhook_id}}"

PARTNER_OPERATIONS = (
    Operation(
        method="post",
        path=_PARTNERS,
        id="create_partner",
        summary="Make a partner and its first key; the secret is shown this once.",
        answer=NewPartnerView,
        status=201,
        body=NewPartnerBody,
        errors=ALWAYS | WITH_BODY | {409},
    ),
    Operation(
        method="get",
        path=_PARTNERS,
        id="list_partners",
        summary="List partners by id.",
        answer=PartnersView,
        query=PartnerQuery,
        errors=ALWAYS | {400},
    ),
    Operation(
        method="get",
        path=_PARTNER,
        id="show_partner",
        summary="Show a partner with its keys and webhooks.",
        answer=PartnerView,
        errors=OF_ONE,
    ),
    Operation(
        method="patch",
        path=_PARTNER,
        id="update_partner",
        summary="Give a partner another name.",
        answer=OnePartnerView,
        body=PartnerChangeBody,
        errors=OF_ONE | WITH_BODY,
    ),
    Operation(
        method="get",
        path=f"{_PARTNER}/hosts",
        id="list_hosts",
        summary="List the hosts that the partner's callbacks may be on.",
        answer=HostsView,
        errors=OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_PARTNER}/hosts",
        id="allow_host",
        summary="Allow a host for the partner's callbacks.",
        answer=OnePartnerView,
        body=AllowHostBody,
        errors=OF_ONE | WITH_BODY,
    ),
    Operation(
        method="delete",
        path=f"{_PARTNER}/hosts/{{host}}",
        id="disallow_host",
        summary="Take a host off the list; webhooks that are there already stay.",
        answer=OnePartnerView,
        errors=OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_PARTNER}/disable",
        id="disable_partner",
        summary="Disable a partner; what is pending ends cancelled.",
        answer=OnePartnerView,
        errors=OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_PARTNER}/enable",
        id="enable_partner",
        summary="Enable a partner for what comes after.",
        answer=OnePartnerView,
        errors=OF_ONE,
    ),
    Operation(
        method="get",
        path=f"{_PARTNER}/keys",
        id="list_keys",
        summary="List the partner's keys.",
        answer=KeysView,
        errors=OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_PARTNER}/keys",
        id="create_key",
        summary="Make a key; the secret is shown this once.",
        answer=NewKeyView,
        status=201,
        body=NewKeyBody,
        body_required=False,
        errors=OF_ONE | WITH_BODY,
    ),
    Operation(
        method="delete",
        path=f"{_PARTNER}/keys/{{key}}",
        id="revoke_key",
        summary="Revoke a key.",
        answer=OneKeyView,
        errors=OF_ONE,
    ),
    Operation(
        method="get",
        path=_WEBHOOKS,
        id="list_webhooks",
        summary="List the webhooks of a partner, or of all.",
        answer=WebhooksView,
        query=WebhookQuery,
        errors=OF_ONE | {400},
    ),
    Operation(
        method="get",
        path=_WEBHOOK,
        id="show_webhook",
        summary="Show a webhook.",
        answer=OneWebhookView,
        errors=OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_WEBHOOK}/disable",
        id="disable_webhook",
        summary="Disable a webhook; what is pending for it ends cancelled.",
        answer=OneWebhookView,
        errors=OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_WEBHOOK}/enable",
        id="enable_webhook",
        summary="Enable a webhook for what comes after.",
        answer=OneWebhookView,
        errors=OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_WEBHOOK}/rotate-secret",
        id="rotate_secret",
        summary="Give a webhook a new signing secret, shown this once; for a while the old one signs as well.",
        answer=RotatedView,
        body=RotateSecretBody,
        body_required=False,
        errors=OF_ONE | WITH_BODY,
    ),
)

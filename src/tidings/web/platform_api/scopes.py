"""What a token must be allowed, route by route: the whole of it, in one place.

Owns the table. Refuses to serve a route that is not in it: what nobody decided about, nobody may ask for.
"""

from collections.abc import Mapping

from tidings.core.roles import TokenScope

NEEDED: Mapping[str, TokenScope] = {
    "POST /platform/v1/events": TokenScope.PUBLISH,
    "GET /platform/v1/events": TokenScope.READ,
    "GET /platform/v1/events/{event_id}": TokenScope.READ,
    "GET /platform/v1/deliveries": TokenScope.READ,
    "GET /platform/v1/deliveries/{delivery_id}": TokenScope.READ,
    "POST /platform/v1/deliveries/{delivery_id}/redeliver": TokenScope.OPERATE,
    "POST /platform/v1/redeliveries": TokenScope.OPERATE,
    "GET /platform/v1/redeliveries": TokenScope.READ,
    "GET /platform/v1/redeliveries/{redelivery_id}": TokenScope.READ,
    "POST /platform/v1/redeliveries/{redelivery_id}/cancel": TokenScope.OPERATE,
    "GET /platform/v1/attempts/live": TokenScope.READ,
    "GET /platform/v1/statistics": TokenScope.READ,
    "POST /platform/v1/partners": TokenScope.ADMIN,
    "GET /platform/v1/partners": TokenScope.READ,
    "GET /platform/v1/partners/{partner_id}": TokenScope.READ,
    "PATCH /platform/v1/partners/{partner_id}": TokenScope.ADMIN,
    "GET /platform/v1/partners/{partner_id}/hosts": TokenScope.READ,
    "POST /platform/v1/partners/{partner_id}/hosts": TokenScope.ADMIN,
    "DELETE /platform/v1/partners/{partner_id}/hosts/{host}": TokenScope.ADMIN,
    "POST /platform/v1/partners/{partner_id}/disable": TokenScope.ADMIN,
    "POST /platform/v1/partners/{partner_id}/enable": TokenScope.ADMIN,
    "POST /platform/v1/partners/{partner_id}/portal-link": TokenScope.OPERATE,
    "GET /platform/v1/partners/{partner_id}/keys": TokenScope.READ,
    "POST /platform/v1/partners/{partner_id}/keys": TokenScope.ADMIN,
    "DELETE /platform/v1/partners/{partner_id}/keys/{key}": TokenScope.ADMIN,
    "GET /platform/v1/webhooks": TokenScope.READ,
    "GET /platform/v1/webhooks/{webhook_id}": TokenScope.READ,
    "POST /platform/v1/webhooks/{webhook_id}/disable": TokenScope.OPERATE,
    "POST /platform/v1/webhooks/{webhook_id}/enable": TokenScope.OPERATE,
    "POST /platform/v1/webhooks/{webhook_id}/rotate-secret": TokenScope.OPERATE,
    # It names people and their addresses.
    "GET /platform/v1/audit": TokenScope.ADMIN,
}
"""Method and path, as OpenAPI spells them."""

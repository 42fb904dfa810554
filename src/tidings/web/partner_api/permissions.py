"""What a partner's key must be allowed, route by route: the whole of it, in one place.

Owns the table. Refuses to serve a route that is not in it: what nobody decided about, nobody may ask for.
"""

from collections.abc import Mapping

from tidings.core.roles import KeyPermission

NEEDED: Mapping[str, KeyPermission] = {
    "POST /b2b/webhooks": KeyPermission.WEBHOOKS_WRITE,
    "GET /b2b/webhooks": KeyPermission.WEBHOOKS_READ,
    "PATCH /b2b/webhooks/{webhook_id}": KeyPermission.WEBHOOKS_WRITE,
    "DELETE /b2b/webhooks/{webhook_id}": KeyPermission.WEBHOOKS_WRITE,
    # It sends a request to the receiver, and is on record.
    "POST /b2b/webhooks/{webhook_id}/test": KeyPermission.WEBHOOKS_WRITE,
}
"""Method and path, as OpenAPI spells them."""

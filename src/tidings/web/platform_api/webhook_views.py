"""What is shown of partners' webhooks. A signing secret is shown only in the answer that made it."""

from msgspec import Struct

from tidings.actions.operating_webhooks import Rotated, WebhookPage
from tidings.core.model import Webhook
from tidings.web.platform_api.views import WebhookFields, shown


class WebhooksView(Struct, frozen=True):
    """A page of the webhooks of a partner, or of all, by id."""

    webhooks: tuple[WebhookFields, ...]
    next_cursor: str | None


class OneWebhookView(Struct, frozen=True):
    """A webhook as it is now."""

    webhook: WebhookFields


class RotatedView(Struct, frozen=True):
    """A webhook and its new signing secret, which is shown this once."""

    webhook: WebhookFields
    secret: str


def webhooks_view(page: WebhookPage) -> WebhooksView:
    return WebhooksView(tuple(shown(webhook, WebhookFields) for webhook in page.webhooks), page.next_cursor)


def one_webhook_view(webhook: Webhook) -> OneWebhookView:
    return OneWebhookView(shown(webhook, WebhookFields))


def rotated_view(made: Rotated) -> RotatedView:
    return RotatedView(shown(made.webhook, WebhookFields), made.secret.reveal().decode("ascii"))

"""What partners are shown (docs/contract.md sections 1 and 2).

Owns fields, their order and the spelling of times: whole seconds. Never shows a secret but at registration.
"""

from typing import Literal

from msgspec import Struct

from tidings.actions.test_calls import TestReport
from tidings.actions.webhooks import Deleted, Registered
from tidings.core.catalogue import EVENT_TYPES
from tidings.core.instants import rfc3339
from tidings.core.model import Webhook


class WebhookView(Struct, frozen=True, kw_only=True):
    """A webhook; all fields are always present and none is null."""

    id: str
    url: str
    enabled: bool
    subscribed_events: tuple[str, ...]
    available_events: tuple[str, ...]
    created_at: str
    updated_at: str


class RegisteredView(Struct, frozen=True):
    """A new webhook and its secret, which is shown this once."""

    webhook: WebhookView
    secret: str


class WebhooksView(Struct, frozen=True):
    """All webhooks of the partner."""

    webhooks: tuple[WebhookView, ...]


class UpdatedView(Struct, frozen=True):
    """A webhook as it is now."""

    webhook: WebhookView


class DeletedView(Struct, frozen=True):
    """What is gone, and since when."""

    webhook_id: str
    deleted_at: str


class TestView(Struct, frozen=True, kw_only=True):
    """What went out and what came back."""

    __test__ = False

    result: Literal["success", "failure"]
    test_id: str
    payload_sent: str
    signature_header: str
    http_status: int | None
    response_body: str | None
    error_message: str | None


def webhook_view(webhook: Webhook) -> WebhookView:
    return WebhookView(
        id=webhook.id,
        url=webhook.url,
        enabled=webhook.enabled,
        subscribed_events=webhook.events,
        available_events=EVENT_TYPES,
        created_at=rfc3339(webhook.created_at),
        updated_at=rfc3339(webhook.updated_at),
    )


def registered_view(registered: Registered) -> RegisteredView:
    return RegisteredView(webhook_view(registered.webhook), registered.secret.reveal().decode("ascii"))


def deleted_view(deleted: Deleted) -> DeletedView:
    return DeletedView(deleted.webhook_id, rfc3339(deleted.deleted_at))


def test_view(report: TestReport) -> TestView:
    return TestView(
        result="success" if report.result == "success" else "failure",
        test_id=report.test_id,
        payload_sent=report.payload_sent,
        signature_header=report.signature_header,
        http_status=report.http_status,
        response_body=report.response_body,
        error_message=report.error_message,
    )

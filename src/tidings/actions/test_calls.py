"""The test call: the test event, sent now, once, really signed (contract.md section 2).

Owns the rule of one test of a webhook at a time, on all processes. The request is on record like an attempt, before
its first byte goes out.
"""

import uuid
from math import ceil

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.actions.requests import Signed, destination, excerpt_of, signed_request
from tidings.actions.targets import signing_secrets
from tidings.core.audit import AuditAction
from tidings.core.catalogue import TEST_EVENT_TYPE, TEST_PAYLOAD
from tidings.core.instants import MILLISECOND, SECOND
from tidings.core.model import Webhook
from tidings.core.outcome import SENTENCES, Blocked, Code, Outcome, code_of, status_of
from tidings.core.secret import Secret
from tidings.errors import InvalidArgument, Misconfigured, NotFound, TestInProgress, WebhookDisabled
from tidings.store import partners, webhooks
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction
from tidings.store.webhooks import TestCall
from tidings.telemetry.facts import WebhookTested

_UUID_BYTES = 16


class TestReport(Struct, frozen=True, kw_only=True):
    """What the partner is told. ``http_status`` and ``response_body`` are None when no HTTP answer came."""

    __test__ = False  # the name begins with Test, but it is no test case
    result: str
    test_id: str
    payload_sent: str
    signature_header: str
    http_status: int | None
    response_body: str | None
    error_message: str | None


async def test(ctx: Context, partner: str, webhook_id: str) -> TestReport:
    """Send the test event and report. Raises NotFound, WebhookDisabled or TestInProgress."""
    call = TestCall(id=_test_id(ctx), webhook_id=webhook_id, started_at=ctx.clock.now())
    webhook, secrets = await ctx.store.write(_begin, _Beginning(ctx, partner, call))
    signed, outcome = await _send(ctx, webhook, secrets)
    await ctx.store.write(_end, _ended(ctx, call, signed, outcome))
    ctx.emit(WebhookTested(webhook_id, partner, code_of(outcome)))
    return _report(call, signed, outcome)


class _Beginning(Struct, frozen=True):
    ctx: Context
    partner: str
    call: TestCall


def _begin_one(transaction: Transaction, wanted: _Beginning) -> tuple[Webhook, tuple[Secret, ...]]:
    connection, name = transaction.connection, wanted.call.webhook_id
    partners.lock(connection, wanted.partner)
    webhook = webhooks.get(connection, wanted.partner, name)
    sealed = webhooks.sealed_secrets(connection, wanted.partner, name)
    if webhook is None or sealed is None:
        raise NotFound("webhook", name)
    if not webhook.enabled:
        raise WebhookDisabled("the webhook must be enabled to be tested")
    secrets = signing_secrets(wanted.ctx, webhook.id, sealed, now=wanted.call.started_at)
    if not secrets:
        raise Misconfigured("TIDINGS_MASTER_KEY: does not open this webhook's secret")
    _refuse_second(connection, wanted)
    webhooks.begin_test(connection, wanted.call)
    test = wanted.call.id
    note(wanted.ctx, transaction, AuditAction.WEBHOOK_TEST, partner=webhook.partner, subject=webhook.id, test=test)
    return webhook, secrets


def _refuse_second(connection: Connection, wanted: _Beginning) -> None:
    since = webhooks.test_running_since(connection, wanted.call.webhook_id)
    if since is None:
        return
    left = since + wanted.ctx.limits.lease - wanted.call.started_at
    if left > 0:
        # Rounded up: whoever waits as long as told must not be refused once more.
        raise TestInProgress(retry_after=ceil(left / SECOND))
    # The process that made it is gone: no test takes longer than a lease.
    webhooks.abandon_tests(connection, wanted.call.webhook_id, outcome=Code.LEASE_LOST)


async def _send(ctx: Context, webhook: Webhook, secrets: tuple[Secret, ...]) -> tuple[Signed, Outcome]:
    signed = Signed.of(
        secrets, event_type=TEST_EVENT_TYPE, webhook=webhook.id, body=TEST_PAYLOAD.encode(), now=ctx.clock.now()
    )
    try:
        url = destination(webhook.url, ctx.rules)
    except InvalidArgument:
        return signed, Blocked()
    request = signed_request(
        signed,
        partner=webhook.partner,
        url=url,
        timeout=ctx.limits.attempt_timeout,
        start_by=ctx.clock.monotonic() + ctx.limits.lease - ctx.limits.attempt_timeout,
    )
    return signed, await ctx.sender.post(request)


def _ended(ctx: Context, call: TestCall, signed: Signed, outcome: Outcome) -> TestCall:
    return msgspec.structs.replace(
        call,
        duration_ms=(ctx.clock.now() - call.started_at) // MILLISECOND,
        outcome=code_of(outcome),
        http_status=status_of(outcome),
        signature=signed.signature,
        response_excerpt=excerpt_of(outcome),
    )


def _report(call: TestCall, signed: Signed, outcome: Outcome) -> TestReport:
    code = code_of(outcome)
    return TestReport(
        result="success" if code is Code.OK else "failure",
        test_id=call.id,
        payload_sent=signed.body.decode(),
        signature_header=signed.signature,
        http_status=status_of(outcome),
        response_body=excerpt_of(outcome),
        error_message=None if code is Code.OK else SENTENCES[code],
    )


def _test_id(ctx: Context) -> str:
    return str(uuid.UUID(bytes=ctx.entropy(_UUID_BYTES), version=4))


def _end_one(transaction: Transaction, call: TestCall) -> None:
    webhooks.end_test(transaction.connection, call)


_begin = each(_begin_one)
_end = each(_end_one)

"""What a worker has in its hands when its attempt has ended."""

from support.moves import TOKEN
from support.stepped_clock import START
from support.stored import WEBHOOK
from tidings.core.instants import SECOND
from tidings.core.model import Lease
from tidings.core.outcome import Code
from tidings.core.verdict import Verdict
from tidings.engine.recording import Ended
from tidings.store.attempts import AttemptResult


def ended_attempt(name: str, verdict: Verdict, *, outcome: str = Code.OK, tells: bool = False) -> Ended:
    """Return the end of the first attempt of a delivery, under the lease with ``TOKEN``."""
    lease = Lease(
        delivery=name,
        partner="acme",
        event="evt_1",
        event_type="user.verified",
        webhook=WEBHOOK,
        url="https://hooks.example.com/in",
        secrets=(),
        body=b"{}",
        number=1,
        token=TOKEN,
        started_at=START,
        until=START + 60 * SECOND,
        start_by=0,
        first_attempt_at=START,
        due_at=START,
        created_at=START,
    )
    result = AttemptResult(
        delivery_id=name,
        number=1,
        duration_ms=1,
        outcome=outcome,
        http_status=200,
        signature=None,
        response_excerpt=None,
    )
    return Ended(lease, result, verdict, START, tells)

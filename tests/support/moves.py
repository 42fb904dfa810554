"""What moving statements are given in tests."""

from support.stepped_clock import START
from support.stored import WEBHOOK
from tidings.core.delivery import TRANSITIONS, Move
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.store.deliveries import EndedAttempt

TOKEN = "00112233445566778899aabb"
RECORDED = (Move.SUCCEEDED, Move.PUT_OFF, Move.GAVE_UP, Move.CUT_OFF, Move.LEASE_LOST)
"""Moves by the end of an attempt."""


def ended(name: str, move: Move, *, token: str = TOKEN) -> EndedAttempt:
    waits = TRANSITIONS[move][1] is State.PENDING
    return EndedAttempt(
        id=name,
        lease_token=token,
        due_at=START + SECOND if waits else None,
        finished_at=None if waits else START + SECOND,
        last_outcome="lease_lost" if move is Move.LEASE_LOST else "ok",
        last_status=None,
    )


__all__ = ["RECORDED", "TOKEN", "WEBHOOK", "ended"]

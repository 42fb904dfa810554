"""What happened: one fixed word for every ending."""

import pytest

from tidings.core.outcome import SENTENCES, Answered, Blocked, Code, Outcome, Unanswered, code_of, status_of


@pytest.mark.parametrize(
    ("outcome", "code", "status"),
    [
        (Answered(200), Code.OK, 200),
        (Answered(299), Code.OK, 299),
        (Answered(300), Code.REDIRECT_REFUSED, 300),
        (Answered(308), Code.REDIRECT_REFUSED, 308),
        (Answered(199), Code.HTTP_STATUS, 199),
        (Answered(400), Code.HTTP_STATUS, 400),
        (Answered(503, 5), Code.HTTP_STATUS, 503),
        (Unanswered(Code.TIMEOUT), Code.TIMEOUT, None),
        (Blocked(), Code.ADDRESS_NOT_ALLOWED, None),
    ],
)
def test_an_outcome_has_one_word_and_maybe_a_status(outcome: Outcome, code: Code, status: int | None) -> None:
    assert code_of(outcome) is code
    assert status_of(outcome) == status


def test_every_word_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Code)

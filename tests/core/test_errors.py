"""Errors: one tree, one code each."""

import inspect

from tidings import errors


def test_no_two_errors_share_a_code() -> None:
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.TidingsError) and kind.__module__ == errors.__name__
    ]
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_an_error_says_what_it_carries() -> None:
    assert str(errors.InvalidArgument("url", "is missing")) == "url: is missing"
    assert str(errors.InvalidEvent(3, "payload.id", "is missing")) == "events[3].payload.id: is missing"
    assert errors.RateLimited(7).retry_after == errors.TestInProgress(7).retry_after == 7
    assert errors.Unavailable("down").retry_after >= 1
    assert str(errors.NotFound("webhook", "WH1")) == "webhook not found: WH1"
    assert str(errors.AlreadyExists("partner", "acme")) == "partner already exists: acme"
    assert errors.IdempotencyConflict(4).index == 4

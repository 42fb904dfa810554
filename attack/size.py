"""How much of everything: a short run for the tests, a long one for docs/security-tests.md."""

from msgspec import Struct


class Size(Struct, frozen=True, kw_only=True):
    """The numbers of one run.

    ``every``: of the generated inputs that need a look-up, one in so many is taken. ``deliveries``: to rebinding
    names. ``rounds``: of ``volley`` equal requests at once. ``crowd``: misbehaving receivers of each kind.
    ``examples``: what each property of the fuzzers is tried with.
    """

    every: int
    ordinary: int
    deliveries: int
    rounds: int
    volley: int
    crowd: int
    examples: int


SHORT = Size(every=23, ordinary=100, deliveries=40, rounds=4, volley=60, crowd=4, examples=60)
LONG = Size(every=1, ordinary=500, deliveries=1000, rounds=100, volley=200, crowd=100, examples=2000)

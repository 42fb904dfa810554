"""One teller for several readers of facts."""

from tidings.telemetry.facts import Emit, Fact


def fan_out(*readers: Emit) -> Emit:
    """Return an ``Emit`` that tells every fact to each of ``readers``, in their order."""

    def emit(fact: Fact) -> None:
        for reader in readers:
            reader(fact)

    return emit

"""Who reads the facts of a service: metrics, log, and whoever watches the webhooks' health.

Owns which readers there are by the settings. No logic lives here.
"""

import sys

from msgspec import Struct

from tidings.clock import Clock
from tidings.engine.health import Health
from tidings.settings import Settings
from tidings.telemetry.facts import Emit
from tidings.telemetry.fan_out import fan_out
from tidings.telemetry.line_buffer import LineBuffer
from tidings.telemetry.logs import log_to
from tidings.telemetry.metrics import Metrics


class Readers(Struct, frozen=True, kw_only=True):
    """The readers, and ``emit``, which tells them all."""

    metrics: Metrics
    lines: LineBuffer
    health: Health | None
    emit: Emit


def open_readers(settings: Settings) -> Readers:
    """Return the readers of a service that logs to stderr."""
    metrics, lines = Metrics(per_webhook=settings.metrics_per_webhook), LineBuffer(sys.stderr.buffer)
    health = None if settings.operations_url is None else Health(Clock())
    readers = [metrics.read, log_to(lines, style=settings.log, clock=Clock())]
    if health is not None:
        readers.append(health.read)
    return Readers(metrics=metrics, lines=lines, health=health, emit=fan_out(*readers))

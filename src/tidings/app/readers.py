"""Who reads the facts of a service: metrics, log, traces, and whoever watches the webhooks' health.

Owns which readers there are by the settings. No logic lives here.
"""

import secrets
import sys
from contextlib import AsyncExitStack

from msgspec import Struct

from tidings import __version__
from tidings.clock import Clock
from tidings.engine.health import Health
from tidings.errors import Misconfigured
from tidings.settings import Settings
from tidings.telemetry.facts import Emit
from tidings.telemetry.fan_out import fan_out
from tidings.telemetry.line_buffer import LineBuffer
from tidings.telemetry.logs import log_to
from tidings.telemetry.metrics import Metrics

_INSTANCE_BYTES = 8


class Readers(Struct, frozen=True, kw_only=True):
    """The readers, and ``emit``, which tells them all."""

    metrics: Metrics
    health: Health | None
    emit: Emit


def open_readers(stack: AsyncExitStack, settings: Settings) -> Readers:
    """Return the readers of a service that logs to stderr; ``stack`` lets go of what they hold back.

    Raises Misconfigured when traces are wanted and cannot be made.
    """
    metrics, lines = Metrics(per_webhook=settings.metrics_per_webhook), LineBuffer(sys.stderr.buffer)
    stack.callback(lines.close)
    health = None if settings.operations_url is None else Health(Clock())
    readers = [metrics.read, log_to(lines, style=settings.log, clock=Clock())]
    if settings.otlp_endpoint is not None:
        readers.append(_traces(stack, settings, settings.otlp_endpoint, fan_out(*readers)))
    if health is not None:
        readers.append(health.read)
    return Readers(metrics=metrics, health=health, emit=fan_out(*readers))


def _traces(stack: AsyncExitStack, settings: Settings, endpoint: str, emit: Emit) -> Emit:
    try:
        from tidings.telemetry.otlp import Collector, Traces  # noqa: PLC0415 - what it imports is an extra
    except ModuleNotFoundError as error:
        raise Misconfigured("TIDINGS_OTLP_ENDPOINT: traces need an extra; pip install 'tidings[otlp]'") from error
    collector = Collector(
        endpoint=endpoint,
        sample=settings.otlp_sample,
        version=__version__,
        instance=secrets.token_hex(_INSTANCE_BYTES),
    )
    traces = Traces(collector, clock=Clock(), emit=emit)
    stack.push_async_callback(traces.close)
    return traces.read

"""Spans to a collector, over OTLP/HTTP. Needs the extra ``tidings[otlp]``, and is imported only when it is wanted.

Owns the exporter and its thread. Refuses to hold anything up: when the collector does not keep up, spans are dropped,
and the loss is told.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from threading import Thread

from msgspec import Struct
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from requests import Session

from tidings.clock import Clock
from tidings.telemetry.facts import Emit, Fact, SpansLost
from tidings.telemetry.spans import Span, spans_of

_PATH = "/v1/traces"
_TIMEOUT_S = 5
_MOST_WAITING = 16_384
_AT_ONCE = 512
_EVERY_MS = 1_000
_PATIENCE_S = 5.0
_NS = 1_000


class Collector(Struct, frozen=True, kw_only=True):
    """Where spans go, as what, and which part of the traces."""

    endpoint: str
    sample: float
    version: str
    instance: str


class Traces:
    """Reads facts and hands spans to the collector. Made inside the loop whose thread tells the facts."""

    def __init__(self, collector: Collector, *, clock: Clock, emit: Emit) -> None:
        """``emit`` is told of spans that were lost."""
        # What the library says in free text goes nowhere: what matters is told as a fact.
        _silence("opentelemetry")
        self._clock = clock
        self._sample = collector.sample
        self._ids = _GivenIds()
        loop = asyncio.get_running_loop()
        exporter = _Told(collector.endpoint, lost=lambda count: _tell(loop, emit, SpansLost(count)))
        self._provider = TracerProvider(
            # What is not traced never comes this far.
            sampler=ALWAYS_ON,
            resource=Resource(
                {
                    "service.name": "tidings",
                    "service.version": collector.version,
                    "service.instance.id": collector.instance,
                }
            ),
            shutdown_on_exit=False,
            id_generator=self._ids,
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter,
                max_queue_size=_MOST_WAITING,
                schedule_delay_millis=_EVERY_MS,
                max_export_batch_size=_AT_ONCE,
            )
        )
        self._tracer = self._provider.get_tracer("tidings", collector.version)

    def read(self, fact: Fact) -> None:
        """Add to the traces what ``fact`` tells. This is an ``Emit``."""
        for span in spans_of(fact, self._clock.now(), sample=self._sample):
            self._record(span)

    async def close(self) -> None:
        """Hand over what waits, for a few seconds at most."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def end() -> None:
            self._provider.shutdown()
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(done.set)

        # Not the loop's own threads: the end of the loop would wait for a collector that is silent.
        Thread(target=end, daemon=True, name="tidings-traces-end").start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await done.wait()

    def _record(self, span: Span) -> None:
        self._ids.trace, self._ids.span = span.trace, span.id
        recording = self._tracer.start_span(
            span.name,
            context=Context() if span.parent is None else _inside(span.trace, span.parent),
            kind=SpanKind.CLIENT if span.is_request else SpanKind.INTERNAL,
            attributes=span.attributes,
            start_time=span.began_at * _NS,
        )
        if span.failed:
            recording.set_status(Status(StatusCode.ERROR))
        recording.end(end_time=span.ended_at * _NS)


class _GivenIds(IdGenerator):
    """Ids are computed (``spans``); the library asks for the next one."""

    trace = 0
    span = 0

    def generate_trace_id(self) -> int:
        return self.trace

    def generate_span_id(self) -> int:
        return self.span


class _Told(SpanExporter):
    """Hands spans to the collector, and tells how many could not be."""

    def __init__(self, endpoint: str, *, lost: Callable[[int], None]) -> None:
        session = Session()
        # As for deliveries: what the environment says of proxies is not believed.
        session.trust_env = False
        self._below = OTLPSpanExporter(endpoint.rstrip("/") + _PATH, timeout=_TIMEOUT_S, session=session)
        self._lost = lost

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._below.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._lost(len(spans))
        return result

    def shutdown(self) -> None:
        self._below.shutdown()  # type: ignore[no-untyped-call] # the library left it without a type


def _inside(trace: int, parent: int) -> Context:
    sampled = TraceFlags(TraceFlags.SAMPLED)
    return set_span_in_context(
        NonRecordingSpan(SpanContext(trace, parent, is_remote=True, trace_flags=sampled)), Context()
    )


def _tell(loop: asyncio.AbstractEventLoop, emit: Emit, fact: Fact) -> None:
    # The loop may have ended by now; then nobody reads.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(emit, fact)


def _silence(name: str) -> None:
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.addHandler(logging.NullHandler())

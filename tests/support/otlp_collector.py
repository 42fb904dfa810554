"""A collector of traces inside the test's own process: OTLP over HTTP, with the protobuf of the specification.

Owns as much of HTTP as an exporter needs. It can refuse everything.
"""

import asyncio
import contextlib
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

DEADLINE = 30.0


@dataclass(frozen=True, kw_only=True)
class Collected:
    """One span as it arrived; ids are hexadecimal, moments nanoseconds."""

    trace: str
    id: str
    parent: str
    name: str
    began: int
    ended: int
    is_error: bool
    attributes: dict[str, str | int]
    service: dict[str, str | int]


class OtlpCollector:
    """Listens on 127.0.0.1 and answers every export with ``status``."""

    def __init__(self, *, status: int = 200) -> None:
        self._status = status
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Condition()
        self.paths: list[str] = []
        self.spans: list[Collected] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def until(self, fact: Callable[[], bool], *, within: float = DEADLINE) -> None:
        """Wait until ``fact`` holds; it is asked again after every export."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(fact), within)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await self._serve_one(reader, writer)
        writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        async with self._changed:
            self.paths.append(head[0].split(" ")[1])
            if self._status == 200:
                self.spans += _spans_of(body)
            self._changed.notify_all()
        writer.write(f"HTTP/1.1 {self._status} Said\r\nContent-Length: 0\r\n\r\n".encode("ascii"))
        await writer.drain()


def _spans_of(body: bytes) -> list[Collected]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        Collected(
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            name=span.name,
            began=span.start_time_unix_nano,
            ended=span.end_time_unix_nano,
            is_error=span.status.code == span.status.STATUS_CODE_ERROR,
            attributes=_values(span.attributes),
            service=_values(resource.resource.attributes),
        )
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _values(attributes: "list[KeyValue]") -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in attributes}

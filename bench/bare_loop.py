"""What the machine allows: sign and POST in a loop, with nothing kept, nothing decided, nothing retried.

One order a line (``Order``), one answer a line: how long it took and what it cost.
"""

import asyncio
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from pyreqwest.client import Client

from bench.client import cpu_seconds_of_this_process, plain_client, run_and_end
from bench.traffic import body_of

_SECRET = b"a secret as long as the real one"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """POST ``count`` bodies from number ``first`` on to ``urls`` in turn; ``roots`` is a PEM file."""

    urls: list[str]
    roots: str
    first: int
    count: int
    concurrency: int


async def _post_until_none(client: Client, order: Order, numbers: Iterator[int]) -> None:
    for number in numbers:
        body = body_of(number).encode()
        signed_at = int(time.time())
        mac = hmac.new(_SECRET, b"%d.%b" % (signed_at, body), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Signature": f"t={signed_at},v1={mac}",
            "X-Webhook-Event": "user.verified",
            "X-Webhook-ID": "WHTEST-XXXXX-EXAMPLE",
            "User-Agent": "Tidings/bench",
        }
        url = order.urls[number % len(order.urls)]
        answer = await client.post(url).headers(headers).body_bytes(body).build().send()
        if answer.status != 200:
            sys.exit(f"the receiver answered {answer.status}")


def _client_for(order: Order) -> Client:
    return plain_client(roots_pem=Path(order.roots).read_bytes())


async def _carry_out(order: Order) -> dict[str, float]:
    numbers = iter(range(order.first, order.first + order.count))
    begun, cpu = time.monotonic(), cpu_seconds_of_this_process()
    async with _client_for(order) as client, asyncio.TaskGroup() as group:
        for _ in range(order.concurrency):
            group.create_task(_post_until_none(client, order, numbers))
    return {"seconds": time.monotonic() - begun, "cpu": cpu_seconds_of_this_process() - cpu}


async def _main() -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await _carry_out(msgspec.json.decode(line, type=Order))), flush=True)


if __name__ == "__main__":
    run_and_end(_main())

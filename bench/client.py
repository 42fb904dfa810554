"""What the bench's own programs have in common: an HTTP client without comfort, their CPU time, their end."""

import os
import resource
import sys
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, NoReturn

import uvloop
from pyreqwest.client import Client, ClientBuilder

REQUEST_WITHIN = timedelta(seconds=60)


def plain_client(*, roots_pem: bytes | None = None) -> Client:
    """Return a client that does nothing by itself: no proxies, no redirects, no decompression."""
    builder = ClientBuilder().no_proxy().follow_redirects(enable=False).referer(enable=False).http1_only()
    builder = builder.gzip(enable=False).brotli(enable=False).zstd(enable=False).deflate(enable=False)
    builder = builder.timeout(REQUEST_WITHIN).pool_max_idle_per_host(1024)
    if roots_pem is not None:
        builder = builder.add_root_certificate_pem(roots_pem)
    return builder.build()


def cpu_seconds_of_this_process() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run_and_end(main: Coroutine[Any, Any, None]) -> NoReturn:
    """Run ``main`` and leave without the interpreter's teardown, in which the client's threads may still be busy."""
    uvloop.run(main)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)

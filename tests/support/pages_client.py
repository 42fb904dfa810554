"""A browser's side of the wire without a browser: cookies, forms and their tokens, down to each header."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx

from support.marked_secrets import RUN

_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@dataclass
class PagesClient:
    """Asks one site for pages and sends its forms, with or without what a browser would add."""

    port: int
    prefix: str = "/console"
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # No connection is kept, so that nobody needs to close the client.
        limits = httpx.Limits(max_keepalive_connections=0)
        url = f"http://127.0.0.1:{self.port}"
        hooks = {"response": [_learn]}
        self.http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=20, limits=limits, event_hooks=hooks)
        self.form_token = ""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def get(self, path: str) -> httpx.Response:
        """Ask for a page and remember the token of its forms."""
        answer = await self.http.get(path, headers=self.headers)
        found = _TOKEN.search(answer.text)
        self.form_token = found[1] if found else self.form_token
        return answer

    async def post(
        self,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        origin: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a form from ``origin``, our own when it is empty, with the token of the last page."""
        given = {**self.headers, "content-type": "application/x-www-form-urlencoded", **(headers or {})}
        if origin is not None:
            given["origin"] = origin or self.origin
        body = urlencode({"form_token": self.form_token} | dict(fields or {}))
        return await self.http.post(path, content=body, headers=given)

    async def log_in(self, name: str, password: str, *, to: str = "") -> httpx.Response:
        await self.get(f"{self.prefix}/login")
        return await self.post(f"{self.prefix}/login", {"name": name, "password": password, "next": to})


async def _learn(answer: httpx.Response) -> None:
    RUN.learn_cookies(answer.headers.get_list("set-cookie"))
    RUN.learn_links((await answer.aread()).decode("utf-8", "replace"))

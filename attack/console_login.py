"""An operator's browser, as far as a cookie and a form go: logs in at the console and sends forms.

Owns the bytes of both. Refuses to be a browser: what only one can show is tried with a real one (tests/console).
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlencode

from support.marked_secrets import RUN
from support.partner_client import Answered, Header

LOGIN = "/console/login"
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
FORM = ("Content-Type", "application/x-www-form-urlencoded")
Ask: TypeAlias = Callable[[str, str, Iterable[Header], bytes], Awaitable[Answered]]
"""Method, target, headers and body."""


@dataclass(frozen=True, kw_only=True)
class LoggedIn:
    """A session: its cookie, the token that its forms carry, and what the login set."""

    cookie: Header
    token: str
    set_cookie: str

    def headers(self, origin: str | None) -> list[Header]:
        return [self.cookie, FORM, *([] if origin is None else [("Origin", origin)])]


async def log_in(ask: Ask, *, origin: str, name: str, password: str) -> LoggedIn:
    """Log in as a browser does: open the page, send its form."""
    page = await ask("GET", LOGIN, [], b"")
    form = {"name": name, "password": password, "form_token": token_of(page), "next": ""}
    headers = [session_of(page), FORM, ("Origin", origin)]
    answer = await ask("POST", LOGIN, headers, urlencode(form).encode())
    assert answer.status == 303, answer
    cookie = session_of(answer)
    shown = await ask("GET", "/console", [cookie], b"")
    return LoggedIn(cookie=cookie, token=token_of(shown), set_cookie=answer.header("set-cookie") or "")


def token_of(page: Answered) -> str:
    found = _TOKEN.search(page.body.decode())
    assert found is not None, page
    return found[1]


def session_of(answer: Answered) -> Header:
    """Return the cookie that ``answer`` set, as a browser sends it from then on."""
    given = answer.header("set-cookie") or ""
    RUN.learn_cookies([given])
    return ("Cookie", given.partition(";")[0])

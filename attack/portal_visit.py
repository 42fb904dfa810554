"""A partner's browser at its own page, as far as a link, a cookie and a form go.

Owns the two steps of coming in: the platform makes a link, and somebody clicks. Refuses to be a browser, as
attack/console_login.py does.
"""

from urllib.parse import urlencode

from attack.console_login import FORM, Ask, LoggedIn, session_of, token_of
from attack.stage import Site
from support.partner_client import Answered, Header

PORTAL = "/portal"
OPEN = f"{PORTAL}/open"


async def link_to(site: Site, partner: str) -> str:
    """Have a link to the page of ``partner`` made, and return its token."""
    answer = await site.platform.http.post(f"/platform/v1/partners/{partner}/portal-link")
    assert answer.is_success, answer.text
    return str(answer.json()["result"]["path"]).partition("=")[2]


async def click(ask: Ask, token: str, *, origin: str | None, cookies: tuple[Header, ...] = ()) -> Answered:
    """Send the form of the link's page."""
    headers = [*cookies, FORM, *([] if origin is None else [("Origin", origin)])]
    return await ask("POST", OPEN, headers, urlencode({"token": token}).encode())


async def enter(ask: Ask, token: str, *, origin: str) -> LoggedIn:
    """Come in by a link."""
    answer = await click(ask, token, origin=origin)
    assert answer.status == 303, answer
    session = session_of(answer)
    return LoggedIn(cookie=session, token=token_of(await ask("GET", PORTAL, [session], b"")), set_cookie=set_by(answer))


def set_by(answer: Answered) -> str:
    return answer.header("set-cookie") or ""

"""Where a request to a page comes from, and whether a form may be believed.

Owns the scheme and host as the browser saw them, and the check of a form: of our own origin, with the token of its
session. Refuses forwarding headers of anybody but a trusted proxy.
"""

import hashlib
import hmac
from collections.abc import Sequence

from litestar.types import Scope

from tidings.errors import Denied
from tidings.web.client_address import Network, is_trusted_peer
from tidings.web.raw import header_once


def is_https(scope: Scope, trusted: Sequence[Network]) -> bool:
    """Tell whether the browser speaks HTTPS, to us or to a trusted proxy."""
    forwarded = header_once(scope, b"x-forwarded-proto") if is_trusted_peer(scope, trusted) else None
    return scope["scheme"] == "https" if forwarded is None else forwarded.strip().lower() == b"https"


def base_url(scope: Scope, trusted: Sequence[Network]) -> str:
    """Return scheme and host as whoever asks sees them, the forwarded host before our own."""
    forwarded = header_once(scope, b"x-forwarded-host") if is_trusted_peer(scope, trusted) else None
    host = forwarded or header_once(scope, b"host") or b""
    return f"{'https' if is_https(scope, trusted) else 'http'}://{host.decode('latin-1')}"


def check_origin(scope: Scope, trusted: Sequence[Network]) -> None:
    """Raise Denied unless the browser says that the form is on a page of ours."""
    origin = header_once(scope, b"origin")
    schemes = (b"https",) if is_https(scope, trusted) else (b"https", b"http")
    ours = {scheme + b"://" + host for host in _hosts(scope, trusted) for scheme in schemes}
    if origin is None or origin not in ours:
        raise Denied("this form was not sent from a page of ours; open the page again and repeat it")
    if header_once(scope, b"sec-fetch-site") not in {None, b"same-origin"}:
        raise Denied("another site sent this form")


def is_by_hand(scope: Scope) -> bool:
    """Tell whether somebody opened a page or sent a form; what a script on a page asks for is not by hand."""
    return header_once(scope, b"sec-fetch-mode") in {None, b"navigate"}


def form_token(session: str) -> str:
    """Return what the forms of a session carry. From it nobody learns the session's own token."""
    return hashlib.sha256(b"tidings form\x1f" + session.encode()).hexdigest()


def check_form_token(session: str, given: str) -> None:
    """Raise Denied unless a form carries the token of its session."""
    if not hmac.compare_digest(form_token(session).encode(), given.encode("utf-8", "replace")):
        raise Denied("this form is not of your session, or no longer; open the page again and repeat it")


def _hosts(scope: Scope, trusted: Sequence[Network]) -> set[bytes]:
    names = (b"host", b"x-forwarded-host") if is_trusted_peer(scope, trusted) else (b"host",)
    return {value for name in names if (value := header_once(scope, name)) is not None}

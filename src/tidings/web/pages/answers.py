"""Pages as answers, with the headers that keep a browser safe (security.md section 6)."""

from msgspec import Struct

from tidings.web.answer import Answer

HTML = "text/html; charset=utf-8"

SAFE = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Not no-referrer: then a browser would send "Origin: null" with our own forms.
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
}


class Cookie(Struct, frozen=True, kw_only=True):
    """A cookie that no script can read."""

    name: str
    value: str
    path: str
    same_site: str
    secure: bool

    def header(self) -> str:
        """Return the value of Set-Cookie; an empty value takes the cookie away."""
        parts = [f"{self.name}={self.value}", f"Path={self.path}", "HttpOnly", f"SameSite={self.same_site}"]
        return "; ".join([*parts, *(["Secure"] if self.secure else []), *([] if self.value else ["Max-Age=0"])])


def page(html: str, *, status: int = 200, cookie: Cookie | None = None) -> Answer:
    """Return a page."""
    return Answer(status=status, body=html.encode("utf-8", "replace"), media_type=HTML, headers=_headers(cookie))


def see_other(place: str, *, cookie: Cookie | None = None) -> Answer:
    """Send the browser to ``place``, which is of ours and ASCII."""
    return Answer(status=303, body=b"", media_type=HTML, headers={**_headers(cookie), "location": place})


def _headers(cookie: Cookie | None) -> dict[str, str]:
    return SAFE if cookie is None else {**SAFE, "set-cookie": cookie.header()}

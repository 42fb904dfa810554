"""Which paths exist.

Owns the match of the raw path, byte for byte: a doubled or trailing slash, an encoded letter or a dot segment is
another path, and there is none. The framework routes more generously, so it is asked only after this.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Self

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import Scope
from msgspec import Struct

from tidings.errors import TidingsError
from tidings.web.raw import raw_path

_SEGMENT = rb"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~!$&'()*+,;=:@-]+"
_REST = rb"(?:[A-Za-z0-9_~+=/-]|%2[BbFf]|%3[Dd])+"
"""The rest of a path, of which base64 is written: only its three odd characters may be encoded."""
_PARAMETER = re.compile(rb"\\\{\w+:(?:str|(path))\\\}")


class UnknownRoute(TidingsError):
    """There is nothing at this path."""

    code = "unknown_route"

    def __init__(self) -> None:
        super().__init__("there is nothing at this path")


class WrongMethod(TidingsError):
    """There is something at this path, but not for this method."""

    code = "wrong_method"

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = tuple(sorted(allowed))
        super().__init__(f"this path is for {', '.join(self.allowed)}")


class Route(Struct, frozen=True):
    """The paths of one template, and their methods."""

    pattern: re.Pattern[bytes]
    methods: frozenset[str]


class Routes:
    """Every path of one API."""

    def __init__(self, fixed: Mapping[bytes, frozenset[str]], templates: Iterable[Route]) -> None:
        self._fixed = dict(fixed)
        self._templates = tuple(templates)

    @classmethod
    def of(cls, app: Litestar) -> Self:
        """Return the routes that the handlers of an application name."""
        fixed: dict[bytes, frozenset[str]] = {}
        templates: list[Route] = []
        for route in app.routes:
            if not isinstance(route, HTTPRoute):
                continue
            methods = frozenset(str(method) for handler in route.route_handlers for method in handler.http_methods)
            path = route.path.encode("ascii")
            if b"{" in path:
                templates.append(Route(_pattern(path), methods - {"OPTIONS"}))
            else:
                fixed[path] = methods - {"OPTIONS"}
        return cls(fixed, templates)

    def check(self, scope: Scope) -> None:
        """Raise UnknownRoute or WrongMethod unless a handler waits for exactly this."""
        methods = self._methods(raw_path(scope))
        if not methods:
            raise UnknownRoute
        if scope.get("method") not in methods:
            raise WrongMethod(methods)

    def _methods(self, path: bytes) -> frozenset[str]:
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed
        return next((route.methods for route in self._templates if route.pattern.fullmatch(path)), frozenset())


def asked_for(scope: Scope) -> str:
    """Return method and path of the route that was found, as OpenAPI spells them: ``GET /b2b/webhooks``."""
    return f"{scope.get('method')} {scope['path_template']}"


def _pattern(path: bytes) -> re.Pattern[bytes]:
    return re.compile(_PARAMETER.sub(lambda found: _REST if found[1] else _SEGMENT, re.escape(path)))

"""What the two APIs have in common.

Owns how an exception becomes an answer and a fact. Refuses to know how either API spells one: that is its table.
"""

from collections.abc import Callable, Container
from typing import Any, TypeAlias

from litestar import Litestar, Request, Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.types import Scope
from msgspec import Struct

from tidings.actions.context import Context
from tidings.core.audit import Actor
from tidings.errors import Denied, RateLimited, TidingsError, Unauthenticated
from tidings.telemetry.facts import AccessRefused, Emit, RequestFailed
from tidings.telemetry.places import place_of
from tidings.web.answer import Answer
from tidings.web.client_address import Network, address_text
from tidings.web.routes import Routes

HttpRequest: TypeAlias = Request[Any, Any, Any]
Ctx: TypeAlias = NamedDependency[SkipValidation[Context]]
Spell: TypeAlias = Callable[[TidingsError | None, str], Answer]
"""Takes an error of ours, or None for what nobody foresaw, and the trace id."""

TRACE = "tidings.trace"
ACTOR = "tidings.actor"
"""Where whoever was let in is kept in the scope, for the actions that the request asks for."""
_REFUSALS = (Unauthenticated, Denied, RateLimited)


class Refusals(Struct, frozen=True, kw_only=True):
    """Turns exceptions into answers, and tells what a person may want to know of them."""

    api: str
    emit: Emit
    trusted_proxies: tuple[Network, ...]
    foreseen: Container[type[TidingsError] | None]
    spell: Spell

    def handle(self, request: HttpRequest, error: Exception) -> Response[bytes]:
        """Answer for the framework."""
        return self.answer(error, request.scope).response()

    def answer(self, error: Exception, scope: Scope) -> Answer:
        """Return the answer that says ``error``; of one that nobody foresaw it says nothing."""
        trace_id = trace_of(scope)
        ours = error if isinstance(error, TidingsError) and type(error) in self.foreseen else None
        if ours is None:
            self.emit(RequestFailed(trace_id=trace_id, error_type=type(error).__name__, place=place_of(error)))
        elif isinstance(ours, _REFUSALS):
            address = address_text(scope, self.trusted_proxies)
            self.emit(AccessRefused(api=self.api, code=ours.code, address=address))
        return self.spell(ours, trace_id)


class Api(Struct, frozen=True, kw_only=True):
    """One API: what is asked before its paths, its paths, its application and its refusals."""

    app: Litestar
    routes: Routes
    refusals: Refusals
    admit: Callable[[Scope], None]


def acting(ctx: Context, scope: Scope) -> Context:
    """Return the context in the hands of whoever was let in; of nobody where everybody is."""
    actor: Actor | None = scope.get(ACTOR)  # type: ignore[assignment]
    return ctx if actor is None else ctx.by(actor)


def trace_of(scope: Scope) -> str:
    trace_id: str = scope[TRACE]  # type: ignore[literal-required]
    return trace_id

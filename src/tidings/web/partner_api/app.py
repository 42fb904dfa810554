"""The partner API, put together."""

from litestar import Litestar, Response, get
from litestar.di import Provide
from litestar.types import Scope

from tidings.actions.context import Context
from tidings.web.answer import Answer
from tidings.web.api import Api, Refusals
from tidings.web.client_address import Network, caller_of, client_address
from tidings.web.floods import AddressLimit
from tidings.web.partner_api.access import admission
from tidings.web.partner_api.errors import TABLE, spell
from tidings.web.partner_api.handlers import HANDLERS
from tidings.web.partner_api.openapi import DOCUMENT
from tidings.web.routes import Routes


@get("/b2b/openapi.json")
async def openapi() -> Response[bytes]:
    return Answer(body=DOCUMENT).response()


def build_partner_api(ctx: Context, *, limit: AddressLimit, trusted_proxies: tuple[Network, ...]) -> Api:
    """Return the partner API; ``limit`` is charged for every request, before anything else is looked at."""

    def charge(scope: Scope) -> None:
        limit.charge(caller_of(client_address(scope, trusted_proxies)))

    refusals = Refusals(api="partner", emit=ctx.emit, trusted_proxies=trusted_proxies, foreseen=TABLE, spell=spell)
    app = Litestar(
        route_handlers=[*HANDLERS, openapi],
        dependencies={"call": Provide(admission(ctx, trusted_proxies=trusted_proxies))},
        exception_handlers={Exception: refusals.handle},
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    return Api(app=app, routes=Routes.of(app), refusals=refusals, admit=charge)

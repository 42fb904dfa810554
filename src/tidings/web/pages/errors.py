"""How pages say no: one table of errors and statuses, and what a page says of each."""

from http import HTTPStatus

from tidings.errors import (
    AlreadyExists,
    DeliveryUnderWay,
    Denied,
    HostNotAllowlisted,
    InvalidArgument,
    NotFound,
    PartnerDisabled,
    RateLimited,
    TestInProgress,
    TidingsError,
    Unauthenticated,
    Unavailable,
    WebhookDisabled,
    WebhookGone,
)
from tidings.web.answer import Answer
from tidings.web.pages import answers
from tidings.web.pages.rendering import Pages
from tidings.web.raw import BodyTooLarge, BodyTooSlow
from tidings.web.routes import UnknownRoute, WrongMethod


class LoginNeeded(TidingsError):
    """Nobody is logged in; ``place`` is where to log in, and from there back."""

    code = "login_needed"

    def __init__(self, place: str) -> None:
        super().__init__("log in first")
        self.place = place


TABLE: dict[type[TidingsError] | None, tuple[HTTPStatus, str]] = {
    InvalidArgument: (HTTPStatus.BAD_REQUEST, "Something in this request is not what it must be"),
    LoginNeeded: (HTTPStatus.SEE_OTHER, "Log in first"),
    Unauthenticated: (HTTPStatus.UNAUTHORIZED, "Not admitted"),
    Denied: (HTTPStatus.FORBIDDEN, "Not permitted"),
    HostNotAllowlisted: (HTTPStatus.FORBIDDEN, "Not permitted"),
    NotFound: (HTTPStatus.NOT_FOUND, "There is no such thing"),
    UnknownRoute: (HTTPStatus.NOT_FOUND, "There is no such page"),
    WrongMethod: (HTTPStatus.METHOD_NOT_ALLOWED, "There is no such page"),
    BodyTooSlow: (HTTPStatus.REQUEST_TIMEOUT, "The form did not arrive in time"),
    AlreadyExists: (HTTPStatus.CONFLICT, "That is there already"),
    DeliveryUnderWay: (HTTPStatus.CONFLICT, "The delivery is still under way"),
    PartnerDisabled: (HTTPStatus.CONFLICT, "The partner is disabled"),
    WebhookDisabled: (HTTPStatus.CONFLICT, "The webhook is disabled"),
    WebhookGone: (HTTPStatus.CONFLICT, "The webhook was deleted"),
    BodyTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form is too large"),
    RateLimited: (HTTPStatus.TOO_MANY_REQUESTS, "Too many requests"),
    TestInProgress: (HTTPStatus.TOO_MANY_REQUESTS, "A test is running"),
    None: (HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here"),
    Unavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "Not at the moment"),
}


class ErrorPages:
    """Spells errors as pages of one site."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def spell(self, error: TidingsError | None, trace_id: str) -> Answer:
        """Return the page that says ``error``; of what nobody foresaw it says only where our log says more."""
        if isinstance(error, LoginNeeded):
            return answers.see_other(error.place)
        status, title = TABLE[None if error is None else type(error)]
        detail = f"Our log says more under {trace_id}." if error is None else _sentence(error.outside)
        html = self._pages.render("error.html", status=status.value, title=title, detail=detail)
        return answers.page(html, status=status.value)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."

"""Templates, and how a value becomes markup.

Owns the one environment: everything is escaped unless it was made as markup here, and a name that is not there is an
error, not an empty place.
"""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tidings import __version__
from tidings.core.operational_events import is_reserved
from tidings.core.outcome import SENTENCES, Code
from tidings.web.pages import words
from tidings.web.pages.assets import Assets


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("tidings.web.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "shown": words.shown,
        "shown_block": words.shown_block,
        "shown_json": words.shown_json,
        "plain": words.plain,
        "moment": words.moment,
        "utc": words.utc,
        "span": words.span,
        "number": words.number,
        "outcome": _outcome,
    }
    made.tests |= {"a_partner": lambda name: not is_reserved(name)}
    made.globals |= {"version": __version__}
    return made


def _outcome(code: str) -> str:
    """Return the fixed sentence for an outcome."""
    return SENTENCES[Code(code)]


_ENVIRONMENT = _environment()


class Pages:
    """The templates of one site, which lives under ``prefix``."""

    def __init__(self, prefix: str) -> None:
        self.assets = Assets(prefix)
        self._fixed = {"prefix": prefix, "asset": self.assets.path, "visitor": None}

    def render(self, template: str, **values: Any) -> str:  # noqa: ANN401 - whatever the template shows
        return _ENVIRONMENT.get_template(template).render({**self._fixed, **values})

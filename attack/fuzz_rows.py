"""Every parser of outside input, and both APIs as their documents describe them: no error but ours."""

import asyncio
import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeAlias
from urllib.parse import quote

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from requests.auth import AuthBase
from schemathesis.specs.openapi.schemas import OpenApiSchema

from attack.holdings import rows_of
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Stage
from support.event_samples import SAMPLES
from support.partner_client import PartnerClient, ask
from tidings.core import callback_url, catalogue, nonce, signing, strict_json
from tidings.core.addresses import parse_allow_pair
from tidings.core.callback_url import EgressRules
from tidings.errors import TidingsError
from tidings.sender.answer import retry_seconds
from tidings.settings.model import Settings
from tidings.settings.reading import CONFIG, load
from tidings_receiver import payload as receiver_payload
from tidings_receiver import signature_header
from tidings_receiver.errors import VerificationError

_HERE = Section.FUZZING
_RULES = EgressRules(ports=frozenset({443, 8443}), allow=())
_OURS = (TidingsError, VerificationError)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_HOSTILE = st.text(alphabet="htps:/.[]@%?#\\ -_0x1a7fcom\n\x00é１．", max_size=40)
_EVENTS = st.builds(
    lambda event, changes: {**event, **changes},
    st.sampled_from([{"event_type": name, **fields} for name, fields in SAMPLES.items()]),
    st.dictionaries(st.sampled_from(["event_type", "timestamp", "amount", "id", "iiban", "action", "status"]), _JSON),
)
_SETTING = st.sampled_from(sorted(Settings.model_fields))
_Parser: TypeAlias = tuple[SearchStrategy[Any], Callable[[Any], object]]


def _as_json(value: object) -> bytes:
    return (
        repr(value).replace("'", '"').replace("None", "null").replace("True", "true").encode("utf-8", "surrogatepass")
    )


def _settings(given_settings: dict[str, object]) -> object:
    """Read a settings file that says this; ``settings`` may be of any type that TOML knows."""
    file = Path(os.environ[CONFIG])
    file.write_text("\n".join(f"{name} = {_toml(value)}" for name, value in given_settings.items()), "utf-8")
    return load()


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"' + "".join(f"\\U{ord(letter):08x}" for letter in value) + '"'
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case _:
            return str(value)


_DATE = r"(Mon|Xyz), [0-9]{1,3} (Jan|Feb) [0-9]{1,6} [0-9:]{1,9} (GMT|[+-][0-9]{1,6})"
_TOML_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_TOML_VALUE = _TOML_TEXT | st.integers() | st.booleans() | st.floats() | st.lists(_TOML_TEXT, max_size=3)
_PARSERS: dict[str, _Parser] = {
    "nonce": (st.binary(max_size=24) | st.from_regex(rb"[0-9+_ .-]{1,24}"), nonce.parse),
    "request signature": (
        st.binary(max_size=100) | st.from_regex(rb"[A-Za-z0-9+/=]{80,90}"),
        lambda sign: signing.is_signed(bytes(64), target=b"/", nonce=b"1", body=b"", given=sign),
    ),
    "delivery signature": (
        st.text(max_size=80) | st.from_regex(r"(t=[0-9-]*,?|v1=[0-9a-fg]*,?){0,4}"),
        signature_header.read,
    ),
    "callback URL": (
        st.text(max_size=60) | _HOSTILE.map("https://".__add__),
        lambda url: callback_url.parse(url, _RULES),
    ),
    "callback host": (st.text(max_size=60) | _HOSTILE, callback_url.parse_host),
    "JSON body": (st.binary(max_size=120) | _JSON.map(_as_json), strict_json.parse_object),
    "event": (st.binary(max_size=60) | _EVENTS.map(_as_json), catalogue.check_payload),
    "event, as a receiver": (st.binary(max_size=60) | _EVENTS.map(_as_json), receiver_payload.read),
    "Retry-After": (
        st.text(max_size=40) | st.from_regex(_DATE),
        lambda text: retry_seconds(text, now=0),
    ),
    "allow pair": (st.text(max_size=40) | st.from_regex(r"[0-9a-f.:\[\]/]{1,30}:[0-9]{1,6}"), parse_allow_pair),
    "settings": (st.dictionaries(_SETTING, _TOML_VALUE, max_size=3), _settings),
}


async def _parsers(stage: Stage, size: Size) -> Tally:
    tally = Tally()
    os.environ[CONFIG] = str(stage.folder / "fuzzed.toml")
    try:
        for name, (strategy, parse) in _PARSERS.items():
            tried, wrong = await asyncio.to_thread(_fuzz, strategy, parse, size.examples)
            tally.tried += tried
            tally.saw(f"{name}:", tried)
            tally.hold(not wrong, f"{name}: {wrong}")
    finally:
        del os.environ[CONFIG]
    return tally


def _fuzz(strategy: SearchStrategy[Any], parse: Callable[[Any], object], examples: int) -> tuple[int, str]:
    """Return how many were tried, and what was raised that is not ours."""
    tried = 0

    @_few(examples)
    @given(strategy)
    def try_one(value: Any) -> None:
        nonlocal tried
        tried += 1
        try:
            parse(value)
        except _OURS:
            return

    try:
        try_one()
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return tried, f"{type(error).__name__}: {error}"
    return tried, ""


def _few(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


_LISTS = ("deliveries", "events", "webhooks", "partners")
_PARAMETERS = ("cursor", "limit", "state", "since", "until", "partner", "webhook", "event", "event_type", "x")
_ODD_WORDS = (
    "dlv_",
    "evt_" + "0" * 26,
    "9" * 400,
    "\x00",
    "é",
    "-1",
    "0",
    "1e9",
    "2025-13-45",
    "' OR 1=1",
    "20",
    "pending",
)


def _word(chance: Random, known: list[str]) -> str:
    return chance.choice(known) + chance.choice(("", "", "", "", "", "%", "0", chr(chance.randrange(1, 0x2000))))


async def _queries(stage: Stage, size: Size) -> Tally:
    """Cursors, limits, filters and ids of every kind to the lists of the platform API."""
    tally, site = Tally(), await stage.site()
    chance = Random(7)
    known = [*_ODD_WORDS, *(str(one["id"]) for one in (await site.platform.deliveries())[:3])]
    headers = [("Authorization", f"Bearer {site.token}")]
    for _ in range(size.examples):
        names = chance.sample(_PARAMETERS, 2)
        query = "&".join(f"{name}={quote(_word(chance, known))}" for name in names)
        path = chance.choice((*_LISTS, f"deliveries/{quote(_word(chance, known), safe='')}"))
        answer = await ask(site.port, "GET", f"/platform/v1/{path}?{query}", headers=headers)
        tally.check(answer.status < 500, f"{path}?{query}: {answer}")
        tally.saw(f"status {answer.status}:")
    return tally


class _Signed(AuthBase):
    """Signs whatever goes out, by two partners in turn."""

    def __init__(self, clients: list[PartnerClient]) -> None:
        self._clients = itertools.cycle(clients)

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        body = prepared.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)  # type: ignore[arg-type] # never a stream here
        prepared.headers.update(next(self._clients).signed(prepared.path_url, raw))
        return prepared


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = f"Bearer {self._token}"
        return prepared


async def _documents(stage: Stage, size: Size, *, document: str) -> Tally:
    """Send what the document allows and what it does not; two partners use each other's ids."""
    tally = Tally()
    async with stage.own_site() as site:
        one, two, bystander = [(await site.hooks(stage.names("fuzzed", 1)))[0] for _ in range(3)]
        described = (await ask(site.port, "GET", document)).document
        schema = schemathesis.openapi.from_dict(described)
        partner_api = document.startswith("/b2b")
        auth = _Signed([one.client, two.client]) if partner_api else _Bearer(site.token)
        before = [row for row in rows_of(site, but_key="") if bystander.id in row]
        for path, methods in described["paths"].items():
            for method in methods:
                target = _Target(schema, site.service.url, auth, (one.id, two.id, bystander.id))
                examples = max(4, size.examples // 40)
                seen = await asyncio.to_thread(_attack, target, path, method, examples)
                for status, times in seen.items():
                    tally.tried += times
                    tally.saw(f"status {status}:", times)
                    tally.hold(status < 500, f"{method} {path}: {status}")
        after = [row for row in rows_of(site, but_key="") if bystander.id in row]
        tally.hold(bool(before) and (before == after or not partner_api), "a third partner's rows changed")
        tally.hold(site.service.running, "the service ended")
    return tally


@dataclass(frozen=True)
class _Target:
    """A document, the service that it describes, and who asks for what."""

    schema: OpenApiSchema
    url: str
    auth: AuthBase
    webhooks: tuple[str, ...]


def _attack(target: _Target, path: str, method: str, examples: int) -> dict[int, int]:
    """Return how often each status came."""
    seen: dict[int, int] = {}
    turn = itertools.cycle([*target.webhooks, None])

    @_few(examples)
    @given(case=target.schema[path][method].as_strategy())
    def try_one(case: schemathesis.Case[Any]) -> None:
        for name in list(case.headers or ()):
            if name.lower() in {"api-key", "api-nonce", "api-sign", "authorization"}:
                del case.headers[name]
        webhook = next(turn)
        if webhook is not None and "webhook_id" in case.path_parameters:
            case.path_parameters["webhook_id"] = webhook
        status = case.call(base_url=target.url, auth=target.auth).status_code
        seen[status] = seen.get(status, 0) + 1

    try_one()
    return seen


ROWS = (
    Row(
        name="fuzz-parsers",
        section=_HERE,
        attack="generated inputs to the parsers of " + ", ".join(_PARSERS),
        expected="a value, or an error of ours",
        play=_parsers,
    ),
    Row(
        name="fuzz-queries",
        section=_HERE,
        attack="generated cursors, limits, filters and ids to the lists of the platform API",
        expected="no 5xx",
        play=_queries,
    ),
    Row(
        name="fuzz-partner-api",
        section=_HERE,
        attack="schemathesis on /b2b/openapi.json, signed by two partners in turn, with each other's ids and a third's",
        expected="no 5xx, and the third partner's rows unchanged",
        play=partial(_documents, document="/b2b/openapi.json"),
    ),
    Row(
        name="fuzz-platform-api",
        section=_HERE,
        attack="schemathesis on /platform/openapi.json",
        expected="no 5xx",
        play=partial(_documents, document="/platform/openapi.json"),
    ),
)

"""Both documents, held against the service they describe."""

import asyncio
import itertools
import json
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from requests.auth import AuthBase
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from support.partner_client import PartnerClient, ask
from support.served import Served
from tidings.core.catalogue import EVENT_TYPES
from tidings.web.partner_api import openapi as partner_openapi
from tidings.web.platform_api import openapi as platform_openapi

pytestmark = pytest.mark.asyncio(loop_scope="session")

FEW = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
NONCES = itertools.count(1)


class Signed(AuthBase):
    """Signs whatever goes out, as the partner's program would."""

    def __init__(self, client: PartnerClient) -> None:
        self._client = client

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        body = prepared.body or b""
        raw = body.encode() if isinstance(body, str) else body
        assert isinstance(raw, bytes)
        prepared.headers.update(self._client.signed(prepared.path_url, raw))
        return prepared


class Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = f"Bearer {self._token}"
        return prepared


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def attack(schema: OpenApiSchema, path: str, method: str, url: str, auth: AuthBase) -> set[int]:
    """Send a few requests that the document allows; what comes back must be what it says."""
    seen: set[int] = set()

    @FEW
    @given(case=schema[path][method].as_strategy())
    def try_one(case: schemathesis.Case[Any]) -> None:
        for name in list(case.headers or ()):
            if name.lower() in ("api-key", "api-nonce", "api-sign", "authorization"):
                del case.headers[name]
        response = case.call(base_url=url, auth=auth)
        seen.add(response.status_code)
        assert response.status_code < 500, response.text
        case.validate_response(response, checks=CHECKS)

    try_one()
    return seen


@pytest.mark.parametrize("operation", partner_openapi.OPERATIONS, ids=lambda operation: operation.id)
async def test_the_partner_api_is_as_its_document_says(at: Served, acme: PartnerClient, operation: Any) -> None:  # noqa: ANN401
    document = (await ask(at.port, "GET", "/b2b/openapi.json")).document
    schema = schemathesis.openapi.from_dict(document)
    url = f"http://127.0.0.1:{at.port}"

    seen = await asyncio.to_thread(attack, schema, operation.path, operation.method, url, Signed(acme))

    assert seen


# A stream has no end that could be waited for; its own tests are in test_live_attempts.py.
ANSWERED = [one for one in platform_openapi.OPERATIONS if one.media_type == "application/json"]


@pytest.mark.parametrize("operation", ANSWERED, ids=lambda operation: operation.id)
async def test_the_platform_api_is_as_its_document_says(at: Served, operation: Any) -> None:  # noqa: ANN401
    document = (await ask(at.port, "GET", "/platform/openapi.json")).document
    schema = schemathesis.openapi.from_dict(document)
    url = f"http://127.0.0.1:{at.port}"

    seen = await asyncio.to_thread(attack, schema, operation.path, operation.method, url, Bearer(at.token))

    assert seen


@pytest.mark.parametrize("module", [partner_openapi, platform_openapi])
async def test_a_document_is_whole(module: Any) -> None:  # noqa: ANN401
    document = json.loads(module.DOCUMENT)

    assert document["openapi"] == "3.1.0"
    assert r"\Z" not in json.dumps(document["components"])
    references = set(_references(document))
    assert references
    for reference in references:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


async def test_the_documents_know_every_event(at: Served) -> None:
    for path in ("/b2b/openapi.json", "/platform/openapi.json"):
        schemas = (await ask(at.port, "GET", path)).document["components"]["schemas"]
        assert list(schemas["Event"]["discriminator"]["mapping"]) == list(EVENT_TYPES)


async def test_every_path_of_the_platform_is_in_its_document(at: Served) -> None:
    document = (await ask(at.port, "GET", "/platform/openapi.json")).document
    for path, operations in document["paths"].items():
        raw = path.replace("{", "").replace("}", "")
        wrong = await at.platform("TRACE", raw)
        assert wrong.status == 405
        assert wrong.header("allow") == ", ".join(sorted(method.upper() for method in operations))


def _references(value: Any) -> list[str]:  # noqa: ANN401
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for member in value.values() for found in _references(member)]
    if isinstance(value, list):
        return [found for member in value for found in _references(member)]
    return []

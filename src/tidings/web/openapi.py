"""OpenAPI 3.1 documents, made from the very types that handlers read and write.

Owns how an operation, its parameters, answers and errors are written down. Refuses to know either API: each brings its
operations, its error style and its words.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

Json: TypeAlias = dict[str, Any]

_REF = "#/components/schemas/{name}"
_TRACE = {"x-trace-id": {"$ref": "#/components/headers/TraceId"}}
_PYTHON_END = r"\Z"
"""Python's end of a text; the patterns of JSON Schema are JavaScript's, whose ``$`` means just that."""


class Operation(Struct, frozen=True, kw_only=True):
    """One endpoint. ``also_status`` is a second status of success, ``errors`` are statuses of refusals.

    ``query`` has a field for each parameter.
    """

    method: str
    path: str
    id: str
    summary: str
    answer: type[Struct]
    status: int = 200
    also_status: int | None = None
    media_type: str = "application/json"
    body: type[Struct] | None = None
    body_required: bool = True
    query: type[Struct] | None = None
    errors: frozenset[int] = frozenset()

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"


class ErrorStyle(Struct, frozen=True, kw_only=True):
    """How an API says no. ``headers`` names the header that comes with a status."""

    body: type[Struct]
    media_type: str
    meanings: Mapping[int, str]
    headers: Mapping[int, str]


class Description(Struct, frozen=True, kw_only=True):
    """What a document says of its API as a whole. ``rights``: what each operation needs; others are open to all."""

    title: str
    version: str
    summary: str
    security_schemes: Json
    rights: Mapping[str, str]
    path_parameters: Mapping[str, str]


def document(
    about: Description, operations: Sequence[Operation], errors: ErrorStyle, *more: Json, schemas: Json
) -> Json:
    """Return the whole document; ``more`` are further members, ``schemas`` replace or add to those of the types."""
    components = _components(operations, errors)
    components["schemas"] |= schemas
    components["securitySchemes"] = about.security_schemes
    made: Json = {
        "openapi": "3.1.0",
        "info": {"title": about.title, "version": about.version, "summary": about.summary},
        "paths": _paths(about, operations),
        "components": components,
    }
    components["responses"] = {str(status): _error(status, errors) for status in errors.meanings}
    for members in more:
        made |= members
    return made


def encode(made: Json) -> bytes:
    return msgspec.json.encode(_without_python(made))


def schemas_of(types: Iterable[type]) -> Json:
    """Return the component of every type, and of the types inside."""
    _, components = msgspec.json.schema_components(tuple(types), ref_template=_REF)
    return components


def result_schema(answer: type[Struct]) -> Json:
    """Return the schema of a success: the answer in its envelope and nothing beside it."""
    reference = {"$ref": _REF.format(name=answer.__name__)}
    return {
        "type": "object",
        "properties": {"result": reference},
        "required": ["result"],
        "additionalProperties": False,
    }


def _components(operations: Sequence[Operation], errors: ErrorStyle) -> Json:
    answers = [operation.answer for operation in operations]
    bodies = [operation.body for operation in operations if operation.body is not None]
    trace = {"description": "names this answer in our log", "required": True, "schema": {"type": "string"}}
    return {
        "schemas": schemas_of([*answers, *bodies, errors.body]) | _of_parameters(operations),
        "headers": {
            "TraceId": trace,
            "Retry-After": {"description": "seconds to wait", "required": True, "schema": {"type": "integer"}},
            "Allow": {"description": "the methods there are", "required": True, "schema": {"type": "string"}},
            "WWW-Authenticate": {"description": "how to come in", "required": True, "schema": {"type": "string"}},
        },
    }


def _of_parameters(operations: Sequence[Operation]) -> Json:
    """Return what the parameters refer to; a query as a whole is nothing that anybody sends."""
    queries = [operation.query for operation in operations if operation.query is not None]
    wholes = {query.__name__ for query in queries}
    return {name: schema for name, schema in schemas_of(queries).items() if name not in wholes}


def _paths(about: Description, operations: Sequence[Operation]) -> Json:
    paths: Json = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = _operation(about, operation)
    return paths


def _operation(about: Description, operation: Operation) -> Json:
    made: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": [*_path_parameters(about, operation), *_query_parameters(operation)],
        "security": _security(about, operation),
        "responses": {**_successes(operation), **_references(operation)},
    }
    if operation.body is not None:
        schema = {"$ref": _REF.format(name=operation.body.__name__)}
        made["requestBody"] = {
            "required": operation.body_required,
            "content": {"application/json": {"schema": schema}},
        }
    return made


def _security(about: Description, operation: Operation) -> list[Json]:
    needed = about.rights.get(operation.name)
    return [] if needed is None else [{scheme: [needed] for scheme in about.security_schemes}]


def _path_parameters(about: Description, operation: Operation) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "description": says, "schema": {"type": "string"}}
        for name, says in about.path_parameters.items()
        if f"{{{name}}}" in operation.path
    ]


def _query_parameters(operation: Operation) -> list[Json]:
    if operation.query is None:
        return []
    shape = schemas_of([operation.query])[operation.query.__name__]
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in shape["properties"].items()
    ]


def _successes(operation: Operation) -> Json:
    statuses = [operation.status] if operation.also_status is None else [operation.also_status, operation.status]
    return {str(status): _success(operation) for status in statuses}


def _success(operation: Operation) -> Json:
    if operation.media_type == "application/json":
        content: Json = {operation.media_type: {"schema": result_schema(operation.answer)}}
    else:
        says = f"The data of its messages is a {operation.answer.__name__} in JSON."
        content = {operation.media_type: {"schema": {"type": "string", "description": says}}}
    return {"description": "done", "headers": _TRACE, "content": content}


def _references(operation: Operation) -> Json:
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(operation.errors)}


def _error(status: int, errors: ErrorStyle) -> Json:
    headers: Json = dict(_TRACE)
    name = errors.headers.get(status)
    if name is not None:
        headers[name] = {"$ref": f"#/components/headers/{name}"}
    schema = {"$ref": _REF.format(name=errors.body.__name__)}
    return {
        "description": errors.meanings[status],
        "headers": headers,
        "content": {errors.media_type: {"schema": schema}},
    }


def _without_python(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _without_python(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_without_python(member) for member in value]
    return value.replace(_PYTHON_END, "$") if isinstance(value, str) else value

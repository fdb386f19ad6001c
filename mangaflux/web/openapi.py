"""OpenAPI 3.1 from the same models and the same route table that serve, so that the two cannot drift apart."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from mangaflux import __version__
from mangaflux.web.route import FORM, JSON, Access, Answer, Body, Route, is_keyed
from mangaflux.web.schemas import Hello, Problem
from mangaflux.web.sessions import COOKIE

Json = dict[str, object]

_Mode = Literal["validation", "serialization"]

_REF_TEMPLATE = "#/components/schemas/{model}"
_PATTERN = re.compile(r"\{(?P<name>\w+)(?::(?P<pattern>(?:[^{}]|\{[^{}]*\})+))?\}")
_IMAGE: Json = {"type": "string", "format": "binary"}
_PATH_PARAMETERS: dict[str, Json] = {
    "job_id": {"description": "From the answer that accepted the job.", "schema": {"type": "string"}},
    "name": {"description": "Of an engine: flux, lite.", "schema": {"type": "string"}},
    "chapter_id": {"description": "As in the job.", "schema": {"type": "string"}},
    "key": {"description": "The setting compatibility.mit_key.", "schema": {"type": "string"}},
    "file": {"description": "Its name.", "schema": {"type": "string"}},
    "page_num": {"description": "From 1.", "schema": {"type": "integer", "minimum": 1}},
    "sha256": {
        "description": "Of the file, in lower-case hexadecimal.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
}


@dataclass(frozen=True, slots=True)
class OpenApiDocument:
    """The document as it is sent."""

    body: bytes
    sha256: str


#: The document of an application.
DOCUMENT: web.AppKey[OpenApiDocument] = web.AppKey("openapi_document", OpenApiDocument)


def write_document(routes: Iterable[Route]) -> OpenApiDocument:
    """The description of routes as bytes."""
    body = json.dumps(describe(tuple(routes)), ensure_ascii=False, separators=(",", ":")).encode()
    return OpenApiDocument(body, hashlib.sha256(body).hexdigest())


def describe(routes: tuple[Route, ...]) -> Json:
    """The description of routes as an OpenAPI 3.1 document."""
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(plain_path(route.path), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MangaFlux",
            "version": __version__,
            "description": "Colours black-and-white manga pages in the colours of a style reference.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _component_schemas(routes),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            },
        },
    }


def plain_path(path: str) -> str:
    """A path of the router without the patterns of its parameters."""
    return _PATTERN.sub(r"{\g<name>}", path)


def _operation(route: Route) -> Json:
    operation: Json = {
        "operationId": getattr(route.handler, "__name__", route.path),
        "summary": route.summary,
        "tags": [_tag(route.path)],
        "parameters": [*_path_parameters(route.path), *_query_parameters(route.query), *_header_parameters(route)],
        "responses": _responses(route),
        "security": _security(route.access),
    }
    if route.body is not None:
        operation["requestBody"] = {"required": route.body.is_required, "content": _request_content(route.body)}
    return operation


def _tag(path: str) -> str:
    """The first word of a path after the version; routes of the server itself have none."""
    words = path.strip("/").split("/")
    if is_keyed(path):
        return words[0]
    return words[1] if words[0] == "v1" else "server"


def _security(access: Access) -> list[Json]:
    match access:
        case Access.OPEN | Access.KEY:
            return []
        case Access.READ:
            return [{}, {"token": []}, {"session": []}]
        case Access.WRITE:
            return [{"token": []}, {"session": []}, {}]


def _path_parameters(path: str) -> list[Json]:
    return [
        {"name": match["name"], "in": "path", "required": True, **_PATH_PARAMETERS[match["name"]]}
        for match in _PATTERN.finditer(path)
    ]


def _query_parameters(model: type[BaseModel] | None) -> list[Json]:
    if model is None:
        return []
    _, definitions = models_json_schema([(model, "validation")], ref_template=_REF_TEMPLATE)
    properties: Mapping[str, Json] = definitions["$defs"][model.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in properties.items()]


def _header_parameters(route: Route) -> list[Json]:
    return [
        {"name": name, "in": "header", "required": False, "description": description, "schema": {"type": "string"}}
        for name, description in route.headers.items()
    ]


def _responses(route: Route) -> Json:
    refusals = dict(route.refusals)
    if route.access is not Access.OPEN:
        refusals.setdefault(401, "The token is missing or wrong.")
    described: Json = {str(status): _answer(answer) for status, answer in route.answers.items()}
    refused: Json = {str(status): _problem(description) for status, description in refusals.items()}
    return dict(sorted((described | refused).items())) | {"default": _problem("Any other refusal.")}


def _answer(answer: Answer) -> Json:
    described: Json = {"description": answer.description}
    if answer.headers:
        described["headers"] = {
            name: {"description": description, "schema": {"type": "string"}}
            for name, description in answer.headers.items()
        }
    if answer.links:
        described["links"] = {
            name: {"operationId": name, "parameters": {"job_id": "$response.body#/job_id"}} for name in answer.links
        }
    if answer.model is not None:
        described["content"] = {JSON: {"schema": _reference(answer.model)}}
    elif answer.media_types:
        described["content"] = {media_type: {"schema": _bytes_schema(media_type)} for media_type in answer.media_types}
    return described


def _bytes_schema(media_type: str) -> Json:
    if media_type == JSON:
        return {"type": "object"}
    return {"type": "string"} if media_type.startswith("text/") else _IMAGE


def _problem(description: str) -> Json:
    return {"description": description, "content": {"application/problem+json": {"schema": _reference(Problem)}}}


def _request_content(body: Body) -> Json:
    content: Json = {media_type: {"schema": _IMAGE} for media_type in body.images}
    if body.model is not None:
        content[JSON] = {"schema": _json_schema(body.model, body.required_in_json)}
    if body.uploads:
        content[FORM] = {"schema": _form_schema(body), **({"encoding": _FORM_ENCODING} if body.model else {})}
    return content


_FORM_ENCODING: Json = {"request": {"contentType": JSON}}


def _json_schema(model: type[BaseModel], required: tuple[str, ...]) -> Json:
    if not required:
        return _reference(model)
    return {"allOf": [_reference(model), {"type": "object", "required": list(required)}]}


def _form_schema(body: Body) -> Json:
    parts: Json = {
        name: {"type": "array", "items": _IMAGE, "description": description}
        for name, description in body.uploads.items()
    }
    if body.model is None:
        return {"type": "object", "properties": parts}
    return {"type": "object", "properties": {"request": _reference(body.model), **parts}, "required": ["request"]}


def _reference(model: type[BaseModel]) -> Json:
    return {"$ref": _REF_TEMPLATE.format(model=model.__name__)}


def _component_schemas(routes: tuple[Route, ...]) -> Json:
    models: dict[tuple[type[BaseModel], _Mode], None] = {
        (Problem, "serialization"): None,
        (Hello, "serialization"): None,
    }
    for route in routes:
        models |= {(answer.model, "serialization"): None for answer in route.answers.values() if answer.model}
        if route.body is not None and route.body.model is not None:
            models[route.body.model, "validation"] = None
    _, definitions = models_json_schema(list(models), ref_template=_REF_TEMPLATE)
    schemas: Json = definitions["$defs"]
    return schemas

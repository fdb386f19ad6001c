"""The description of the server says what the server does."""

import json

import pytest
from aiohttp import web
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from mangaflux.engine.registry import EngineRegistry
from mangaflux.settings import Settings
from mangaflux.web.app import create_app
from mangaflux.web.openapi import describe, plain_path
from mangaflux.web.routes import ROUTES
from tests.web.driving import Client, finished, get_json, submit


@pytest.fixture
def app(settings: Settings, engines: EngineRegistry) -> web.Application:
    return create_app(settings, engines)


def _served(app: web.Application) -> set[tuple[str, str]]:
    """Method and path of every route of the router; HEAD beside GET is no route of its own."""
    served = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    return {(method, path) for method, path in served if method != "HEAD" or ("GET", path) not in served}


def test_the_document_is_valid_openapi() -> None:
    validate(json.loads(json.dumps(describe(ROUTES))))


def test_the_document_describes_every_route_and_no_other(app: web.Application) -> None:
    paths = json.loads(json.dumps(describe(ROUTES)))["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}

    assert described == _served(app)


def test_patterns_of_the_router_are_not_part_of_described_paths() -> None:
    assert plain_path(r"/a/{page_num:\d{1,5}}/b/{sha256:[0-9a-f]{64}}") == "/a/{page_num}/b/{sha256}"


@pytest.mark.parametrize("path", ["/v1/jobs/two-pass", "/v1/jobs/pass2"])
def test_a_style_reference_is_mandatory_in_the_description_of_json_bodies(path: str) -> None:
    document = json.loads(json.dumps(describe(ROUTES)))
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]

    assert {"type": "object", "required": ["style_reference"]} in schema["allOf"]


def test_every_route_that_reads_a_query_says_when_it_is_refused() -> None:
    assert [route.path for route in ROUTES if route.query and 422 not in route.refusals] == []


def test_operations_have_names_of_their_own() -> None:
    names = [route.handler.__name__ for route in ROUTES]

    assert len(names) == len(set(names))


async def test_the_document_is_served_and_a_known_one_is_not_sent_again(client: Client) -> None:
    async with client.get("/openapi.json") as answer:
        etag = answer.headers["ETag"]
        assert (await answer.json())["openapi"] == "3.1.0"

    async with client.get("/openapi.json", headers={"If-None-Match": etag}) as again:
        assert again.status == 304
        assert await again.read() == b""


ANSWERS = {
    "/v1/jobs/{job_id}": "JobDetail",
    "/v1/jobs": "JobList",
    "/v1/jobs/{job_id}/artifacts": "ArtifactList",
    "/v1/jobs/{job_id}/logs": "JobLog",
    "/v1/chapters": "ChapterList",
    "/v1/chapters/chapter_001/pages": "ChapterPages",
    "/v1/chapters/chapter_001/pages/1/metadata": "PageMetadata",
    "/v1/chapters/chapter_001/pages/1/runmeta/pass2": "RunMeta",
    "/v1/engines": "Engines",
    "/v1/references": "ReferenceList",
    "/v1/storage": "Storage",
    "/readyz": "Readiness",
    "/version": "Version",
}


async def test_answers_fit_their_description(client: Client, page_png: bytes, style_png: bytes) -> None:
    document = await get_json(client, "/openapi.json")
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)

    for path, model in ANSWERS.items():
        body = await get_json(client, path.format(job_id=job_id))
        schema = {"$ref": f"#/components/schemas/{model}", "components": document["components"]}
        OAS31Validator(schema).validate(body)

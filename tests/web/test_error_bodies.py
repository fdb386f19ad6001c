"""Every refusal has one form."""

import logging

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpClient

from mangaflux import errors
from mangaflux.log_context import TextFormatter
from mangaflux.web.error_middleware import add_common_headers, answer_errors, status_of
from tests.web.driving import Client, refused


def _classes(base: type[errors.MangaFluxError]) -> list[type[errors.MangaFluxError]]:
    return [base, *(found for kind in base.__subclasses__() for found in _classes(kind))]


@pytest.fixture
async def broken(aiohttp_client: AiohttpClient) -> Client:
    """A server whose one route has a defect."""

    async def fail(_request: web.Request) -> web.Response:
        raise KeyError("secret detail")

    async def fail_in_the_middle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        raise errors.NotFoundError("too late to say so")

    app = web.Application(middlewares=[answer_errors])
    app.on_response_prepare.append(add_common_headers)
    app.router.add_get("/fail", fail)
    app.router.add_get("/fail-in-the-middle", fail_in_the_middle)
    return await aiohttp_client(app)


@pytest.mark.parametrize("kind", _classes(errors.InvalidRequestError))
def test_no_refusal_is_a_server_error_but_a_busy_server(kind: type[errors.MangaFluxError]) -> None:
    status = status_of(kind("message"))

    assert 400 <= status < 500 or (status == 503 and kind is errors.ServerBusyError)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.StyleReferenceError("x"), 422),
        (errors.ImageTooLargeError("x"), 413),
        (errors.PathForbiddenError("x"), 403),
        (errors.NotReadyError("x"), 404),
        (errors.MissingPass1Error("x"), 409),
        (errors.EngineUnavailableError("x"), 409),
        (errors.UnauthorizedError("x"), 401),
        (errors.DataFolderError("x"), 500),
    ],
)
def test_each_error_has_its_status(error: errors.MangaFluxError, status: int) -> None:
    assert status_of(error) == status


async def test_an_unknown_address_is_a_problem_that_carries_its_trace_id(client: Client) -> None:
    answer = await client.get("/nowhere")

    body = await refused(answer, 404, "not_found")
    assert body["trace_id"] == answer.headers["X-Trace-Id"]
    assert (body["title"], body["instance"], body["type"]) == ("Not Found", "/nowhere", "about:blank")


async def test_a_wrong_method_is_told_which_are_right(client: Client) -> None:
    answer = await client.delete("/healthz")

    body = await refused(answer, 405, "method_not_allowed")
    assert "GET" in body["message"]
    assert "GET" in answer.headers["Allow"]


async def test_good_answers_carry_a_trace_id_too_and_are_not_sniffed(client: Client) -> None:
    answer = await client.get("/healthz")

    assert answer.headers["X-Trace-Id"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_defect_is_told_to_the_log_and_not_to_the_client(
    broken: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(TextFormatter("%(message)s"))
    with caplog.at_level(logging.ERROR):
        answer = await broken.get("/fail")

    body = await refused(answer, 500, "internal_error")
    assert "secret" not in str(body)
    assert body["trace_id"] in caplog.text
    assert "KeyError: 'secret detail'" in caplog.text


async def test_an_answer_that_has_begun_is_not_followed_by_a_second(broken: Client) -> None:
    async with broken.get("/fail-in-the-middle") as answer:
        data, _ = await answer.content.readchunk()

        assert (answer.status, data) == (200, b"first")
        assert b"too late" not in data

"""Lines of the log say which request, job and page they are about."""

import asyncio
import json
import logging

from aiohttp import web
from pytest_aiohttp import AiohttpClient

from mangaflux.cpu_pool import CpuPool, Urgency
from mangaflux.engine.executor import DeviceExecutor
from mangaflux.log_context import JsonFormatter, TextFormatter, about_page, current_ids
from mangaflux.web.error_middleware import add_common_headers, answer_errors


def _record(message: str = "said %s", *values: object, error: BaseException | None = None) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("mangaflux.x", logging.WARNING, __file__, 1, message, values, exc_info)


def test_a_line_for_machines_is_one_object_with_the_ids() -> None:
    with about_page("job_1", 7):
        line = json.loads(JsonFormatter().format(_record("said\n%s", "this")))

    assert (line["level"], line["logger"], line["message"]) == ("warning", "mangaflux.x", "said\nthis")
    assert (line["job_id"], line["page"]) == ("job_1", 7)
    assert line["time"].endswith("Z")
    assert "\n" not in JsonFormatter().format(_record("two\nlines"))


def test_a_traceback_is_part_of_the_object() -> None:
    try:
        raise ValueError("why")
    except ValueError as error:
        line = json.loads(JsonFormatter().format(_record("failed", error=error)))

    assert "ValueError: why" in line["traceback"]


def test_a_line_for_people_ends_with_the_ids() -> None:
    with about_page("job_1", 7):
        assert TextFormatter("%(message)s").format(_record("said %s", "this")) == "said this [job_id=job_1 page=7]"
    assert TextFormatter("%(message)s").format(_record("said %s", "this")) == "said this"


async def test_tasks_side_by_side_keep_their_own_ids() -> None:
    async def work(page: int) -> object:
        with about_page("job_1", page):
            await asyncio.sleep(0)
            return current_ids()["page"]

    assert await asyncio.gather(*(work(page) for page in range(5))) == list(range(5))


async def test_threads_of_a_page_know_it() -> None:
    cpu, device = CpuPool(1), DeviceExecutor({}, 60)
    with about_page("job_1", 7):
        assert await cpu.run(Urgency.ANALYZE, current_ids) == {"job_id": "job_1", "page": 7}
        assert await device._run(current_ids) == {"job_id": "job_1", "page": 7}
    await cpu.close(5)
    await device.close(5)


async def test_what_a_request_logs_has_its_trace_id(aiohttp_client: AiohttpClient) -> None:
    async def tell(_request: web.Request) -> web.Response:
        return web.json_response(current_ids())

    app = web.Application(middlewares=[answer_errors])
    app.router.add_get("/", tell)
    app.on_response_prepare.append(add_common_headers)
    client = await aiohttp_client(app)

    answer = await client.get("/")

    assert await answer.json() == {"trace_id": answer.headers["X-Trace-Id"]}

"""The server as one aiohttp application."""

from collections.abc import AsyncIterator

from aiohttp import web

from mangaflux.engine.analysis.detectors.detector import Detector
from mangaflux.engine.registry import EngineRegistry
from mangaflux.parts import open_parts
from mangaflux.settings import Settings
from mangaflux.web.archive import ARCHIVES, Archives
from mangaflux.web.auth import require_token
from mangaflux.web.bodies import MAX_JSON_BYTES
from mangaflux.web.content_response import set_content_etag
from mangaflux.web.error_middleware import add_common_headers, answer_errors
from mangaflux.web.host_gate import check_host
from mangaflux.web.keys import DETECTORS, ENGINE_TASKS, ENGINES, PARTS, SETTINGS
from mangaflux.web.metrics_handlers import count_answer, watch_loop
from mangaflux.web.openapi import DOCUMENT, write_document
from mangaflux.web.origin_gate import add_cors_headers, check_origin
from mangaflux.web.route import add_routes
from mangaflux.web.routes import ROUTES
from mangaflux.web.silent_refusals import send_no_refusals
from mangaflux.web.single_pages import SINGLE_PAGES, SinglePages
from mangaflux.web.thumbnails import THUMBNAILS, Thumbnails

#: Each stands on the one before: Origin is compared with a Host that is known to be ours.
GATES = (check_host, check_origin, require_token)


def create_app(settings: Settings, engines: EngineRegistry, detectors: tuple[Detector, ...] = ()) -> web.Application:
    """Everything that exists: routes, what guards them, and the parts that open and close with the server."""
    app = web.Application(middlewares=[send_no_refusals, answer_errors, *GATES], client_max_size=MAX_JSON_BYTES)
    app[SETTINGS] = settings
    app[ENGINES] = engines
    app[DETECTORS] = detectors
    app[ARCHIVES] = Archives()
    app[THUMBNAILS] = Thumbnails()
    app[ENGINE_TASKS] = set()
    app[SINGLE_PAGES] = SinglePages(settings.compatibility)
    app[DOCUMENT] = write_document(ROUTES)
    add_routes(app, ROUTES)
    app.on_response_prepare.append(add_common_headers)
    app.on_response_prepare.append(add_cors_headers)
    app.on_response_prepare.append(set_content_etag)
    app.on_response_prepare.append(count_answer)
    app.cleanup_ctx.append(_keep_parts_open)
    app.cleanup_ctx.append(watch_loop)
    app.on_shutdown.append(_stop_taking_work)
    return app


async def _keep_parts_open(app: web.Application) -> AsyncIterator[None]:
    async with open_parts(app[SETTINGS], app[ENGINES], app[DETECTORS]) as parts:
        app[PARTS] = parts
        yield


async def _stop_taking_work(app: web.Application) -> None:
    """Claims no more pages and ends every event stream: an open one would hold the shutdown up twice its timeout."""
    app[PARTS].worker.stop()
    app[PARTS].broker.close()

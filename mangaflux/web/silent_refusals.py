"""No refusal is sent to a reader that would save it as the page."""

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from mangaflux.web.schemas import Problem

logger = logging.getLogger(__name__)

CONVERT_PATH = "/v1/convert"


@web.middleware
async def send_no_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Closes the connection where `/v1/convert` is refused and the request has no Accept header.

    Suwayomi-Server looks at no status: whatever body comes becomes the page in its library, be it a 401 in JSON or
    nothing at all. Only where the connection breaks it keeps the page that it has. It sends no Accept header, unlike
    curl, browsers and every client that can read a refusal; those get it as everywhere. The log has it either way.
    """
    response = await handler(request)
    if request.path != CONVERT_PATH or response.status < web.HTTPBadRequest.status_code:
        return response
    logger.warning("%s was refused: %s", CONVERT_PATH, _sentence(response))
    if "Accept" not in request.headers and request.transport is not None:
        # What is written to it from now on goes nowhere.
        request.transport.abort()
    return response


def _sentence(response: web.StreamResponse) -> str:
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        return Problem.model_validate_json(response.body).message
    return f"status {response.status}"

"""The one place that turns refusals into HTTP: trace ids, status codes and problem bodies."""

import logging
import secrets
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from mangaflux import errors
from mangaflux.log_context import note_trace
from mangaflux.web.keys import ANSWER_STARTED, TRACE_ID
from mangaflux.web.mit_key import shown_path
from mangaflux.web.schemas import Problem

logger = logging.getLogger(__name__)

PROBLEM_MEDIA_TYPE = "application/problem+json"

#: The only table of status codes; a class that is missing has the status of its nearest base.
STATUS_OF: dict[type[errors.MangaFluxError], HTTPStatus] = {
    errors.InvalidRequestError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ImageTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.PathForbiddenError: HTTPStatus.FORBIDDEN,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.GoneError: HTTPStatus.GONE,
    errors.MissingPass1Error: HTTPStatus.CONFLICT,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.EngineUnavailableError: HTTPStatus.CONFLICT,
    errors.HostNotAllowedError: HTTPStatus.MISDIRECTED_REQUEST,
    errors.OriginNotAllowedError: HTTPStatus.FORBIDDEN,
    errors.UnauthorizedError: HTTPStatus.UNAUTHORIZED,
    errors.UrlForbiddenError: HTTPStatus.FORBIDDEN,
    errors.SlowBodyError: HTTPStatus.REQUEST_TIMEOUT,
    errors.QueueFullError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.PageFailedError: HTTPStatus.BAD_GATEWAY,
    errors.ServerBusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StorageError: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.MangaFluxError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

POLICY = "Content-Security-Policy"
#: No answer of the API is a page, so none may run, frame or embed anything; images are for pages of this server, and
#: for those that CORS lets read them. `Server` would tell the versions of aiohttp and Python.
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    POLICY: "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "MangaFlux",
}

#: Seconds after which a client should knock again at a stopping server.
RETRY_AFTER_SECONDS = 10

#: The code in the body, by the status of what aiohttp itself refuses.
CODE_OF_HTTP_ERROR = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"} | {
    415: "unsupported_media_type"
}


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives every request a trace id, and turns whatever a handler raises into one problem body.

    Errors that nobody foresaw become 500 without their text, which goes to the log with its traceback.
    """
    request[TRACE_ID] = secrets.token_hex(8)
    note_trace(request[TRACE_ID])
    try:
        return await handler(request)
    except Exception as error:
        if request.get(ANSWER_STARTED):
            raise  # aiohttp logs it and closes the connection: a second answer cannot be sent
        return _answer(request, error)


async def add_common_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Puts what every answer carries on it; a signal of aiohttp, so that files and streams have it too."""
    request[ANSWER_STARTED] = True
    # The pages for people have a policy of their own.
    policy = response.headers.get(POLICY, COMMON_HEADERS[POLICY])
    response.headers.update({**COMMON_HEADERS, POLICY: policy})
    if trace_id := request.get(TRACE_ID):
        response.headers["X-Trace-Id"] = trace_id


def status_of(error: errors.MangaFluxError) -> HTTPStatus:
    """The HTTP status of an error."""
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def _answer(request: web.Request, error: Exception) -> web.Response:
    match error:
        case errors.MangaFluxError():
            return _answer_refusal(request, error)
        case web.HTTPException():
            return _answer_http_error(request, error)
        case web.RequestPayloadError() | ConnectionError():
            return _problem(request, HTTPStatus.BAD_REQUEST, "bad_request", "The request ended before it was complete.")
        case _:
            return _answer_defect(request, error)


def _answer_refusal(request: web.Request, error: errors.MangaFluxError) -> web.Response:
    status = status_of(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return _answer_defect(request, error)
    response = _problem(request, status, error.code, error.message, dict(error.details))
    if isinstance(error, errors.UnauthorizedError):
        response.headers["WWW-Authenticate"] = 'Bearer realm="mangaflux"'
    if isinstance(error, errors.ServerBusyError):
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, errors.QueueFullError):
        response.headers["Retry-After"] = str(error.details["retry_after_seconds"])
    return response


def _answer_http_error(request: web.Request, error: web.HTTPException) -> web.Response:
    status = HTTPStatus(error.status)
    code = CODE_OF_HTTP_ERROR.get(error.status, "http_error")
    response = _problem(request, status, code, _sentence(request, error))
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _sentence(request: web.Request, error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"{request.method} is not allowed here; allowed: {', '.join(sorted(error.allowed_methods))}."
    if isinstance(error, web.HTTPNotFound):
        return "There is nothing at this address; /openapi.json lists what there is."
    return error.text or f"{error.reason}."


def _answer_defect(request: web.Request, error: Exception) -> web.Response:
    logger.error("%s %s failed", request.method, shown_path(request), exc_info=error)
    message = "Something went wrong inside the server; its log tells more under this trace id."
    return _problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, errors.MangaFluxError.code, message)


def _problem(
    request: web.Request, status: HTTPStatus, code: str, message: str, details: dict[str, object] | None = None
) -> web.Response:
    problem = Problem(
        title=status.phrase,
        status=status,
        instance=shown_path(request),
        code=code,
        message=message,
        details=details or {},
        trace_id=request[TRACE_ID],
    )
    return web.Response(status=status, body=problem.model_dump_json().encode(), content_type=PROBLEM_MEDIA_TYPE)

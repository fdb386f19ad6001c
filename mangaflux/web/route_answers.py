"""What many routes say in the same words: parts, answers and refusals."""

from pydantic import BaseModel

from mangaflux.web.route import Answer
from mangaflux.web.schemas import AcceptedJob

PAGES_PART = (
    "Page images, numbered from 1 in natural file-name order; in the order sent where one of them has no file name."
)
REFERENCE_PART = "One to four coloured images. Mandatory, here or by name in the request."
ACCEPTED = {
    202: Answer(
        "Queued.",
        AcceptedJob,
        headers={
            "Location": "The address of the job.",
            "Idempotency-Replayed": "`true` where the same request had made the job before.",
        },
        links=("read_job", "cancel_job", "retry_job", "list_artifacts", "read_log", "read_archive"),
    )
}
IDEMPOTENCY_KEY = {"Idempotency-Key": "The same key with the same request is answered with the same job; kept 24 h."}
CANNOT_NOW = {
    429: "As much waits as the limits allow; Retry-After says when to try again.",
    503: "The server is stopping.",
    507: "The disk of the server is full or fails.",
}
REFUSED_WORK = {
    403: "A path outside the input roots of the server, or a URL that it may not fetch.",
    404: "An asset that was never uploaded.",
    408: "The body stalls.",
    413: "Too many bytes, pixels or pages; `details` name the limit.",
    415: "A media type or an encoding that is not taken.",
    422: "The request does not fit; the message names the field. Or the Idempotency-Key was sent with another one.",
    **CANNOT_NOW,
}
NO_ENGINE = {404: "There is no such engine."}
NO_JOB = {404: "There is no such job.", 410: "It was there, and has expired or was deleted."}
NO_PAGE = {
    404: "There is no such page (`not_found`), or the file is not there: `not_ready`, with the status of the page."
}
CONDITIONS = {
    "If-None-Match": "304 where this is the ETag.",
    "Range": "206 with a part of the file.",
    "If-Range": "The whole file where this is not the ETag.",
}
EVENTS = Answer("Server-Sent Events.", media_types=("text/event-stream",))
LAST_EVENT_ID = {"Last-Event-ID": "Replay what came later than the event of this id."}


def file_answers(description: str, *media_types: str, model: type[BaseModel] | None = None) -> dict[int, Answer]:
    """The answers of a route that sends a file, or a part of it."""
    etag = {"ETag": "The SHA-256 of the file."}
    return {
        200: Answer(description, model, media_types, headers=etag),
        206: Answer("A part of the file.", media_types=media_types, headers=etag),
        304: Answer("The copy of the client is the latest."),
        416: Answer("The file has no such part; the body is empty.", media_types=media_types),
    }

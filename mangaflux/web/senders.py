"""Who sends a job: clients that take turns, and keys that make sending twice no asking twice."""

import hashlib
import json
import re
from typing import TypeVar

from aiohttp import web

from mangaflux.errors import InvalidRequestError
from mangaflux.jobs import IdempotencyKey, Job, Sender
from mangaflux.web.keys import PARTS, SETTINGS
from mangaflux.web.request_schemas import JobRequest
from mangaflux.web.sessions import COOKIE
from mangaflux.web.uploads import JobForm

Model = TypeVar("Model", bound=JobRequest)

IDEMPOTENCY_KEY = "Idempotency-Key"
IDEMPOTENCY_REPLAYED = "Idempotency-Replayed"
_KEY_PATTERN = re.compile(r"[!-~]{1,255}")


def client_name(request: web.Request) -> str:
    """Who takes turns with others: each session for itself, and beside them everybody at one address."""
    if session := request.cookies.get(COOKIE):
        return f"session:{hashlib.sha256(session.encode(errors='replace')).hexdigest()[:12]}"
    address = request.remote or "local"
    return f"token@{address}" if "Authorization" in request.headers else address


async def refuse_job_early(request: web.Request) -> None:
    """Refuses a job before its body is read, unless it may be one that was accepted already.

    Raises:
        InvalidRequestError: an Idempotency-Key that is none.
        ServerBusyError, DiskFullError, QueueFullError: nothing can be taken at the moment.
    """
    parts = request.app[PARTS]
    key = _key(request)
    if key is None or not await parts.jobs.knows_key(key):
        await parts.admission.check_job()


def sender_of(request: web.Request, form: JobForm[Model]) -> Sender:
    """Who sent this job, under which key, and who is told of its end.

    Raises:
        InvalidRequestError: a webhook that could not be signed, or a key that is none.
    """
    webhook_url = form.request.webhook_url
    if webhook_url is not None and not request.app[SETTINGS].webhooks.secret.get_secret_value():
        raise InvalidRequestError(
            "webhook_url: this server has no webhooks.secret to sign messages with; set it, or follow the events."
        )
    key = _key(request)
    idempotency = None if key is None else IdempotencyKey(key=key, fingerprint=_fingerprint(request, form))
    return Sender(client=client_name(request), idempotency=idempotency, webhook_url=webhook_url)


async def job_sent_before(request: web.Request, sender: Sender) -> Job | None:
    """The job that the same request made before, or None.

    Raises:
        IdempotencyKeyError: the key was used for another request.
        GoneError: that job is not kept any more.
    """
    return await request.app[PARTS].jobs.sent_before(sender.idempotency) if sender.idempotency else None


def _key(request: web.Request) -> str | None:
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is not None and not _KEY_PATTERN.fullmatch(key):
        raise InvalidRequestError(f"{IDEMPOTENCY_KEY}: 1 to 255 visible ASCII characters, such as a UUID.")
    return key


def _fingerprint(request: web.Request, form: JobForm[Model]) -> str:
    """Of everything that was asked for: the route, the request, and what the uploads hold."""
    asked = {
        "path": request.path,
        "request": form.request.model_dump(mode="json"),
        "uploads": [[source.asset_sha256 for source in sources] for sources in (form.pages, form.references)],
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

"""Server-Sent Events, framed by hand (WHATWG HTML, section 9.2).

Durable events carry their row number as `id`, progress ticks and previews carry none, so that a client's last id is
always one that can be resumed from. Nothing is lost between the table and the live events: a stream subscribes first,
reads the table in batches, then goes on with live events later than the last one sent.
"""

import json
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import web

from mangaflux import __version__
from mangaflux.errors import InvalidRequestError
from mangaflux.events import Event, Subscription
from mangaflux.jobs import Job
from mangaflux.parts import Parts
from mangaflux.settings import EventSettings
from mangaflux.web.job_views import job_states
from mangaflux.web.keys import PARTS, SETTINGS
from mangaflux.web.live_answer import LIVE_HEADERS, ReaderGoneError, send_piece
from mangaflux.web.request_schemas import EventsQuery
from mangaflux.web.schemas import Hello, StreamSnapshot
from mangaflux.web.validation import parse_query, parse_values

HEADERS = {"Content-Type": "text/event-stream", **LIVE_HEADERS}


async def stream_job(request: web.Request) -> web.StreamResponse:
    """The events of one job, from the first or after the one named, until the job has ended."""
    parts = request.app[PARTS]
    job = await parts.jobs.get(request.match_info["job_id"])
    query = parse_query(EventsQuery, request)
    after = _last_seen_id(request, query) or 0
    if after > await parts.events.last_id():
        after = 0  # an id of another data folder says nothing about this one
    if job.status.is_terminal and not await parts.events.after(after, job.job_id):
        return web.Response(status=204)
    with parts.broker.subscribe(job.job_id, wants_previews=query.preview) as subscription:
        return await _JobStream(request, subscription, job).run(after)


async def stream_all(request: web.Request) -> web.StreamResponse:
    """The events of all jobs, from now or after the one named, until the server stops."""
    query = parse_query(EventsQuery, request)
    after = _last_seen_id(request, query)
    with request.app[PARTS].broker.subscribe(wants_previews=query.preview) as subscription:
        return await _ServerStream(request, subscription).run(after)


def frame(name: str, data: Mapping[str, object], event_id: int | None = None) -> bytes:
    """One event as it goes over the wire. JSON has no raw line breaks, so one data line holds it."""
    lines = [f"event: {name}", f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}"]
    if event_id is not None:
        lines.insert(0, f"id: {event_id}")
    return ("\n".join(lines) + "\n\n").encode()


def _last_seen_id(request: web.Request, query: EventsQuery) -> int | None:
    """The id to go on after; the header is newer than the query of the address that a browser reconnects to.

    Raises:
        InvalidRequestError: not the id of an event.
    """
    header = request.headers.get("Last-Event-ID")
    if not header:
        return query.after
    try:
        return parse_values(EventsQuery, {"after": header}).after
    except InvalidRequestError as error:
        raise InvalidRequestError("Last-Event-ID is not the id of an event of this server.") from error


class _Stream:
    """One open answer: frames go out, each under a deadline."""

    #: Whether a snapshot carries the id after which this stream goes on, so that a reader who drops may resume there.
    state_is_resumable = False

    def __init__(self, request: web.Request, subscription: Subscription) -> None:
        self.parts: Parts = request.app[PARTS]
        self.subscription = subscription
        self.last_id = 0
        self._request = request
        self._settings: EventSettings = request.app[SETTINGS].events
        self._response = web.StreamResponse(headers=HEADERS)

    async def run(self, after: int | None) -> web.StreamResponse:
        """Sends events until the stream ends, the reader leaves, or the server stops."""
        await self._response.prepare(self._request)
        with suppress(ReaderGoneError):
            await self._write(f"retry: {self._settings.retry_milliseconds}\n\n".encode())
            await self.send_events(after)
        return self._response

    async def send_events(self, after: int | None) -> None:
        """What this kind of stream sends."""
        raise NotImplementedError

    async def send_state(self, name: str, jobs: list[Job], last_id: int, reason: str | None = None) -> None:
        """Sends a snapshot: `hello` at the beginning, `reset` where events are left out."""
        snapshot = StreamSnapshot(jobs=await job_states(self.parts, jobs))
        body = Hello(version=__version__, last_id=last_id, snapshot=snapshot, reason=reason).model_dump(mode="json")
        await self._write(frame(name, body, self.last_id if self.state_is_resumable else None))

    async def replay(self, job_id: str | None = None) -> None:
        """Sends every stored event that is later than the last one sent."""
        while batch := await self.parts.events.after(self.last_id, job_id):
            for event in batch:
                await self.send_event(event)

    async def next_events(self) -> list[Event] | None:
        """Live events; empty after a ping, None where the stream is over for this reader."""
        events = await self.subscription.wait(self._settings.ping_interval_seconds)
        if self.subscription.closed or self.subscription.lagging:
            return None
        if not events:
            await self._write(frame("ping", {}))
        return events

    async def send_event(self, event: Event) -> None:
        """Sends an event unless it was sent already."""
        if event.id is not None and event.id <= self.last_id:
            return
        created_at = event.created_at.isoformat().replace("+00:00", "Z")
        data = {"job_id": event.job_id, **event.data, "created_at": created_at}
        await self._write(frame(event.type, data, event.id))
        self.last_id = event.id or self.last_id

    async def _write(self, data: bytes) -> None:
        await send_piece(self._request, self._response, data)


class _JobStream(_Stream):
    """The events of one job."""

    def __init__(self, request: web.Request, subscription: Subscription, job: Job) -> None:
        super().__init__(request, subscription)
        self._job = job

    async def send_events(self, after: int | None) -> None:
        """Everything from the first event on, until the job has ended and all of that was sent."""
        self.last_id = after or 0
        job = self._job
        await self.send_state("hello", [job], await self.parts.events.last_id())
        while True:
            # The status is read before the table: all that led to it is in the table then.
            job = await self.parts.jobs.get(job.job_id)
            await self.replay(job.job_id)
            if job.status.is_terminal or not await self._follow():
                return

    async def _follow(self) -> bool:
        """Sends live events until the job ends; False where the stream is over before."""
        while (events := await self.next_events()) is not None:
            for event in events:
                await self.send_event(event)
                if event.type.ends_job and event.id is not None:
                    return True
        if self.subscription.lagging:
            job = await self.parts.jobs.get(self._job.job_id)
            await self.send_state("reset", [job], await self.parts.events.last_id(), "This reader is too slow.")
        return False


class _ServerStream(_Stream):
    """The events of all jobs."""

    # A browser that drops before the first event would otherwise come back without an id, and start later than it left.
    state_is_resumable = True

    async def send_events(self, after: int | None) -> None:
        """From now on, or everything after the event named, for as long as the server runs."""
        newest = await self.parts.events.last_id()
        self.last_id = newest if after is None else after
        await self.send_state("hello", await self.parts.jobs.active(), newest)
        if after is not None and not await self._reset_unknown(after, newest):
            await self.replay()
        while (events := await self.next_events()) is not None:
            for event in events:
                await self.send_event(event)
        if self.subscription.lagging:
            await self._reset("This reader is too slow.")

    async def _reset_unknown(self, after: int, newest: int) -> bool:
        """Starts anew where events after the one named are gone, or it was never sent; True where it did."""
        oldest = await self.parts.events.first_id()
        if oldest - 1 <= after <= newest:
            return False
        self.last_id = newest
        await self._reset("Events after this id are not kept any more.")
        return True

    async def _reset(self, reason: str) -> None:
        newest = await self.parts.events.last_id()
        await self.send_state("reset", await self.parts.jobs.active(), newest, reason)

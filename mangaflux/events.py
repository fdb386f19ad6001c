"""Events and who hears them. Everything here happens on the event loop."""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: Durable events a subscriber may lag behind before it is cut off. A page makes two, a job of 500 pages about a
#: thousand; a reader that is further behind comes back and replays from the table.
MAX_PENDING_EVENTS = 1024


class EventType(StrEnum):
    """What an event says. All but `page.progress` and `page.preview` are stored and numbered."""

    JOB_CREATED = "job.created"
    JOB_STARTED = "job.started"
    JOB_RETRIED = "job.retried"
    JOB_RECOVERED = "job.recovered"
    PAGE_PASS1_COMPLETED = "page.pass1.completed"
    PAGE_PASS2_COMPLETED = "page.pass2.completed"
    PAGE_FAILED = "page.failed"
    PAGE_SKIPPED = "page.skipped"
    JOB_COMPLETED = "job.completed"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    PAGE_PROGRESS = "page.progress"
    #: An unfinished picture of a page; only to those who asked for them.
    PAGE_PREVIEW = "page.preview"

    @property
    def ends_job(self) -> bool:
        """True for the events after which a job's own stream ends."""
        return self in (EventType.JOB_COMPLETED, EventType.JOB_FAILED, EventType.JOB_CANCELLED)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job."""

    type: EventType
    job_id: str
    #: JSON values only.
    data: Mapping[str, object]
    created_at: datetime
    #: Row number of a durable event, growing for ever and never reused; None for progress ticks.
    id: int | None = None


class Subscription:
    """What one listener has not read yet: durable events in order, the latest progress and preview of each page.

    Bounded: a listener that falls behind loses progress ticks, and beyond `MAX_PENDING_EVENTS` durable events it is
    marked `lagging` and receives nothing more.
    """

    def __init__(self, job_id: str | None, *, wants_previews: bool = False) -> None:
        self.job_id = job_id
        self.wants_previews = wants_previews
        self.lagging = False
        self.closed = False
        self._durable: deque[Event] = deque()
        self._ticks: dict[tuple[str, object], dict[EventType, Event]] = {}
        self._wake = asyncio.Event()

    def offer(self, event: Event) -> None:
        """Takes an event in, or drops what the bounds do not allow."""
        if self.lagging or self.job_id not in (None, event.job_id):
            return
        if event.type is EventType.PAGE_PREVIEW and not self.wants_previews:
            return
        page = (event.job_id, event.data.get("page_num"))
        if event.id is None:
            self._ticks.setdefault(page, {})[event.type] = event
        elif len(self._durable) >= MAX_PENDING_EVENTS:
            self.lagging = True
        else:
            # What a page was doing before its status changed is no news after it.
            self._ticks.pop(page, None)
            self._durable.append(event)
        self._wake.set()

    def close(self) -> None:
        """Wakes the listener for the last time."""
        self.closed = True
        self._wake.set()

    async def wait(self, timeout_seconds: float) -> list[Event]:
        """What came since the last call, durable events first; empty after the timeout or when closed or lagging."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._wake.wait()
        except TimeoutError:
            return []
        self._wake.clear()
        events = [*self._durable, *(tick for ticks in self._ticks.values() for tick in ticks.values())]
        self._durable.clear()
        self._ticks.clear()
        return events


class EventBroker:
    """Hands events to everyone who listens. Never waits and never blocks: a slow listener harms only itself."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        #: Jobs whose previews somebody wants, None for all; replaced and never changed, so that any thread may read it.
        self._previewed: frozenset[str | None] = frozenset()
        self._closed = False

    @contextmanager
    def subscribe(self, job_id: str | None = None, *, wants_previews: bool = False) -> Iterator[Subscription]:
        """A subscription to one job, or to all, for the length of the block."""
        subscription = Subscription(job_id, wants_previews=wants_previews)
        if self._closed:
            subscription.close()
        self._subscriptions.add(subscription)
        self._note_previewed()
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            self._note_previewed()

    def publish(self, event: Event) -> None:
        """Offers an event to every subscription. Durable events are published after their commit, in id order."""
        for subscription in self._subscriptions:
            subscription.offer(event)

    def close(self) -> None:
        """Ends every subscription, and every later one at once: the server stops."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.close()

    def wants_previews(self, job_id: str) -> bool:
        """True while somebody listens who asked for previews of this job. From any thread."""
        previewed = self._previewed
        return None in previewed or job_id in previewed

    def _note_previewed(self) -> None:
        self._previewed = frozenset(each.job_id for each in self._subscriptions if each.wants_previews)

    @property
    def subscriber_count(self) -> int:
        """How many listen now."""
        return len(self._subscriptions)

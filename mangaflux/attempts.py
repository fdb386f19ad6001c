"""One try at one pass of one page: its abort flag, its progress, its times."""

import asyncio
import base64
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from mangaflux import metrics
from mangaflux.engine.base import RgbImage
from mangaflux.engine.imaging import encode_preview
from mangaflux.errors import AttemptAbortedError
from mangaflux.events import Event, EventType
from mangaflux.jobs import ClaimedPage

#: Progress ticks of one job are at least this far apart: at most 10 a second.
TICK_SECONDS = 0.1
#: Jobs of which the last tick is remembered; forgetting one costs a tick more.
MAX_REMEMBERED_JOBS = 256
#: Weight of the newest page in the moving average of seconds per page.
PACE_WEIGHT = 0.3
#: Seconds a page is taken to need before one was measured: lite's on two cores.
UNMEASURED_PAGE_SECONDS = 3.0


class Pace:
    """How many seconds a page takes, per engine and pass, as a moving average over finished pages."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str | None, int], float] = {}
        self._finished: dict[tuple[str | None, int], float] = {}
        self._last_ticks: dict[str, float] = {}
        #: Seconds per page, by the last pass of the job whose page was finished last.
        self.seconds_per_page = UNMEASURED_PAGE_SECONDS

    def page_finished(self, claimed: ClaimedPage, started: float) -> None:
        """Takes in one finished page; `started` is of `time.monotonic`."""
        key = (claimed.job.engine, claimed.page.pass_num)
        now = time.monotonic()
        # Pages overlap: what counts is the time since the last one was finished.
        seconds = now - max(started, self._finished.get(key, 0.0))
        before = self._seconds.get(key, seconds)
        self._seconds[key] = before + PACE_WEIGHT * (seconds - before)
        self._finished[key] = now
        if claimed.page.pass_num == claimed.job.kind.passes[-1]:
            self.seconds_per_page = self._seconds[key]

    def eta_seconds(self, claimed: ClaimedPage) -> float | None:
        """Seconds until the job is done, or None before any page of its kind was finished."""
        seconds = self._seconds.get((claimed.job.engine, claimed.job.kind.passes[-1]))
        return None if seconds is None else round(seconds * claimed.remaining_pages, 1)

    def tick_is_due(self, job_id: str, now: float) -> bool:
        """True at most ten times a second for each job. From any thread: a race costs one tick more."""
        if now - self._last_ticks.get(job_id, 0.0) < TICK_SECONDS:
            return False
        if len(self._last_ticks) >= MAX_REMEMBERED_JOBS:
            self._last_ticks.clear()
        self._last_ticks[job_id] = now
        return True


class Attempt:
    """The EngineContext of one try. What an EngineContext has is called on the thread that works, everything else on
    the event loop.

    The abort flag is made anew for each attempt and never cleared: a flag that is reused stops the wrong page.
    """

    def __init__(
        self,
        claimed: ClaimedPage,
        publish: Callable[[Event], None],
        pace: Pace,
        is_previewed: Callable[[str], bool] = lambda _job_id: False,
    ) -> None:
        self.claimed = claimed
        self.started_at = datetime.now(UTC)
        self.started = time.monotonic()
        self._publish = publish
        self._pace = pace
        self._is_previewed = is_previewed
        self._loop = asyncio.get_running_loop()
        self._aborted = threading.Event()
        self._stage_started = self.started
        self._step = 0
        self._step_started = self.started
        self._stage: str | None = None
        self._timings_ms: dict[str, float] = {}

    def abort(self) -> None:
        """Makes the next `progress` raise."""
        self._aborted.set()

    def progress(self, stage: str, step: int = 0, total_steps: int = 0) -> None:
        """Notes the time a stage took, tells listeners at most ten times a second, and stops an aborted attempt.

        Raises:
            AttemptAbortedError: `abort` was called.
        """
        if self._aborted.is_set():
            raise AttemptAbortedError("The attempt was told to stop.")
        now = time.monotonic()
        self._enter(stage, now)
        self._enter_step(step, now)
        if self._pace.tick_is_due(self.claimed.job.job_id, now):
            data = {"stage": stage, "step": step, "total_steps": total_steps}
            self._tell(EventType.PAGE_PROGRESS, data)

    @property
    def wants_previews(self) -> bool:
        """True while somebody listens who asked for previews of the job."""
        return self._is_previewed(self.claimed.job.job_id)

    def preview(self, picture: RgbImage, step: int, total_steps: int) -> None:
        """Sends a small JPEG to those who asked for previews."""
        jpeg, width, height = encode_preview(picture)
        shown = {"media_type": "image/jpeg", "width": width, "height": height, "data": base64.b64encode(jpeg).decode()}
        self._tell(EventType.PAGE_PREVIEW, {"step": step, "total_steps": total_steps, **shown})

    def finish_stages(self) -> dict[str, float]:
        """Milliseconds by stage, the running stage included."""
        self._enter(None, time.monotonic())
        return {stage: round(milliseconds, 2) for stage, milliseconds in self._timings_ms.items()}

    def _enter(self, stage: str | None, now: float) -> None:
        if stage == self._stage:
            return
        if self._stage is not None:
            spent = (now - self._stage_started) * 1000
            metrics.STAGE_SECONDS.labels(str(self.claimed.page.pass_num), self._stage).observe(spent / 1000)
            self._timings_ms[self._stage] = self._timings_ms.get(self._stage, 0.0) + spent
        self._stage, self._stage_started = stage, now

    def _tell(self, event_type: EventType, data: Mapping[str, object]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._tick, event_type, data)
        except RuntimeError as error:  # the loop is closed: the process is ending without this thread
            raise AttemptAbortedError("The server has stopped.") from error

    def _tick(self, event_type: EventType, data: Mapping[str, object]) -> None:
        page = self.claimed.page
        told = {"job_id": page.job_id, "page_num": page.page_num, "pass": page.pass_num, **data}
        if event_type is EventType.PAGE_PROGRESS:
            told["eta_seconds"] = self._pace.eta_seconds(self.claimed)
        self._publish(Event(event_type, page.job_id, told, datetime.now(UTC)))

    def _enter_step(self, step: int, now: float) -> None:
        if step == self._step:
            return
        if step > max(1, self._step):  # the first step also waited for what came before it
            seconds = (now - self._step_started) / (step - self._step)
            metrics.STEP_SECONDS.labels(self.claimed.job.engine or "none").observe(seconds)
        self._step, self._step_started = step, now

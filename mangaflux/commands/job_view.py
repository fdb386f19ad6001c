"""Shows how far a job is: bars on a terminal, one line per ended page in a pipe.

Fed with the events of a job, whether they come from the broker in this process or from a server's stream.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from mangaflux.commands.console import Terminal
from mangaflux.events import EventType

#: Events after which a page needs no more work, by the last pass of its job.
_PAGE_ENDS = {
    1: frozenset({EventType.PAGE_PASS1_COMPLETED, EventType.PAGE_FAILED}),
    2: frozenset({EventType.PAGE_PASS2_COMPLETED, EventType.PAGE_SKIPPED, EventType.PAGE_FAILED}),
}
_STYLES = {EventType.PAGE_FAILED: "red", EventType.PAGE_SKIPPED: "yellow"}


class JobView(Protocol):
    """What shows a job."""

    def show(self, event_type: str, data: Mapping[str, object]) -> None:
        """Takes in one event of the job; unknown ones change nothing."""


@contextmanager
def open_job_view(terminal: Terminal, page_names: Mapping[int, str], *, last_pass: int = 2) -> Iterator[JobView]:
    """A view of a job with these pages, by number, that ends with this pass, for the length of the block."""
    if not terminal.is_live:
        yield _LineView(terminal, page_names, _PAGE_ENDS[last_pass])
        return
    # transient: the bars go away at the end, the lines above them stay.
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
        console=terminal.talk,
        transient=True,
    ) as bars:
        yield _BarView(terminal, page_names, _PAGE_ENDS[last_pass], bars)


def page_line(event_type: str, data: Mapping[str, object], name: str) -> str:
    """What became of a page, as one line: `page 3 (p03.png): coloured`."""
    outcome = "analysed" if event_type == EventType.PAGE_PASS1_COMPLETED else "coloured"
    if event_type == EventType.PAGE_SKIPPED:
        outcome = f"skipped, {reason_words(data.get('reason'))}"
    elif event_type == EventType.PAGE_FAILED:
        outcome = f"failed: {data.get('message')}"
    return f"page {data.get('page_num')} ({name}): {outcome}"


def reason_words(reason: object) -> str:
    """The reason of a skipped page for people: `already_in_colour` → `already in colour`."""
    return str(reason or "nothing to colour").replace("_", " ")


def counted_pages(count: int) -> str:
    """`1 page`, `2 pages`."""
    return "1 page" if count == 1 else f"{count} pages"


class _LineView:
    def __init__(self, terminal: Terminal, page_names: Mapping[int, str], ends: Collection[EventType]) -> None:
        self._terminal = terminal
        self._page_names = page_names
        self._ends = ends
        self._ended = 0

    def show(self, event_type: str, data: Mapping[str, object]) -> None:
        if event_type not in self._ends:
            return
        self._ended += 1
        line = page_line(event_type, data, _name_of(self._page_names, data))
        self._terminal.say(f"[{self._ended}/{len(self._page_names)}] {line}")


class _BarView:
    def __init__(
        self, terminal: Terminal, page_names: Mapping[int, str], ends: Collection[EventType], bars: Progress
    ) -> None:
        self._terminal = terminal
        self._page_names = page_names
        self._ends = ends
        self._bars = bars
        self._all = bars.add_task("all pages", total=len(page_names), state=f"0/{len(page_names)}")
        self._ended = 0
        self._running: dict[object, TaskID] = {}

    def show(self, event_type: str, data: Mapping[str, object]) -> None:
        if event_type == EventType.PAGE_PROGRESS:
            self._tick(data)
        elif event_type in self._ends:
            self._drop(data)
            self._ended += 1
            self._bars.update(self._all, completed=self._ended, state=f"{self._ended}/{len(self._page_names)}")
            line = page_line(event_type, data, _name_of(self._page_names, data))
            self._terminal.say(line, style=_STYLES.get(EventType(event_type)))
        elif event_type == EventType.PAGE_PASS1_COMPLETED:
            self._drop(data)

    def _tick(self, data: Mapping[str, object]) -> None:
        page_num, steps = data.get("page_num"), data.get("total_steps")
        if page_num not in self._running:
            self._running[page_num] = self._bars.add_task(f"page {page_num}", total=None, state="")
        self._bars.update(
            self._running[page_num],
            description=f"page {page_num}, pass {data.get('pass')}",
            # A stage without steps pulses.
            total=float(steps) if isinstance(steps, int) and steps else None,
            completed=float(str(data.get("step") or 0)),
            state=str(data.get("stage") or ""),
        )
        self._bars.update(self._all, state=self._overall(data))

    def _overall(self, data: Mapping[str, object]) -> str:
        eta = data.get("eta_seconds")
        left = f", about {eta:.0f} s left" if isinstance(eta, int | float) else ""
        return f"{self._ended}/{len(self._page_names)}{left}"

    def _drop(self, data: Mapping[str, object]) -> None:
        task = self._running.pop(data.get("page_num"), None)
        if task is not None:
            self._bars.remove_task(task)


def _name_of(page_names: Mapping[int, str], data: Mapping[str, object]) -> str:
    page_num = data.get("page_num")
    return page_names.get(page_num, "") if isinstance(page_num, int) else ""

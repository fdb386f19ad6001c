"""Shows how far a download is: a bar for each file on a terminal, a line for each tenth in a pipe."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from mangaflux.commands.console import Terminal
from mangaflux.models.pull import PullView, megabytes

#: Parts of a file after which a pipe gets a line.
LINES_PER_FILE = 10


@contextmanager
def open_pull_view(terminal: Terminal) -> Iterator[PullView]:
    """A view of one download, for the length of the block."""
    if not terminal.is_live:
        yield _LineView(terminal)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    # transient: the bars go away at the end, the lines above them stay.
    with Progress(*columns, console=terminal.talk, transient=True) as bars:
        yield _BarView(terminal, bars)


class _LineView:
    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._told: dict[str, int] = {}

    def start(self, total: int) -> None:
        self._terminal.say(f"downloading {megabytes(total)}")

    def advance(self, path: str, position: int, size: int) -> None:
        tenths = position * LINES_PER_FILE // max(1, size)
        if tenths > self._told.get(path, 0):
            self._told[path] = tenths
            self._terminal.say(f"{path}: {tenths * 100 // LINES_PER_FILE} % of {megabytes(size)}")


class _BarView:
    def __init__(self, terminal: Terminal, bars: Progress) -> None:
        self._terminal = terminal
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def start(self, total: int) -> None:
        self._terminal.say(f"downloading {megabytes(total)}")

    def advance(self, path: str, position: int, size: int) -> None:
        if path not in self._tasks:
            self._tasks[path] = self._bars.add_task(path, total=size)
        self._bars.update(self._tasks[path], completed=position)

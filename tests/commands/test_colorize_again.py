"""The same command goes on where it stopped; another command overwrites nothing."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mangaflux.commands.batch_plan import BatchTools
from mangaflux.commands.colorize import ColorizeOrder, colorize
from mangaflux.commands.console import open_terminal
from mangaflux.engine.base import ColorizeRequest, ColourLayer, EngineContext
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.settings import Settings
from tests.commands.driving import DEADLINE_SECONDS, run_cli
from tests.small_pages import blank_page_bytes, page_bytes

#: Runs an order with an engine; the exit code.
Run = Callable[[ColorizeOrder, FakeEngine], int]


@pytest.fixture
def order(pages: Path, style: Path, out: Path) -> ColorizeOrder:
    return ColorizeOrder(paths=(pages,), styles=(style,), output=out)


@pytest.fixture
def run(settings: Settings) -> Run:
    def run(order: ColorizeOrder, engine: FakeEngine) -> int:
        tools = BatchTools(EngineRegistry({"fake": engine}, {}, default="fake"))
        return colorize(order, settings, tools, open_terminal())

    return run


class SignallingEngine(FakeEngine):
    """Sends this process a signal on its second page, once the first is in the result folder."""

    def __init__(self, number: signal.Signals, first_page: Path) -> None:
        super().__init__()
        self._number = number
        self._first_page = first_page

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        if self.calls == 1:
            deadline = time.monotonic() + DEADLINE_SECONDS
            while not self._first_page.exists() and time.monotonic() < deadline:
                threading.Event().wait(0.01)
            os.kill(os.getpid(), self._number)
            self.seconds_per_step = DEADLINE_SECONDS
        return super().colorize(request, context)


class NegativeEngine(FakeEngine):
    """Paints negatives, whatever the seed."""

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        return ColourLayer(image=255 - super().colorize(request, context).image)


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_finished_pages_are_kept_and_not_computed_again(order: ColorizeOrder, run: Run) -> None:
    run(order, FakeEngine())
    before = snapshot(order.output)
    engine = FakeEngine()

    assert run(order, engine) == 0

    after = snapshot(order.output)
    assert engine.calls == 0
    assert {name for name in after if after[name] != before.get(name)} == {"batch_summary.json"}


def test_a_page_that_stays_wrong_is_told_of_each_time(
    order: ColorizeOrder, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = NegativeEngine()
    for _ in range(2):
        assert run(order, engine) == 0
        assert "page 2 (p2.png) came out wrong in places" in " ".join(capsys.readouterr().err.split())
        summary = json.loads((order.output / "batch_summary.json").read_text())
        assert [page["flagged"] for page in summary["pages"]] == [True, True, True]


def test_a_missing_page_alone_is_made_again(order: ColorizeOrder, run: Run) -> None:
    run(order, FakeEngine())
    lost = order.output / "page_002_colorized.png"
    before = lost.read_bytes()
    lost.unlink()
    engine = FakeEngine()

    assert run(order, engine) == 0

    assert engine.calls == 1
    assert lost.read_bytes() == before


def test_a_skipped_page_is_told_again_and_not_analysed_again(
    order: ColorizeOrder, run: Run, pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pages / "p2.png").write_bytes(blank_page_bytes())
    run(order, FakeEngine())
    before = snapshot(order.output)
    capsys.readouterr()

    assert run(order, FakeEngine()) == 0

    assert "2 done before, 1 skipped" in capsys.readouterr().out
    name = "page_002.meta.pass1.runmeta.json"
    assert snapshot(order.output)[name] == before[name]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_its_pages_and_goes_on(
    order: ColorizeOrder, run: Run, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    first_page = order.output / "page_001_colorized.png"

    code = run(order, SignallingEngine(number, first_page))

    assert code == 130
    assert "1 of 3 pages are done and stay" in capsys.readouterr().err
    assert not (order.output / ".mangaflux").exists()
    engine = FakeEngine()
    assert run(order, engine) == 0
    assert engine.calls == 2


def test_what_a_killed_run_left_behind_does_not_matter(order: ColorizeOrder, run: Run) -> None:
    leftover = order.output / ".mangaflux" / "data" / "mangaflux.sqlite3"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("half a database")
    (order.output / ".part-page_001_colorized.png").write_text("half a page")

    assert run(order, FakeEngine()) == 0
    assert not list(order.output.glob(".*"))


def test_a_file_of_somebody_in_the_folder_of_the_run_is_kept(order: ColorizeOrder, run: Run) -> None:
    own = order.output / ".mangaflux" / "mine.txt"
    own.parent.mkdir(parents=True)
    own.write_text("mine")

    assert run(order, FakeEngine()) == 0
    assert [path.name for path in own.parent.iterdir()] == ["mine.txt"]


def refusal(order: ColorizeOrder, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """What the command says that is refused with 2; it changes nothing."""
    before = snapshot(order.output)
    inputs = ("--style", order.styles[0], "-o", order.output, "--engine", "fake")
    assert run_cli("colorize", *order.paths, *inputs, *more) == 2
    assert snapshot(order.output) == before
    return capsys.readouterr().err


def test_pages_made_with_other_settings_are_not_overwritten(
    order: ColorizeOrder, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run(order, FakeEngine())

    assert "page_001_colorized.png" in refusal(order, capsys, "--strength", "0.5")


def test_pages_made_in_another_quality_are_not_overwritten(
    order: ColorizeOrder, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run(order, FakeEngine())

    assert "page_001_colorized.png" in refusal(order, capsys, "--quality", "fast")


def test_pages_made_of_another_original_are_not_overwritten(
    order: ColorizeOrder, run: Run, pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(order, FakeEngine())
    (pages / "p2.png").write_bytes(page_bytes(8))

    told = refusal(order, capsys)
    assert "page_002.meta.json" in told
    assert "page_001" not in told


def test_a_page_that_somebody_retouched_is_not_overwritten(
    order: ColorizeOrder, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run(order, FakeEngine())
    (order.output / "page_003_colorized.png").write_bytes(page_bytes(8))

    assert "page_003_colorized.png" in refusal(order, capsys)


def test_a_file_of_somebody_else_is_not_overwritten(order: ColorizeOrder, capsys: pytest.CaptureFixture[str]) -> None:
    order.output.mkdir()
    (order.output / "page_001.meta.json").write_text("{}")

    assert "page_001.meta.json" in refusal(order, capsys)


def test_a_summary_of_somebody_else_is_not_overwritten(
    order: ColorizeOrder, capsys: pytest.CaptureFixture[str]
) -> None:
    order.output.mkdir()
    (order.output / "batch_summary.json").write_text("[]")

    assert "batch_summary.json" in refusal(order, capsys)


def test_force_overwrites(order: ColorizeOrder, run: Run) -> None:
    run(order, FakeEngine())
    before = (order.output / "page_001_colorized.png").read_bytes()
    engine = FakeEngine()

    assert run(replace(order, strength=0.5, force=True), engine) == 0

    assert engine.calls == 3
    assert (order.output / "page_001_colorized.png").read_bytes() != before

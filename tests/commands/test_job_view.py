import io

from rich.console import Console

from mangaflux.commands.console import Terminal
from mangaflux.commands.job_view import JobView, open_job_view
from mangaflux.events import EventType

NAMES = {1: "a.png", 2: "b.png", 3: "c.png"}


def terminal(*, live: bool) -> tuple[Terminal, io.StringIO]:
    written = io.StringIO()
    console = Console(file=written, force_terminal=live, width=100, markup=False, highlight=False, color_system=None)
    return Terminal(talk=console), written


def tell_a_job(view: JobView) -> None:
    tick = {"page_num": 1, "pass": 2, "stage": "denoising", "step": 1, "total_steps": 4, "eta_seconds": 12.4}
    view.show(EventType.JOB_STARTED, {})
    view.show(EventType.PAGE_PASS1_COMPLETED, {"page_num": 1})
    view.show(EventType.PAGE_PROGRESS, tick)
    view.show(EventType.PAGE_PASS2_COMPLETED, {"page_num": 1})
    view.show(EventType.PAGE_SKIPPED, {"page_num": 2, "reason": "already_in_colour"})
    view.show(EventType.PAGE_FAILED, {"page_num": 3, "message": "It is damaged."})
    view.show("ping", {})


def test_a_pipe_gets_one_line_for_each_ended_page() -> None:
    talk, written = terminal(live=False)

    with open_job_view(talk, NAMES) as view:
        tell_a_job(view)

    assert written.getvalue().splitlines() == [
        "[1/3] page 1 (a.png): coloured",
        "[2/3] page 2 (b.png): skipped, already in colour",
        "[3/3] page 3 (c.png): failed: It is damaged.",
    ]


def test_a_job_of_pass_1_ends_its_pages_with_the_analysis() -> None:
    talk, written = terminal(live=False)

    with open_job_view(talk, {1: "a.png", 2: "b.png"}, last_pass=1) as view:
        view.show(EventType.PAGE_PASS1_COMPLETED, {"page_num": 1})
        view.show(EventType.PAGE_FAILED, {"page_num": 2, "message": "It is damaged."})

    assert written.getvalue().splitlines() == [
        "[1/2] page 1 (a.png): analysed",
        "[2/2] page 2 (b.png): failed: It is damaged.",
    ]


def test_a_terminal_gets_bars_with_stage_and_remaining_time() -> None:
    talk, written = terminal(live=True)

    with open_job_view(talk, NAMES) as view:
        view.show(EventType.PAGE_PROGRESS, {"page_num": 1, "pass": 2, "stage": "denoising", "eta_seconds": 12.4})

    drawn = written.getvalue()
    assert "page 1, pass 2" in drawn
    assert "denoising" in drawn
    assert "0/3, about 12 s left" in drawn


def test_a_terminal_keeps_one_line_for_each_ended_page() -> None:
    talk, written = terminal(live=True)

    with open_job_view(talk, NAMES) as view:
        tell_a_job(view)

    for line in ("page 1 (a.png): coloured", "page 2 (b.png): skipped, already in colour", "page 3 (c.png): failed"):
        assert written.getvalue().count(line) == 1


def test_brackets_in_a_file_name_are_no_markup() -> None:
    talk, written = terminal(live=False)

    with open_job_view(talk, {1: "[bold]a[/].png"}) as view:
        view.show(EventType.PAGE_PASS2_COMPLETED, {"page_num": 1})

    assert "[bold]a[/].png" in written.getvalue()

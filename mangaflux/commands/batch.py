"""One batch from its announcement to its exit code, whichever passes it runs.

One job runs on a temporary data folder inside the output, and each page is copied out as it ends.
"""

from mangaflux.commands.batch_plan import BatchPlan, BatchTools
from mangaflux.commands.batch_run import BatchRun
from mangaflux.commands.batch_summary import BatchSummary, publish
from mangaflux.commands.console import Terminal
from mangaflux.commands.interruption import EXIT_INTERRUPTED, InterruptedByUserError, leave_at_once
from mangaflux.commands.job_view import counted_pages
from mangaflux.commands.work_folder import work_folder
from mangaflux.settings import Settings

EXIT_SOME_FAILED = 1


def run_batch(plan: BatchPlan, settings: Settings, tools: BatchTools, terminal: Terminal, *, as_json: bool) -> int:
    """Runs the plan; the exit code: 0, 1 where pages failed, 130 after an interruption.

    Does not return where a thread had to be left behind.

    Raises:
        DataFolderError: the output cannot be written, or another run writes it.
    """
    run = BatchRun(plan, terminal)
    _announce(plan, terminal)
    try:
        with work_folder(plan.output) as folder:
            run.run(settings.model_copy(update={"data_dir": folder}), tools)
            summary = publish(plan, run.results, settings.limits.max_upload_bytes)
        code = _report(plan, summary, terminal)
        if as_json:
            terminal.answer(summary.model_dump(mode="json"))
    except (InterruptedByUserError, KeyboardInterrupt):
        done = sum(result.status != "failed" for result in run.results.values())
        terminal.complain(
            f"Interrupted: {done} of {len(plan.pages)} pages are done and stay; the same command goes on from there."
        )
        code = EXIT_INTERRUPTED
    if run.abandoned:
        leave_at_once(code)
    return code


def _announce(plan: BatchPlan, terminal: Terminal) -> None:
    kept = f", {len(plan.kept)} of them done before" if plan.kept else ""
    engine = f", engine {plan.engine}" if plan.engine else ""
    terminal.say(f"{counted_pages(len(plan.pages))}{kept}{engine} → {plan.output}")


def _report(plan: BatchPlan, summary: BatchSummary, terminal: Terminal) -> int:
    counts = {"coloured" if plan.engine else "analysed": summary.counts["completed"]}
    counts |= {"done before": summary.counts["kept"]}
    counts |= {"skipped": summary.counts["skipped"], "failed": summary.counts["failed"]}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    terminal.say(f"{counted_pages(len(summary.pages))}: {told} → {plan.output}")
    if plan.engine is None:
        terminal.say(_seen(summary))
    else:
        for archive in summary.archives:
            terminal.say(f"archive: {plan.output / archive.name}")
    _report_flagged(summary, terminal)
    return _report_failed(plan, summary, terminal)


def _seen(summary: BatchSummary) -> str:
    panels = sum(page.panels or 0 for page in summary.pages)
    balloons = sum(page.balloons or 0 for page in summary.pages)
    lettering = sum(page.lettering or 0 for page in summary.pages)
    return f"seen on them: panels {panels}, balloons {balloons}, blocks of lettering {lettering}"


def _report_flagged(summary: BatchSummary, terminal: Terminal) -> None:
    for page in summary.pages:
        if page.flagged:
            terminal.complain(
                f"page {page.page_num} ({page.name}) came out wrong in places and stayed so when painted again;"
                " look at it, or try another --seed"
            )


def _report_failed(plan: BatchPlan, summary: BatchSummary, terminal: Terminal) -> int:
    failed = [page for page in summary.pages if page.status == "failed"]
    if failed and plan.archives:
        terminal.complain("no coloured archive was written of a book with failed pages: it would have holes")
    for page in failed:
        terminal.complain(f"page {page.page_num} ({page.name}) failed: {page.reason}")
    return EXIT_SOME_FAILED if failed else 0

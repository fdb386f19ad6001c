"""`mangaflux colorize`: pages → a folder of coloured pages, through the same parts that serve HTTP.

Everything that can be refused is refused before anything is written; then one job runs on a temporary data folder
inside the output, and each page is copied out as it ends.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mangaflux.commands.batch_run import BatchPlan, BatchRun
from mangaflux.commands.batch_summary import BatchSummary, foreign_summaries, publish, refuse_equal_names
from mangaflux.commands.console import Terminal
from mangaflux.commands.interruption import EXIT_INTERRUPTED, InterruptedByUserError, leave_at_once
from mangaflux.commands.job_view import counted_pages
from mangaflux.commands.page_list import (
    InputPage,
    Reference,
    default_chapter_id,
    is_archive,
    number_pages,
    read_references,
)
from mangaflux.commands.result_folder import WORK_FOLDER, ExpectedPage, Standing, page_files, standing
from mangaflux.engine.analysis.metadata import ReadingDirection, page_seed
from mangaflux.engine.analysis.page import ANALYSIS_VERSION
from mangaflux.engine.base import Engine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.errors import DataFolderError, DataFolderInUseError, InvalidRequestError
from mangaflux.jobs import Params, is_chapter_id
from mangaflux.pass_records import Pass2Work, pass2_fingerprint
from mangaflux.settings import Settings
from mangaflux.storage.data_folder import LOCK_NAME, locked_data_folder

EXIT_SOME_FAILED = 1
#: Names that a refusal lists before it says how many more there are.
MAX_NAMED_FILES = 5


@dataclass(frozen=True, slots=True)
class ColorizeOrder:
    """The arguments of the command."""

    paths: tuple[Path, ...]
    styles: tuple[Path, ...]
    output: Path
    strength: float = 1.0
    #: None: each page has the seed of its chapter and number.
    seed: int | None = None
    reading_direction: ReadingDirection = "rtl"
    #: None: from the name of the first path.
    chapter_id: str | None = None
    force: bool = False
    as_json: bool = False


def colorize(order: ColorizeOrder, settings: Settings, engines: EngineRegistry, terminal: Terminal) -> int:
    """Colours the pages; the exit code: 0, 1 where pages failed, 130 after an interruption.

    Raises:
        InvalidRequestError: a path is missing, no style reference, an engine that cannot run, or files in the output
            that this command would overwrite.
        DataFolderError: the output cannot be written, or another run writes it.
    """
    plan = make_plan(order, settings, engines)
    run = BatchRun(plan, terminal)
    _announce(plan, terminal)
    try:
        with _work_folder(order.output) as folder:
            run.run(settings.model_copy(update={"data_dir": folder}), engines)
            summary = publish(plan, run.results, settings.limits.max_upload_bytes)
        code = _report(summary, order, terminal)
    except (InterruptedByUserError, KeyboardInterrupt):
        done = sum(result.status != "failed" for result in run.results.values())
        terminal.complain(
            f"Interrupted: {done} of {len(plan.pages)} pages are done and stay; the same command goes on from there."
        )
        code = EXIT_INTERRUPTED
    if run.abandoned:
        leave_at_once(code)
    return code


def make_plan(order: ColorizeOrder, settings: Settings, engines: EngineRegistry) -> BatchPlan:
    """What the order comes to, after everything that can be refused was; nothing is written.

    Raises:
        InvalidRequestError: as `colorize`.
    """
    references = read_references(order.styles, settings.limits)
    engine = engines.available[engines.resolve(None)]
    chapter_id = order.chapter_id or default_chapter_id(order.paths[0])
    _refuse_wrong_names(order, chapter_id)
    params = Params(
        strength=order.strength,
        seed_mode="metadata" if order.seed is None else "fixed",
        seed=order.seed,
        reading_direction=order.reading_direction,
        force=order.force,
    )
    pages = number_pages(order.paths, settings.limits)
    plan = BatchPlan(order.output, chapter_id, engine.name, params, references, pages)
    return plan if order.force else _resumed(plan, engine)


def _refuse_wrong_names(order: ColorizeOrder, chapter_id: str) -> None:
    if not is_chapter_id(chapter_id):
        raise InvalidRequestError(
            f"--chapter-id {chapter_id} is no chapter id: letters, digits, dots, dashes and underscores, at most 64."
        )
    if order.output.resolve() in [path.resolve() for path in order.paths]:
        raise InvalidRequestError("OUT is the folder of the pages; results beside originals would be pages next time.")
    if order.output.exists() and not order.output.is_dir():
        raise InvalidRequestError(f"OUT is a file: {order.output}. Name a folder.")
    refuse_equal_names(_archives(order.paths))


def _resumed(plan: BatchPlan, engine: Engine) -> BatchPlan:
    """The plan less the pages that stand finished in the output.

    Raises:
        InvalidRequestError: files stand there that the plan would overwrite and that are not its own.
    """
    standings = {page.page_num: _standing(plan, engine, page) for page in plan.pages if page.sha256 is not None}
    foreign = [path for each in standings.values() for path in each.foreign]
    foreign += foreign_summaries(plan.output, _archives(page.path for page in plan.pages))
    if foreign:
        raise InvalidRequestError(_overwriting(foreign))
    return replace(plan, kept={page_num: each.skip_reason for page_num, each in standings.items() if each.finished})


def _standing(plan: BatchPlan, engine: Engine, page: InputPage) -> Standing:
    seed = page_seed(plan.chapter_id, page.page_num) if plan.params.seed is None else plan.params.seed
    work = Pass2Work(
        page_sha256=page.sha256 or "",
        page_num=page.page_num,
        references=_sha256s(plan.references),
        params=plan.params,
        seed=seed,
        analysis_version=ANALYSIS_VERSION,
        reading_direction=plan.params.reading_direction,
    )
    expected = ExpectedPage(
        chapter_id=plan.chapter_id,
        page_num=page.page_num,
        sha256=page.sha256 or "",
        reading_direction=plan.params.reading_direction,
        fingerprint=pass2_fingerprint(work, engine),
    )
    return standing(page_files(plan.output, page.page_num), expected)


def _sha256s(references: tuple[Reference, ...]) -> tuple[str, ...]:
    return tuple(reference.sha256 for reference in references)


def _archives(paths: Iterable[Path]) -> list[Path]:
    return list(dict.fromkeys(path for path in paths if is_archive(path)))


def _overwriting(foreign: list[Path]) -> str:
    named = ", ".join(str(path) for path in foreign[:MAX_NAMED_FILES])
    more = f" and {len(foreign) - MAX_NAMED_FILES} more" if len(foreign) > MAX_NAMED_FILES else ""
    return (
        f"These files were made of other pages, with other settings, or by somebody else: {named}{more}. "
        "Choose another OUT, or overwrite them with --force."
    )


@contextmanager
def _work_folder(output: Path) -> Iterator[Path]:
    """A fresh data folder inside the output, locked against a second run, removed at the end.

    Raises:
        DataFolderError: another run holds it, or it cannot be written.
    """
    with _locked(output) as locked:
        folder = locked / "data"
        # What a dead process left is a job of its own that must not run again.
        shutil.rmtree(folder, ignore_errors=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            (locked / LOCK_NAME).unlink(missing_ok=True)
            # Anything else in it is somebody's own.
            with suppress(OSError):
                locked.rmdir()


@contextmanager
def _locked(output: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        try:
            locked = stack.enter_context(locked_data_folder(output / WORK_FOLDER))
        except DataFolderInUseError as error:
            raise DataFolderError(f"Another `mangaflux colorize` works in {output}; wait for it.") from error
        yield locked


def _announce(plan: BatchPlan, terminal: Terminal) -> None:
    kept = f", {len(plan.kept)} of them done before" if plan.kept else ""
    terminal.say(f"{counted_pages(len(plan.pages))}{kept}, engine {plan.engine} → {plan.output}")


def _report(summary: BatchSummary, order: ColorizeOrder, terminal: Terminal) -> int:
    counts = {"coloured": summary.counts["completed"], "done before": summary.counts["kept"]}
    counts |= {"skipped": summary.counts["skipped"], "failed": summary.counts["failed"]}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    terminal.say(f"{counted_pages(len(summary.pages))}: {told} → {order.output}")
    for archive in summary.archives:
        terminal.say(f"archive: {order.output / archive.name}")
    failed = [page for page in summary.pages if page.status == "failed"]
    if failed and any(is_archive(path) for path in order.paths):
        terminal.complain("no coloured archive was written of a book with failed pages: it would have holes")
    for page in failed:
        terminal.complain(f"page {page.page_num} ({page.name}) failed: {page.reason}")
    if order.as_json:
        terminal.answer(summary.model_dump(mode="json"))
    return EXIT_SOME_FAILED if failed else 0

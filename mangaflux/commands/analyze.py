"""`mangaflux analyze`: pages → a folder with what Pass 1 sees on them, for the eye and for programs.

Everything that can be refused is refused before anything is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mangaflux.commands.batch import run_batch
from mangaflux.commands.batch_plan import BatchPlan, BatchTools, chapter_of
from mangaflux.commands.batch_resume import resumed
from mangaflux.commands.console import Terminal
from mangaflux.commands.page_list import InputPage, number_pages
from mangaflux.commands.result_folder import ExpectedPage, Standing, page_files, standing
from mangaflux.engine.analysis.metadata import ReadingDirection
from mangaflux.jobs import Params
from mangaflux.pass_records import analysis_models
from mangaflux.settings import Settings


@dataclass(frozen=True, slots=True)
class AnalyzeOrder:
    """The arguments of the command."""

    paths: tuple[Path, ...]
    output: Path
    reading_direction: ReadingDirection = "rtl"
    #: None: from the name of the first path.
    chapter_id: str | None = None
    force: bool = False
    as_json: bool = False


def analyze(order: AnalyzeOrder, settings: Settings, tools: BatchTools, terminal: Terminal) -> int:
    """Analyses the pages; the exit code: 0, 1 where pages failed, 130 after an interruption.

    Raises:
        InvalidRequestError: a path is missing, or files stand in the output that this command would overwrite.
        DataFolderError: the output cannot be written, or another run writes it.
    """
    models = analysis_models(tools.detectors)
    return run_batch(_make_plan(order, settings, models), settings, tools, terminal, as_json=order.as_json)


def _make_plan(order: AnalyzeOrder, settings: Settings, models: Mapping[str, str]) -> BatchPlan:
    chapter_id = chapter_of(order.paths, order.output, order.chapter_id)
    params = Params(reading_direction=order.reading_direction, force=order.force)
    pages = number_pages(order.paths, settings.limits)
    plan = BatchPlan(order.output, chapter_id, None, params, (), pages)
    return plan if order.force else resumed(plan, lambda page: _standing(plan, models, page))


def _standing(plan: BatchPlan, models: Mapping[str, str], page: InputPage) -> Standing:
    expected = ExpectedPage(
        chapter_id=plan.chapter_id,
        page_num=page.page_num,
        sha256=page.sha256 or "",
        reading_direction=plan.params.reading_direction,
        models=models,
        fingerprint=None,
    )
    return standing(page_files(plan.output, page.page_num), expected)

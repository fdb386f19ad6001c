"""`mangaflux colorize`: pages → a folder of coloured pages, through the same parts that serve HTTP.

Everything that can be refused is refused before anything is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mangaflux.commands.batch import run_batch
from mangaflux.commands.batch_plan import BatchPlan, BatchTools, archives_in, chapter_of
from mangaflux.commands.batch_resume import resumed
from mangaflux.commands.batch_summary import refuse_equal_names
from mangaflux.commands.console import Terminal
from mangaflux.commands.page_list import InputPage, number_pages, read_references
from mangaflux.commands.result_folder import ExpectedPage, Standing, page_files, standing
from mangaflux.engine.analysis.metadata import ReadingDirection, page_seed
from mangaflux.engine.analysis.page import ANALYSIS_VERSION
from mangaflux.engine.base import Engine
from mangaflux.engine.finishing.compositing import FinishingRecipe
from mangaflux.jobs import Params, Quality
from mangaflux.pass_records import Pass2Work, analysis_models, finishing_recipe, pass2_fingerprint
from mangaflux.settings import Settings


@dataclass(frozen=True, slots=True)
class ColorizeOrder:
    """The arguments of the command."""

    paths: tuple[Path, ...]
    styles: tuple[Path, ...]
    output: Path
    strength: float = 1.0
    quality: Quality = "best"
    #: None: each page has the seed of its chapter and number.
    seed: int | None = None
    reading_direction: ReadingDirection = "rtl"
    #: None: from the name of the first path.
    chapter_id: str | None = None
    force: bool = False
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class _Makers:
    """What makes the pages of a plan, beside its own params."""

    engine: Engine
    #: SHA-256 of the weights that help Pass 1, by the name of the model.
    models: Mapping[str, str]
    recipe: FinishingRecipe


def colorize(order: ColorizeOrder, settings: Settings, tools: BatchTools, terminal: Terminal) -> int:
    """Colours the pages; the exit code: 0, 1 where pages failed, 130 after an interruption.

    Raises:
        InvalidRequestError: a path is missing, no style reference, an engine that cannot run, or files in the output
            that this command would overwrite.
        DataFolderError: the output cannot be written, or another run writes it.
    """
    return run_batch(_make_plan(order, settings, tools), settings, tools, terminal, as_json=order.as_json)


def _make_plan(order: ColorizeOrder, settings: Settings, tools: BatchTools) -> BatchPlan:
    """What the order comes to, after everything that can be refused was; nothing is written."""
    references = read_references(order.styles, settings.limits)
    engine = tools.engines.engines[tools.engines.resolve(None)]
    chapter_id = chapter_of(order.paths, order.output, order.chapter_id)
    refuse_equal_names(archives_in(order.paths))
    params = Params(
        strength=order.strength,
        quality=order.quality,
        seed_mode="metadata" if order.seed is None else "fixed",
        seed=order.seed,
        reading_direction=order.reading_direction,
        force=order.force,
    )
    pages = number_pages(order.paths, settings.limits)
    makers = _Makers(engine, analysis_models(tools.detectors), finishing_recipe(settings.finishing))
    plan = BatchPlan(order.output, chapter_id, engine.name, params, references, pages)
    return plan if order.force else resumed(plan, lambda page: _standing(plan, makers, page))


def _standing(plan: BatchPlan, makers: _Makers, page: InputPage) -> Standing:
    seed = page_seed(plan.chapter_id, page.page_num) if plan.params.seed is None else plan.params.seed
    work = Pass2Work(
        page_sha256=page.sha256 or "",
        page_num=page.page_num,
        references=tuple(reference.sha256 for reference in plan.references),
        params=plan.params,
        seed=seed,
        analysis_version=ANALYSIS_VERSION,
        analysis_models=makers.models,
        reading_direction=plan.params.reading_direction,
        finishing=makers.recipe,
    )
    expected = ExpectedPage(
        chapter_id=plan.chapter_id,
        page_num=page.page_num,
        sha256=page.sha256 or "",
        reading_direction=plan.params.reading_direction,
        models=makers.models,
        fingerprint=pass2_fingerprint(work, makers.engine, makers.engine.recipe),
    )
    return standing(page_files(plan.output, page.page_num), expected)

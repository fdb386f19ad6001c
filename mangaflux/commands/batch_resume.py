"""Which pages of a batch stand finished in the output already, and which files there the batch must not touch."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mangaflux.commands.batch_plan import BatchPlan
from mangaflux.commands.batch_summary import foreign_summaries
from mangaflux.commands.page_list import InputPage
from mangaflux.commands.result_folder import Standing
from mangaflux.errors import InvalidRequestError

#: Names that a refusal lists before it says how many more there are.
MAX_NAMED_FILES = 5


def resumed(plan: BatchPlan, standing: Callable[[InputPage], Standing]) -> BatchPlan:
    """The plan less the pages that stand finished in the output.

    Args:
        plan: everything.
        standing: what of a readable page stands there.

    Raises:
        InvalidRequestError: files stand there that the plan would overwrite and that are not its own.
    """
    standings = {page.page_num: standing(page) for page in plan.pages if page.sha256 is not None}
    foreign = [path for each in standings.values() for path in each.foreign]
    foreign += foreign_summaries(plan.output, plan.archives)
    if foreign:
        raise InvalidRequestError(_overwriting(foreign))
    return replace(plan, kept={page_num: each.skip_reason for page_num, each in standings.items() if each.finished})


def _overwriting(foreign: list[Path]) -> str:
    named = ", ".join(str(path) for path in foreign[:MAX_NAMED_FILES])
    more = f" and {len(foreign) - MAX_NAMED_FILES} more" if len(foreign) > MAX_NAMED_FILES else ""
    return (
        f"These files were made of other pages, with other settings, or by somebody else: {named}{more}. "
        "Choose another OUT, or overwrite them with --force."
    )

"""The scores of many pages as Markdown tables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce

from analysis_bench.scores import Ratio, Score, Verdict

_COLUMNS: Mapping[str, Callable[[Score], str]] = {
    "pages": lambda score: str(score.pages),
    "panels F1": lambda score: _share(f_score(score)),
    "R": lambda score: _share(score.panel_recall.value),
    "P": lambda score: _share(score.panel_precision.value),
    "pairs in order": lambda score: _share(score.pairs.value, 3),
    "balloons R": lambda score: _share(score.balloon_recall.value, 3),
    "balloons P": lambda score: _share(score.balloon_precision.value, 3),
    "lettering": lambda score: _share(score.lettering.value, 3),
    "sfx": lambda score: _share(score.sfx.value),
    "told sfx": lambda score: _share(score.sfx_told.value),
    "captions": lambda score: _share(score.captions.value),
    "told captions": lambda score: _share(score.captions_told.value),
    "art lost": lambda score: "–" if score.art_lost.value is None else f"{score.art_lost.value:.2%}",
}


def f_score(score: Score) -> float | None:
    """The F1 of panels; None where no page has known panels."""
    hits, wanted, found = score.panel_recall.part, score.panel_recall.whole, score.panel_precision.whole
    return 2 * hits / (wanted + found) if wanted + found else None


def score_table(verdicts: Sequence[Verdict]) -> str:
    """A row a group, in the order they first come, one for the scanned pages if there are any, and one for all."""
    rows = {group: [each for each in verdicts if each.group == group] for group in _first_seen(verdicts)}
    scanned = [each for each in verdicts if each.scanned]
    if scanned:
        rows["(scanned)"] = scanned
    if len(rows) > 1:
        rows["**all**"] = list(verdicts)
    lines = [_line(["", *_COLUMNS]), _line(["---"] * (len(_COLUMNS) + 1))]
    for name, members in rows.items():
        total = reduce(Score.__add__, (each.score for each in members), Score())
        lines.append(_line([name, *(column(total) for column in _COLUMNS.values())]))
    return "\n".join(lines)


def balloon_kind_table(verdicts: Sequence[Verdict]) -> str:
    """How many balloons of each kind were found; empty where no kinds are known."""
    totals: dict[str, Ratio] = {}
    for verdict in verdicts:
        for kind, ratio in verdict.balloon_kinds.items():
            totals[kind] = totals.get(kind, Ratio()) + ratio
    if not totals:
        return ""
    kinds = sorted(totals)
    found = [f"{_share(totals[kind].value)} of {totals[kind].whole:.0f}" for kind in kinds]
    return "\n".join([_line(["balloon", *kinds]), _line(["---"] * (len(kinds) + 1)), _line(["found", *found])])


def _first_seen(verdicts: Iterable[Verdict]) -> list[str]:
    return list(dict.fromkeys(verdict.group for verdict in verdicts))


def _share(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"

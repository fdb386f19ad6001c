"""The table of a run."""

from collections.abc import Mapping

from training.measures import Measures
from training.validate import SetResult


def results_table(results: Mapping[str, SetResult]) -> str:
    """Markdown: for each set the luminance curve and the network."""
    lines = [
        "| set | method | hue hit | a*b* error | palette | colourfulness | error where trusted / doubted |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        trust = f"{result.trusted_error:.1f} / {result.doubted_error:.1f}"
        lines += [_row(name, "luminance curve", result.luminance, ""), _row(name, "network", result.network, trust)]
    return "\n".join(lines) + "\n"


def _row(name: str, method: str, measures: Measures, trust: str) -> str:
    cells = (
        name,
        method,
        f"{measures.hue_hit:.3f}",
        f"{measures.ab_error:.2f}",
        f"{measures.palette:.2f}",
        f"{measures.colourfulness:.2f}",
        trust,
    )
    return f"| {' | '.join(cells)} |"


def decisiveness_rows(results: Mapping[float, Mapping[str, SetResult]]) -> str:
    """Markdown: hue hit, palette distance and colourfulness of each set by decisiveness."""
    lines = ["| decisiveness | set | hue hit | a*b* error | palette | colourfulness |", "|---|---|---|---|---|---|"]
    for power, sets in results.items():
        for name, result in sets.items():
            found = result.network
            numbers = f"{found.hue_hit:.3f} | {found.ab_error:.2f} | {found.palette:.2f} | {found.colourfulness:.2f}"
            lines.append(f"| {power:g} | {name} | {numbers} |")
    return "\n".join(lines) + "\n"

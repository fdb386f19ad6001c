"""The kinds of layout that pages are composed in, and how many of each make a benchmark."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

LayoutKind = Literal[
    "regular",
    "slanted",
    "inset",
    "full_bleed",
    "borderless",
    "black_gutter",
    "yonkoma",
    "overlapping",
    "spread",
    "webtoon",
]

#: Every kind with its share of a benchmark; the shares add up to 1.
LAYOUT_KINDS: Mapping[LayoutKind, float] = MappingProxyType(
    {
        "regular": 0.20,
        "slanted": 0.15,
        "inset": 0.10,
        "full_bleed": 0.12,
        "borderless": 0.08,
        "black_gutter": 0.08,
        "yonkoma": 0.08,
        "overlapping": 0.09,
        "spread": 0.05,
        "webtoon": 0.05,
    }
)


def kinds_of(pages: int) -> tuple[LayoutKind, ...]:
    """The kind of each of so many pages, mixed evenly; every kind gets its share, rounded by less than one page.

    Page by page the kind that lags farthest behind its share comes next (the quota method of apportionment).
    """
    counts = dict.fromkeys(LAYOUT_KINDS, 0)
    chosen: list[LayoutKind] = []
    for page in range(1, pages + 1):
        kind = max(LAYOUT_KINDS, key=lambda name: LAYOUT_KINDS[name] * page - counts[name])
        counts[kind] += 1
        chosen.append(kind)
    return tuple(chosen)

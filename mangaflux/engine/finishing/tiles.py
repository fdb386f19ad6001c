"""Cuts a page into parts, two of which are computed at a time: memory stays bounded on pages of any size, and a part's
arrays stay in the processor's caches. Pure functions; any thread.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

#: Parts that are computed at once: NumPy and OpenCV leave the interpreter to other threads while they compute.
_THREADS = 2

Part = TypeVar("Part")
Result = TypeVar("Result")
#: Rows and columns of an (H, W, …) array.
Area = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a page."""

    #: The part itself, on the page.
    place: Area
    #: What it is computed from, on the page: the part and what is looked at around it.
    surroundings: Area
    #: The part itself, within its surroundings.
    within: Area


def bands_of(shape: tuple[int, ...], pixels: int, *, overlap: int = 0) -> Iterator[Tile]:
    """Bands of rows of an (H, W, …) page from its top to its bottom, about so many pixels each.

    Args:
        shape: of the page.
        pixels: of a band, without what it shares with its neighbours.
        overlap: rows that are looked at beyond each band.
    """
    width = shape[1]
    return tiles_of(shape, max(1, round(pixels / max(1, width))), width, overlap=overlap)


def tiles_of(shape: tuple[int, ...], rows: int, columns: int, *, overlap: int = 0) -> Iterator[Tile]:
    """Tiles of an (H, W, …) page, row by row, of like sizes near rows × columns; see `bands_of`."""
    height, width = shape[:2]
    for top, bottom in _cuts(height, rows):
        for left, right in _cuts(width, columns):
            above, before = min(overlap, top), min(overlap, left)
            yield Tile(
                place=(slice(top, bottom), slice(left, right)),
                surroundings=(slice(top - above, bottom + overlap), slice(left - before, right + overlap)),
                within=(slice(above, above + bottom - top), slice(before, before + right - left)),
            )


def side_by_side(work: Callable[[Part], Result], parts: Iterable[Part]) -> list[Result]:
    """What the work makes of each part, in their order, two at a time; it may write to the part's own place only.

    Raises:
        Exception: what the work raised; parts that were not begun are left.
    """
    left = deque(enumerate(parts))
    made: dict[int, Result] = {}

    def take() -> None:
        while True:
            try:
                number, part = left.popleft()
            except IndexError:
                return
            try:
                made[number] = work(part)
            except BaseException:
                left.clear()
                raise

    # The caller works, too: to start a thread takes as long as some parts do.
    with ThreadPoolExecutor(_THREADS - 1, thread_name_prefix="finishing") as threads:
        others = [threads.submit(take) for _ in range(_THREADS - 1)]
        take()
        for other in others:
            other.result()
    return [made[number] for number in range(len(made))]


def _cuts(length: int, part: int) -> Iterator[tuple[int, int]]:
    count = min(length, max(1, round(length / part)))
    for number in range(count):
        yield length * number // count, length * (number + 1) // count

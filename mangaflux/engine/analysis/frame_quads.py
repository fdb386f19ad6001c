"""Which frames are complete: four straight dark lines that meet in four corners? Pure functions; any thread.

Layout pixels throughout. This finds the panels that no gutter parts from others: small ones inside a larger one, and
those that lie on top of their neighbours.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.frame_lines import Segments
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.outlines import Outline, area_of, share_inside, shared_area

#: Segments are one line where the ends of the one lie so near to the other, in pixels, and where at most such a gap
#: parts them, in thousandths of the long side.
_ON_LINE, _GAP = 3.5, 60.0
#: Frames lean at most by this tangent; their lines are at least so long, in thousandths of the long side.
_STEEPEST, _SHORTEST = 0.35, 60.0
#: Opposite sides of a frame differ at most by this factor.
_ALIKE = 0.6
#: So many lines of each direction at most, the longest first.
_MOST_LINES = 40
#: Lines meet where each ends at most so far before the corner, in thousandths of the long side.
_CORNER = 10.0
#: As much of a line as this may be missing at each end, behind balloons, as a part of what is seen.
_UNSEEN = 0.6
#: Pixels that the corners of one frame differ by at most, told by either edge of its lines.
_STROKE = 8
#: The part of a side at each of its ends that is left out: what meets it there is dark in any case.
_CORNER_PART = 0.02
#: Least part of a side that is known, of each side that is dark, and of all sides together.
_KNOWN, _SIDE_DARK, _ALL_DARK = 0.4, 0.8, 0.9
#: Of its eight ends of sides at least so many stop in the corner: it is no part of a larger figure.
_FEWEST_ENDS, _ALL_ENDS = 6, 8
#: Smallest frame, as a part of the page.
_SMALLEST = 0.015
#: A frame lies inside another where this part of it does; smaller ones that fill this part of a larger one are the
#: panels; frames that share more of the smaller one do not go together.
_INSIDE, _FILLS, _SHARED = 0.9, 0.75, 0.15


@dataclass(frozen=True, slots=True)
class CompleteFrame:
    """Four dark lines that meet."""

    #: (4, 2), from the upper left clockwise.
    outline: Outline
    #: Whether none of its sides goes on beyond a corner.
    is_closed: bool


#: More four-cornered shapes than this are a lattice: tiles, or the windows of a house.
_MOST_QUADS = 5000


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines of one direction, ordered by place: each is v = start + slope * u from u = first to u = last."""

    start: NDArray[np.float64]
    slope: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]


def find_frames(dark: Mask, hidden: Mask, segments: Segments, unit: float) -> tuple[CompleteFrame, ...]:
    """Every complete frame of dark lines.

    Args:
        dark: (h, w) what is as dark as frames.
        hidden: (h, w) balloons and lettering; what is under them is unknown.
        segments: the straight edges of the page.
        unit: one thousandth of the long side.
    """
    across, down = _lines(segments, unit), _lines(segments[:, [1, 0, 3, 2]], unit)
    if min(len(across.start), len(down.start)) < 2:
        return ()
    near = np.asarray(cv2.dilate(dark.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    nearer = np.asarray(cv2.dilate(dark.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    # Both edges of a stroke are lines: of the frames that differ by no more one is enough.
    alike: dict[bytes, Outline] = {}
    for quad in _quads(across, down, near, hidden, unit):
        if area_of(quad) > _SMALLEST * dark.size and _is_upright(quad, unit):
            alike.setdefault((quad // _STROKE).tobytes(), quad)
    quads = list(alike.values())
    stopping = _ends_at_corners(np.array(quads, dtype=np.int32).reshape(-1, 4, 2), nearer, unit).tolist()
    frames = zip(quads, stopping, strict=True)
    return tuple(CompleteFrame(quad, ends == _ALL_ENDS) for quad, ends in frames if ends >= _FEWEST_ENDS)


def choose_frames(frames: Iterable[Outline], outline: Outline, largest: float, most_shared_sides: int) -> list[Outline]:
    """Frames inside an outline that go together: panels, and neither windows in them nor rows of them.

    Args:
        frames: of the page.
        outline: of the part of the page that they are chosen for.
        largest: the area up to which a frame counts, as a part of the outline's.
        most_shared_sides: up to so many sides of a frame may lie on the outline; with more it is a line in a picture.
    """
    chosen: list[Outline] = []
    possible = [
        frame
        for frame in frames
        if area_of(frame) < largest * area_of(outline)
        and share_inside(frame, outline) > _INSIDE
        and _sides_on(frame, outline) <= most_shared_sides
    ]
    for frame in sorted(possible, key=area_of):
        inner = [other for other in chosen if share_inside(other, frame) > _INSIDE]
        beside = [other for other in chosen if share_inside(other, frame) <= _INSIDE]
        if sum(area_of(other) for other in inner) > _FILLS * area_of(frame):
            continue
        if all(shared_area(other, frame) < _SHARED * min(area_of(other), area_of(frame)) for other in beside):
            chosen = [*beside, frame]
    return chosen


def _sides_on(frame: Outline, outline: Outline) -> int:
    """How many sides of a frame lie on the outline of the part that it was found in."""
    edge = outline.reshape(-1, 1, 2).astype(np.float32)
    middles = (frame + np.roll(frame, -1, axis=0)) / 2
    return sum(abs(cv2.pointPolygonTest(edge, (float(x), float(y)), True)) < _STROKE for x, y in middles)


def _is_upright(quad: Outline, unit: float) -> bool:
    """Whether a frame has the shape of a panel: opposite sides alike, and none of them short."""
    sides = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
    opposite = np.minimum(sides[:2], sides[2:]) / np.maximum(sides[:2], sides[2:])
    return bool(sides.min() > _SHORTEST * unit and opposite.min() > _ALIKE)


def _lines(segments: Segments, unit: float) -> _Lines:
    """The lines that run more along the first axis, collinear segments joined."""
    run, rise = segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]
    flat = segments[np.abs(rise) <= _STEEPEST * np.abs(run)]
    flat = np.where((flat[:, 0] > flat[:, 2])[:, None], flat[:, [2, 3, 0, 1]], flat)
    left = flat[np.argsort(flat[:, 0] - flat[:, 2], kind="stable")]
    rows: list[tuple[float, float, float, float]] = []
    while len(left) and len(rows) < _MOST_LINES:
        on = _continues(left, unit)
        points = left[on].reshape(-1, 2)
        slope, start = np.polyfit(points[:, 0], points[:, 1], 1)
        first, last = points[:, 0].min(), points[:, 0].max()
        if last - first >= _SHORTEST * unit:
            rows.append((float(start), float(slope), float(first), float(last)))
        left = left[~on]
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    middle = table[:, 0] + table[:, 1] * (table[:, 2] + table[:, 3]) / 2
    return _Lines(*table[np.argsort(middle, kind="stable")].T)


def _continues(segments: Segments, unit: float) -> NDArray[np.bool_]:
    """Which segments lie on the first one, itself among them."""
    x0, y0, x1, y1 = segments[0]
    slope = (y1 - y0) / (x1 - x0)
    off = np.abs(segments[:, [1, 3]] - y0 - slope * (segments[:, [0, 2]] - x0)).max(axis=1)
    near = (segments[:, 0] < x1 + _GAP * unit) & (segments[:, 2] > x0 - _GAP * unit)
    return np.asarray((off < _ON_LINE) & near)


def _quads(across: _Lines, down: _Lines, dark: Mask, hidden: Mask, unit: float) -> list[Outline]:
    """Four corners of every two lines across and two down whose pieces between the corners are dark."""
    y = (across.start[:, None] + across.slope[:, None] * down.start) / (1 - across.slope[:, None] * down.slope)
    x = down.start + down.slope * y
    meets = _reach(across, x.T, unit).T & _reach(down, y, unit)
    rows = np.array([_dark_between(x[i], y[i], meets[i], dark, hidden) for i in range(len(x))])
    columns = np.array([_dark_between(y[:, j], x[:, j], meets[:, j], dark.T, hidden.T) for j in range(x.shape[1])])
    top, left, right = np.nonzero(rows > _SIDE_DARK)
    sides = np.array([rows[:, left, right].T, columns[left, top], columns[right, top]])
    good = (sides.min(axis=0) > _SIDE_DARK) & (sides.sum(axis=0) + rows[top, left, right][:, None] > 4 * _ALL_DARK)
    if int(good.sum()) > _MOST_QUADS:
        return []
    found = []
    for upper, bottom in np.argwhere(good).tolist():
        i, j, k = top[upper], left[upper], right[upper]
        corners = [(x[at], y[at]) for at in ((i, j), (i, k), (bottom, k), (bottom, j))]
        found.append(np.rint(corners).astype(np.int32))
    return found


def _reach(lines: _Lines, places: NDArray[np.float64], unit: float) -> NDArray[np.bool_]:
    """(n, lines): whether lines reach so far along their axis, what may be hidden of them counted in."""
    beyond = _CORNER * unit + _UNSEEN * (lines.last - lines.first)
    return np.asarray((places > lines.first - beyond) & (places < lines.last + beyond))


def _dark_between(
    u: NDArray[np.float64], v: NDArray[np.float64], meets: NDArray[np.bool_], dark: Mask, hidden: Mask
) -> NDArray[np.float64]:
    """(n, n): the dark part of one line between its corners i and j > i; 0 where other lines do not meet it.

    Args:
        u: (n,) where other lines cross it, along the axis that it runs along.
        v: (n,) the same across.
        meets: (n,) whether they do, in what is seen.
        dark: (h, w), columns along `u`.
        hidden: (h, w) what is unknown.
    """
    shares = np.zeros((len(u), len(u)))
    at = np.flatnonzero(meets)
    if len(at) < 2:
        return shares
    i, j = (at[pick] for pick in np.triu_indices(len(at), 1))
    sorted_at = at[np.argsort(u[at], kind="stable")]
    low = round(u[sorted_at[0]])
    along = np.arange(low, round(u[sorted_at[-1]]) + 1)
    line = np.rint(np.interp(along, u[sorted_at], v[sorted_at]))
    places = (np.clip(line, 0, len(dark) - 1).astype(np.intp), np.clip(along, 0, dark.shape[1] - 1))
    known = ~hidden[places]
    counts = np.cumsum([known, known & dark[places]], axis=1)
    margin = _CORNER_PART * (u[j] - u[i])
    ends = [np.clip(np.rint(end).astype(np.intp) - low, 0, len(along) - 1) for end in (u[i] + margin, u[j] - margin)]
    seen, drawn = counts[:, ends[1]] - counts[:, ends[0]]
    length = np.maximum(1, ends[1] - ends[0])
    shares[i, j] = np.where(seen > _KNOWN * length, drawn / np.maximum(1, seen), 0)
    return shares


def _ends_at_corners(quads: NDArray[np.int32], dark: Mask, unit: float) -> NDArray[np.intp]:
    """(n,) of (n, 4, 2) frames: how many of the eight ends of its sides do not go on beyond the corner."""
    reach = np.arange(2, round(_CORNER * unit) + 3)[:, None]
    following = np.roll(quads, -1, axis=1)
    sides = following - quads
    ways = sides / np.maximum(1.0, np.hypot(sides[..., 0], sides[..., 1]))[..., None]
    corners, steps = np.concatenate([quads, following], axis=1), np.concatenate([-ways, ways], axis=1)
    points = np.rint(corners[:, :, None] + reach * steps[:, :, None]).astype(np.intp)
    size = np.array((dark.shape[1], dark.shape[0]))
    on_page = ((points >= 0) & (points < size)).all(axis=-1)
    x, y = np.moveaxis(np.clip(points, 0, size - 1), -1, 0)
    goes_on = (on_page & dark[y, x]).all(axis=-1)
    return np.asarray((~goes_on).sum(axis=1))

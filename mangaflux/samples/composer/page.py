"""A page composed from a seed in a kind of layout, with exact truth about all that is on it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mangaflux.errors import InvalidRequestError
from mangaflux.samples.composer.balloons import BalloonKind
from mangaflux.samples.composer.contents import Gray, Pictures, pictures_of
from mangaflux.samples.composer.grids import ReadingDirection, Sheet
from mangaflux.samples.composer.kinds import LAYOUT_KINDS, LayoutKind
from mangaflux.samples.composer.layouts import PageLayout, make_layout
from mangaflux.samples.composer.lettering_overlay import Letterer, LetteringKind
from mangaflux.samples.composer.paper import Paper
from mangaflux.samples.composer.placement import Room, box_around
from mangaflux.samples.composer.scan import Scan, lay_on_glass
from mangaflux.samples.composer.words import choose_hand
from mangaflux.samples.curve import Points
from mangaflux.samples.dialogue import Box
from mangaflux.samples.layout import Polygon
from mangaflux.samples.lettering import latin_block

#: Sides of a page, in pixels, below which letters and frames are no longer legible.
SMALLEST_SIDE = 300


@dataclass(frozen=True, slots=True)
class ComposedBalloon:
    """One balloon; joined ones count as one."""

    kind: BalloonKind
    #: The edge of its inside, tail included, outline excluded; in pixels.
    polygon: Polygon


@dataclass(frozen=True, slots=True)
class ComposedLettering:
    """One block of lettering: what stands in one body of a balloon, a caption, or a sound effect."""

    kind: LetteringKind
    #: Its corners on the page, in pixels; a rectangle, askew on a scan.
    polygon: Polygon


@dataclass(frozen=True, slots=True, eq=False)
class ComposedPage:
    """A page and what is known of it."""

    kind: LayoutKind
    reading_direction: ReadingDirection
    #: (H, W) uint8: 0 ink to 255 paper.
    gray: Gray
    #: In reading order; corners in pixels, frame included. A panel under another is told whole.
    panels: tuple[Polygon, ...]
    balloons: tuple[ComposedBalloon, ...]
    lettering: tuple[ComposedLettering, ...]
    #: (H, W) bool: inside a panel, frame line included.
    panel_mask: NDArray[np.bool_]
    #: (H, W) bool: inside a balloon, outline excluded, lettering included.
    balloon_mask: NDArray[np.bool_]
    #: (H, W) bool: touched by a letter of a balloon, a caption or a sound effect.
    lettering_mask: NDArray[np.bool_]


def compose_page(
    seed: int,
    kind: LayoutKind,
    *,
    width: int = 1200,
    height: int = 1700,
    reading_direction: ReadingDirection = "rtl",
    contents: Sequence[Gray] | None = None,
    scan: bool = False,
) -> ComposedPage:
    """Composes a page; equal arguments give equal bytes with the same versions of numpy, OpenCV and Pillow.

    Args:
        seed: 0 or more; decides everything that the other arguments leave open.
        kind: of layout. A spread comes out twice as wide, a webtoon strip two thirds as wide and twice as high.
        width: of one page, in pixels.
        height: of one page, in pixels.
        reading_direction: of the panels, "rtl" or "ltr"; a webtoon strip is always read downwards.
        contents: (h, w) uint8 pictures that the panels show parts of; None for scenes of the seed's own cast.
        scan: whether the page comes from a scanner: askew, grey, noisy, with a page number in its margin.

    Raises:
        InvalidRequestError: the page is too small, the kind is unknown, or `contents` are no grey pictures.
    """
    if kind not in LAYOUT_KINDS:
        raise InvalidRequestError(f"There is no layout {kind!r}; choose one of: {', '.join(LAYOUT_KINDS)}.")
    if min(width, height) < SMALLEST_SIDE:
        raise InvalidRequestError(f"A composed page has sides of at least {SMALLEST_SIDE} pixels.")
    rng = np.random.default_rng([seed, 5, tuple(LAYOUT_KINDS).index(kind)])
    layout = make_layout(kind, Sheet(rng, width, height, reading_direction))
    paper = Paper(layout.width, layout.height, layout.gutter)
    faces = _draw_panels(rng, paper, layout, pictures_of(seed, rng, width, contents), width)
    letterer = _letter(rng, paper, layout, faces, width)
    page = _known(kind, layout, paper, letterer)
    return _scanned(rng, page, layout) if scan else page


def _draw_panels(
    rng: np.random.Generator, paper: Paper, layout: PageLayout, pictures: Pictures, width: int
) -> tuple[Box, ...]:
    """Draws the panels, lower levels first; returns boxes around the faces in them."""
    faces: list[Box] = []
    line_width = max(2, round(width * float(rng.uniform(0.0017, 0.005))))
    frame = _frame_level(rng, layout)
    for place in sorted(layout.panels, key=lambda place: place.level):
        corners = np.rint(place.corners)
        across, down = (int(length) + 1 for length in np.ptp(corners, axis=0))
        picture = pictures.picture(rng, across, down, filled=not place.framed or frame is None)
        paper.put_panel(corners, picture.gray, frame if place.framed else None, line_width)
        faces += [_shifted(face, corners.min(axis=0)) for face in picture.faces]
    return tuple(faces)


def _frame_level(rng: np.random.Generator, layout: PageLayout) -> int | None:
    """The grey level of the page's frames: black on white; on black, white or none at all."""
    if layout.gutter > 127:
        return 0
    return 255 if rng.random() < 0.4 else None


def _shifted(box: Box, by: Points) -> Box:
    x, y = float(by[0]), float(by[1])
    return Box(box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y)


def _letter(rng: np.random.Generator, paper: Paper, layout: PageLayout, faces: tuple[Box, ...], width: int) -> Letterer:
    room = Room(layout.width, layout.height, faces)
    letterer = Letterer(paper, rng, choose_hand(rng, width), room, width * float(rng.uniform(0.0018, 0.0035)))
    for place in layout.panels:
        covered = tuple(box_around(other.corners) for other in layout.panels if other.level > place.level)
        letterer.letter(place, covered)
    return letterer


def _known(kind: LayoutKind, layout: PageLayout, paper: Paper, letterer: Letterer) -> ComposedPage:
    boxes = ((put.kind, put.box) for put in letterer.lettering)
    return ComposedPage(
        kind=kind,
        reading_direction=layout.reading_direction,
        gray=paper.gray,
        panels=tuple(_polygon(np.rint(place.corners)) for place in layout.panels),
        balloons=tuple(ComposedBalloon(put.kind, _polygon(put.edge)) for put in letterer.balloons),
        lettering=tuple(
            ComposedLettering(name, ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)))
            for name, box in boxes
        ),
        panel_mask=paper.panel_mask,
        balloon_mask=paper.balloon_mask,
        lettering_mask=paper.lettering_mask,
    )


def _scanned(rng: np.random.Generator, page: ComposedPage, layout: PageLayout) -> ComposedPage:
    scan = lay_on_glass(rng, layout.width, layout.height, layout.gutter)
    return replace(
        page,
        gray=scan.picture(rng, _numbered(rng, page, layout)),
        panels=tuple(_moved(scan, panel) for panel in page.panels),
        balloons=tuple(replace(balloon, polygon=_moved(scan, balloon.polygon)) for balloon in page.balloons),
        lettering=tuple(replace(block, polygon=_moved(scan, block.polygon)) for block in page.lettering),
        panel_mask=scan.mask(page.panel_mask),
        balloon_mask=scan.mask(page.balloon_mask),
        lettering_mask=scan.mask(page.lettering_mask),
    )


def _numbered(rng: np.random.Generator, page: ComposedPage, layout: PageLayout) -> Gray:
    """The page with its number at the foot, where nothing else stands."""
    number = latin_block(str(int(rng.integers(2, 220))), max(9, layout.height // 85))
    height, width = number.shape
    x, y = (layout.width - width) // 2, layout.height - height - layout.height // 150
    area = (slice(y, y + height), slice(x, x + width))
    if (page.gray[area] != layout.gutter).any():
        return page.gray
    gray = page.gray.copy()
    gray[area] = 255 - number if layout.gutter > 127 else number
    return gray


def _moved(scan: Scan, polygon: Polygon) -> Polygon:
    return _polygon(scan.points(np.array(polygon)))


def _polygon(points: Points) -> Polygon:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in points)

"""Pages, chapters and style references drawn from a seed: ink, colour, and the truth about both.

The same seed draws the same cast in the same colours, on every page and in the reference. Everything is deterministic:
equal arguments give equal bytes with the same versions of numpy, OpenCV and Pillow.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mangaflux.samples.background import PLACES, draw_hills
from mangaflux.samples.cast import Cast, cast_of
from mangaflux.samples.dialogue import Box, Letterer, face_boxes
from mangaflux.samples.drawing import Canvas
from mangaflux.samples.figure import draw_figure
from mangaflux.samples.layout import Layout, Polygon, ReadingDirection, draw_layout
from mangaflux.samples.lettering import DIALOGUE, Script
from mangaflux.samples.pose import Arm, Expression, Pose
from mangaflux.samples.scene import Scene, draw_scene
from mangaflux.samples.screens import choose_screens
from mangaflux.samples.sheet import Sheet


@dataclass(frozen=True, slots=True, eq=False)
class SamplePage:
    """A page as it is scanned, as it is coloured, and what is known of it."""

    page_num: int
    #: (H, W) uint8: black lines, screentone of several kinds and solid blacks on white paper.
    ink: NDArray[np.uint8]
    #: (H, W, 3) uint8 sRGB: the same drawing in colour; balloons, lettering and gutters stay black and white.
    colour: NDArray[np.uint8]
    #: In reading order; corners in pixels.
    panels: tuple[Polygon, ...]
    #: (H, W) bool: inside a panel, frame line included.
    panel_mask: NDArray[np.bool_]
    #: (H, W) bool: inside a balloon, outline excluded, lettering included.
    balloon_mask: NDArray[np.bool_]
    #: (H, W) bool: touched by the ink of a letter or of a sound effect.
    lettering_mask: NDArray[np.bool_]
    #: Of each panel, the boxes around its faces, in pixels of the page; parts of them may lie outside the panel.
    faces: tuple[tuple[Box, ...], ...]


def draw_page(
    seed: int,
    page_num: int = 1,
    *,
    width: int = 1200,
    height: int = 1700,
    reading_direction: ReadingDirection = "rtl",
) -> SamplePage:
    """Draws page `page_num` of the chapter of a seed.

    Args:
        seed: 0 or more; decides cast, colours and script.
        page_num: 0 or more; decides layout, scenes and words.
        width: of the page in pixels; about 600 or more for legible lettering.
        height: of the page in pixels.
        reading_direction: the side that panels and balloons are read from.
    """
    cast = cast_of(seed)
    rng = np.random.default_rng([seed, 2, page_num])
    sheet = Sheet(width, height, choose_screens(np.random.default_rng([seed, 11]), width))
    layout = draw_layout(rng, width, height, reading_direction)
    scenes = _draw_panels(rng, sheet, cast, layout)
    lines = itertools.cycle(str(line) for line in rng.permutation(DIALOGUE))
    letterer = Letterer(sheet, rng, _script(seed), lines, from_right=reading_direction == "rtl")
    taken: list[Box] = []
    for scene, box in scenes:
        letterer.letter(scene, box, taken)
    return SamplePage(
        page_num=page_num,
        ink=sheet.ink,
        colour=sheet.colour,
        panels=layout.panels,
        panel_mask=sheet.panel_mask,
        balloon_mask=sheet.balloon_mask,
        lettering_mask=sheet.lettering_mask,
        faces=tuple(tuple(face_boxes(scene, box)) for scene, box in scenes),
    )


def draw_chapter(seed: int, pages: int, *, width: int = 1200, height: int = 1700) -> Iterator[SamplePage]:
    """The pages 1 to `pages` of the chapter of a seed, each drawn when it is asked for."""
    for page_num in range(1, pages + 1):
        yield draw_page(seed, page_num, width=width, height=height)


def draw_reference(
    seed: int, *, palette: str | None = None, width: int = 1000, height: int = 1000
) -> NDArray[np.uint8]:
    """The style reference of a seed: its cast side by side, in colour, without a letter on it.

    Args:
        seed: the chapter's.
        palette: the name of a colour world (`palette.WORLDS`), in which the same cast is shown; None for the seed's
            own, which its colour pages have.
        width: in pixels.
        height: in pixels.

    Returns:
        (height, width, 3) uint8 sRGB.

    Raises:
        InvalidRequestError: no colour world has that name.
    """
    cast = cast_of(seed, palette)
    rng = np.random.default_rng([seed, 4])
    canvas = Canvas(width, height)
    draw_hills(canvas, cast.world, rng)
    count = len(cast.members)
    size = min(width / (count * 3.3 + 0.7), height / 9.0)
    expressions: tuple[Expression, ...] = ("happy", "calm", "laughing", "determined")
    arms: tuple[tuple[Arm, Arm], ...] = (("down", "hip"), ("hip", "down"), ("down", "hip"), ("down", "down"))
    for place, who in enumerate(cast.members):
        share = (place + 0.5) / count
        pose = Pose(expressions[place], 0.7 * (0.5 - share), 0.06 * (1 - 2 * (place % 2)), arms[place])
        row = height * 0.24 + (size * 0.5 if place % 2 else 0.0)
        draw_figure(canvas, who, pose, x=width * (0.06 + 0.88 * share), y=row, size=size)
    return canvas.finish().inked_colour()


def _script(seed: int) -> Script:
    return "kana" if np.random.default_rng([seed, 3]).random() < 0.5 else "latin"


def _draw_panels(rng: np.random.Generator, sheet: Sheet, cast: Cast, layout: Layout) -> list[tuple[Scene, Box]]:
    place = PLACES[int(rng.integers(len(PLACES)))]
    scenes = []
    for number, panel in enumerate(layout.panels):
        polygon = np.array(panel)
        x0, y0 = np.floor(polygon.min(axis=0)).astype(int)
        x1, y1 = np.ceil(polygon.max(axis=0)).astype(int)
        scene = draw_scene(rng, cast, place, int(x1 - x0), int(y1 - y0), opening=number == 0)
        sheet.put_panel(polygon, scene.drawing, (int(x0), int(y0)))
        scenes.append((scene, Box(float(x0), float(y0), float(x1), float(y1))))
    return scenes

"""What the panels of a composed page show: scenes of the project's own cast, or pictures that the caller gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.errors import InvalidRequestError
from mangaflux.samples.background import PLACES
from mangaflux.samples.cast import Cast, cast_of
from mangaflux.samples.dialogue import Box
from mangaflux.samples.drawing import Canvas, Drawing
from mangaflux.samples.figure import draw_figure
from mangaflux.samples.pose import EXPRESSIONS, Pose
from mangaflux.samples.scene import draw_scene
from mangaflux.samples.screens import Screens, choose_screens, printed

#: (h, w) uint8: 0 ink to 255 paper.
Gray = NDArray[np.uint8]

#: Of the drawn panels that may be empty at the edge, the shares that are white, black, or a figure on white.
_WHITE, _BLACK, _FIGURE = 0.03, 0.03, 0.2
#: Plain panels are smaller than the square of this share of the page's width.
_SMALL = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What one panel shows."""

    gray: Gray
    #: Around the faces that are known, in pixels of the picture.
    faces: tuple[Box, ...] = ()


class Pictures(Protocol):
    """Where the pictures of a page come from."""

    def picture(self, rng: np.random.Generator, width: int, height: int, *, filled: bool) -> Picture:
        """A picture of this size in pixels; where `filled`, with something drawn up to its edges."""
        ...


@dataclass(frozen=True, slots=True)
class DrawnPictures:
    """Scenes of one cast at one place."""

    cast: Cast
    place: str
    #: Of the page, in pixels.
    page_width: int
    screens: Screens

    def picture(self, rng: np.random.Generator, width: int, height: int, *, filled: bool) -> Picture:
        """A scene, a figure before nothing, or seldom plain white or black."""
        lot = 1.0 if filled else float(rng.random())
        if lot < _WHITE + _BLACK and width * height < (_SMALL * self.page_width) ** 2:
            return Picture(np.full((height, width), 255 if lot < _WHITE else 0, dtype=np.uint8))
        if lot < _WHITE + _BLACK + _FIGURE:
            return self._printed(*_figure_on_white(rng, self.cast, width, height))
        scene = draw_scene(rng, self.cast, self.place, width, height, opening=False)
        return self._printed(scene.drawing, tuple(_face(head.x, head.y, head.size) for head in scene.heads))

    def _printed(self, drawing: Drawing, faces: tuple[Box, ...]) -> Picture:
        return Picture(printed(drawing, self.screens), faces)


@dataclass(frozen=True, slots=True, eq=False)
class CutPictures:
    """Parts of the pictures that a caller gave, scaled to the size asked for."""

    contents: Sequence[Gray]

    def picture(self, rng: np.random.Generator, width: int, height: int, *, filled: bool) -> Picture:
        """A part of one of the pictures, at least three fifths as large as it can be; `filled` changes nothing."""
        del filled
        source = self.contents[int(rng.integers(len(self.contents)))]
        reach = min(source.shape[1] / width, source.shape[0] / height) * float(rng.uniform(0.6, 1.0))
        wide, tall = max(1, int(width * reach)), max(1, int(height * reach))
        x, y = (
            int(rng.integers(total - part + 1)) for total, part in zip(source.shape[::-1], (wide, tall), strict=True)
        )
        way = cv2.INTER_AREA if reach > 1 else cv2.INTER_LINEAR
        part = cv2.resize(source[y : y + tall, x : x + wide], (width, height), interpolation=way)
        return Picture(np.asarray(part, dtype=np.uint8))


def pictures_of(seed: int, rng: np.random.Generator, width: int, contents: Sequence[Gray] | None) -> Pictures:
    """The pictures of a page `width` pixels wide: the caller's `contents`, or else scenes of the seed's cast.

    Raises:
        InvalidRequestError: `contents` is empty or holds something other than (h, w) uint8 with pixels in it.
    """
    if contents is None:
        screens = choose_screens(np.random.default_rng([seed, 11]), width)
        return DrawnPictures(cast_of(seed), PLACES[int(rng.integers(len(PLACES)))], width, screens)
    if not contents or any(source.ndim != 2 or source.dtype != np.uint8 or not source.size for source in contents):
        raise InvalidRequestError("The pictures for the panels must be (height, width) uint8 arrays, at least one.")
    return CutPictures(contents)


def _figure_on_white(rng: np.random.Generator, cast: Cast, width: int, height: int) -> tuple[Drawing, tuple[Box, ...]]:
    canvas = Canvas(width, height)
    who = cast.members[int(rng.integers(len(cast.members)))]
    pose = Pose(EXPRESSIONS[int(rng.integers(len(EXPRESSIONS)))], float(rng.uniform(-0.6, 0.6)))
    size = min(width * 0.26, height * 0.3) * float(rng.uniform(0.6, 1.0))
    x, y = width * float(rng.uniform(0.35, 0.65)), height * 0.55
    draw_figure(canvas, who, pose, x=x, y=y, size=size)
    return canvas.finish(), (_face(x, y, size),)


def _face(x: float, y: float, size: float) -> Box:
    return Box(x - 1.1 * size, y - 0.9 * size, x + 1.1 * size, y + 1.2 * size)

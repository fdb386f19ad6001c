"""Where a balloon or a sound may stand: places to try, and the room that is still free."""

from dataclasses import dataclass, field

import numpy as np

from mangaflux.samples.composer.balloons import BalloonKind
from mangaflux.samples.curve import Points, Spot
from mangaflux.samples.dialogue import Box

#: White kept between two things on the page, in pixels at a width of 1200.
_APART = 10.0


@dataclass(frozen=True, slots=True)
class Room:
    """The page with what already stands on it."""

    width: int
    height: int
    #: Boxes that are left free while there is a choice.
    faces: tuple[Box, ...] = ()
    taken: list[Box] = field(default_factory=list)

    def is_free(self, box: Box, *, also: tuple[Box, ...] = (), picky: bool) -> bool:
        """Whether the box lies on the page, away from all that is taken and from `also`; where `picky`, off faces."""
        apart = _APART * self.width / 1200
        if box.x0 < 2 or box.y0 < 2 or box.x1 > self.width - 3 or box.y1 > self.height - 3:
            return False
        wide = Box(box.x0 - apart, box.y0 - apart, box.x1 + apart, box.y1 + apart)
        if picky and any(box.overlap(face) for face in self.faces):
            return False
        return not any(wide.overlap(other) for other in (*self.taken, *also))


def box_around(points: Points) -> Box:
    """The bounding box of (n, 2) points."""
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return Box(float(x0), float(y0), float(x1), float(y1))


def balloon_spot(rng: np.random.Generator, kind: BalloonKind, panel: Box, rx: float, ry: float, slack: float) -> Spot:
    """A place to try for the middle of a balloon with half-axes rx and ry.

    Args:
        rng: chooses the place.
        kind: of balloon: crossing ones stand across an edge of the panel, tucked ones reach `slack` pixels beyond it,
            captions sit in a corner or astride the upper edge.
        panel: the box of its panel.
        rx: half its width, in pixels.
        ry: half its height, in pixels.
        slack: pixels between its lettering and its outline.
    """
    if kind == "caption":
        return _corner(rng, panel, rx, ry)
    if kind == "crossing":
        return _astride(rng, panel, rx, ry, float(rng.uniform(0.3, 0.7)))
    if kind == "tucked":
        reach = 1 - slack / (rx if rng.random() < 0.5 else ry)
        return _astride(rng, panel, rx, ry, reach)
    return _inside(rng, panel, rx + 4, ry + 4)


def sound_spot(rng: np.random.Generator, panel: Box, rx: float, ry: float) -> Spot:
    """A place to try for the middle of a sound effect; two in five stand across an edge of the panel."""
    if rng.random() < 0.4:
        return _astride(rng, panel, rx, ry, float(rng.uniform(-0.2, 0.7)))
    return _inside(rng, panel, rx, ry)


def _inside(rng: np.random.Generator, panel: Box, rx: float, ry: float) -> Spot:
    """A place in the panel, more often high than low; its middle where the panel is too small."""
    x = panel.x0 + rx + max(0.0, panel.x1 - panel.x0 - 2 * rx) * float(rng.random())
    y = panel.y0 + ry + max(0.0, panel.y1 - panel.y0 - 2 * ry) * float(rng.random()) ** 1.5
    return x, y


def _astride(rng: np.random.Generator, panel: Box, rx: float, ry: float, share: float) -> Spot:
    """A place on one of the four edges; the middle lies `share` half-axes inside of it."""
    x, y = _inside(rng, panel, rx, ry)
    edge = int(rng.integers(4))
    if edge < 2:
        return (panel.x0 + rx * share if edge == 0 else panel.x1 - rx * share), y
    return x, (panel.y0 + ry * share if edge == 2 else panel.y1 - ry * share)


def _corner(rng: np.random.Generator, panel: Box, rx: float, ry: float) -> Spot:
    x = panel.x0 + rx if rng.random() < 0.5 else panel.x1 - rx
    lot = rng.random()
    if lot < 0.25:
        return x, panel.y0
    return x, (panel.y0 + ry if lot < 0.75 else panel.y1 - ry)

"""Balloons, captions and sound effects over the panels of a composed page, and the truth about them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np

from mangaflux.samples.composer.balloons import ROOM, BalloonKind, body_of, draw_body
from mangaflux.samples.composer.layouts import PanelPlace
from mangaflux.samples.composer.paper import BalloonDrawing, Paper
from mangaflux.samples.composer.placement import Room, balloon_spot, box_around, sound_spot
from mangaflux.samples.composer.words import Hand
from mangaflux.samples.curve import Points, Spot
from mangaflux.samples.dialogue import Box
from mangaflux.samples.lettering import Coverage

LetteringKind = Literal["speech", "caption", "sfx"]

#: How often each kind of balloon is tried; the shares add up to 1.
_KINDS: dict[BalloonKind, float] = {
    "speech": 0.38, "shout": 0.08, "thought": 0.07, "inverted": 0.07, "open": 0.07,
    "joined": 0.08, "crossing": 0.10, "tucked": 0.06, "caption": 0.09,
}  # fmt: skip
#: How often a panel gets none, one, two or three balloons.
_COUNTS = (0.15, 0.45, 0.3, 0.1)
#: How often a place is looked for, the first times one that hides no face.
_TRIES, _PICKY = 24, 20
#: The largest part of a panel that one balloon may take.
_SHARE = 0.4
_FREE_CAPTIONS, _SOUNDS = 0.06, 0.3


@dataclass(frozen=True, slots=True, eq=False)
class PutBalloon:
    """A balloon on the paper."""

    kind: BalloonKind
    #: (n, 2): the edge of its inside, in pixels.
    edge: Points


@dataclass(frozen=True, slots=True)
class PutLettering:
    """A block of lettering on the paper."""

    kind: LetteringKind
    box: Box


@dataclass(frozen=True, slots=True)
class _Body:
    """One body of a balloon with its words."""

    block: Coverage
    rx: float
    ry: float


@dataclass(frozen=True, slots=True)
class Letterer:
    """Letters a page, panel by panel."""

    paper: Paper
    rng: np.random.Generator
    hand: Hand
    room: Room
    #: Of balloon outlines, in pixels.
    line_width: float
    balloons: list[PutBalloon] = field(default_factory=list)
    lettering: list[PutLettering] = field(default_factory=list)

    def letter(self, place: PanelPlace, covered: tuple[Box, ...]) -> None:
        """Sets what a panel has to say; `covered` are the panels that lie over it."""
        panel = box_around(place.corners)
        for _ in range(int(self.rng.choice(len(_COUNTS), p=_COUNTS))):
            kind: BalloonKind = list(_KINDS)[int(self.rng.choice(len(_KINDS), p=list(_KINDS.values())))]
            self._balloon(kind, place, panel, covered)
        if self.rng.random() < _FREE_CAPTIONS:
            self._free_caption(panel, covered)
        if self.rng.random() < _SOUNDS:
            self._sound(panel, covered)

    def _balloon(self, kind: BalloonKind, place: PanelPlace, panel: Box, covered: tuple[Box, ...]) -> None:
        bodies = [self._body(kind) for _ in range(2 if kind == "joined" else 1)]
        if not all(_fits(body, panel) for body in bodies):
            return
        for attempt, spots in enumerate(self._spots(kind, bodies, panel)):
            drawing = self._drawn(kind, bodies, spots, place, panel)
            box = box_around(np.vstack(drawing.shapes))
            # A leaning panel may leave nothing of a balloon that it cuts off.
            is_there = kind != "tucked" or _holds(place.corners, spots[0])
            if is_there and self.room.is_free(box, also=covered, picky=attempt < _PICKY):
                self.room.taken.append(box)
                self._put(kind, drawing, bodies, spots)
                return

    def _body(self, kind: BalloonKind) -> _Body:
        block = self.hand.words(self.rng, bold=kind == "shout")
        height, width = block.shape
        room = ROOM[body_of(kind)]
        # Narrow columns need more room at their sides than a share of their width.
        return _Body(block, width / 2 * room + self.hand.size * 0.35, height / 2 * room + self.hand.size * 0.2)

    def _spots(self, kind: BalloonKind, bodies: list[_Body], panel: Box) -> Iterator[tuple[Spot, ...]]:
        """Places to try for the middles of the bodies."""
        first = bodies[0]
        slack = min(first.rx - first.block.shape[1] / 2, first.ry - first.block.shape[0] / 2) * 0.5
        for _ in range(_TRIES):
            spot = balloon_spot(self.rng, kind, panel, first.rx, first.ry, slack)
            if len(bodies) == 1:
                yield (spot,)
            else:
                yield spot, self._beside(spot, bodies[0], bodies[1])

    def _beside(self, spot: Spot, first: _Body, second: _Body) -> Spot:
        """A place where the second body runs into the first without touching its words."""
        side = float(self.rng.choice([-1.0, 1.0]))
        x = spot[0] + side * (first.rx + second.rx) * float(self.rng.uniform(0.82, 0.9))
        return x, spot[1] + (first.ry + second.ry) * float(self.rng.uniform(0.1, 0.35))

    def _drawn(
        self, kind: BalloonKind, bodies: list[_Body], spots: tuple[Spot, ...], place: PanelPlace, panel: Box
    ) -> BalloonDrawing:
        x = panel.x0 + (panel.x1 - panel.x0) * float(self.rng.uniform(0.2, 0.8))
        y = panel.y0 + (panel.y1 - panel.y0) * float(self.rng.uniform(0.5, 0.9))
        speaker = (x, y) if self.rng.random() < 0.7 else None
        sized = tuple((spot, body.rx, body.ry) for spot, body in zip(spots, bodies, strict=True))
        limit = place.corners if kind == "tucked" else None
        return draw_body(self.rng, kind, sized, speaker, self.line_width, limit)

    def _put(self, kind: BalloonKind, drawing: BalloonDrawing, bodies: list[_Body], spots: tuple[Spot, ...]) -> None:
        self.balloons.append(PutBalloon(kind, self.paper.put_balloon(drawing)))
        ink = 255 if kind == "inverted" else 0
        for body, spot in zip(bodies, spots, strict=True):
            self._words("caption" if kind == "caption" else "speech", body.block, spot, ink=ink)

    def _words(self, kind: LetteringKind, block: Coverage, spot: Spot, *, ink: int, rim: int = 0) -> None:
        height, width = block.shape
        x, y = round(spot[0] - width / 2), round(spot[1] - height / 2)
        self.paper.put_lettering(block, (x, y), ink=ink, rim=rim)
        self.lettering.append(PutLettering(kind, Box(x, y, x + width, y + height)))

    def _free_caption(self, panel: Box, covered: tuple[Box, ...]) -> None:
        """A narrator's words on the drawing itself, with a white rim."""
        block = self.hand.words(self.rng, most=2)
        self._set_free("caption", block, panel, covered, ink=0, rim=max(2, self.hand.size // 6))

    def _sound(self, panel: Box, covered: tuple[Box, ...]) -> None:
        """A sound effect: mostly black with a white rim, else without one, or white with a black rim."""
        size = max(20, round(min(panel.x1 - panel.x0, panel.y1 - panel.y0) * float(self.rng.uniform(0.14, 0.3))))
        lot = self.rng.random()
        rim = 0 if lot < 0.15 else max(2, size // 16)
        block = self.hand.sound(self.rng, size)
        self._set_free("sfx", block, panel, covered, ink=255 if lot > 0.7 else 0, rim=rim)

    def _set_free(
        self, kind: LetteringKind, block: Coverage, panel: Box, covered: tuple[Box, ...], *, ink: int, rim: int
    ) -> None:
        rx, ry = block.shape[1] / 2 + rim, block.shape[0] / 2 + rim
        for attempt in range(_TRIES):
            if kind == "sfx":
                x, y = sound_spot(self.rng, panel, rx, ry)
            else:
                x, y = balloon_spot(self.rng, "speech", panel, rx, ry, 0)
            box = Box(x - rx, y - ry, x + rx, y + ry)
            if self.room.is_free(box, also=covered, picky=attempt < _PICKY):
                self.room.taken.append(box)
                self._words(kind, block, (x, y), ink=ink, rim=rim)
                return


def _holds(corners: Points, spot: Spot) -> bool:
    """Whether a point lies inside a convex outline, (n, 2)."""
    return cv2.pointPolygonTest(corners.astype(np.float32), spot, measureDist=False) > 0


def _fits(body: _Body, panel: Box) -> bool:
    width, height = panel.x1 - panel.x0, panel.y1 - panel.y0
    small = 4 * body.rx * body.ry < _SHARE * width * height
    return small and 2 * body.rx < 0.9 * width and 2 * body.ry < 0.9 * height

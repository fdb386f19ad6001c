"""Who speaks where: balloons and sound effects set into a panel without hiding a face."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mangaflux.samples.balloon import ROOM, BalloonKind, balloon_body, balloon_tail
from mangaflux.samples.lettering import Coverage, Script, kana_block, latin_block, turned
from mangaflux.samples.scene import Head, Scene
from mangaflux.samples.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the page, in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float

    def overlap(self, other: "Box") -> float:
        """The area both share."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(0.0, width) * max(0.0, height)


@dataclass(frozen=True, slots=True)
class Letterer:
    """Sets the lettering of a page: one script, one size, first things first in reading order."""

    sheet: Sheet
    rng: np.random.Generator
    script: Script
    #: What is said, for the Latin script.
    lines: Iterator[str]
    #: Whether the right side is read first.
    from_right: bool

    def letter(self, scene: Scene, panel: Box, taken: list[Box]) -> None:
        """Sets balloons, and at times a sound effect, into a panel; appends what they cover to `taken`."""
        heads = [_on_page(head, panel) for head in scene.heads]
        faces = face_boxes(scene, panel)
        wanted = 1 + int(self.rng.random() < 0.45) if heads else int(self.rng.random() < 0.7)
        for turn in range(wanted):
            self._balloon(heads[turn % len(heads)] if heads else None, panel, faces, taken)
        if scene.ground in ("focus", "speed") or self.rng.random() < 0.15:
            self._sound(panel, faces, taken)

    def _balloon(self, head: Head | None, panel: Box, faces: list[Box], taken: list[Box]) -> None:
        kind = self._kind(head)
        block = self._words(kind)
        height, width = block.shape
        rx, ry = width / 2 * ROOM[kind][0] + 8, height / 2 * ROOM[kind][1] + 8
        spot = self._free_spot(rx, ry, panel, faces, taken, beyond=0.05 if kind != "narration" else 0.0)
        if spot is None:
            return
        x, y = spot
        taken.append(Box(x - rx, y - ry, x + rx, y + ry))
        body = balloon_body(kind, spot, rx, ry, self.rng)
        tails = balloon_tail(kind, spot, rx, ry, head.mouth) if head else []
        self.sheet.put_balloon(body, tails, 0.0026 * self.sheet.ink.shape[1] * (1.4 if kind == "shout" else 1.0))
        self.sheet.put_lettering(block, (round(x - width / 2), round(y - height / 2)))

    def _kind(self, head: Head | None) -> BalloonKind:
        if head is None:
            return "narration"
        if head.expression in ("shouting", "surprised"):
            return "shout" if self.rng.random() < 0.75 else "speech"
        return "thought" if head.expression in ("sad", "shy") and self.rng.random() < 0.5 else "speech"

    def _words(self, kind: BalloonKind) -> Coverage:
        size = round(self.sheet.ink.shape[1] * 0.023)
        if self.script == "latin":
            return latin_block(next(self.lines), size, bold=kind == "shout")
        longest = int(self.rng.integers(3, 7))
        columns = [max(2, longest - int(self.rng.integers(0, 3))) for _ in range(int(self.rng.integers(2, 4)))]
        columns[0] = longest
        return kana_block(self.rng, columns, round(size * 1.15), weight=0.11 if kind == "shout" else 0.075)

    def _free_spot(
        self, rx: float, ry: float, panel: Box, faces: list[Box], taken: list[Box], *, beyond: float
    ) -> tuple[float, float] | None:
        """The best place for a balloon: high, on the side that is read first, off faces and other balloons."""
        out = beyond * self.sheet.ink.shape[1]
        edge = 10.0
        low_x, high_x = max(panel.x0 - out, edge) + rx, min(panel.x1 + out, self.sheet.ink.shape[1] - edge) - rx
        low_y, high_y = max(panel.y0 - out * 0.6, edge) + ry + 8, panel.y1 - ry - 14
        if low_x > high_x or low_y > high_y:
            return None
        best, best_cost = None, 0.3
        for share_x in np.linspace(0.03, 0.97, 9):
            for share_y in np.linspace(0.02, 0.98, 7):
                x, y = low_x + (high_x - low_x) * share_x, low_y + (high_y - low_y) * share_y
                box = Box(x - rx, y - ry, x + rx, y + ry)
                hidden = 4 * sum(face.overlap(box) for face in faces) + 9 * sum(other.overlap(box) for other in taken)
                late = (1 - share_x) if self.from_right else share_x
                cost = hidden / (4 * rx * ry) + 0.05 * share_y + 0.03 * late + 0.01 * float(self.rng.random())
                if cost < best_cost:
                    best, best_cost = (float(x), float(y)), cost
        return best

    def _sound(self, panel: Box, faces: list[Box], taken: list[Box]) -> None:
        size = int(min(panel.x1 - panel.x0, panel.y1 - panel.y0) * float(self.rng.uniform(0.16, 0.24)))
        count = int(self.rng.integers(2, 4))
        block = turned(kana_block(self.rng, [count], size, weight=0.17), float(self.rng.uniform(-16, 16)))
        height, width = block.shape
        spot = self._free_spot(width / 2, height / 2, panel, faces, taken, beyond=0.0)
        if spot is None:
            return
        x, y = spot
        taken.append(Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2))
        self.sheet.put_lettering(block, (round(x - width / 2), round(y - height / 2)), rim=max(2, size // 18))


def face_boxes(scene: Scene, panel: Box) -> list[Box]:
    """Around each face of a scene, on the page; parts may lie outside of the panel or under a balloon."""
    return [_face_box(_on_page(head, panel)) for head in scene.heads]


def _on_page(head: Head, panel: Box) -> Head:
    return Head(head.x + panel.x0, head.y + panel.y0, head.size, head.expression)


def _face_box(head: Head) -> Box:
    return Box(
        head.x - 1.05 * head.size, head.y - 0.85 * head.size, head.x + 1.05 * head.size, head.y + 1.15 * head.size
    )

"""The paper of a composed page: takes panels, then balloons, then lettering, and keeps the truth in step."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.samples.composer.contents import Gray
from mangaflux.samples.curve import Points, moved
from mangaflux.samples.lettering import Coverage

Mask = NDArray[np.bool_]
_Area = tuple[slice, slice]

#: Balloons are drawn this much larger and averaged down.
_SUPERSAMPLING = 3


@dataclass(frozen=True, slots=True, eq=False)
class BalloonDrawing:
    """How one balloon looks."""

    #: Closed shapes, (n, 2) each; the balloon is what they cover together.
    shapes: tuple[Points, ...]
    #: Of the outline, in pixels; 0 for none.
    line_width: float
    #: Grey levels, 0–255.
    fill: int = 255
    line: int = 0
    #: The part of the outline that is not drawn, 0–1.
    gap: float = 0.0
    #: Cuts the balloon off where one is given: (n, 2).
    limit: Points | None = None


class Paper:
    """A page that is being drawn, and what is known of it."""

    def __init__(self, width: int, height: int, gutter: int) -> None:
        #: (H, W) uint8.
        self.gray: Gray = np.full((height, width), gutter, dtype=np.uint8)
        #: (H, W) bool: inside panels with their frames; inside balloons without their outlines; touched by letters.
        self.panel_mask: Mask = np.zeros((height, width), dtype=np.bool_)
        self.balloon_mask: Mask = np.zeros((height, width), dtype=np.bool_)
        self.lettering_mask: Mask = np.zeros((height, width), dtype=np.bool_)

    def put_panel(self, corners: Points, picture: Gray, frame: int | None, line_width: int) -> None:
        """Lays a picture on the paper, its (0, 0) at the least corner of the panel, cut to the panel.

        Args:
            corners: (n, 2), rounded to whole pixels.
            picture: (h, w), as large as the panel's bounding box.
            frame: grey level of the frame line; None for no frame.
            line_width: of the frame, in pixels.
        """
        polygon = np.rint(corners).astype(np.int32)
        (x, y), (height, width) = polygon.min(axis=0), picture.shape
        inside = np.zeros((height, width), dtype=np.uint8)
        cv2.fillPoly(inside, [polygon - (x, y)], [255])
        area = (slice(y, y + height), slice(x, x + width))
        self.gray[area][inside > 0] = picture[inside > 0]
        self.panel_mask[area][inside > 0] = True
        if frame is not None:
            cv2.polylines(self.gray, [polygon], True, [frame], line_width, cv2.LINE_AA)

    def put_balloon(self, drawing: BalloonDrawing) -> Points:
        """Draws a balloon over whatever is there; returns the edge of its inside, (n, 2) in pixels."""
        corner, covered = _covered(drawing)
        line = _outline(drawing, covered)
        size = (covered.shape[1] // _SUPERSAMPLING, covered.shape[0] // _SUPERSAMPLING)
        covered, line = (_averaged(layer, size) for layer in (covered, line))
        area, part = self._overlap(covered.shape, corner)
        covered, line = covered[part], line[part]
        self.gray[area] = _blend(_blend(self.gray[area], covered, drawing.fill), line, drawing.line)
        self.balloon_mask[area][(covered > 0) | (line > 0)] = False
        inside = (covered == 255) & (line == 0)
        self.balloon_mask[area][inside] = True
        self.lettering_mask[area][covered > 0] = False
        return moved(_edge(inside), area[1].start, area[0].start)

    def put_lettering(self, block: Coverage, corner: tuple[int, int], *, ink: int = 0, rim: int = 0) -> None:
        """Letters of the grey level `ink`, with a rim of the opposite level around each, `rim` pixels wide."""
        wide = np.pad(block, rim)
        area, part = self._overlap(wide.shape, (corner[0] - rim, corner[1] - rim))
        if rim:
            kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
            around = np.asarray(cv2.dilate(wide, kernel), dtype=np.uint8)
            self.gray[area] = _blend(self.gray[area], around[part], 255 - ink)
        self.gray[area] = _blend(self.gray[area], wide[part], ink)
        self.lettering_mask[area] |= wide[part] > 0

    def _overlap(self, shape: tuple[int, ...], corner: tuple[int, int]) -> tuple[_Area, _Area]:
        """The rectangle of the paper that a block at `corner` covers, and the part of the block that lies on it."""
        (x, y), (height, width) = corner, shape[:2]
        x0, y0 = max(x, 0), max(y, 0)
        x1, y1 = max(x0, min(x + width, self.gray.shape[1])), max(y0, min(y + height, self.gray.shape[0]))
        return (slice(y0, y1), slice(x0, x1)), (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))


def _covered(drawing: BalloonDrawing) -> tuple[tuple[int, int], Coverage]:
    """The page pixel where the balloon's own image begins, and what the balloon covers of it, enlarged; 0 or 255."""
    points = np.vstack(drawing.shapes)
    room = int(drawing.line_width) + 4
    corner = np.floor(points.min(axis=0)).astype(int) - room
    width, height = np.ceil(points.max(axis=0)).astype(int) - corner + room
    covered = np.zeros((int(height) * _SUPERSAMPLING, int(width) * _SUPERSAMPLING), dtype=np.uint8)
    for shape in drawing.shapes:
        cv2.fillPoly(covered, [_enlarged(shape, corner)], [255])
    if drawing.limit is not None:
        within = np.zeros_like(covered)
        cv2.fillPoly(within, [_enlarged(drawing.limit, corner)], [255])
        covered &= within
    return (int(corner[0]), int(corner[1])), covered


def _outline(drawing: BalloonDrawing, covered: Coverage) -> Coverage:
    """The outline of what a balloon covers, as large as `covered`; it begins after its gap."""
    line = np.zeros_like(covered)
    if drawing.line_width > 0:
        contours, _ = cv2.findContours(covered, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        drawn = [np.vstack([edge, edge[:1]])[round(len(edge) * drawing.gap) :] for edge in contours]
        cv2.polylines(line, drawn, False, [255], max(1, round(drawing.line_width * _SUPERSAMPLING)))
    return line


def _edge(inside: Mask) -> Points:
    """The outer contour of the largest connected part, (n, 2)."""
    contours, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = max(contours, key=cv2.contourArea)
    return np.asarray(longest[:, 0], dtype=np.float64)


def _enlarged(points: Points, corner: NDArray[np.int_]) -> NDArray[np.int32]:
    return np.rint((points - corner) * _SUPERSAMPLING).astype(np.int32)


def _averaged(layer: Coverage, size: tuple[int, int]) -> Coverage:
    return np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _blend(under: Gray, coverage: Coverage, level: int) -> Gray:
    share = coverage.astype(np.uint16)
    return np.asarray((under * (255 - share) + level * share + 127) // 255, dtype=np.uint8)

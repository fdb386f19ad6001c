import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.faces import Face, find_faces
from mangaflux.engine.analysis.line_art import LineArt, extract_line_art
from mangaflux.engine.lite.regions import Regions, find_regions

GreyPage = NDArray[np.uint8]
SIDE = 600
CENTRE = (300, 300)


def draw_head(*, size: int = 70, closed: bool = False, eyes: bool = True) -> GreyPage:
    """A round face of this radius under white hair, and a neck."""
    page = np.full((SIDE, SIDE), 255, np.uint8)
    x, y = CENTRE
    cv2.ellipse(page, (x, y - size // 4), (size * 5 // 4, size * 5 // 4), 0, 0, 360, 255, -1)
    cv2.ellipse(page, (x, y - size // 4), (size * 5 // 4, size * 5 // 4), 0, 0, 360, 0, 3)
    cv2.ellipse(page, (x, y), (size, size), 0, 0, 360, 0, 3)
    if eyes:
        for side in (-1, 1):
            _draw_eye(page, (x + side * size * 9 // 20, y + size // 8), size, closed)
        cv2.line(page, (x - size // 7, y + size * 2 // 3), (x + size // 7, y + size * 2 // 3), 0, 2)
    return page


def _draw_eye(page: GreyPage, at: tuple[int, int], size: int, closed: bool) -> None:
    if closed:
        cv2.ellipse(page, at, (size // 4, size // 8), 0, 180, 360, 0, max(2, size // 16))
        return
    cv2.ellipse(page, at, (size // 5, size // 4), 0, 0, 360, 0, max(2, size // 14))
    cv2.ellipse(page, at, (size // 11, size // 7), 0, 0, 360, 0, -1)


def tilt(page: GreyPage, degrees: float) -> GreyPage:
    turn = cv2.getRotationMatrix2D(CENTRE, degrees, 1.0)
    return np.asarray(cv2.warpAffine(page, turn, (SIDE, SIDE), borderValue=(255.0,)), np.uint8)


def turned(point: tuple[int, int], degrees: float) -> tuple[float, float]:
    """Where `tilt` takes a point."""
    turn = cv2.getRotationMatrix2D(CENTRE, degrees, 1.0)
    x, y = turn @ (*point, 1.0)
    return float(x), float(y)


def look(page: GreyPage) -> tuple[tuple[Face, ...], Regions, LineArt]:
    art = extract_line_art(page)
    regions = find_regions(art, np.zeros(page.shape, np.bool_))
    return find_faces(regions, art.ink), regions, art

"""Faces: head shape, ears, eyes, brows, nose and mouth, in head units.

A head unit is half the width of the face. The origin is the middle of the face; eyes lie at y 0.2, the chin at 1.12.
"""

import numpy as np

from mangaflux.samples.cast import Character
from mangaflux.samples.curve import Points, Spot, bow, ellipse, joined, moved, smooth
from mangaflux.samples.palette import BLACK, WHITE, Paint
from mangaflux.samples.pen import Pen
from mangaflux.samples.pose import Expression, Pose

EYE_HEIGHT = 0.22

_BLUSH = (255, 186, 186)
_MOUTH = Paint((150, 52, 62), 0.42)
_TONGUE = Paint((238, 138, 138))

#: Lift of the inner and of the outer end of a brow, in head units.
_BROWS: dict[Expression, Spot] = {
    "calm": (0.0, 0.0),
    "happy": (0.03, 0.0),
    "laughing": (0.06, 0.0),
    "surprised": (0.12, 0.08),
    "determined": (-0.1, 0.06),
    "shy": (0.08, -0.04),
    "shouting": (-0.12, 0.08),
    "sad": (0.12, -0.06),
}

#: How far an eye is open; None is closed in a smile.
_OPENING: dict[Expression, float | None] = {
    "calm": 1.0,
    "happy": 1.0,
    "laughing": None,
    "surprised": 1.16,
    "determined": 0.86,
    "shy": 0.84,
    "shouting": 0.95,
    "sad": 0.82,
}


def face_outline(pose: Pose) -> Points:
    """The closed outline of a head without hair."""
    lean = 0.2 * pose.turn
    right = [(0.62, -1.0), (0.94, -0.5), (0.97, 0.05), (0.88, 0.46), (0.6, 0.84), (0.14, 1.1)]
    left = [(-x, y) for x, y in reversed(right)]
    # The chin goes furthest with a turn, the skull not at all.
    turned = [(x + lean * max(0.0, (y + 0.5) / 1.6), y) for x, y in [*right, *left]]
    return smooth([*turned, (0.0, -1.14)], closed=True)


def draw_face(pen: Pen, who: Character, pose: Pose, hair_edge: Points) -> None:
    """Draws ears and face without eyes, under the shadow of the hair; `hair_edge` is the closed shape of the bangs."""
    for side in (-1, 1):
        _ear(pen, who, side, pose)
    outline = face_outline(pose)
    pen.shape(outline, who.skin, 3.4)
    pen.shade(moved(hair_edge, 0.03 + 0.05 * pose.turn, 0.13), outline, tone=0.13)
    _cheeks(pen, who, pose, outline)
    _nose(pen, who, pose)
    _mouth(pen, pose)


def draw_eyes(pen: Pen, who: Character, pose: Pose) -> None:
    """Draws eyes and brows; over the bangs, as is the custom, so that no expression is lost."""
    opening = _OPENING[pose.expression]
    for side in (-1, 1):
        x, y = pose.shifted(0.45 * side, EYE_HEIGHT)
        far = 1 - 0.2 * abs(pose.turn) * (side * pose.turn > 0)
        if opening is None:
            _closed_eye(pen, (x, y), 0.25 * far)
        else:
            _open_eye(pen, who, (x, y), side, (0.27 * far, 0.3 * opening * (0.8 if who.masculine else 1.0)), pose)
        _brow(pen, who, pose, side)


def _ear(pen: Pen, who: Character, side: int, pose: Pose) -> None:
    if side * pose.turn > 0.3:
        return
    ear = smooth([(0.9, 0.0), (1.06, -0.06), (1.14, 0.1), (1.06, 0.36), (0.9, 0.46)]) * (side, 1.0)
    pen.shape(ear, who.skin, 3.0)
    pen.stroke(bow((0.98 * side, 0.08), (1.03 * side, 0.3), 0.2 * side), 2.0)


def _cheeks(pen: Pen, who: Character, pose: Pose, outline: Points) -> None:
    glowing = pose.expression in ("shy", "happy", "laughing")
    for side in (-1, 1):
        x, y = pose.shifted(0.56 * side, 0.66)
        if glowing:
            patch = ellipse((x, y), 0.2, 0.1)
            pen.shade(patch, outline, factor=(255, 214, 208))
            for step in (-0.07, 0.0, 0.07):
                pen.stroke([(x + step + 0.03, y - 0.05), (x + step - 0.03, y + 0.05)], 1.7)


def _nose(pen: Pen, who: Character, pose: Pose) -> None:
    x, y = pose.shifted(0.0, 0.52)
    lean = 0.05 if pose.turn >= 0 else -0.05
    pen.stroke(joined(bow((x + lean * 0.4, y - 0.1), (x + lean, y + 0.03), 0.1), [(x, y + 0.06)]), 2.2)


def _mouth(pen: Pen, pose: Pose) -> None:
    x, y = pose.shifted(0.0, 0.79)
    if pose.expression in ("laughing", "shouting"):
        _open_mouth(pen, (x, y - 0.04), 0.21, 0.2 if pose.expression == "shouting" else 0.17)
    elif pose.expression == "surprised":
        pen.shape(ellipse((x, y + 0.02), 0.075, 0.1), _MOUTH, 2.4)
    else:
        width, bend = {"happy": (0.2, -0.2), "sad": (0.12, 0.22), "determined": (0.15, 0.08)}.get(
            pose.expression, (0.12, -0.14)
        )
        pen.stroke(bow((x - width, y), (x + width, y), bend), 2.6, taper=(0.5, 0.5))
        pen.stroke(bow((x - 0.05, y + 0.13), (x + 0.05, y + 0.13), -0.1), 1.4)


def _open_mouth(pen: Pen, corner: Spot, width: float, depth: float) -> None:
    x, y = corner
    lips = joined(
        bow((x - width, y), (x + width, y), -0.06),
        smooth(
            [
                (x + width, y),
                (x + 0.6 * width, y + depth * 0.85),
                (x, y + depth),
                (x - 0.6 * width, y + depth * 0.85),
                (x - width, y),
            ]
        )[1:-1],
    )
    pen.fill(lips, _MOUTH)
    pen.fill(ellipse((x, y + depth * 1.05), width * 0.62, depth * 0.5), _TONGUE, clip=lips)
    pen.fill(
        joined(
            bow((x - width, y), (x + width, y), -0.06),
            bow((x + width * 0.8, y + depth * 0.2), (x - width * 0.8, y + depth * 0.2), 0.04),
        ),
        WHITE,
        clip=lips,
    )
    pen.outline(lips, 2.6)


def _closed_eye(pen: Pen, centre: Spot, width: float) -> None:
    x, y = centre
    pen.stroke(bow((x - width, y + 0.1), (x + width, y + 0.1), 0.26), 6.0, taper=(0.3, 0.3))
    pen.stroke(bow((x - width * 0.7, y - 0.16), (x + width * 0.7, y - 0.16), 0.1), 1.6)


def _open_eye(pen: Pen, who: Character, centre: Spot, side: int, size: Spot, pose: Pose) -> None:
    w, h = size
    at = np.array(centre)
    unit = np.array((w * side, h))

    def place(*spots: Spot) -> Points:
        placed: Points = joined(spots) * unit + at
        return placed

    upper = smooth(place((-1.0, 0.12), (-0.62, -0.66), (0.1, -1.0), (0.74, -0.68), (1.06, 0.06)))
    lower = smooth(place((1.06, 0.06), (0.84, 0.62), (0.1, 0.96), (-0.62, 0.82), (-1.0, 0.12)))
    white = joined(upper, lower[1:-1])
    pen.fill(white, WHITE)
    _iris(pen, who, (centre[0] + 0.07 * pose.turn, centre[1] + 0.02), (w, h), white)
    pen.shade(joined(upper, moved(upper, 0.0, 0.09)[::-1]), white, tone=0.0)
    pen.stroke(upper, 8.5 if who.masculine else 10.0, taper=(0.3, 0.75))
    pen.stroke(place((0.9, -0.42), (1.16, -0.3), (1.34, -0.36)), 5.0, taper=(0.9, 0.1))
    if not who.masculine:
        pen.stroke(place((0.98, -0.1), (1.2, 0.02), (1.36, -0.02)), 4.5, taper=(0.9, 0.1))
    pen.stroke(smooth(place((0.96, 0.5), (0.56, 0.9), (-0.1, 1.0))), 2.8, taper=(0.8, 0.15))
    pen.stroke(smooth(place((-0.72, -1.02), (0.1, -1.34), (0.86, -1.02))), 1.7)


def _iris(pen: Pen, who: Character, centre: Spot, size: Spot, white: Points) -> None:
    w, h = size
    x, y = centre
    rx, ry = 0.66 * w, 0.98 * h
    iris = Paint(who.eye, 0.22)
    pen.fill(ellipse(centre, rx * 1.06, ry * 1.05), BLACK, clip=white)
    pen.fill(ellipse(centre, rx * 0.9, ry * 0.92), iris, clip=white)
    pen.fill(ellipse((x, y - 0.42 * ry), rx * 0.86, ry * 0.6), iris.shadow(0.85).shadow(), clip=white)
    pen.fill(ellipse((x, y + 0.56 * ry), rx * 0.56, ry * 0.3), iris.light(0.5), clip=white)
    pen.fill(ellipse((x, y), rx * 0.4, ry * 0.44), BLACK, clip=white)
    pen.fill(ellipse((x - 0.36 * rx, y - 0.42 * ry), rx * 0.36, ry * 0.27), WHITE, clip=white)
    pen.fill(ellipse((x + 0.42 * rx, y + 0.42 * ry), rx * 0.17, ry * 0.13), WHITE, clip=white)


def _brow(pen: Pen, who: Character, pose: Pose, side: int) -> None:
    inner, outer = _BROWS[pose.expression]
    start = pose.shifted(0.2 * side, -0.24 - inner)
    end = pose.shifted(0.76 * side, -0.26 - outer)
    width = 6.0 if who.masculine else 3.6
    pen.stroke(bow(start, end, 0.1 * side), width, taper=(0.7, 0.1))

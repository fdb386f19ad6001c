"""Hair: what hangs behind a figure, the cap with its bangs, strands and shine, in head units."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mangaflux.samples.cast import Character, HairStyle
from mangaflux.samples.curve import Points, Spot, bow, ellipse, joined, moved, smooth
from mangaflux.samples.palette import Paint
from mangaflux.samples.pen import Pen
from mangaflux.samples.pose import Pose

_LINE = 3.4

#: Tips of the bangs from the right temple to the left, with the notch after each.
_BANGS: dict[HairStyle, Sequence[tuple[Spot, Spot]]] = {
    "spiky": (
        ((0.72, 0.0), (0.56, -0.38)),
        ((0.36, 0.06), (0.24, -0.36)),
        ((-0.06, 0.1), (-0.16, -0.4)),
        ((-0.46, 0.04), (-0.52, -0.36)),
    ),
    "long": (
        ((0.66, -0.05), (0.5, -0.26)),
        ((0.32, -0.03), (0.2, -0.24)),
        ((0.04, -0.02), (-0.1, -0.24)),
        ((-0.26, -0.03), (-0.42, -0.24)),
    ),
    "twin_tails": (
        ((0.6, -0.02), (0.42, -0.42)),
        ((0.1, 0.06), (0.0, -0.3)),
        ((-0.16, 0.04), (-0.36, -0.44)),
    ),
    "bob": (
        ((0.52, -0.04), (0.36, -0.34)),
        ((0.1, 0.02), (-0.02, -0.3)),
        ((-0.3, 0.02), (-0.44, -0.28)),
    ),
    "ponytail": (
        ((0.74, 0.02), (0.62, -0.34)),
        ((0.44, -0.04), (0.4, -0.46)),
        ((-0.3, -0.3), (-0.46, -0.34)),
    ),
    "wavy": (
        ((0.66, 0.02), (0.34, -0.48)),
        ((0.1, -0.56), (-0.1, -0.5)),
        ((-0.36, -0.18), (-0.56, -0.26)),
    ),
}

#: Depth of the shine's teeth from left to right, in head units.
_SHINE = (0.0, 0.05, 0.16, 0.06, 0.09, 0.22, 0.05, 0.12, 0.04, 0.17, 0.07, 0.02, 0.1, 0.03, 0.0)

#: How far down the locks beside the face reach.
_SIDE_LOCKS: dict[HairStyle, float] = {
    "spiky": 0.5,
    "long": 1.5,
    "twin_tails": 1.0,
    "bob": 0.98,
    "ponytail": 0.86,
    "wavy": 1.3,
}


@dataclass(frozen=True, slots=True)
class Tail:
    """A bound tail: its closed shape and the strand lines on it."""

    mass: Points
    strands: Sequence[Points]


def bangs(style: HairStyle, pose: Pose) -> Points:
    """The closed shape of the front hair: the cap above, the row of tips below."""
    cap = _spiky_cap() if style == "spiky" else ellipse((0.0, -0.2), 1.12, 1.16, start=172, end=368, samples=30)
    edge: list[Points] = []
    here: Spot = (1.1, 0.06)
    for tip, notch in _BANGS[style]:
        tip, notch = pose.shifted(*tip), pose.shifted(*notch)
        edge += [bow(here, tip, 0.1), bow(tip, notch, 0.12)]
        here = notch
    last = pose.shifted(-0.7, 0.02)
    edge += [bow(here, last, -0.02), bow(last, (-0.86, -0.22), 0.1), bow((-0.86, -0.22), (-1.1, 0.06), -0.1)]
    return joined(cap, *edge)


def draw_back_hair(pen: Pen, who: Character, pose: Pose) -> None:
    """Draws what hangs behind head and shoulders."""
    inner = who.hair.shadow()
    for mass in _back_masses(who.hair_style, pose):
        pen.shape(mass, inner if who.hair.tone < 0.9 else who.hair, _LINE)
        low = float(mass[:, 1].max())
        for x in (-1.06, -0.84, 0.8, 1.04) if low > 1.15 else ():
            _strand(pen, smooth([(x, 0.6), (x * 1.04, 0.6 + (low - 0.6) * 0.4), (x * 1.12, 0.6 + (low - 0.6) * 0.75)]))


def draw_front_hair(pen: Pen, who: Character, pose: Pose) -> None:
    """Draws side locks, cap and bangs with their strands and shine."""
    for side in (-1, 1):
        _side_lock(pen, who, pose, side)
    front = bangs(who.hair_style, pose)
    pen.shape(front, who.hair, _LINE)
    _shade_cap(pen, who, front)
    _shine(pen, who, pose, front)
    _strands(pen, who, pose)
    pen.outline(front, _LINE)
    if who.hair_style in ("twin_tails", "ponytail"):
        _ties(pen, who, pose)


def draw_tails(pen: Pen, who: Character, pose: Pose) -> None:
    """Draws the tails of a style that has some; they hang behind the head and before the back."""
    for tail in _tails(who.hair_style, pose):
        pen.shape(tail.mass, who.hair, _LINE)
        pen.shade(moved(tail.mass, 0.3, 0.0), tail.mass)
        for strand in tail.strands:
            pen.stroke(strand, 1.9, taper=(0.9, 0.1))


def _spiky_cap() -> Points:
    angles = np.radians([176, 196, 218, 242, 266, 290, 314, 338, 360])
    parts = []
    for low, high in itertools.pairwise(angles):
        tip_angle = low + (high - low) * 0.35
        start = (1.1 * np.cos(low), -0.2 + 1.1 * np.sin(low))
        tip = (1.42 * np.cos(tip_angle), -0.2 + 1.36 * np.sin(tip_angle))
        end = (1.1 * np.cos(high), -0.2 + 1.1 * np.sin(high))
        parts += [bow(start, tip, -0.08, samples=6), bow(tip, end, 0.12, samples=6)]
    return joined(*parts, [(1.1, 0.06)])


def _back_masses(style: HairStyle, pose: Pose) -> list[Points]:
    sway = -0.12 * pose.turn
    if style in ("spiky", "ponytail", "twin_tails"):
        right = [(1.08, -0.3), (1.12, 0.3), (1.02, 0.72), (0.78, 1.02)]
        tips = [(0.5, 0.86), (0.2, 1.06), (-0.2, 0.86), (-0.5, 1.04)]
    elif style == "bob":
        right = [(1.12, -0.3), (1.3, 0.3), (1.32, 0.9), (1.0, 1.28)]
        tips = [(0.6, 1.16), (0.1, 1.22), (-0.5, 1.16)]
    elif style == "long":
        right = [(1.1, -0.3), (1.24, 0.6), (1.42, 1.8), (1.5, 3.1)]
        tips = [(1.1, 2.92), (0.7, 3.26), (0.2, 2.98), (-0.3, 3.28), (-0.8, 2.96), (-1.2, 3.26)]
    else:
        right = [(1.1, -0.3), (1.4, 0.3), (1.3, 0.9), (1.62, 1.5), (1.46, 2.1), (1.7, 2.8)]
        tips = [(1.2, 2.6), (0.7, 2.96), (0.2, 2.66), (-0.4, 2.94), (-0.9, 2.62)]
    left = [(-x + sway * max(0.0, y), y) for x, y in reversed(right)]
    right = [(x + sway * max(0.0, y), y) for x, y in right]
    top = ellipse((0.0, -0.2), 1.08, 1.1, start=190, end=350, samples=16)
    hem = [right[-1], *tips, left[0]]
    row = [bow(a, b, 0.1, samples=6) for a, b in itertools.pairwise(hem)]
    return [joined(top, smooth(right), *row, smooth(left))]


def _tails(style: HairStyle, pose: Pose) -> list[Tail]:
    if style == "twin_tails":
        mass = joined(
            smooth([(0.96, -0.62), (1.5, -0.82), (2.05, 0.1), (2.1, 1.3), (1.72, 2.6)]),
            smooth([(1.72, 2.6), (1.66, 1.9), (1.36, 2.2)])[1:],
            smooth([(1.36, 2.2), (1.46, 1.0), (1.3, 0.1), (0.98, -0.36)])[1:],
        )
        strands = [[(1.2, -0.5), (1.7, 0.2), (1.86, 1.3), (1.74, 2.2)], [(1.1, -0.4), (1.5, 0.3), (1.62, 1.5)]]
        return [_sided_tail(mass, strands, side) for side in (-1.0, 1.0)]
    if style == "ponytail":
        mass = joined(
            smooth([(0.5, -1.12), (1.1, -1.62), (1.86, -1.0), (2.1, 0.2), (1.76, 1.7)]),
            smooth([(1.76, 1.7), (1.66, 1.2), (1.36, 1.44)])[1:],
            smooth([(1.36, 1.44), (1.5, 0.4), (1.26, -0.4), (0.86, -0.7)])[1:],
        )
        strands = [[(0.8, -1.16), (1.4, -1.04), (1.82, 0.0), (1.74, 1.2)], [(0.9, -0.96), (1.4, -0.6), (1.62, 0.5)]]
        return [_sided_tail(mass, strands, -1.0 if pose.turn > 0 else 1.0)]
    return []


def _sided_tail(mass: Points, strands: Sequence[Sequence[Spot]], side: float) -> Tail:
    return Tail(mass * (side, 1.0), [smooth(strand) * (side, 1.0) for strand in strands])


def _side_lock(pen: Pen, who: Character, pose: Pose, side: int) -> None:
    reach = _SIDE_LOCKS[who.hair_style]
    near = 1 - 0.5 * max(0.0, side * pose.turn)
    inner = 0.98 - 0.2 * near
    lock = joined(
        smooth([(1.02, -0.5), (1.17, 0.0), (1.16, reach * 0.5), (0.98, reach)]),
        smooth([(0.98, reach), (inner + 0.02, reach * 0.55), (inner, 0.05), (0.8, -0.4)])[1:],
    )
    placed = lock * (side, 1.0)
    pen.shape(placed, who.hair, _LINE)
    line = smooth([(1.04, -0.2), (1.07, reach * 0.3), (1.02, reach * 0.75)]) * (side, 1.0)
    _strand(pen, line)


def _shade_cap(pen: Pen, who: Character, front: Points) -> None:
    rim = joined(ellipse((0.0, -0.2), 1.5, 1.5, start=-60, end=70), ellipse((-0.2, -0.3), 1.02, 1.1, start=70, end=-60))
    pen.shade(rim, front, tone=who.hair.tone)


def _shine(pen: Pen, who: Character, pose: Pose, front: Points) -> None:
    """The band of light around the cap, with a ragged lower edge."""
    shift = 0.2 * pose.turn
    x = np.linspace(-0.74, 0.5, len(_SHINE))
    arch = -0.88 + 0.34 * x**2
    upper = np.column_stack([x + shift, arch - 0.35 * np.roll(_SHINE, 3)])
    lower = np.column_stack([x + shift, arch + np.array(_SHINE)])
    pen.fill(joined(upper, lower[::-1]), who.hair.light(0.42), clip=front)


def _strands(pen: Pen, who: Character, pose: Pose) -> None:
    crown = (0.1 + 0.1 * pose.turn, -1.3)
    for _, notch in _BANGS[who.hair_style]:
        x, y = pose.shifted(*notch)
        bend = 0.12 * (1 if x > crown[0] else -1)
        line = bow((x, y), (crown[0] + (x - crown[0]) * 0.55, -1.05), -bend)
        _strand(pen, line[: len(line) * 2 // 3])
    for side in (-1, 1):
        _strand(pen, bow((0.99 * side, -0.2), (0.6 * side, -0.92), -0.12 * side))


def _strand(pen: Pen, line: Points) -> None:
    pen.stroke(line, 1.8, taper=(0.9, 0.1))


def _ties(pen: Pen, who: Character, pose: Pose) -> None:
    if who.hair_style == "twin_tails":
        for side in (-1, 1):
            _ribbon(pen, who.accent, (1.02 * side, -0.56))
    else:
        _ribbon(pen, who.accent, (-0.66 if pose.turn > 0 else 0.66, -1.02))


def _ribbon(pen: Pen, paint: Paint, at: Spot) -> None:
    for side in (-1, 1):
        loop = smooth([(0.0, 0.0), (0.2, -0.2), (0.36, -0.1), (0.3, 0.16), (0.1, 0.1)], closed=True)
        pen.shape(loop * (side, 1.0) + at, paint, 2.8)
    pen.shape(ellipse(at, 0.08, 0.1), paint.shadow(), 2.6)

"""Bodies and what they wear, in head units: neck at y 1.0, shoulders 1.8, waist 4.3, hips 5.2, soles 12.4."""

from mangaflux.samples.cast import Character
from mangaflux.samples.curve import Points, Spot, bow, ellipse, joined, limb, mirrored, moved, smooth
from mangaflux.samples.palette import BLACK, Paint
from mangaflux.samples.pen import Pen
from mangaflux.samples.pose import Arm, Pose

_ARMS: dict[Arm, tuple[Spot, Spot, Spot]] = {
    "down": ((0.98, 1.98), (1.46, 3.6), (1.6, 5.2)),
    "hip": ((0.98, 1.98), (2.1, 3.5), (1.3, 4.6)),
    "raised": ((0.8, 2.2), (2.1, 3.2), (2.3, 1.2)),
}


def draw_body(pen: Pen, who: Character, pose: Pose) -> None:
    """Draws the whole figure below the head; what lies outside the canvas costs nothing but time."""
    _legs(pen, who)
    for side, arm in zip((-1, 1), pose.arms, strict=True):
        _arm(pen, who, side, arm)
    torso = _torso(who)
    pen.shape(torso, who.main, 3.4)
    _fold_shadows(pen, who, torso)
    _neck(pen, who, pose)
    _WARDROBE[who.outfit](pen, who, torso)


def _broad(who: Character) -> float:
    return 1.12 if who.masculine else 0.96


def _torso(who: Character) -> Points:
    broad = _broad(who)
    waist = 0.98 if who.masculine else 0.84
    right = [(0.4, 1.36), (0.78, 1.6), (1.14 * broad, 1.74), (1.38 * broad, 2.0), (1.24 * broad, 2.8)]
    right += [(1.14 * waist, 3.6), (1.06 * waist, 4.3), (1.2, 5.2)]
    side = smooth(right)
    return joined(side, [(0.0, 5.32)], mirrored(side))


def _neck(pen: Pen, who: Character, pose: Pose) -> None:
    width = 0.44 if who.masculine else 0.36
    side = smooth([(width, 0.6), (width * 0.98, 1.2), (0.56, 1.62), (0.5, 2.3)])
    neck = joined(side, [(0.0, 2.7)], mirrored(side))
    pen.shape(neck, who.skin, 3.0)
    shadow = smooth([(-0.7, 0.6), (0.7, 0.6), (0.44, 1.2), (0.06 + 0.1 * pose.turn, 1.5), (-0.4, 1.24)], closed=True)
    pen.shade(shadow, neck, tone=0.16)
    for side_of in (-1, 1):
        pen.stroke(bow((0.12 * side_of, 1.82), (0.44 * side_of, 1.74), 0.06 * side_of), 1.8)


def _arm(pen: Pen, who: Character, side: int, arm: Arm) -> None:
    broad = _broad(who)
    shoulder, elbow, wrist = (((x - 1 + broad) * side, y) for x, y in _ARMS[arm])
    beyond = (wrist[0] + 0.3 * (wrist[0] - elbow[0]) / 1.6, wrist[1] + 0.3 * (wrist[1] - elbow[1]) / 1.6)
    _hand(pen, who, wrist, beyond)
    sleeve = limb(
        [shoulder, _between(shoulder, elbow, 0.7), _between(elbow, wrist, 0.3), wrist],
        [0.36 * broad, 0.34 * broad, 0.32 * broad, 0.3],
    )
    pen.shape(sleeve, who.main, 3.2)
    pen.shade(moved(sleeve, 0.34, 0.06), sleeve, tone=_dimmed(who.main))
    pen.outline(sleeve, 3.2)
    cuff = limb([_between(elbow, wrist, 0.9), wrist], [0.32, 0.32])
    pen.shape(cuff, who.second, 2.8)
    ex, ey = elbow
    pen.stroke(bow((ex - 0.2 * side, ey - 0.1), (ex + 0.12 * side, ey + 0.04), 0.1), 2.0)


def _hand(pen: Pen, who: Character, wrist: Spot, beyond: Spot) -> None:
    way = (beyond[0] - wrist[0], beyond[1] - wrist[1])
    fist = (wrist[0] + way[0] * 1.0, wrist[1] + way[1] * 1.0)
    pen.shape(limb([wrist, fist, (fist[0] + way[0] * 0.9, fist[1] + way[1] * 0.9)], [0.17, 0.26, 0.16]), who.skin, 2.8)
    for step in (-0.09, 0.03):
        start = (fist[0] + step + way[0] * 0.2, fist[1] + way[1] * 0.2)
        pen.stroke([start, (start[0] + way[0] * 0.8, start[1] + way[1] * 0.8)], 1.8)


def _between(a: Spot, b: Spot, share: float) -> Spot:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def _dimmed(paint: Paint) -> float:
    return paint.tone + 0.14 if paint.tone > 0.03 else 0.0


def _fold_shadows(pen: Pen, who: Character, torso: Points) -> None:
    tone = _dimmed(who.main) or 0.13
    pen.shade(smooth([(0.9, 1.6), (2.2, 1.6), (2.2, 5.4), (0.7, 5.4), (0.98, 3.6)], closed=True), torso, tone=tone)
    for y in (3.52, 3.64, 3.76):
        pen.stroke(bow((-0.86, y), (-0.46 - 1.2 * abs(y - 3.64), y + 0.16), 0.06), 1.7, taper=(0.9, 0.1))
    for side in (-1, 1):
        pen.stroke(bow((1.0 * side, 2.3), (1.06 * side, 3.0), -0.08 * side), 2.6, taper=(0.2, 0.6))
        pen.stroke(bow((0.9 * side, 4.0), (0.4 * side, 4.2), 0.1 * side), 2.0)


def _sailor(pen: Pen, who: Character, torso: Points) -> None:
    opening = [(-0.54, 1.56), (0.54, 1.56), (0.0, 2.5)]
    pen.fill(opening, who.skin, clip=torso)
    half = [(0.42, 1.3), (0.82, 1.52), (1.16, 1.98), (0.84, 2.4), (0.04, 2.86), (0.0, 2.62), (0.3, 2.0)]
    for side in (-1, 1):
        collar = _sided(half, side)
        pen.shape(collar, who.second, 3.0)
        pen.stroke(_sided([(1.02, 1.96), (0.76, 2.26), (0.1, 2.66)], side), 2.0, taper=(0.8, 0.8))
        scarf = smooth([(0.0, 2.7), (0.4, 2.6), (0.66, 2.96), (0.5, 3.3), (0.1, 2.94)], closed=True)
        pen.shape(scarf * (side, 1.0), who.accent, 2.8)
    pen.shape(ellipse((0.0, 2.78), 0.13, 0.14), who.accent, 2.6)
    _skirt(pen, who)


def _blazer(pen: Pen, who: Character, torso: Points) -> None:
    shirt = [(-0.46, 1.3), (0.46, 1.3), (0.3, 2.2), (0.0, 3.5), (-0.3, 2.2)]
    pen.fill(shirt, Paint((252, 252, 252)), clip=torso)
    _tie(pen, who)
    for side in (-1, 1):
        pen.shape(_sided([(0.02, 1.72), (0.36, 1.28), (0.58, 1.5), (0.3, 2.02)], side), Paint((252, 252, 252)), 2.6)
        lapel = [(0.5, 1.4), (0.86, 1.56), (1.0, 2.3), (0.72, 2.36), (0.74, 2.6), (0.02, 3.6), (0.26, 2.3)]
        pen.shape(_sided(lapel, side), who.main, 3.0)
    pen.stroke([(0.0, 3.6), (0.03, 5.3)], 2.8)
    for y in (3.9, 4.5):
        pen.shape(ellipse((0.16, y), 0.09, 0.09), who.accent, 2.2)
    pen.stroke([(0.6, 2.96), (0.98, 2.9)], 2.4)
    if who.masculine:
        return
    _skirt(pen, who)


def _tie(pen: Pen, who: Character) -> None:
    pen.shape([(-0.1, 2.0), (0.1, 2.0), (0.2, 3.3), (0.0, 3.62), (-0.2, 3.3)], who.accent, 2.6)
    pen.shape([(-0.15, 1.72), (0.15, 1.72), (0.1, 2.04), (-0.1, 2.04)], who.accent, 2.6)


def _hoodie(pen: Pen, who: Character, torso: Points) -> None:
    pen.fill([(-0.54, 1.56), (0.54, 1.56), (0.0, 2.1)], who.skin, clip=torso)
    for side in (-1, 1):
        hood = smooth(
            [(0.44, 1.16), (0.86, 1.2), (1.12, 1.7), (0.72, 2.16), (0.0, 2.5), (0.0, 2.1), (0.36, 1.7)], closed=True
        )
        pen.shape(hood * (side, 1.0), who.second, 3.0)
        pen.stroke(_sided([(0.24, 2.34), (0.27, 2.8), (0.22, 3.2)], side), 3.4, taper=(0.8, 0.8))
        pen.shape(ellipse((0.22 * side, 3.24), 0.06, 0.1), who.accent, 2.2)
    pen.stroke([(0.0, 2.5), (0.0, 5.3)], 2.8, taper=(0.8, 0.8))
    pocket = [(0.2, 4.2), (0.66, 4.1), (0.9, 4.7), (0.84, 5.0), (0.2, 5.0)]
    for side in (-1, 1):
        pen.outline(_sided(pocket, side), 2.4)


def _cape(pen: Pen, who: Character, torso: Points) -> None:
    pen.fill([(-0.54, 1.56), (0.54, 1.56), (0.0, 2.0)], who.skin, clip=torso)
    pen.stroke([(-0.9, 4.3), (0.9, 4.3)], 3.0, taper=(0.9, 0.9))
    pen.shape([(-0.96, 4.2), (0.96, 4.2), (1.0, 4.56), (-1.0, 4.56)], who.accent, 2.8)
    for side in (-1, 1):
        drape = [(0.3, 1.5), (0.9, 1.46), (1.52, 1.86), (1.86, 3.1), (2.1, 5.0), (1.5, 5.2), (1.16, 3.6), (0.5, 2.3)]
        cloth = smooth(drape, closed=True) * (side, 1.0)
        pen.shape(cloth, who.second, 3.2)
        pen.shade(moved(cloth, 0.3 * side, 0.0), cloth, tone=_dimmed(who.second) or 0.13)
        pen.outline(cloth, 3.2)
        for x in (1.3, 1.62):
            pen.stroke(smooth([(x, 2.3), (x + 0.16, 3.4), (x + 0.24, 4.6)]) * (side, 1.0), 2.2)
        collar = smooth([(0.3, 1.14), (0.74, 1.24), (0.98, 1.62), (0.5, 1.9), (0.0, 2.16), (0.1, 1.8)], closed=True)
        pen.shape(collar * (side, 1.0), who.main, 3.0)
    pen.shape(ellipse((0.0, 2.06), 0.17, 0.17), who.accent, 2.8)


def _skirt(pen: Pen, who: Character) -> None:
    side = [(0.86, 4.3), (1.2, 5.0), (1.72, 6.9)]
    skirt = joined(smooth(side), bow((1.72, 6.9), (-1.72, 6.9), -0.05), mirrored(smooth(side)))
    paint = who.second if who.outfit == "sailor" else who.main.shadow()
    pen.shape(skirt, paint, 3.2)
    for x in (-0.7, -0.25, 0.2, 0.65):
        pen.stroke([(x * 0.6, 4.6), (x * 1.5, 6.86)], 2.4, taper=(0.2, 0.9))
    pen.shape([(-0.88, 4.2), (0.88, 4.2), (0.92, 4.46), (-0.92, 4.46)], paint.shadow(), 2.8)


def _legs(pen: Pen, who: Character) -> None:
    trousers = who.masculine or who.outfit in ("hoodie", "cape")
    cloth = BLACK if who.hair.tone < 0.9 else who.second.shadow(0.3)
    for side in (-1, 1):
        path = [(0.58 * side, 5.0), (0.6 * side, 8.2), (0.62 * side, 11.9)]
        leg = limb(path, [0.55, 0.4, 0.28] if trousers else [0.48, 0.35, 0.22])
        pen.shape(leg, cloth if trousers else who.skin, 3.0)
        if not trousers:
            sock = limb([(0.6 * side, 8.7), (0.62 * side, 11.9)], [0.35, 0.25])
            pen.shape(sock, BLACK, 2.8)
        shoe = smooth([(0.36, 11.7), (0.88, 11.7), (1.12, 12.3), (0.7, 12.46), (0.34, 12.4)], closed=True)
        pen.shape(shoe * (side, 1.0), who.accent.shadow(0.6), 2.8)
    if trousers:
        pen.shape([(-1.14, 4.9), (1.14, 4.9), (1.1, 5.9), (0.1, 6.1), (-0.1, 6.1), (-1.1, 5.9)], cloth, 2.8)


def _sided(spots: list[Spot], side: int) -> Points:
    return joined(spots) * (side, 1.0)


_WARDROBE = {"sailor": _sailor, "blazer": _blazer, "hoodie": _hoodie, "cape": _cape}

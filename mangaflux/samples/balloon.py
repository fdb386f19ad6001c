"""Balloons: their outlines, with tails."""

from typing import Literal

import numpy as np

from mangaflux.samples.curve import Points, Spot, ellipse, smooth

BalloonKind = Literal["speech", "shout", "thought", "narration"]

#: How much larger than its lettering a balloon is, each way.
ROOM: dict[BalloonKind, Spot] = {
    "speech": (1.42, 1.42),
    "shout": (1.75, 1.75),
    "thought": (1.5, 1.5),
    "narration": (1.15, 1.2),
}


def balloon_body(kind: BalloonKind, centre: Spot, rx: float, ry: float, rng: np.random.Generator) -> Points:
    """The closed outline of a balloon without its tail; rx and ry are its half-axes in pixels."""
    if kind == "narration":
        return np.array([(centre[0] + sx * rx, centre[1] + sy * ry) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
    if kind == "shout":
        return _spiky(centre, rx, ry, rng)
    if kind == "thought":
        return _cloudy(centre, rx, ry)
    # A superellipse of exponent 2.4 (Piet Hein): fuller than an ellipse, as letterers draw it.
    circle = ellipse((0.0, 0.0), 1.0, 1.0, samples=72)
    return np.sign(circle) * np.abs(circle) ** (2 / 2.4) * (rx, ry) + centre


def balloon_tail(kind: BalloonKind, centre: Spot, rx: float, ry: float, speaker: Spot) -> list[Points]:
    """What leads from a balloon towards its speaker: closed shapes, none for narration."""
    if kind == "narration":
        return []
    way = np.array(speaker) - centre
    distance = float(np.hypot(*way))
    unit = way / max(distance, 1.0)
    rim = 1 / float(np.hypot(unit[0] / rx, unit[1] / ry))
    reach = min(0.3 * min(rx, ry) + 24.0, max(0.0, (distance - rim) * 0.6))
    if reach < 8.0:
        return []
    if kind == "thought":
        spots = [np.array(centre) + unit * (rim + reach * share) for share in (0.35, 0.95)]
        sizes = (reach * 0.2, reach * 0.12)
        return [ellipse((float(s[0]), float(s[1])), r, r * 0.85) for s, r in zip(spots, sizes, strict=True)]
    across = np.array([-unit[1], unit[0]]) * min(rx, ry) * 0.2
    root = np.array(centre) + unit * rim * 0.8
    tip = np.array(centre) + unit * (rim + reach) + across * 0.8
    near = smooth(np.array([root + across, root + unit * rim * 0.25 + across * 0.9, tip]))
    far = smooth(np.array([tip, root + unit * rim * 0.25 - across * 0.5, root - across]))
    return [np.vstack([near, far])]


def _spiky(centre: Spot, rx: float, ry: float, rng: np.random.Generator) -> Points:
    count = 22
    angles = (np.arange(2 * count) + rng.uniform(-0.25, 0.25, 2 * count)) * np.pi / count
    radii = np.where(np.arange(2 * count) % 2 == 0, rng.uniform(1.0, 1.24, 2 * count), 0.82)
    return np.column_stack([np.cos(angles) * rx, np.sin(angles) * ry]) * radii[:, None] + centre


def _cloudy(centre: Spot, rx: float, ry: float) -> Points:
    count = 11
    parts = []
    for k in range(count):
        share = np.linspace(0, 1, 8, endpoint=False)
        angle = (k + share) * 2 * np.pi / count
        radius = 0.93 + 0.13 * np.sin(np.pi * share) ** 0.7
        parts.append(np.column_stack([np.cos(angle) * rx * radius, np.sin(angle) * ry * radius]))
    return np.vstack(parts) + centre

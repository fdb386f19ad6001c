"""What the balloons of a composed page look like, by kind."""

from typing import Literal

import numpy as np

from mangaflux.samples.balloon import BalloonKind as BodyKind
from mangaflux.samples.balloon import balloon_body, balloon_tail
from mangaflux.samples.composer.paper import BalloonDrawing
from mangaflux.samples.curve import Points, Spot

BalloonKind = Literal[
    "speech", "shout", "thought", "inverted", "open", "joined", "crossing", "tucked", "caption"
]  # fmt: skip

#: Half-axes of a balloon relative to those of its lettering, by body: room that letterers leave.
ROOM: dict[BodyKind, float] = {"speech": 1.45, "shout": 1.75, "thought": 1.55, "narration": 1.14}

_BODIES: dict[BalloonKind, BodyKind] = {"shout": "shout", "thought": "thought", "caption": "narration"}


def body_of(kind: BalloonKind) -> BodyKind:
    """The outline that balloons of a kind have."""
    return _BODIES.get(kind, "speech")


def draw_body(
    rng: np.random.Generator,
    kind: BalloonKind,
    bodies: tuple[tuple[Spot, float, float], ...],
    speaker: Spot | None,
    line_width: float,
    limit: Points | None,
) -> BalloonDrawing:
    """A balloon ready for the paper.

    Args:
        rng: varies spikes, gaps and rims.
        kind: of balloon.
        bodies: centre and half-axes of each body, in pixels; two for joined balloons.
        speaker: what the tail of the first body points to; None for no tail.
        line_width: of the outline, in pixels.
        limit: what a tucked balloon is cut off at, the panel's corners; None for no limit.
    """
    body = body_of(kind)
    shapes = [balloon_body(body, centre, rx, ry, rng) for centre, rx, ry in bodies]
    if speaker is not None:
        shapes += balloon_tail(body, *bodies[0], speaker)
    if body == "shout":
        line_width *= 1.4
    if kind == "inverted":
        rim = line_width if rng.random() < 0.6 else 0.0
        return BalloonDrawing(tuple(shapes), rim, fill=0, line=255)
    gap = float(rng.uniform(0.08, 0.25)) if kind == "open" else 0.0
    return BalloonDrawing(tuple(shapes), line_width, gap=gap, limit=limit)

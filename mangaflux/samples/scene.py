"""Scenes: what one panel shows, and where its faces are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mangaflux.samples.background import BACKGROUNDS
from mangaflux.samples.cast import Cast, Character
from mangaflux.samples.curve import Spot
from mangaflux.samples.drawing import Canvas, Drawing
from mangaflux.samples.figure import draw_figure
from mangaflux.samples.pose import EXPRESSIONS, Arm, Expression, Pose

Shot = Literal["place", "whole", "bust", "pair", "close", "eyes"]

_MOOD_OF: dict[Expression, str] = {
    "calm": "sparkles",
    "happy": "sparkles",
    "laughing": "sparkles",
    "surprised": "focus",
    "determined": "speed",
    "shy": "sparkles",
    "shouting": "focus",
    "sad": "gloom",
}


@dataclass(frozen=True, slots=True)
class Head:
    """Where a face is, in pixels of its panel."""

    x: float
    y: float
    #: Half the width of the face.
    size: float
    expression: Expression

    @property
    def mouth(self) -> Spot:
        """The middle of the mouth."""
        return self.x, self.y + 0.8 * self.size


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawn panel."""

    drawing: Drawing
    heads: tuple[Head, ...]
    #: The name of its background.
    ground: str


def draw_scene(rng: np.random.Generator, cast: Cast, place: str, width: int, height: int, *, opening: bool) -> Scene:
    """Draws a panel of a page that plays at `place`; the opening panel shows where we are."""
    canvas = Canvas(width, height)
    shot = _shot(rng, width / height, opening=opening)
    people = [cast.members[i] for i in rng.permutation(len(cast.members))[: 2 if shot == "pair" else 1]]
    first: Expression = EXPRESSIONS[int(rng.integers(len(EXPRESSIONS)))]
    moody = shot in ("close", "eyes", "bust") and rng.random() < 0.6
    ground = _MOOD_OF[first] if moody else place
    canvas.surface = "mood" if moody else "place"
    BACKGROUNDS[ground](canvas, cast.world, rng)
    canvas.surface = "skin"
    heads = _cast_in(rng, canvas, people, shot, first)
    return Scene(canvas.finish(), heads, ground)


def _shot(rng: np.random.Generator, aspect: float, *, opening: bool) -> Shot:
    choices: Sequence[Shot]
    if opening:
        choices = ("place", "whole", "pair", "whole")
    elif aspect > 1.9:
        choices = ("pair", "eyes", "bust", "pair")
    elif aspect < 0.75:
        choices = ("whole", "bust", "bust")
    else:
        choices = ("bust", "close", "pair", "close", "whole")
    return choices[int(rng.integers(len(choices)))]


def _cast_in(
    rng: np.random.Generator, canvas: Canvas, people: Sequence[Character], shot: Shot, first: Expression
) -> tuple[Head, ...]:
    w, h = canvas.width, canvas.height
    if shot == "place":
        return ()
    if shot == "pair":
        size = min(h * 0.17, w * 0.115)
        places = [(w * float(rng.uniform(0.22, 0.3)), 0.5), (w * float(rng.uniform(0.7, 0.78)), -0.5)]
        return tuple(
            _stand(rng, canvas, who, Head(x, h * float(rng.uniform(0.51, 0.61)), size, first), turn)
            for who, (x, turn) in zip(people, places, strict=True)
        )
    size, row = {
        "whole": (h / 16.5 if w < h * 1.6 else h / 12.0, 0.2),
        "bust": (min(h * 0.19, w * 0.2), 0.5),
        "close": (min(h * 0.3, w * 0.27), 0.56),
        "eyes": (h * 0.52, 0.42),
    }[shot]
    side = float(rng.choice([-1.0, 1.0]))
    x = w * (0.5 + side * {"whole": 0.2 if w > h else 0.1, "bust": 0.14, "close": 0.08, "eyes": 0.1}[shot])
    return (_stand(rng, canvas, people[0], Head(x, h * row, size, first), -side * float(rng.uniform(0.1, 0.6))),)


def _stand(rng: np.random.Generator, canvas: Canvas, who: Character, head: Head, turn: float) -> Head:
    """Draws one figure at a head's place; at times with another face than the one expected."""
    changed = EXPRESSIONS[int(rng.integers(len(EXPRESSIONS)))]
    expression = head.expression if rng.random() < 0.7 else changed
    # A raised hand needs its elbow in the picture.
    arms: tuple[Arm, ...] = ("down", "hip", "raised" if canvas.height - head.y > 6 * head.size else "down")
    left, right = (arms[int(number)] for number in rng.choice(3, size=2, p=[0.5, 0.3, 0.2]))
    pose = Pose(expression, turn, float(rng.uniform(-0.13, 0.13)), (left, right))
    draw_figure(canvas, who, pose, x=head.x, y=head.y, size=head.size)
    return replace(head, expression=expression)

"""How a figure holds itself and what its face says."""

from dataclasses import dataclass
from typing import Literal

Expression = Literal["calm", "happy", "laughing", "surprised", "determined", "shy", "shouting", "sad"]
Arm = Literal["down", "hip", "raised"]

EXPRESSIONS: tuple[Expression, ...] = (
    "calm", "happy", "laughing", "surprised", "determined", "shy", "shouting", "sad",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pose:
    """One moment of a figure."""

    expression: Expression = "calm"
    #: Where the face looks: -1 far to the left of the page, 0 at the reader, 1 far to the right.
    turn: float = 0.0
    #: Clockwise tilt of the head, in radians.
    tilt: float = 0.0
    #: The arms on the left and on the right of the page.
    arms: tuple[Arm, Arm] = ("down", "down")

    def shifted(self, x: float, y: float) -> tuple[float, float]:
        """Where a spot of the facing head comes to lie when the head turns; the far side is foreshortened."""
        far = x * self.turn > 0
        return x * (1 - 0.22 * abs(self.turn) * far) + 0.24 * self.turn, y

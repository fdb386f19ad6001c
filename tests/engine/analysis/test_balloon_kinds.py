import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.balloon_kinds import balloon_kind, tail_tip


def outline(filled: NDArray[np.uint8]) -> NDArray[np.int32]:
    contours, _ = cv2.findContours(filled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(contours, key=cv2.contourArea).reshape(-1, 2), dtype=np.int32)


def round_shape(outer: float, inner: float, corners: int) -> NDArray[np.int32]:
    """A closed shape whose rim runs to and fro between two radii."""
    turn = np.arange(2 * corners) * np.pi / corners
    radius = np.where(np.arange(2 * corners) % 2 == 0, outer, inner)
    points = 150 + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    canvas = np.zeros((300, 300), dtype=np.uint8)
    cv2.fillPoly(canvas, [np.rint(points).astype(np.int32)], (1,))
    return outline(canvas)


def ellipse(tail: tuple[int, int] | None = None) -> NDArray[np.int32]:
    canvas = np.zeros((300, 300), dtype=np.uint8)
    cv2.ellipse(canvas, (150, 120), (100, 70), 0, 0, 360, (1,), -1)
    if tail is not None:
        cv2.fillPoly(canvas, [np.array([(135, 170), (165, 170), tail], dtype=np.int32)], (1,))
    return outline(canvas)


def test_spikes_make_a_shout() -> None:
    assert balloon_kind(round_shape(130, 85, 14), is_box=False) == "shout"


def test_puffs_make_a_thought() -> None:
    canvas = np.zeros((300, 300), dtype=np.uint8)
    for turn in np.arange(10) * np.pi / 5:
        centre = (round(150 + 80 * np.cos(turn)), round(150 + 60 * np.sin(turn)))
        cv2.circle(canvas, centre, 32, (1,), -1)
    cv2.ellipse(canvas, (150, 150), (80, 60), 0, 0, 360, (1,), -1)

    assert balloon_kind(outline(canvas), is_box=False) == "thought"


def test_a_smooth_outline_is_speech_with_a_tail_and_without() -> None:
    assert balloon_kind(ellipse(), is_box=False) == "speech"
    assert balloon_kind(ellipse((170, 260)), is_box=False) == "speech"


def test_square_corners_make_a_caption() -> None:
    assert balloon_kind(ellipse(), is_box=True) == "caption"


def test_the_tail_ends_at_its_tip() -> None:
    tip = tail_tip(ellipse((170, 260)))

    assert tip is not None
    assert np.hypot(tip[0] - 170, tip[1] - 260) < 6


def test_a_balloon_without_a_tail_has_no_tip() -> None:
    assert tail_tip(ellipse()) is None


def test_spikes_of_equal_length_are_no_tail() -> None:
    assert tail_tip(round_shape(130, 85, 14)) is None

import numpy as np
import pytest

from mangaflux.engine.lite.likeness import Places, log_votes

RED, BLUE, PALE_BLUE = (35.0, 45.0, 25.0), (45.0, -8.0, -38.0), (78.0, -6.0, -28.0)

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def ask(traits: list[float], places: list[list[float]], entry: list[int], scenery: float = 1.0) -> FloatArray:
    """The votes for one patch by places of equally frequent colours."""
    entries = np.array([RED, BLUE], np.float32)
    asked = Places(np.repeat(np.array(places, np.float32), 50, axis=0), np.repeat(np.array(entry, np.intp), 50))
    shares = np.full(2, 0.5, np.float32)
    votes = log_votes(np.array([traits], np.float32), np.array([scenery], np.float32), asked, entries, shares)
    return np.asarray(votes[0], np.float32)


@pytest.mark.parametrize(
    ("column", "own", "other"),
    [(0, 0.35, 0.78), (2, 0.2, 0.8), (3, 0.1, 0.9), (4, -1.0, -6.0)],
    ids=["lightness", "rank", "height", "size"],
)
def test_places_like_a_patch_win_its_vote(column: int, own: float, other: float) -> None:
    alike, unlike = ([0.5, 0.5, 0.5, 0.5, -3.0] for _ in range(2))
    alike[column], unlike[column] = own, other
    votes = ask(alike, [alike, unlike], [1, 0])
    assert votes[1] > votes[0] + 0.5


def test_size_says_more_of_scenery_than_of_figures() -> None:
    small, large = [0.5, 0.5, 0.5, 0.5, -6.0], [0.5, 0.5, 0.5, 0.5, -1.0]
    gaps = [float(np.ptp(ask(large, [large, small], [1, 0], scenery))) for scenery in (0.0, 1.0)]
    assert gaps[0] < gaps[1]


def test_entries_of_one_hue_vote_together() -> None:
    traits = np.full((100, 5), 0.5, np.float32)
    asked = Places(traits, np.repeat(np.array([0, 1, 2], np.intp), (40, 30, 30)))
    entries = np.array([RED, BLUE, PALE_BLUE], np.float32)
    votes = log_votes(traits[:1], np.ones(1, np.float32), asked, entries, np.full(3, 1 / 3, np.float32))
    assert votes[0, 1:].min() > votes[0, 0]


def test_where_nothing_tells_the_larger_share_wins() -> None:
    traits = np.full((2, 5), 0.5, np.float32)
    asked = Places(traits, np.array([0, 1], np.intp))
    shares = np.array([0.3, 0.7], np.float32)
    votes = log_votes(traits[:1], np.ones(1, np.float32), asked, np.array([RED, BLUE], np.float32), shares)
    assert votes[0, 1] > votes[0, 0]

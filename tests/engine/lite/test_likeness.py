import numpy as np
import pytest

from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.lite.likeness import Places, surroundings, vote
from mangaflux.engine.lite.regions import find_regions

DARK_RED, LIGHT_BLUE = (35.0, 45.0, 25.0), (78.0, -8.0, -28.0)


def page(level: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((200, 200), level, np.uint8)


def places() -> Places:
    """A dark red half and a light blue one."""
    greys = np.repeat(np.array([[0.35, 0.35], [0.78, 0.78]], np.float32), 50, axis=0)
    return Places(greys, np.repeat(np.array([0, 1], np.intp), 50))


@pytest.mark.parametrize(("level", "entry"), [(80, 0), (205, 1)])
def test_places_as_light_as_a_patch_win_its_vote(level: int, entry: int) -> None:
    regions = find_regions(extract_line_art(page(level)), np.zeros((200, 200), np.bool_))
    votes = vote(regions, regions.tone, places(), np.array([DARK_RED, LIGHT_BLUE], np.float32))
    assert votes[:, entry].min() > 0.9
    assert votes.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_entries_of_one_hue_vote_together() -> None:
    entries = np.array([(50.0, 30.0, 2.0), (50.0, 30.0, -2.0), (50.0, -30.0, 0.0)], np.float32)
    greys = np.full((100, 2), 0.5, np.float32)
    asked = Places(greys, np.repeat(np.array([0, 1, 2], np.intp), (30, 30, 40)))
    regions = find_regions(extract_line_art(page(128)), np.zeros((200, 200), np.bool_))
    votes = vote(regions, regions.tone, asked, entries)
    assert votes[0, :2].min() > votes[0, 2]


def test_surroundings_ignore_what_is_unknown() -> None:
    lightness = np.full((60, 60), 0.8, np.float32)
    lightness[:, 30:] = 0.0
    known = np.ones((60, 60), np.bool_)
    known[:, 30:] = False
    assert surroundings(lightness, known)[30, 28] == pytest.approx(0.8, abs=0.01)

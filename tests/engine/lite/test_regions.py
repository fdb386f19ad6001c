import cv2
import numpy as np
import pytest

from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.lite.regions import Regions, find_regions

SIDE = 400


def blank() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((SIDE, SIDE), 255, np.uint8)


def find(page: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], paper: Mask | None = None) -> Regions:
    return find_regions(extract_line_art(page), np.zeros(page.shape, np.bool_) if paper is None else paper)


def test_a_closed_shape_is_a_region_of_its_own() -> None:
    page = blank()
    cv2.circle(page, (200, 200), 80, 0, 4)
    regions = find(page)
    assert regions.labels[200, 200] != regions.labels[20, 20]
    assert (regions.labels[160:240, 160:240] == regions.labels[200, 200]).all()


def test_a_small_gap_in_an_outline_does_not_leak() -> None:
    page = blank()
    cv2.circle(page, (200, 200), 80, 0, 4)
    page[115:126, 198:203] = 255
    regions = find(page)
    assert regions.labels[200, 200] != regions.labels[20, 20]


def test_a_region_knows_its_tone() -> None:
    page = blank()
    cv2.rectangle(page, (100, 100), (300, 300), 128, -1)
    cv2.rectangle(page, (100, 100), (300, 300), 0, 4)
    regions = find(page)
    assert regions.tone[regions.labels[200, 200]] == pytest.approx(128 / 255, abs=0.04)
    assert regions.tone[regions.labels[20, 20]] == pytest.approx(1.0, abs=0.04)


def test_two_greys_without_a_line_between_are_two_regions() -> None:
    page = blank()
    page[:, 200:] = 120
    regions = find(np.asarray(cv2.GaussianBlur(page, (0, 0), 3), np.uint8))
    assert regions.labels[200, 60] != regions.labels[200, 340]
    assert regions.open_border.max() > 300


def test_paper_belongs_to_no_region() -> None:
    paper = np.zeros((SIDE, SIDE), np.bool_)
    paper[:, :50] = True
    regions = find(blank(), paper)
    assert (regions.labels[paper] == -1).all()
    assert (regions.labels[~paper] >= 0).all()


def test_what_runs_along_the_rim_is_told_from_what_does_not() -> None:
    page = blank()
    cv2.circle(page, (200, 200), 80, 0, 4)
    regions = find(page)
    assert regions.rim[regions.labels[20, 20]] > 0.5
    assert regions.rim[regions.labels[200, 200]] == 0.0


def test_a_face_under_black_hair_has_something_dark_above() -> None:
    page = blank()
    cv2.circle(page, (200, 200), 80, 0, 2)
    bald = find(page)
    cv2.ellipse(page, (200, 180), (80, 70), 0, 180, 360, 0, -1)
    haired = find(page)
    assert haired.dark_above[haired.labels[230, 200]] > 0.5
    assert bald.dark_above[bald.labels[230, 200]] < 0.2


@pytest.mark.parametrize("shape", [(1, 1), (1, 60), (60, 1), (2, 2), (9, 700)])
def test_a_page_of_any_shape_has_regions(shape: tuple[int, int]) -> None:
    regions = find(np.full(shape, 255, np.uint8))
    assert regions.labels.shape == shape
    assert regions.labels.max() + 1 == len(regions.area)


def test_a_black_page_has_no_more_than_one_region() -> None:
    assert len(find(np.zeros((SIDE, SIDE), np.uint8)).area) <= 1


def test_a_page_of_paper_has_no_regions() -> None:
    regions = find(blank(), np.ones((SIDE, SIDE), np.bool_))
    assert len(regions.area) == 0
    assert (regions.labels == -1).all()

import cv2
import numpy as np

from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.analysis.patches import enclosed_patches
from tests.engine.analysis.drawn_pages import blank


def test_closed_lines_part_patches() -> None:
    page = blank()
    cv2.circle(page, (300, 400), 100, (150,), -1)
    cv2.circle(page, (300, 400), 100, (0,), 4)

    patches = enclosed_patches(extract_line_art(page), np.zeros(page.shape, dtype=np.bool_))

    inner, outer = patches.labels[400, 300], patches.labels[50, 50]
    assert len(patches.area) == 2
    assert inner != outer
    assert patches.area[inner] / (3.14 * 98**2) > 0.95
    assert abs(patches.tone[inner] - 150 / 255) < 0.03
    assert patches.tone[outer] > 0.98


def test_paper_and_ink_belong_to_no_patch() -> None:
    page = blank()
    cv2.line(page, (0, 400), (599, 400), (0,), 5)
    paper = np.zeros(page.shape, dtype=np.bool_)
    paper[:200] = True

    patches = enclosed_patches(extract_line_art(page), paper)

    assert (patches.labels[:200] == -1).all()
    assert patches.labels[400, 300] == -1
    assert len(patches.area) == 2


def test_a_page_without_room_has_no_patches() -> None:
    page = np.full((40, 30), 255, dtype=np.uint8)

    patches = enclosed_patches(extract_line_art(page), np.ones(page.shape, dtype=np.bool_))

    assert len(patches.area) == len(patches.tone) == len(patches.rim) == 0

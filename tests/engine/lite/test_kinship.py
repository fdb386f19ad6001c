import cv2
import numpy as np

from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.lite.kinship import find_kin
from mangaflux.engine.lite.regions import Regions, find_regions


def coats(second_level: int, *, gap: int = 10) -> Regions:
    """Two dark patches side by side with a wall around them."""
    page = np.full((400, 400), 255, np.uint8)
    for left, level in ((100, 130), (160 + gap, second_level)):
        cv2.rectangle(page, (left, 150), (left + 60, 250), level, -1)
        cv2.rectangle(page, (left, 150), (left + 60, 250), 0, 4)
    return find_regions(extract_line_art(page), np.zeros(page.shape, np.bool_))


def are_kin(regions: Regions, one: tuple[int, int], other: tuple[int, int]) -> bool:
    wanted = {int(regions.labels[one[1], one[0]]), int(regions.labels[other[1], other[0]])}
    kin = find_kin(regions)
    return any({int(a), int(b)} == wanted for a, b in zip(kin.first, kin.second, strict=True))


def test_like_patches_near_each_other_are_kin() -> None:
    assert are_kin(coats(130), (130, 200), (200, 200))


def test_patches_of_other_tones_are_no_kin() -> None:
    assert not are_kin(coats(190), (130, 200), (200, 200))


def test_patches_far_apart_are_no_kin() -> None:
    assert not are_kin(coats(130, gap=120), (130, 200), (310, 200))


def test_patches_of_other_panels_are_no_kin() -> None:
    page = np.full((400, 400), 255, np.uint8)
    paper = np.zeros(page.shape, np.bool_)
    paper[:, 195:205] = True
    assert not are_kin(find_regions(extract_line_art(page), paper), (100, 200), (300, 200))

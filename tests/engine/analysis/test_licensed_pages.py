"""Real pages with truth beside them; no part of the project, so these tests skip where they are not at hand."""

import json
import os
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import PageAnalysis
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.analysis.tone import is_color


@pytest.fixture(scope="module")
def folder() -> Path:
    name = os.environ.get("MANGA_FLUX_TEST_PAGES")
    if not name:
        pytest.skip("MANGA_FLUX_TEST_PAGES names no folder of licensed test pages")
    return Path(name)


def read(path: Path) -> NDArray[np.uint8]:
    page = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert page is not None, path.name
    return np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2RGB), dtype=np.uint8)


@cache
def analysed(path: Path) -> PageAnalysis:
    return analyze_page(read(path), reading_direction="ltr")


def filled(shape: tuple[int, ...], polygon: object) -> NDArray[np.bool_]:
    mask = np.zeros(shape, dtype=np.uint8)
    cv2.fillPoly(mask, [np.array(polygon, dtype=np.int32)], (1,))
    return mask > 0


def overlap(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return float((first & second).sum() / max(1, (first | second).sum()))


@pytest.mark.parametrize("name", ["pc_E09P02_en", "pc_E09P05_ja", "pc_E16P01_en", "pc_E16P03_ja", "pc_E16P05_ja"])
def test_nearly_all_balloons_of_a_page_are_found(folder: Path, name: str) -> None:
    truth = json.loads((folder / f"{name}.json").read_text())["balloons"]

    found = analysed(folder / f"{name}_bw.png")

    shape = found.balloon_mask.shape
    shapes = [filled(shape, balloon.polygon) for balloon in found.balloons]
    hit = [
        max((overlap(filled(shape, polygon), shape_found) for shape_found in shapes), default=0.0) > 0.5
        for polygon in truth
    ]
    assert sum(hit) >= len(truth) - 1


@pytest.mark.parametrize(("name", "middle"), [("msdemo-002-library", (292, 108)), ("msdemo-004-rain", (66, 520))])
def test_a_balloon_of_two_letters_is_found(folder: Path, name: str, middle: tuple[int, int]) -> None:
    assert analysed(folder / f"{name}.png").balloon_mask[middle[1], middle[0]]


@pytest.mark.parametrize("name", ["pc_E09P02_en", "pc_E16P03_ja", "pc_E16P05_ja"])
def test_the_panels_of_a_page_are_found_in_order(folder: Path, name: str) -> None:
    truth = json.loads((folder / f"{name}.json").read_text())["panels"]

    found = analysed(folder / f"{name}_bw.png")

    shape = found.panel_mask.shape
    pairs = zip(found.panels, truth, strict=True)
    assert all(overlap(filled(shape, panel.polygon), filled(shape, true["polygon"])) > 0.5 for panel, true in pairs)


@pytest.mark.parametrize("name", ["pc_E09P02_en", "little_nemo_1907-09-29"])
def test_colour_pages_are_told_from_grey_ones(folder: Path, name: str) -> None:
    grey = next(path for path in (folder / f"{name}_bw.png", folder / f"{name}_gray.jpg") if path.exists())

    assert is_color(read(folder / f"{name}_color.jpg"))
    assert not is_color(read(grey))

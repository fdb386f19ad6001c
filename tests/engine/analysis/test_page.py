from dataclasses import fields

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mangaflux.engine.analysis.page import analyze_page
from mangaflux.errors import AttemptAbortedError
from tests.engine.analysis.drawn_pages import Gray, analysed, balloon, blank, four_panels, rgb, unlettered


def enlarged() -> Gray:
    return np.asarray(cv2.resize(four_panels(), (1200, 1700)), dtype=np.uint8)


def test_a_page_gives_panels_balloons_lettering_and_a_prompt() -> None:
    page = four_panels()
    balloon(page, 430, 120)

    found = analysed(page)

    assert len(found.panels) == 4
    assert [held.panel for held in found.balloons] == [1]
    assert {block.kind for block in found.lettering} == {"speech"}
    assert "4 panels" in found.prompt


def test_masks_are_as_large_as_the_page() -> None:
    found = analysed(enlarged())

    for mask in (found.lettering_mask, found.balloon_mask, found.panel_mask):
        assert mask.shape == (1700, 1200)
        assert mask.dtype == np.bool_


def test_a_large_page_has_its_boxes_in_its_own_pixels() -> None:
    small = analysed(four_panels())

    large = analysed(enlarged())

    for little, big in zip(small.panels, large.panels, strict=True):
        assert np.allclose(np.array(big.bbox) / 2, little.bbox, atol=4)


def test_panels_are_numbered_from_the_right_by_default() -> None:
    panels = analysed(four_panels()).panels

    assert [panel.order for panel in panels] == [1, 2, 3, 4]
    assert [(panel.bbox[0] > 200, panel.bbox[1] > 300) for panel in panels] == [
        (True, False),
        (False, False),
        (True, True),
        (False, True),
    ]


def test_panels_are_numbered_from_the_left_when_asked() -> None:
    panels = unlettered(four_panels(), "ltr").panels

    assert [panel.bbox[0] > 200 for panel in panels] == [False, True, False, True]


def test_the_same_page_gives_the_same_answer() -> None:
    page = four_panels()
    balloon(page, 430, 120)

    first, second = analysed(page), analyze_page(rgb(page))

    for field in fields(first):
        assert np.array_equal(getattr(first, field.name), getattr(second, field.name)), field.name


def test_a_page_without_letters_is_the_same_where_none_are_looked_for() -> None:
    looked, spared = analysed(four_panels()), unlettered(four_panels())

    for field in fields(looked):
        if field.name != "prompt":
            assert np.array_equal(getattr(looked, field.name), getattr(spared, field.name)), field.name


def test_stages_are_reported_in_order() -> None:
    stages: list[str] = []

    analyze_page(rgb(blank(60, 85)), report=stages.append)

    assert stages == ["tone", "lettering", "balloons", "panels", "order", "masks", "facts"]


def test_an_abort_from_the_report_passes_through() -> None:
    def abort(stage: str) -> None:
        if stage == "panels":
            raise AttemptAbortedError("Cancelled.")

    with pytest.raises(AttemptAbortedError):
        analyze_page(rgb(blank(60, 85)), report=abort)


def test_a_blank_page_is_one_uncertain_panel_without_balloons() -> None:
    found = analysed(blank())

    assert found.is_blank
    assert [panel.bbox for panel in found.panels] == [(0, 0, 600, 850)]
    assert found.panels[0].confidence < 0.5
    assert found.balloons == ()
    assert not found.lettering_mask.any()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 3), (17, 900)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_pages_of_any_shape_are_analysed(size: tuple[int, int], level: int) -> None:
    found = analyze_page(np.full((*size, 3), level, dtype=np.uint8))

    assert found.panel_mask.shape == size
    assert len(found.panels) == 1


def test_noise_has_no_balloons(noise: NDArray[np.uint8]) -> None:
    assert analyze_page(noise).balloons == ()


@pytest.fixture
def noise() -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (350, 250, 3), dtype=np.uint8)

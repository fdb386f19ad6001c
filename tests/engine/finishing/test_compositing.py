from dataclasses import replace

import cv2
import numpy as np
import pytest

from mangaflux.engine.analysis.metadata import PageAnalysis
from mangaflux.engine.base import ColourLayer, RgbImage
from mangaflux.engine.finishing.compositing import at_strength, composite
from tests.engine.engine_contract import HEIGHT, WIDTH, describe_page, draw_page

ORANGE = (235, 150, 60)


def flat_layer(colour: tuple[int, int, int] = ORANGE, width: int = WIDTH, height: int = HEIGHT) -> ColourLayer:
    return ColourLayer(image=np.full((height, width, 3), colour, np.uint8))


def lightness(image: RgbImage) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab[..., 0], np.float32)


def test_lettering_keeps_every_byte() -> None:
    page, analysis = draw_page(), describe_page()
    finished = composite(page, flat_layer(), analysis)
    assert (finished[analysis.lettering_mask] == page[analysis.lettering_mask]).all()


def test_lettering_in_the_drawing_keeps_every_byte() -> None:
    page, lettering = draw_page(), np.zeros((HEIGHT, WIDTH), np.bool_)
    lettering[200:230, 60:120] = True
    analysis = replace(describe_page(), lettering_mask=lettering)
    finished = composite(page, flat_layer(), analysis)
    assert (finished[lettering] == page[lettering]).all()


def test_balloons_stay_white() -> None:
    page, analysis = draw_page(), describe_page()
    finished = composite(page, flat_layer(), analysis)
    assert (finished[analysis.balloon_mask] == page[analysis.balloon_mask]).all()


def test_gutters_stay_white() -> None:
    page, analysis = draw_page(), describe_page()
    finished = composite(page, flat_layer(), analysis)
    assert (finished[~analysis.panel_mask] == page[~analysis.panel_mask]).all()


def test_paper_inside_a_panel_takes_the_colour_of_the_layer() -> None:
    finished = composite(draw_page(), flat_layer(), describe_page())
    assert np.abs(finished[300, 190].astype(int) - ORANGE).max() <= 2


def test_lines_and_solid_blacks_stay_black() -> None:
    page, analysis = draw_page(), describe_page()
    finished = composite(page, flat_layer(), analysis)
    ink = page.max(axis=2) < 20
    assert (finished[ink].max(axis=1) < 40).mean() > 0.998


def test_no_strength_gives_the_original_greys_exactly() -> None:
    page = draw_page()
    finished = composite(page, flat_layer(), describe_page())
    assert at_strength(finished, page, 0.0).tobytes() == page.tobytes()


def test_half_the_strength_lies_between_the_page_and_the_colour() -> None:
    page, analysis = draw_page(), describe_page()
    finished = composite(page, flat_layer(), analysis)
    full, half = (at_strength(finished, page, strength)[300, 190].astype(int) for strength in (1.0, 0.5))
    assert np.abs(half - (full + 255) / 2).max() <= 1


@pytest.mark.parametrize("size", [(120, 170), (480, 680), (97, 137)])
def test_a_layer_of_any_size_is_scaled_to_the_page(size: tuple[int, int]) -> None:
    finished = composite(draw_page(), flat_layer(width=size[0], height=size[1]), describe_page())
    assert finished.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(finished[300, 190].astype(int) - ORANGE).max() <= 2


def test_thin_strokes_of_the_layer_vanish() -> None:
    layer = flat_layer()
    layer.image[:, 190] = (20, 20, 20)
    finished = composite(draw_page(), layer, describe_page())
    clean = composite(draw_page(), flat_layer(), describe_page())
    assert np.abs(finished[300, 185:196].astype(int) - clean[300, 185:196]).max() <= 12


def test_screentone_becomes_even_shade() -> None:
    page, analysis = dotted_page()
    dots = lightness(page)[60:240, 60:240]
    shade = lightness(composite(page, flat_layer(), analysis))[60:240, 60:240]
    assert shade.std() < 0.25 * dots.std()
    assert shade.mean() < lightness(flat_layer().image).mean() + 0.5


def test_the_same_page_gives_the_same_bytes() -> None:
    first = composite(draw_page(), flat_layer(), describe_page())
    second = composite(draw_page(), flat_layer(), describe_page())
    assert first.tobytes() == second.tobytes()


def test_neither_page_nor_layer_is_changed() -> None:
    page, layer = draw_page(), flat_layer()
    composite(page, layer, describe_page())
    assert page.tobytes() == draw_page().tobytes()
    assert layer.image.tobytes() == flat_layer().image.tobytes()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_page_of_a_single_pixel_is_finished(level: int) -> None:
    page = np.full((1, 1, 3), level, np.uint8)
    none = np.zeros((1, 1), np.bool_)
    analysis = replace(describe_page(), panel_mask=none, balloon_mask=none, lettering_mask=none)
    assert composite(page, flat_layer(width=1, height=1), analysis).tobytes() == page.tobytes()


def dotted_page() -> tuple[RgbImage, PageAnalysis]:
    """A page of nothing but dots, six pixels apart, in one panel without balloons."""
    page = np.full((300, 300, 3), 255, np.uint8)
    for y in range(3, 300, 6):
        for x in range(3, 300, 6):
            cv2.circle(page, (x, y), 1, (0, 0, 0), -1)
    empty = np.zeros((300, 300), np.bool_)
    return page, replace(describe_page(), panel_mask=~empty, balloon_mask=empty, lettering_mask=empty)

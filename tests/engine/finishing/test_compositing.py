import io
from dataclasses import replace
from typing import get_args

import cv2
import numpy as np
import pytest
from PIL import Image

from mangaflux.engine.analysis.metadata import PageAnalysis
from mangaflux.engine.base import ColourLayer, RgbImage
from mangaflux.engine.finishing.compositing import FinishingRecipe, at_strength, composite
from mangaflux.engine.finishing.merging import MergeRule
from mangaflux.engine.imaging import decode_original
from tests.engine.engine_contract import FRAME, HEIGHT, WIDTH, describe_page, draw_page

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


def test_a_gutter_that_a_panel_reaches_over_stays_white() -> None:
    page, analysis = draw_page(), describe_page()
    x, y, width, height = FRAME
    cv2.rectangle(page, (x + width + 10, y), (WIDTH, y + height - 1), (0, 0, 0), 3)
    reaching = analysis.panel_mask.copy()
    reaching[y : y + height, x + width :] = True
    finished = composite(page, flat_layer(), replace(analysis, panel_mask=reaching))
    assert (finished[y + 10 : y + height - 10, x + width + 2 : x + width + 8] == 255).all()


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


def test_tinted_paper_loses_its_tint_but_under_lettering() -> None:
    page, analysis = draw_page(), describe_page()
    page[..., 2] = page[..., 2] // 8 * 7
    finished = composite(page, flat_layer(), analysis)
    white = ~analysis.panel_mask & ~analysis.lettering_mask
    assert (finished[white].max(axis=1) == finished[white].min(axis=1)).all()
    assert (finished[analysis.lettering_mask] == page[analysis.lettering_mask]).all()


@pytest.mark.parametrize("rule", get_args(MergeRule))
def test_no_rule_colours_ink(rule: MergeRule) -> None:
    page = draw_page()
    finished = composite(page, flat_layer(), describe_page(), recipe=FinishingRecipe(merge=rule))
    assert finished[page.max(axis=2) < 20].max() < 40


def test_keeping_the_lightness_of_the_page_pales_on_white_paper() -> None:
    kept = composite(draw_page(), flat_layer(), describe_page(), recipe=FinishingRecipe(merge="keep_l"))
    darker = composite(draw_page(), flat_layer(), describe_page())
    assert lightness(kept)[300, 190] > lightness(darker)[300, 190] + 15


def test_multiplying_shades_a_grey_twice() -> None:
    layer = flat_layer((120, 110, 100))
    product = composite(draw_page(), layer, describe_page(), recipe=FinishingRecipe(merge="multiply"))
    darker = composite(draw_page(), layer, describe_page())
    assert lightness(product)[240, 100] < lightness(darker)[240, 100] - 10


def test_a_colour_that_no_screen_shows_is_clipped_not_mirrored() -> None:
    finished = composite(draw_page(), flat_layer((0, 0, 255)), describe_page(), recipe=FinishingRecipe(merge="keep_l"))
    red, green, blue = finished[300, 190].astype(int)
    assert blue >= max(red, green)
    assert blue > 200


def test_a_colour_a_few_pixels_off_stays_on_its_side_of_a_line() -> None:
    page = np.full((200, 1200, 3), 255, np.uint8)
    page[:, 598:602] = 0
    layer = np.full((200, 1200, 3), (240, 200, 60), np.uint8)
    layer[:, :605] = (90, 140, 240)
    empty = np.zeros((200, 1200), np.bool_)
    analysis = replace(describe_page(), panel_mask=~empty, balloon_mask=empty, lettering_mask=empty)
    finished = composite(page, ColourLayer(image=layer), analysis)
    assert np.abs(finished[100, 604].astype(int) - (240, 200, 60)).max() < 40


def test_kept_screentone_stays_dots() -> None:
    page, analysis = dotted_page()
    kept = composite(page, flat_layer(), analysis, recipe=FinishingRecipe(screentone="keep"))
    assert lightness(kept)[60:240, 60:240].std() > 0.5 * lightness(page)[60:240, 60:240].std()


@pytest.mark.parametrize("kind", ["L", "RGB", "RGBA", "I;16", "CMYK", "1", "P", "rotated"])
def test_a_page_of_every_kind_of_image_is_finished(kind: str) -> None:
    page = decode_original(encoded(draw_page(), kind), max_pixels=1_000_000)
    finished = composite(page, flat_layer(), describe_page())
    kept = describe_page().lettering_mask
    assert (finished[kept] == page[kept]).all()
    assert np.abs(finished[300, 190].astype(int) - ORANGE).max() <= 2


def test_a_page_worked_in_bands_looks_as_if_it_were_done_at_once() -> None:
    height = 3000
    page = np.full((height, 200, 3), 255, np.uint8)
    layer = np.zeros((height // 4, 50, 3), np.uint8)
    layer[..., 0] = np.linspace(40, 255, height // 4).astype(np.uint8)[:, None]
    layer[..., 1] = 90
    empty = np.zeros((height, 200), np.bool_)
    analysis = replace(describe_page(), panel_mask=~empty, balloon_mask=empty, lettering_mask=empty)
    red = composite(page, ColourLayer(image=layer), analysis)[..., 0].astype(int)
    assert np.abs(np.diff(red[:, 100])).max() <= 2


def test_where_the_bands_of_a_page_begin_makes_no_difference() -> None:
    painted = np.random.default_rng(1).integers(0, 256, (3050, 200, 3), np.uint8)
    page = np.full((3000, 200, 3), 255, np.uint8)
    empty = np.zeros((3000, 200), np.bool_)
    analysis = replace(describe_page(), panel_mask=~empty, balloon_mask=empty, lettering_mask=empty)
    first, later = (composite(page, ColourLayer(image=painted[top : top + 3000]), analysis) for top in (0, 50))
    assert (first[100:-50] == later[50:-100]).all()


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


def encoded(page: RgbImage, kind: str) -> bytes:
    image, buffer = Image.fromarray(page), io.BytesIO()
    if kind == "I;16":
        image = Image.fromarray(page[..., 0].astype(np.uint16) * 257)
    elif kind == "rotated":
        exif = Image.Exif()
        exif[0x0112] = 6
        image.rotate(90, expand=True).save(buffer, "PNG", exif=exif)
        return buffer.getvalue()
    elif kind != "RGB":
        image = image.convert(kind)
    image.save(buffer, "TIFF" if kind == "CMYK" else "PNG")
    return buffer.getvalue()


def dotted_page() -> tuple[RgbImage, PageAnalysis]:
    """A page of nothing but dots, six pixels apart, in one panel without balloons."""
    page = np.full((300, 300, 3), 255, np.uint8)
    for y in range(3, 300, 6):
        for x in range(3, 300, 6):
            cv2.circle(page, (x, y), 1, (0, 0, 0), -1)
    empty = np.zeros((300, 300), np.bool_)
    return page, replace(describe_page(), panel_mask=~empty, balloon_mask=empty, lettering_mask=empty)

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.base import ColorizeRequest, ColourHint, Quality, Region, RgbImage
from mangaflux.engine.finishing.compositing import composite
from mangaflux.engine.lite.engine import LiteEngine
from tests.engine.engine_contract import (
    COLD,
    HEIGHT,
    WARM,
    WIDTH,
    RecordingContext,
    make_request,
    paint_reference,
    request_for,
)

COAT = (100, 240)
FACE = (105, 155)


def colour(request: ColorizeRequest) -> RgbImage:
    return LiteEngine().colorize(request, RecordingContext()).image


def lab(image: RgbImage) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def at(image: RgbImage, point: tuple[int, int]) -> tuple[int, ...]:
    return tuple(int(channel) for channel in image[point[1], point[0]])


def test_gutters_and_balloons_of_the_layer_are_white() -> None:
    request = make_request()
    layer = colour(request)
    assert (layer[~request.analysis.panel_mask] == 255).all()
    assert (layer[request.analysis.balloon_mask] == 255).all()


def test_a_panel_is_painted_in_the_colours_of_its_reference() -> None:
    warm = lab(colour(make_request()))[30:310, 30:210]
    cold = lab(colour(replace(make_request(), references=(COLD,))))[30:310, 30:210]
    assert warm[..., 2].mean() > 15
    assert cold[..., 2].mean() < 0


def test_a_face_under_hair_is_painted_like_the_skin_of_the_reference() -> None:
    _, a, b = lab(colour(make_request()))[FACE[1], FACE[0]]
    assert 0 < a < 30
    assert 5 < b < 40


def test_what_is_flat_in_the_drawing_is_flat_in_the_layer() -> None:
    layer = colour(make_request())
    assert np.ptp(layer[215:265, 75:135].reshape(-1, 3).astype(int), axis=0).max() <= 6


def test_among_colours_as_good_as_each_other_the_seed_decides() -> None:
    lying = paint_reference((205, 130, 130), (120, 180, 120), (130, 160, 215), (180, 165, 90), (190, 130, 200))
    # Side by side: what lies high in a reference is better for what lies high on a page.
    alike = np.ascontiguousarray(np.rot90(lying))
    layers = {colour(replace(make_request(seed=seed), references=(alike,))).tobytes() for seed in range(6)}
    assert len(layers) > 1


def test_a_hint_colours_the_patch_under_it() -> None:
    hint = ColourHint(x=COAT[0], y=COAT[1], rgb=(20, 120, 60))
    layer = colour(replace(make_request(), hints=(hint,)))
    assert np.abs(np.subtract(at(layer, COAT), hint.rgb)).max() <= 6


@pytest.mark.parametrize("point", [(5, 5), (180, 70), (-3, 9999)], ids=["gutter", "balloon", "beside the page"])
def test_a_hint_on_paper_changes_nothing(point: tuple[int, int]) -> None:
    hint = ColourHint(x=point[0], y=point[1], rgb=(20, 120, 60))
    assert colour(replace(make_request(), hints=(hint,))).tobytes() == colour(make_request()).tobytes()


def test_a_chosen_palette_replaces_the_colours_of_the_reference() -> None:
    chosen = {"1": (40, 90, 190), "2": (60, 170, 190), "3": (190, 225, 245)}
    layer = lab(colour(replace(make_request(), palette=chosen)))
    assert layer[COAT[1], COAT[0], 2] < 0


def test_a_region_is_cut_from_the_same_picture() -> None:
    whole = colour(make_request())
    part = colour(replace(make_request(), region=Region(x=40, y=60, width=120, height=80)))
    assert part.tobytes() == np.ascontiguousarray(whole[60:140, 40:160]).tobytes()


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (90, 1), (3, 5)])
@pytest.mark.parametrize("level", [0, 255])
def test_a_page_of_any_shape_is_coloured(shape: tuple[int, int], level: int) -> None:
    request = make_request()
    panel, none = np.ones(shape, np.bool_), np.zeros(shape, np.bool_)
    analysis = replace(request.analysis, panel_mask=panel, balloon_mask=none, lettering_mask=none)
    layer = colour(request_for(np.full((*shape, 3), level, np.uint8), analysis=analysis))
    assert layer.shape == (*shape, 3)


def test_a_sky_that_grows_lighter_has_one_hue() -> None:
    sky = np.repeat(np.linspace(40, 250, 600, dtype=np.uint8)[:, None], 400, axis=1)
    panel, none = np.ones(sky.shape, np.bool_), np.zeros(sky.shape, np.bool_)
    analysis = replace(make_request().analysis, panel_mask=panel, balloon_mask=none, lettering_mask=none)
    by_lightness = paint_reference((110, 20, 30), (30, 100, 60), (60, 90, 200), (220, 150, 40), (240, 190, 220))
    request = request_for(np.repeat(sky[..., None], 3, axis=2), analysis=analysis)
    layer = lab(colour(replace(request, references=(by_lightness,))))[40:560, 40:360]
    hues = np.unwrap(np.arctan2(layer[..., 2], layer[..., 1]).mean(axis=1))
    assert np.degrees(np.ptp(hues)) < 25


@pytest.mark.parametrize(("quality", "side"), [("best", 900), ("fast", 600)])
def test_a_large_page_is_painted_small(quality: Quality, side: int) -> None:
    request = replace(make_request(), quality=quality)
    page = cv2.resize(request.page, (WIDTH * 6, HEIGHT * 6))
    size = (WIDTH * 6, HEIGHT * 6)
    masks = [
        cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        for mask in (request.analysis.panel_mask, request.analysis.balloon_mask, request.analysis.lettering_mask)
    ]
    analysis = replace(request.analysis, panel_mask=masks[0], balloon_mask=masks[1], lettering_mask=masks[2])
    layer = colour(request_for(np.asarray(page, np.uint8), quality=quality, analysis=analysis))
    assert max(layer.shape) == side


def test_stages_are_timed() -> None:
    layer = LiteEngine().colorize(make_request(), RecordingContext())
    assert list(layer.timings_ms) == ["palette", "lines", "regions", "faces", "prior", "assignment", "painting"]


def test_a_drawn_page_comes_out_in_colour_with_its_lettering_whole() -> None:
    folder = os.environ.get("MANGA_FLUX_TEST_PAGES")
    if not folder:
        pytest.skip("MANGA_FLUX_TEST_PAGES is not set; it names the folder of the licensed test pages")
    page, reference = (_read(Path(folder) / name) for name in ("pc_E09P02_en_bw.png", "pc_E16P05_ja_color.jpg"))
    analysis = analyze_page(page)
    request = request_for(page, analysis=analysis, references=(reference,))
    finished = composite(page, LiteEngine().colorize(request, RecordingContext()), analysis)
    colourful = np.hypot(lab(finished)[..., 1], lab(finished)[..., 2]) > 8
    assert colourful[analysis.panel_mask].mean() > 0.3
    assert (finished[analysis.lettering_mask] == page[analysis.lettering_mask]).all()


def _read(path: Path) -> RgbImage:
    image = cv2.imread(str(path))
    if image is None:
        pytest.fail(f"{path.name} is missing from the test pages")
    return np.ascontiguousarray(image[..., ::-1]).astype(np.uint8)


def test_warm_and_cold_references_are_plainly_apart() -> None:
    warm = lab(colour(replace(make_request(), references=(WARM,))))
    cold = lab(colour(replace(make_request(), references=(COLD,))))
    assert float(np.hypot(*(warm - cold)[..., 1:].transpose(2, 0, 1)).mean()) > 12

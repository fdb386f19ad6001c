import numpy as np
import pytest

from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.lite.pixels import read_pixels
from mangaflux.engine.lite.regions import find_regions
from mangaflux.engine.lite.surroundings import surroundings
from mangaflux.engine.lite.traits import AROUND, HEIGHT, LIGHTNESS, RANK, SIZE, patch_traits, place_traits

SKY, FIELD = (90, 150, 230), (40, 110, 50)

RgbImage = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def landscape() -> RgbImage:
    """Sky on three quarters, field below."""
    image = np.empty((160, 120, 3), np.uint8)
    image[:120], image[120:] = SKY, FIELD
    return image


def test_a_sky_of_a_reference_is_light_high_and_large() -> None:
    pixels = read_pixels(landscape())
    sky = pixels.lab[:, 0] > 50
    traits = place_traits([pixels], np.where(sky, 0, 1))
    above, below = traits[sky].mean(axis=0), traits[~sky].mean(axis=0)
    assert (above[[LIGHTNESS, AROUND, RANK, SIZE]] > below[[LIGHTNESS, AROUND, RANK, SIZE]]).all()
    assert above[HEIGHT] == pytest.approx(0.375, abs=0.02)
    assert below[HEIGHT] == pytest.approx(0.875, abs=0.02)
    assert np.exp(below[SIZE]) == pytest.approx(0.25, abs=0.02)


def test_each_panel_of_a_reference_is_a_picture_of_its_own() -> None:
    page = np.full((360, 140, 3), 255, np.uint8)
    page[10:170, 10:130], page[190:350, 10:130] = landscape(), landscape()
    alone, together = read_pixels(landscape()), read_pixels(page)
    assert together.height.mean() == pytest.approx(alone.height.mean(), abs=0.03)
    assert (together.picture_area < 0.5 * together.where.size).all()


def test_patches_of_a_page_know_their_place_in_their_panel() -> None:
    page = np.full((400, 300), 255, np.uint8)
    paper = np.ones(page.shape, np.bool_)
    for top in (20, 220):
        paper[top : top + 160, 20:280] = False
        page[top : top + 120, 20:280], page[top + 120 : top + 160, 20:280] = 200, 90
    regions = find_regions(extract_line_art(page), paper)
    traits = patch_traits(regions)
    light = regions.tone > 0.6
    assert traits[light, HEIGHT] == pytest.approx(0.375, abs=0.05)
    assert np.exp(traits[light, SIZE]) == pytest.approx(0.75, abs=0.06)
    assert traits[light, RANK].min() > traits[~light, RANK].max()


def test_surroundings_ignore_what_is_unknown() -> None:
    lightness = np.full((60, 60), 0.8, np.float32)
    lightness[:, 30:] = 0.0
    known = np.ones((60, 60), np.bool_)
    known[:, 30:] = False
    assert surroundings(lightness, known)[30, 28] == pytest.approx(0.8, abs=0.01)

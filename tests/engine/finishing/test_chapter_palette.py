import cv2
import numpy as np
import pytest

from mangaflux.engine.base import ColourHint, RgbImage
from mangaflux.engine.finishing.chapter_palette import ChapterPalette, agree, read_chapter_palette, with_hints

HAIR, COAT, SKY = (232, 201, 106), (60, 110, 190), (120, 190, 120)
EVERYWHERE = np.ones((90, 90), np.bool_)


def stripes(*colours: tuple[int, int, int]) -> RgbImage:
    return np.repeat(np.repeat(np.array([colours], np.uint8), 90, axis=0), 90 // len(colours), axis=1)


def chroma(colour: tuple[int, int, int]) -> np.ndarray:
    return cv2.cvtColor(np.array([[colour]], np.float32) / 255, cv2.COLOR_RGB2LAB)[0, 0, 1:]


def distance(image: RgbImage, colour: tuple[int, int, int], column: int) -> float:
    found = tuple(int(level) for level in image[45, column])
    return float(np.linalg.norm(chroma((found[0], found[1], found[2])) - chroma(colour)))


def test_a_palette_holds_the_colours_of_the_reference() -> None:
    palette = read_chapter_palette([stripes(HAIR, COAT)], {})
    for colour in (HAIR, COAT):
        assert np.linalg.norm(palette.entries - chroma(colour), axis=1).min() < 2


def test_ink_paper_and_grey_are_no_colours() -> None:
    palette = read_chapter_palette([stripes((0, 0, 0), (255, 255, 255), (128, 128, 128))], {})
    assert len(palette.entries) == 0


def test_chosen_colours_take_the_place_of_the_references() -> None:
    palette = read_chapter_palette([stripes(SKY, SKY)], {"hair": HAIR})
    assert np.allclose(palette.entries, [chroma(HAIR)])


def test_a_pinned_colour_belongs_to_the_palette() -> None:
    palette = with_hints(read_chapter_palette([stripes(HAIR, COAT)], {}), [ColourHint(1, 1, SKY)])
    assert np.linalg.norm(palette.entries - chroma(SKY), axis=1).min() < 0.01


def test_the_same_references_give_the_same_palette() -> None:
    first, second = (read_chapter_palette([stripes(HAIR, COAT, SKY)], {}) for _ in range(2))
    assert first.entries.tobytes() == second.entries.tobytes()


def test_a_colour_gone_astray_is_drawn_towards_its_own() -> None:
    palette = read_chapter_palette([stripes(HAIR, COAT)], {})
    astray = (232, 185, 120)
    agreed, agreement = agree(stripes(astray, COAT), EVERYWHERE, palette, 0.5)
    assert distance(agreed, HAIR, 10) < distance(stripes(astray, COAT), HAIR, 10) - 2
    assert agreement.drift_after < agreement.drift_before


def test_no_colour_is_moved_farther_than_the_bound() -> None:
    palette = read_chapter_palette([], {"1": HAIR})
    layer = stripes((255, 160, 120), (255, 160, 120))
    agreed, _ = agree(layer, EVERYWHERE, palette, 1.0)
    assert distance(agreed, (255, 160, 120), 10) <= 13


def test_a_colour_the_palette_does_not_know_stays() -> None:
    palette = read_chapter_palette([stripes(HAIR, HAIR)], {})
    agreed, _ = agree(stripes(COAT, COAT), EVERYWHERE, palette, 1.0)
    assert agreed.tobytes() == stripes(COAT, COAT).tobytes()


@pytest.mark.parametrize("palette", [ChapterPalette(np.zeros((0, 2), np.float32), np.zeros(0, np.float32))])
def test_without_a_palette_nothing_changes(palette: ChapterPalette) -> None:
    agreed, agreement = agree(stripes(HAIR, COAT), EVERYWHERE, palette, 1.0)
    assert agreed.tobytes() == stripes(HAIR, COAT).tobytes()
    assert (agreement.drift_before, agreement.drift_after) == (0, 0)


def test_a_grey_layer_stays_grey() -> None:
    grey = stripes((90, 90, 90), (170, 170, 170))
    agreed, _ = agree(grey, EVERYWHERE, read_chapter_palette([stripes(HAIR, COAT)], {}), 1.0)
    assert agreed.tobytes() == grey.tobytes()


def test_no_strength_changes_nothing() -> None:
    palette = read_chapter_palette([stripes(HAIR, COAT)], {})
    layer = stripes((232, 185, 120), COAT)
    assert agree(layer, EVERYWHERE, palette, 0.0)[0].tobytes() == layer.tobytes()


def test_what_takes_no_colour_is_not_counted() -> None:
    left = np.zeros((90, 90), np.bool_)
    left[:, :45] = True
    palette = read_chapter_palette([stripes(HAIR, HAIR)], {})
    _, agreement = agree(stripes(HAIR, COAT), left, palette, 0.5)
    assert agreement.drift_before < 1

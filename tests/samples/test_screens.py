import numpy as np
import pytest

from mangaflux.samples.drawing import SURFACES, Canvas, Drawing
from mangaflux.samples.palette import Paint, Surface
from mangaflux.samples.screens import choose_screens, printed
from mangaflux.samples.screentone import Screen, screened

WIDTH = 1200
SQUARE = np.array([(20.0, 20.0), (180.0, 20.0), (180.0, 180.0), (20.0, 180.0)])


def drawing(surface: Surface, tone: float = 0.3) -> Drawing:
    canvas = Canvas(200, 200)
    canvas.fill(SQUARE, Paint((90, 120, 150), tone, surface))
    return canvas.finish()


def test_every_surface_has_a_screen() -> None:
    for seed in range(20):
        assert set(choose_screens(np.random.default_rng(seed), WIDTH)) == set(SURFACES)


def test_a_chapter_has_dots_of_at_least_two_pitches() -> None:
    for seed in range(20):
        screens = choose_screens(np.random.default_rng(seed), WIDTH).values()

        assert len({screen.pitch for screen in screens if screen.kind == "dots"}) >= 2


def test_all_kinds_of_screen_and_several_angles_come_up() -> None:
    chosen = [screen for seed in range(40) for screen in choose_screens(np.random.default_rng(seed), WIDTH).values()]

    assert {screen.kind for screen in chosen} == {"dots", "lines", "sand"}
    assert len({screen.angle for screen in chosen}) >= 3


def test_screens_grow_with_the_page() -> None:
    small, large = (choose_screens(np.random.default_rng(3), width) for width in (600, 1200))

    assert all(large[surface].pitch == pytest.approx(2 * small[surface].pitch) for surface in SURFACES)


@pytest.mark.parametrize("surface", SURFACES)
def test_a_shape_is_printed_through_the_screen_of_its_surface(surface: Surface) -> None:
    screens = choose_screens(np.random.default_rng(5), WIDTH)
    drawn = drawing(surface)

    page = printed(drawn, screens)

    assert np.array_equal(page[30:170, 30:170], screened(drawn.tone, screens[surface])[30:170, 30:170])
    assert (page[:15] == 255).all()


def test_lines_lie_over_the_tone() -> None:
    canvas = Canvas(200, 200)
    canvas.fill(SQUARE, Paint((90, 120, 150), 0.3, "hair"))
    canvas.stroke(np.array([(0.0, 100.0), (200.0, 100.0)]), 6.0, taper=(1, 1))

    page = printed(canvas.finish(), dict.fromkeys(SURFACES, Screen("dots", 6.0)))

    assert (page[99:101, 10:190] == 0).all()

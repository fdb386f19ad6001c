import numpy as np
import pytest

from mangaflux.samples.screentone import Screen, ScreenKind, screened

DOTS = Screen("dots", 6.0)


def flat(tone: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((240, 240), round(255 * tone), dtype=np.uint8)


def test_paper_stays_white() -> None:
    assert (screened(flat(0.0), DOTS) == 255).all()


def test_solid_tone_is_black() -> None:
    assert (screened(flat(1.0), DOTS) == 0).all()


@pytest.mark.parametrize("tone", [0.16, 0.34, 0.5, 0.7])
def test_dots_cover_the_share_that_the_tone_asks_for(tone: float) -> None:
    covered = 1 - screened(flat(tone), DOTS).mean() / 255

    assert covered == pytest.approx(tone, abs=0.03)


def test_dots_repeat_along_the_diagonals_at_the_pitch() -> None:
    dots = 255.0 - screened(flat(0.2), DOTS)
    spectrum = np.abs(np.fft.fft2(dots - dots.mean()))
    row, column = np.unravel_index(int(spectrum[:120, :120].argmax()), (120, 120))

    assert np.hypot(row, column) / 240 == pytest.approx(1 / 6, rel=0.05)
    assert row == column


@pytest.mark.parametrize("screen", [Screen("dots", 9.0, 30.0), Screen("lines", 7.3, 30.0), Screen("sand", 5.0)])
@pytest.mark.parametrize("tone", [0.16, 0.34, 0.5, 0.7])
def test_every_screen_inks_the_share_that_the_tone_asks_for(screen: Screen, tone: float) -> None:
    covered = 1 - screened(flat(tone), screen).mean() / 255

    assert covered == pytest.approx(tone, abs=0.03)


@pytest.mark.parametrize("kind", ["dots", "lines", "sand"])
def test_paper_is_white_and_solid_black_through_every_screen(kind: ScreenKind) -> None:
    assert (screened(flat(0.0), Screen(kind, 6.0)) == 255).all()
    assert (screened(flat(1.0), Screen(kind, 6.0)) == 0).all()


def test_a_ruling_runs_at_its_angle() -> None:
    ruled = 255.0 - screened(flat(0.3), Screen("lines", 8.0, 0.0))

    assert ruled.std(axis=0).max() < 1
    assert ruled.std(axis=1).min() > 50


def test_sand_has_no_period() -> None:
    grains = 255.0 - screened(flat(0.3), Screen("sand", 5.0))
    spectrum = np.abs(np.fft.fft2(grains - grains.mean()))

    assert spectrum.max() < 0.05 * spectrum.sum()

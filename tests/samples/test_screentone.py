import numpy as np
import pytest

from mangaflux.samples.screentone import screen


def flat(tone: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((240, 240), round(255 * tone), dtype=np.uint8)


def test_paper_stays_white() -> None:
    assert (screen(flat(0.0), pitch=6.0) == 255).all()


def test_solid_tone_is_black() -> None:
    assert (screen(flat(1.0), pitch=6.0) == 0).all()


@pytest.mark.parametrize("tone", [0.16, 0.34, 0.5, 0.7])
def test_dots_cover_the_share_that_the_tone_asks_for(tone: float) -> None:
    covered = 1 - screen(flat(tone), pitch=6.0).mean() / 255

    assert covered == pytest.approx(tone, abs=0.03)


def test_dots_repeat_along_the_diagonals_at_the_pitch() -> None:
    dots = 255.0 - screen(flat(0.2), pitch=6.0)
    spectrum = np.abs(np.fft.fft2(dots - dots.mean()))
    row, column = np.unravel_index(int(spectrum[:120, :120].argmax()), (120, 120))

    assert np.hypot(row, column) / 240 == pytest.approx(1 / 6, rel=0.05)
    assert row == column

from threading import Barrier

import numpy as np
import pytest

from mangaflux.engine.finishing.tiles import bands_of, side_by_side, tiles_of


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (1000, 3), (640, 480)])
def test_tiles_cover_every_pixel_once(shape: tuple[int, int]) -> None:
    seen = np.zeros(shape, np.int64)
    for tile in tiles_of(shape, 100, 90, overlap=13):
        seen[tile.place] += 1
    assert (seen == 1).all()


def test_a_tile_lies_within_its_surroundings() -> None:
    page = np.arange(640 * 480).reshape(640, 480)
    for tile in tiles_of(page.shape, 100, 90, overlap=13):
        assert (page[tile.surroundings][tile.within] == page[tile.place]).all()


def test_a_band_has_about_the_pixels_asked_for() -> None:
    sizes = [np.zeros((6000, 4000), np.bool_)[band.place].size for band in bands_of((6000, 4000), 3_000_000)]
    assert len(sizes) == 8
    assert max(sizes) <= 1.01 * min(sizes)


def test_results_come_in_the_order_of_the_parts() -> None:
    assert side_by_side(lambda part: part * part, range(9)) == [part * part for part in range(9)]


@pytest.mark.parametrize("parts", [[0, 1, 2], [1, 0, 2], [1, 2, 0], [0, 0, 0]])
def test_what_goes_wrong_with_a_part_is_raised(parts: list[int]) -> None:
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda part: 1 // part, parts)


def test_after_a_failure_no_part_is_begun() -> None:
    begun: list[int] = []

    def work(part: int) -> None:
        begun.append(part)
        raise ValueError(part)

    with pytest.raises(ValueError, match=r"[01]"):
        side_by_side(work, range(50))
    assert set(begun) <= {0, 1}


def test_two_parts_are_worked_on_at_once() -> None:
    both = Barrier(2)
    assert side_by_side(lambda _: both.wait(timeout=30) in (0, 1), [1, 2]) == [True, True]


def test_without_parts_there_is_nothing_to_do() -> None:
    assert side_by_side(lambda part: part, []) == []

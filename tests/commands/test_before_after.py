import numpy as np

from mangaflux.commands.before_after import WIDTH, before_after

BLUE, GREEN = (10, 20, 200), (10, 180, 20)


def test_the_page_is_left_the_reference_in_the_middle_and_the_colours_right() -> None:
    ink = np.zeros((170, 120), np.uint8)
    reference = np.full((100, 100, 3), GREEN, np.uint8)
    colorized = np.full((170, 120, 3), BLUE, np.uint8)

    picture = before_after(ink, reference, colorized)

    height, width, _ = picture.shape
    row = picture[height // 2 - 80]
    assert width == WIDTH
    assert tuple(row[width // 4]) == (0, 0, 0)
    assert tuple(row[width // 2]) == GREEN
    assert tuple(row[3 * width // 4]) == BLUE


def test_a_wide_reference_stays_between_the_pages() -> None:
    page = np.zeros((170, 120, 3), np.uint8)

    picture = before_after(page, np.full((10, 400, 3), GREEN, np.uint8), page)

    columns = np.flatnonzero((picture == GREEN).all(axis=2).any(axis=0))
    black = np.flatnonzero((picture == 0).all(axis=2).any(axis=0))
    assert columns.size
    assert not np.intersect1d(columns, black).size

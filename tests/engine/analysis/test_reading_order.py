from mangaflux.engine.analysis.metadata import BoundingBox
from mangaflux.engine.analysis.reading_order import reading_order

GRID = [(0, 0, 100, 100), (110, 0, 100, 100), (0, 110, 100, 100), (110, 110, 100, 100)]


def test_manga_is_read_from_the_right_and_down() -> None:
    assert reading_order(GRID, "rtl") == [1, 0, 3, 2]


def test_comics_are_read_from_the_left_and_down() -> None:
    assert reading_order(GRID, "ltr") == [0, 1, 2, 3]


def test_scrolls_are_read_from_top_to_bottom() -> None:
    assert reading_order([(0, 300, 100, 90), (50, 0, 40, 90), (0, 120, 90, 90)], "vertical") == [1, 2, 0]


def test_a_tall_panel_beside_two_is_read_in_its_column() -> None:
    tall_right = [(0, 0, 100, 100), (0, 110, 100, 100), (110, 0, 100, 210)]

    assert reading_order(tall_right, "rtl") == [2, 0, 1]


def test_panels_that_overlap_a_little_still_come_apart() -> None:
    overlapping = [(0, 90, 200, 110), (0, 0, 95, 105), (85, 0, 115, 100)]

    assert reading_order(overlapping, "rtl") == [2, 1, 0]


def test_four_panel_strips_are_read_column_by_column() -> None:
    strips: list[BoundingBox] = [(x, y, 100, 80) for y in range(0, 400, 100) for x in (0, 120)]

    assert reading_order(strips, "rtl") == [1, 3, 5, 7, 0, 2, 4, 6]


def test_panels_that_nothing_divides_are_read_from_the_top() -> None:
    pinwheel = [(0, 0, 60, 30), (70, 0, 30, 60), (40, 70, 60, 30), (0, 40, 30, 60), (35, 35, 30, 30)]

    assert sorted(reading_order(pinwheel, "rtl")) == [0, 1, 2, 3, 4]


def test_no_panels_have_no_order() -> None:
    assert reading_order([], "rtl") == []


def test_a_panel_inside_another_is_read_right_after_it() -> None:
    # By its place alone the inset would be read first.
    host_and_inset = [(0, 0, 100, 200), (5, 2, 40, 45), (110, 0, 100, 200)]

    assert reading_order(host_and_inset, "ltr") == [0, 1, 2]


def test_the_strips_under_a_title_are_read_column_by_column() -> None:
    strips: list[BoundingBox] = [(x, y, 100, 80) for y in range(100, 500, 100) for x in (0, 120)]

    assert reading_order([(0, 0, 220, 90), *strips], "rtl") == [0, 2, 4, 6, 8, 1, 3, 5, 7]


def test_panels_between_slanted_gutters_are_read_row_by_row() -> None:
    # The right panel begins higher, and the gutter leans by a third of both.
    slanted = [(0, 4, 120, 96), (80, 0, 120, 100), (0, 90, 200, 100)]

    assert reading_order(slanted, "ltr") == [0, 1, 2]


def test_facing_pages_are_read_one_after_the_other() -> None:
    pages: list[BoundingBox] = [(x, y, 100, 90) for y in (0, 100) for x in (0, 110)]
    facing = [*pages, *((x + 230, y, width, height) for x, y, width, height in pages)]

    assert reading_order(facing, "ltr", (440, 190)) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert reading_order(facing, "rtl", (440, 190)) == [5, 4, 7, 6, 1, 0, 3, 2]


def test_a_panel_across_the_fold_is_read_before_what_is_below_it() -> None:
    below: list[BoundingBox] = [(x, y, 200, 100) for x in (220, 0) for y in (100, 210)]

    assert reading_order([*below, (0, 0, 420, 90)], "rtl", (440, 310)) == [4, 0, 1, 2, 3]


def test_a_strip_may_have_more_boxes_than_calls_fit_into_each_other() -> None:
    assert reading_order([(0, 20 * place, 100, 15) for place in range(1100)], "rtl") == list(range(1100))

from mangaflux.engine.analysis.metadata import BoundingBox, Panel
from mangaflux.engine.analysis.place_order import order_in_panels, panel_of


def panel(order: int, box: BoundingBox) -> Panel:
    x, y, width, height = box
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    return Panel(order=order, bbox=box, polygon=corners, confidence=1.0)


PANELS = (panel(1, (300, 0, 280, 400)), panel(2, (0, 0, 280, 400)), panel(3, (0, 420, 580, 400)))
UPPER_RIGHT, RIGHT, LEFT = (480, 20, 60, 90), (330, 40, 60, 90), (100, 20, 60, 90)


def test_boxes_are_read_by_panel_and_then_within_it() -> None:
    assert order_in_panels([LEFT, RIGHT, UPPER_RIGHT], PANELS, "rtl") == [2, 1, 0]


def test_the_direction_counts_within_a_panel_too() -> None:
    assert order_in_panels([UPPER_RIGHT, RIGHT], PANELS, "ltr") == [1, 0]


def test_what_is_outside_of_all_panels_is_read_with_the_nearest() -> None:
    outside = (20, 830, 60, 40)

    assert panel_of(outside, PANELS) is None
    assert order_in_panels([outside, LEFT, RIGHT], PANELS, "rtl") == [2, 1, 0]


def test_a_box_across_panels_belongs_to_the_one_that_holds_most_of_it() -> None:
    assert panel_of((100, 350, 60, 90), PANELS) == 2


def test_without_panels_there_is_an_order_all_the_same() -> None:
    assert order_in_panels([LEFT, RIGHT], (), "rtl") == [1, 0]

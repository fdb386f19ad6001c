import pytest

from mangaflux.engine.analysis.faces import Face
from mangaflux.engine.analysis.metadata import BoundingBox
from mangaflux.engine.analysis.shot_size import face_box, faces_within, shot_size

PANEL: BoundingBox = (100, 100, 400, 300)


@pytest.mark.parametrize(
    ("height", "shot"), [(280, "close_up"), (150, "close_up"), (100, "medium"), (60, "medium"), (30, "long")]
)
def test_the_face_and_its_panel_tell_the_shot(height: int, shot: str) -> None:
    assert shot_size(PANEL, [(200, 150, height, height)]) == shot


def test_a_panel_without_faces_has_no_shot() -> None:
    assert shot_size(PANEL, []) == "none"


def test_the_largest_face_decides() -> None:
    assert shot_size(PANEL, [(120, 120, 20, 20), (200, 120, 200, 200), (420, 120, 20, 20)]) == "close_up"


def test_a_face_that_fills_a_narrow_panel_is_close() -> None:
    assert shot_size((0, 0, 100, 600), [(5, 100, 90, 90)]) == "close_up"


def test_faces_belong_to_the_panel_that_holds_their_middle() -> None:
    inside, across, outside = (150, 150, 50, 50), (460, 150, 60, 60), (480, 150, 60, 60)

    assert faces_within(PANEL, [inside, across, outside]) == [inside, across]


def test_a_face_reaches_around_its_eyes() -> None:
    x, y, width, height = face_box(Face(0, (90.0, 100.0), (110.0, 100.0), 0.0))

    assert x + width / 2 == pytest.approx(100, abs=1)
    assert y < 100 < y + height
    assert 40 < width < 70

import cv2
import numpy as np
import pytest

from mangaflux.engine.lite.eyes import find_eye_whites
from mangaflux.engine.lite.heads import find_heads
from mangaflux.samples.chapter import draw_page
from tests.engine.lite.drawn_faces import CENTRE, SIDE, draw_head, look, tilt, turned


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("size", [24, 40, 70, 110])
def test_a_face_of_any_size_is_found_by_its_eyes(size: int, closed: bool) -> None:
    faces, regions, _ = look(draw_head(size=size, closed=closed))
    assert len(faces) == 1
    assert faces[0].patch == regions.labels[CENTRE[1] + size // 3, CENTRE[0]]
    assert faces[0].eye_distance == pytest.approx(size * 0.9, rel=0.25)


@pytest.mark.parametrize("degrees", [-18, -9, 9, 18])
def test_a_tilted_face_is_found(degrees: float) -> None:
    faces, _, _ = look(tilt(draw_head(), degrees))
    assert len(faces) == 1
    for eye, side in ((faces[0].left_eye, -1), (faces[0].right_eye, 1)):
        assert np.hypot(*np.subtract(eye, turned((300 + side * 31, 308), degrees))) < 14


def test_a_head_without_eyes_is_no_face() -> None:
    assert look(draw_head(eyes=False))[0] == ()


def test_a_page_of_windows_has_no_faces() -> None:
    page = np.full((SIDE, SIDE), 255, np.uint8)
    for row in range(60, 560, 100):
        for column in range(60, 560, 100):
            cv2.rectangle(page, (column, row), (column + 50, row + 60), 0, 3)
    assert look(page)[0] == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 60), (60, 1), (9, 700)])
@pytest.mark.parametrize("level", [0, 255])
def test_a_page_of_any_shape_may_have_no_faces(shape: tuple[int, int], level: int) -> None:
    assert look(np.full(shape, level, np.uint8))[0] == ()


def test_most_faces_of_a_drawn_page_are_found_and_little_else() -> None:
    page = draw_page(3, 2)
    size = (635, 900)
    faces, regions, art = look(np.asarray(cv2.resize(page.ink, size, interpolation=cv2.INTER_AREA), np.uint8))
    colour = cv2.resize(page.colour, size, interpolation=cv2.INTER_AREA)
    warm = [(colour[(regions.labels == face.patch) & ~art.ink].astype(int) @ (1, 0, -1)).mean() > 15 for face in faces]
    assert sum(warm) >= 4
    assert sum(warm) >= 0.75 * len(warm)


def test_hair_over_a_face_belongs_to_its_head() -> None:
    faces, regions, _ = look(draw_head())
    (head,) = find_heads(regions, faces)
    assert head.hair[regions.labels[CENTRE[1] - 80, CENTRE[0]]]
    assert head.skin[faces[0].patch]
    assert not (head.hair & head.skin).any()


def test_the_backdrop_belongs_to_no_head() -> None:
    faces, regions, _ = look(draw_head())
    (head,) = find_heads(regions, faces)
    backdrop = regions.labels[20, 20]
    assert not head.hair[backdrop]
    assert not head.skin[backdrop]


def test_a_coat_below_the_chin_is_worn_and_the_backdrop_is_not() -> None:
    page = draw_head()
    cv2.rectangle(page, (CENTRE[0] - 70, CENTRE[1] + 72), (CENTRE[0] + 70, CENTRE[1] + 180), 150, -1)
    cv2.rectangle(page, (CENTRE[0] - 70, CENTRE[1] + 72), (CENTRE[0] + 70, CENTRE[1] + 180), 0, 4)
    faces, regions, _ = look(page)
    (head,) = find_heads(regions, faces)
    assert head.clothes[regions.labels[CENTRE[1] + 130, CENTRE[0]]]
    assert not head.clothes[regions.labels[20, 20]]
    assert not (head.clothes & (head.skin | head.hair)).any()


def test_open_eyes_have_whites() -> None:
    faces, _, art = look(draw_head())
    whites = find_eye_whites(faces, art.ink)
    x, y = (round(place) for place in faces[0].left_eye)
    assert whites[y - 15 : y + 16, x - 15 : x + 16].any()
    assert not whites[y + 45, x]


def test_closed_eyes_have_no_whites() -> None:
    faces, _, art = look(draw_head(closed=True))
    assert len(faces) == 1
    assert not find_eye_whites(faces, art.ink).any()

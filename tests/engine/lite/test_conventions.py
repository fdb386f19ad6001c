from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.base import ColorizeRequest, RgbImage
from mangaflux.engine.lite.assignment import assign_colours
from mangaflux.engine.lite.engine import LiteEngine
from mangaflux.engine.lite.heads import find_heads
from mangaflux.engine.lite.palette import read_palette
from tests.engine.engine_contract import RecordingContext, make_request, request_for
from tests.engine.lite.drawn_faces import draw_head, look

LabImage = NDArray[np.float32]

BLUE, DEEP, SAND = (60, 140, 220), (20, 60, 150), (150, 190, 230)
SIZE = (600, 400)
CLOUD = (200, 140)
MIDDLE = (200, 340)


def lab(request: ColorizeRequest) -> LabImage:
    """The layer of a request."""
    layer = LiteEngine().colorize(request, RecordingContext()).image
    return np.asarray(cv2.cvtColor(layer.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def chroma(layer: LabImage, point: tuple[int, int]) -> float:
    return float(np.hypot(*layer[point[1], point[0], 1:]))


def scene(page: NDArray[np.uint8], reference: RgbImage) -> ColorizeRequest:
    """A page that is one panel to its edges."""
    panel, none = np.ones(page.shape, np.bool_), np.zeros(page.shape, np.bool_)
    analysis = replace(make_request().analysis, panel_mask=panel, balloon_mask=none, lettering_mask=none)
    return request_for(np.repeat(page[..., None], 3, axis=2), analysis=analysis, references=(reference,))


def sky_with_a_cloud() -> NDArray[np.uint8]:
    """A grey sky over darker ground; all of it is drawn on a page of 400 × 600."""
    page = np.full(SIZE, 190, np.uint8)
    page[420:] = 120
    cv2.line(page, (0, 420), (SIZE[1], 420), 0, 3)
    cv2.ellipse(page, CLOUD, (85, 40), 0, 0, 360, 255, -1)
    cv2.ellipse(page, CLOUD, (85, 40), 0, 0, 360, 0, 3)
    return page


def face_under(level: int, radius: int) -> NDArray[np.uint8]:
    """A round white face without eyes, under hair of this grey, before a grey wall."""
    page = np.full(SIZE, 190, np.uint8)
    top = (MIDDLE[0], MIDDLE[1] - radius // 2)
    cv2.circle(page, top, radius * 5 // 4, level, -1)
    cv2.circle(page, top, radius * 5 // 4, 0, 3)
    cv2.circle(page, MIDDLE, radius, 255, -1)
    cv2.circle(page, MIDDLE, radius, 0, 3)
    return page


def reference(*, cloud: bool = False, margin: bool = False) -> RgbImage:
    """Blues in stripes, with a cloud left white, or on white paper."""
    picture = np.repeat(np.array([BLUE, DEEP, SAND], np.uint8), 60, axis=0)[:, None].repeat(180, axis=1)
    if cloud:
        cv2.ellipse(picture, (90, 40), (60, 25), 0, 0, 360, (255, 255, 255), -1)
    if margin:
        picture = np.pad(picture, ((30, 30), (30, 30), (0, 0)), constant_values=255)
    return np.asarray(picture, np.uint8)


def test_a_cloud_is_white_where_the_reference_leaves_something_white() -> None:
    layer = lab(scene(sky_with_a_cloud(), reference(cloud=True)))
    assert chroma(layer, CLOUD) < 6
    assert layer[CLOUD[1], CLOUD[0], 0] > 90
    assert chroma(layer, (40, 300)) > 15


def test_a_cloud_is_tinted_where_the_reference_leaves_nothing_white() -> None:
    assert chroma(lab(scene(sky_with_a_cloud(), reference())), CLOUD) > 8


def test_white_paper_around_a_reference_leaves_nothing_white() -> None:
    assert chroma(lab(scene(sky_with_a_cloud(), reference(margin=True))), CLOUD) > 8


def test_a_white_coat_amid_a_panel_is_not_loud() -> None:
    page = np.full(SIZE, 190, np.uint8)
    cv2.rectangle(page, (150, 300), (250, 380), 255, -1)
    cv2.rectangle(page, (150, 300), (250, 380), 0, 3)
    vivid = np.full((60, 60, 3), (30, 90, 230), np.uint8)
    assert chroma(lab(scene(page, vivid)), MIDDLE) < 18


def test_a_white_wall_amid_a_panel_keeps_its_colour() -> None:
    page = np.full(SIZE, 190, np.uint8)
    cv2.rectangle(page, (80, 250), (320, 470), 255, -1)
    cv2.rectangle(page, (80, 250), (320, 470), 0, 3)
    vivid = np.full((60, 60, 3), (30, 90, 230), np.uint8)
    assert chroma(lab(scene(page, vivid)), MIDDLE) > 18


def test_a_night_is_duller_than_a_day() -> None:
    one_hue = np.full((60, 60, 3), BLUE, np.uint8)
    day, night = (lab(scene(np.full(SIZE, level, np.uint8), one_hue)) for level in (200, 110))
    assert chroma(night, CLOUD) < 0.8 * chroma(day, CLOUD)


def test_a_night_keeps_a_colour_that_was_chosen() -> None:
    request = scene(np.full(SIZE, 110, np.uint8), reference())
    chosen = lab(replace(request, palette={"1": BLUE}))
    taken = lab(scene(np.full(SIZE, 110, np.uint8), np.full((60, 60, 3), BLUE, np.uint8)))
    assert chroma(chosen, CLOUD) > 1.2 * chroma(taken, CLOUD)


def test_a_large_white_face_under_black_hair_is_skin_in_a_blue_reference() -> None:
    assert lab(scene(face_under(0, 45), reference()))[MIDDLE[1], MIDDLE[0], 2] > 0


def test_a_small_white_face_under_grey_hair_is_skin_in_a_blue_reference() -> None:
    assert lab(scene(face_under(120, 24), reference()))[MIDDLE[1], MIDDLE[0], 2] > 0


def test_a_middling_white_face_under_black_hair_is_skin_in_a_blue_reference() -> None:
    assert lab(scene(face_under(0, 24), reference()))[MIDDLE[1], MIDDLE[0], 2] > 0


def test_a_large_cloud_under_a_grey_sky_is_no_skin_in_a_blue_reference() -> None:
    assert lab(scene(sky_with_a_cloud(), reference()))[CLOUD[1], CLOUD[0], 2] < 0


def test_a_small_highlight_in_black_hair_is_no_skin_in_a_blue_reference() -> None:
    page = np.full(SIZE, 190, np.uint8)
    cv2.circle(page, MIDDLE, 24, 0, -1)
    cv2.ellipse(page, MIDDLE, (18, 6), 0, 0, 360, 255, -1)
    assert lab(scene(page, reference()))[MIDDLE[1], MIDDLE[0], 2] < 0


def test_of_a_head_on_a_page_of_changing_light_nothing_is_in_doubt() -> None:
    faces, regions, _ = look(draw_head(size=110))
    uneven = replace(regions, spread=np.full_like(regions.spread, 0.3))
    heads = find_heads(uneven, faces)
    doubt = assign_colours(uneven, read_palette([reference()], {}), 1, heads).doubt
    known = heads[0].skin | heads[0].hair | heads[0].clothes
    assert (doubt[known] == 0).all()
    assert (doubt[~known] > 0.1).any()

"""From a page to boxes, through ONNX Runtime, with networks whose answers are known."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import NOTHING_DETECTED, DetectedBox, Detections
from mangaflux.engine.analysis.detectors.boxes import Boxes
from mangaflux.engine.analysis.detectors.comic_text_and_bubble import ComicTextAndBubbleDetector
from mangaflux.engine.analysis.detectors.detector import see
from mangaflux.engine.analysis.detectors.manga109_yolo import Manga109YoloDetector
from mangaflux.engine.analysis.detectors.page_parts import look_at_parts
from mangaflux.engine.analysis.detectors.registry import DETECTORS
from mangaflux.errors import SettingsError
from mangaflux.models.catalogue import CATALOGUE
from tests.engine.analysis.detectors.tiny_networks import (
    KnownBox,
    write_finished_rt_detr,
    write_raw_rt_detr,
    write_yolo,
)

Write = Callable[[Path, Sequence[KnownBox]], Path]

#: Sees the blue value in the right half of the picture, which is black on a page that is red there.
UNSURE = (2, 320, 480)
#: Sees the red value there.
SURE = (0, 320, 480)
BALLOON = KnownBox((0.25, 0.5, 0.5, 0.75), 0, SURE)
TEXT = KnownBox((0.3, 0.55, 0.4, 0.7), 1, SURE)


def red_on_the_right(height: int, width: int) -> NDArray[np.uint8]:
    """A black page whose right half is red."""
    page = np.zeros((height, width, 3), np.uint8)
    page[:, width // 2 :, 0] = 255
    return page


def boxes_of(seen: tuple[DetectedBox, ...]) -> list[tuple[int, int, int, int]]:
    return [box.bbox for box in seen]


@pytest.mark.parametrize("write", [write_finished_rt_detr, write_raw_rt_detr])
def test_balloons_and_text_are_in_pixels_of_the_page(tmp_path: Path, write: Write) -> None:
    free = KnownBox((0.5, 0.0, 1.0, 0.1), 2, SURE)
    weights = write(tmp_path / "net.onnx", [BALLOON, TEXT, free])

    seen = ComicTextAndBubbleDetector(weights, "Apache-2.0").detect(red_on_the_right(1200, 800))

    assert boxes_of(seen.balloons) == [(200, 600, 200, 300)]
    assert sorted(boxes_of(seen.lettering)) == [(240, 660, 80, 180), (400, 0, 400, 120)]
    assert seen.panels == seen.faces == seen.bodies == ()
    assert all(box.confidence > 0.9 for box in (*seen.balloons, *seen.lettering))


@pytest.mark.parametrize("write", [write_finished_rt_detr, write_raw_rt_detr])
def test_what_the_network_is_not_sure_of_is_left_out(tmp_path: Path, write: Write) -> None:
    weights = write(tmp_path / "net.onnx", [KnownBox(BALLOON.corners, 0, UNSURE)])

    assert ComicTextAndBubbleDetector(weights, "").detect(red_on_the_right(900, 600)) == NOTHING_DETECTED


def test_a_network_of_another_size_is_shown_pictures_of_that_size(tmp_path: Path) -> None:
    small = KnownBox(BALLOON.corners, 0, (0, 50, 90))
    weights = write_finished_rt_detr(tmp_path / "net.onnx", [small], side=128)

    seen = ComicTextAndBubbleDetector(weights, "").detect(red_on_the_right(1200, 800))

    assert boxes_of(seen.balloons) == [(200, 600, 200, 300)]


def test_text_that_counts_as_both_kinds_is_told_once(tmp_path: Path) -> None:
    weights = write_finished_rt_detr(tmp_path / "net.onnx", [TEXT, KnownBox(TEXT.corners, 2, SURE)])

    assert len(ComicTextAndBubbleDetector(weights, "").detect(red_on_the_right(640, 640)).lettering) == 1


def test_panels_faces_bodies_and_text_are_in_pixels_of_the_page(tmp_path: Path) -> None:
    # A page of 3:4 fills the columns from 1/8 to 7/8 of the square.
    left, right = 1 / 8, 7 / 8
    boxes = [
        KnownBox((left, 0.0, right, 0.5), 2, SURE),
        KnownBox((0.5, 0.5, right, 1.0), 1, SURE),
        KnownBox((left, 0.25, 0.5, 0.75), 0, SURE),
        KnownBox((0.5, 0.0, 0.75, 0.125), 3, SURE),
        KnownBox((0.5, 0.0, 0.75, 0.25), 3, UNSURE),
    ]
    weights = write_yolo(tmp_path / "net.onnx", boxes)

    seen = Manga109YoloDetector(weights, "").detect(red_on_the_right(1200, 900))

    assert boxes_of(seen.panels) == [(0, 0, 900, 600)]
    assert boxes_of(seen.faces) == [(450, 600, 450, 600)]
    assert boxes_of(seen.bodies) == [(0, 300, 450, 600)]
    assert boxes_of(seen.lettering) == [(450, 0, 300, 150)]
    assert seen.balloons == ()


def test_a_wide_page_is_fitted_by_its_width(tmp_path: Path) -> None:
    # A page of 4:3 fills the rows from 1/8 to 7/8 of the square.
    weights = write_yolo(tmp_path / "net.onnx", [KnownBox((0.0, 1 / 8, 0.5, 0.5), 2, SURE)])

    seen = Manga109YoloDetector(weights, "").detect(red_on_the_right(900, 1200))

    assert boxes_of(seen.panels) == [(0, 0, 600, 450)]


def test_of_boxes_that_are_one_only_the_surest_is_told(tmp_path: Path) -> None:
    page = np.full((640, 640, 3), (230, 180, 130), np.uint8)
    boxes = [
        KnownBox((0.1, 0.1, 0.5, 0.5), 2, (1, 0, 0)),
        KnownBox((0.11, 0.1, 0.5, 0.5), 2, (0, 0, 0)),
        # Another class, and another place, are other things.
        KnownBox((0.1, 0.1, 0.5, 0.5), 1, (2, 0, 0)),
        KnownBox((0.6, 0.1, 0.9, 0.5), 2, (2, 0, 0)),
    ]

    seen = Manga109YoloDetector(write_yolo(tmp_path / "net.onnx", boxes), "").detect(page)

    assert boxes_of(seen.panels) == [(70, 64, 250, 256), (384, 64, 192, 256)]
    assert [round(box.confidence, 2) for box in seen.panels] == [0.9, 0.51]
    assert len(seen.faces) == 1


def test_boxes_are_cut_off_at_the_edges_of_the_page(tmp_path: Path) -> None:
    boxes = [KnownBox((-0.2, -0.1, 0.5, 0.5), 2, SURE), KnownBox((1.1, 0.1, 1.4, 0.5), 2, SURE)]

    seen = Manga109YoloDetector(write_yolo(tmp_path / "net.onnx", boxes), "").detect(red_on_the_right(640, 640))

    assert boxes_of(seen.panels) == [(0, 0, 320, 320)]


def test_a_long_strip_is_looked_at_in_parts(tmp_path: Path) -> None:
    # Each part answers with the same box, a third of the way down.
    weights = write_finished_rt_detr(tmp_path / "net.onnx", [KnownBox((0.2, 0.3, 0.6, 0.4), 0, SURE)])

    seen = ComicTextAndBubbleDetector(weights, "").detect(red_on_the_right(5000, 1000))

    assert sorted(boxes_of(seen.balloons)) == [(200, top + 450, 400, 150) for top in (0, 1125, 2250, 3375, 3500)]


def test_a_long_strip_across_is_looked_at_in_parts_that_stand_upright(tmp_path: Path) -> None:
    page = np.zeros((1000, 3000, 3), np.uint8)
    page[:, 1900:, 0] = 255
    weights = write_finished_rt_detr(tmp_path / "net.onnx", [KnownBox((0.2, 0.3, 0.6, 0.4), 0, SURE)])

    seen = ComicTextAndBubbleDetector(weights, "").detect(page)

    # The parts begin at 0, 1125 and 1500; the first shows the network nothing red.
    assert sorted(boxes_of(seen.balloons)) == [(1425, 300, 600, 100), (1800, 300, 600, 100)]


def test_what_a_cut_goes_through_is_left_to_the_part_that_sees_it_whole(tmp_path: Path) -> None:
    short, long = KnownBox((0.2, 0.9, 0.4, 1.0), 0, SURE), KnownBox((0.5, 0.5, 0.8, 1.0), 0, SURE)
    weights = write_finished_rt_detr(tmp_path / "net.onnx", [short, long])

    seen = ComicTextAndBubbleDetector(weights, "").detect(red_on_the_right(2600, 1000))

    # Parts of 1500 from 0 and from 1100: at the end of the strip nothing is cut.
    assert sorted(boxes_of(seen.balloons)) == [(200, 2450, 200, 150), (500, 750, 300, 750), (500, 1850, 300, 750)]


@pytest.mark.parametrize("shape", [(100_000, 1, 3), (3, 50_000, 3), (1, 1, 3)])
def test_a_thread_of_pixels_is_looked_at_a_bounded_number_of_times(shape: tuple[int, int, int]) -> None:
    looks: list[tuple[int, ...]] = []

    def look(part: NDArray[np.uint8]) -> Boxes:
        looks.append(part.shape)
        return Boxes.none()

    look_at_parts(np.zeros(shape, np.uint8), look)

    assert 1 <= len(looks) <= 60
    assert sum(max(height, width) for height, width, _ in looks) >= max(shape[:2])


def test_the_same_page_gets_the_same_answer(tmp_path: Path) -> None:
    detector = ComicTextAndBubbleDetector(write_raw_rt_detr(tmp_path / "net.onnx", [BALLOON, TEXT]), "")
    page = red_on_the_right(333, 222)

    assert detector.detect(page) == detector.detect(page)


def test_several_detectors_see_together(tmp_path: Path) -> None:
    first = ComicTextAndBubbleDetector(write_finished_rt_detr(tmp_path / "a.onnx", [BALLOON]), "")
    second = Manga109YoloDetector(write_yolo(tmp_path / "b.onnx", [KnownBox((0.0, 0.0, 1.0, 1.0), 2, SURE)]), "")

    seen = see([first, second], red_on_the_right(640, 640))

    assert (len(seen.balloons), len(seen.panels)) == (1, 1)
    assert see([], red_on_the_right(64, 64)) == Detections()


def test_a_detector_knows_the_hash_of_its_weights(tmp_path: Path) -> None:
    weights = write_yolo(tmp_path / "net.onnx", [BALLOON])

    detector = Manga109YoloDetector(weights, "not stated")

    assert detector.sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (detector.name, detector.license) == ("manga109-yolo", "not stated")


def test_every_detector_of_the_catalogue_is_there() -> None:
    assert {entry.name for entry in CATALOGUE if entry.kind == "detector"} == set(DETECTORS)


def test_weights_of_another_kind_are_refused_with_what_was_expected(tmp_path: Path) -> None:
    yolo = write_yolo(tmp_path / "yolo.onnx", [BALLOON])
    rt_detr = write_finished_rt_detr(tmp_path / "rt.onnx", [BALLOON])

    with pytest.raises(SettingsError, match=r"yolo\.onnx is no model .* outputs output0; expected are .*labels"):
        ComicTextAndBubbleDetector(yolo, "")
    with pytest.raises(SettingsError, match=r"rt\.onnx is no model .*orig_target_sizes.* expected are one picture"):
        Manga109YoloDetector(rt_detr, "")


def test_a_yolo_of_other_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"expected are .*\(1, 8, N\), and this one is \(1, 84, 1\)"):
        Manga109YoloDetector(write_yolo(tmp_path / "coco.onnx", [BALLOON], classes=80), "")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"not a network")

    with pytest.raises(SettingsError, match=r"net\.onnx cannot be loaded"):
        Manga109YoloDetector(tmp_path / "net.onnx", "")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"net\.onnx cannot be read: No such file"):
        ComicTextAndBubbleDetector(tmp_path / "net.onnx", "")

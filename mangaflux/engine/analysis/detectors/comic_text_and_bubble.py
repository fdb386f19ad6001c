"""Balloons, and text inside and outside of them: RT-DETR-v2 trained on comics, manga and webtoons.

The weights are `ogkalu/comic-text-and-bubble-detector` (Apache-2.0), or others of the same classes. The page is
squeezed into a square without keeping its aspect, 0–1 without mean and deviation, as it was in training. Exports come
in two kinds: with the last step, which gives labels, boxes and scores; and without it, which gives logits of each class
and boxes as parts of the picture.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import Detections
from mangaflux.engine.analysis.detectors.boxes import Boxes, best_of_each, detected, from_centres
from mangaflux.engine.analysis.detectors.onnx_model import OnnxModel, planar
from mangaflux.engine.analysis.detectors.page_parts import look_at_parts

NAME = "comic-text-and-bubble"

#: Sides of the picture where the export leaves them open.
_SIDE = 640
#: Numbers of the classes.
_BUBBLE, _TEXT_IN_BUBBLE, _FREE_TEXT = 0, 1, 2
#: Less sure boxes are left out; what programs that use these weights take.
_SUREST = 0.35
#: IoU from which two boxes of a class are one.
_SAME = 0.5

_SIZE_INPUT = "orig_target_sizes"
_FINISHED = ("labels", "boxes", "scores")
_RAW = ("logits", "pred_boxes")
_EXPECTED = f"a picture and {_SIZE_INPUT}, and {', '.join(_FINISHED)} or {', '.join(_RAW)}"


class ComicTextAndBubbleDetector:
    """The detector, loaded.

    Args:
        path: the weights, an ONNX file.
        license_name: of these weights.

    Raises:
        SettingsError: the file cannot be loaded, or is another kind of model.
    """

    name = NAME

    def __init__(self, path: Path, license_name: str) -> None:
        self.license = license_name
        self._model = OnnxModel(path)
        self.sha256 = self._model.sha256
        outputs = set(self._model.output_names)
        self._is_finished = outputs.issuperset(_FINISHED)
        extra = set(self._model.input_names[1:]) - {_SIZE_INPUT}
        if extra or not (self._is_finished or outputs.issuperset(_RAW)):
            raise self._model.refuse(_EXPECTED)
        height, width = self._model.input_sides()
        self._height, self._width = height or _SIDE, width or _SIDE
        # Exports do not always say what they answer before they run.
        self._look(np.full((self._height, self._width, 3), 255, np.uint8))

    def detect(self, page: NDArray[np.uint8]) -> Detections:
        """Balloons and lettering; text inside and outside of balloons is lettering alike."""
        boxes = best_of_each(look_at_parts(page, self._look), _SAME)
        text = np.isin(boxes.classes, (_TEXT_IN_BUBBLE, _FREE_TEXT))
        lettering = Boxes(boxes.corners, boxes.scores, np.where(text, _FREE_TEXT, boxes.classes))
        return Detections(
            lettering=detected(best_of_each(lettering, _SAME), _FREE_TEXT, page.shape),
            balloons=detected(boxes, _BUBBLE, page.shape),
        )

    def _look(self, picture: NDArray[np.uint8]) -> Boxes:
        squeezed = cv2.resize(picture, (self._width, self._height), interpolation=cv2.INTER_AREA)
        inputs: dict[str, NDArray[np.generic]] = {self._model.input_names[0]: planar(np.asarray(squeezed, np.uint8))}
        if _SIZE_INPUT in self._model.input_names:
            # Exports differ in whether width or height comes first. Told the size of what it sees, it answers in
            # pixels of that.
            inputs[_SIZE_INPUT] = np.array([[self._width, self._height]], dtype=np.int64)
        answer = self._model.run(inputs)
        boxes = self._finished(answer) if self._is_finished else self._raw(answer)
        sure = boxes.chosen(boxes.scores >= _SUREST)
        height, width = picture.shape[:2]
        return sure.mapped(scale=(width / self._width, height / self._height), offset=(0, 0))

    def _finished(self, answer: dict[str, NDArray[np.float64]]) -> Boxes:
        classes = answer["labels"].reshape(-1).astype(np.int64)
        return Boxes(answer["boxes"].reshape(-1, 4), answer["scores"].reshape(-1), classes)

    def _raw(self, answer: dict[str, NDArray[np.float64]]) -> Boxes:
        logits = answer["logits"][0]
        corners = from_centres(answer["pred_boxes"].reshape(-1, 4))
        # Each class has a probability of its own in RT-DETR (sigmoid, no softmax).
        scores = 1 / (1 + np.exp(-logits.max(axis=1)))
        boxes = Boxes(corners, scores, logits.argmax(axis=1).astype(np.int64))
        return boxes.mapped(scale=(self._width, self._height), offset=(0, 0))

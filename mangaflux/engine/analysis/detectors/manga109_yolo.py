"""Panels, faces, bodies and text: YOLO trained on Manga109-s.

The weights are `deepghs/manga109_yolo`, whose authors state no licence, or others of the same classes. The page is
fitted into a square with its aspect kept, on grey, as it was in training.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import Detections
from mangaflux.engine.analysis.detectors.boxes import Boxes, best_of_each, detected, from_centres
from mangaflux.engine.analysis.detectors.onnx_model import OnnxModel, planar
from mangaflux.engine.analysis.detectors.page_parts import look_at_parts

NAME = "manga109-yolo"

#: Side of the picture where the export leaves it open; as in training.
_SIDE = 640
#: Numbers of the classes, in the order of the weights' `labels.json`.
_BODY, _FACE, _FRAME, _TEXT = 0, 1, 2, 3
_CLASSES = 4
#: Less sure boxes are left out; where the authors measured the best F1.
_SUREST = 0.383
#: IoU from which two boxes of a class are one.
_SAME = 0.6
#: Grey around the page, 0–255.
_AROUND = 114

_EXPECTED = f"one picture, and one output of (1, {4 + _CLASSES}, N)"


class Manga109YoloDetector:
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
        if len(self._model.input_names) != 1 or len(self._model.output_names) != 1:
            raise self._model.refuse(_EXPECTED)
        height, width = self._model.input_sides()
        self._height, self._width = height or _SIDE, width or _SIDE
        # Exports do not always say what they answer before they run.
        self._look(np.full((self._height, self._width, 3), _AROUND, np.uint8))

    def detect(self, page: NDArray[np.uint8]) -> Detections:
        """Panels, faces, bodies and lettering."""
        boxes = best_of_each(look_at_parts(page, self._look), _SAME)
        return Detections(
            lettering=detected(boxes, _TEXT, page.shape),
            panels=detected(boxes, _FRAME, page.shape),
            faces=detected(boxes, _FACE, page.shape),
            bodies=detected(boxes, _BODY, page.shape),
        )

    def _look(self, picture: NDArray[np.uint8]) -> Boxes:
        height, width = picture.shape[:2]
        scale = min(self._height / height, self._width / width)
        fitted_height, fitted_width = max(1, round(height * scale)), max(1, round(width * scale))
        top, left = (self._height - fitted_height) // 2, (self._width - fitted_width) // 2
        canvas = np.full((self._height, self._width, 3), _AROUND, np.uint8)
        fitted = cv2.resize(picture, (fitted_width, fitted_height), interpolation=cv2.INTER_AREA)
        canvas[top : top + fitted_height, left : left + fitted_width] = fitted
        boxes = self._boxes(self._model.run({self._model.input_names[0]: planar(canvas)}))
        stretch = (width / fitted_width, height / fitted_height)
        return boxes.mapped(scale=stretch, offset=(-left * stretch[0], -top * stretch[1]))

    def _boxes(self, answer: dict[str, NDArray[np.float64]]) -> Boxes:
        """The sure ones of an answer, in pixels of the square."""
        (output,) = answer.values()
        if output.ndim != 3 or output.shape[1] != 4 + _CLASSES:
            raise self._model.refuse(f"{_EXPECTED}, and this one is {output.shape}")
        columns = output[0].T
        scores = columns[:, 4:]
        boxes = Boxes(from_centres(columns[:, :4]), scores.max(axis=1), scores.argmax(axis=1).astype(np.int64))
        return boxes.chosen(boxes.scores >= _SUREST)

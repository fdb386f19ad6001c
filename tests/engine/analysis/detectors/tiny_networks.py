"""ONNX files with the inputs and outputs of the detectors' weights, which answer with boxes they are given.

How sure they are of a box is the level of one value of the picture they are shown, so that a picture which is turned,
shifted, or has its colours exchanged gets another answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Constants = Mapping[str, NDArray[np.generic]]
Nodes = list[onnx.NodeProto]


@dataclass(frozen=True)
class KnownBox:
    """A box that the network answers with."""

    #: Left, top, right, bottom, 0–1 of what the network sees.
    corners: tuple[float, float, float, float]
    number: int
    #: Channel (0 red, 2 blue), row and column of the value in the picture that is its score.
    probe: tuple[int, int, int]


def write_finished_rt_detr(path: Path, boxes: Sequence[KnownBox], side: int = 640) -> Path:
    """With the last step: labels, boxes in pixels of the size it is told, scores."""
    nodes = _scores(boxes)
    nodes += [
        helper.make_node("Cast", ["orig_target_sizes"], ["sizes"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["sizes", "sizes"], ["twice"], axis=1),
        helper.make_node("Mul", ["corners", "twice"], ["boxes"]),
        helper.make_node("Identity", ["numbers"], ["labels"]),
        helper.make_node("Identity", ["probed"], ["scores"]),
    ]
    constants: Constants = {
        "corners": np.array([[box.corners for box in boxes]], np.float32),
        "numbers": np.array([[box.number for box in boxes]], np.int64),
    }
    inputs = [_picture("images", side), helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2])]
    outputs = {"labels": TensorProto.INT64, "boxes": TensorProto.FLOAT, "scores": TensorProto.FLOAT}
    return _write(path, nodes, inputs, outputs, constants)


def write_raw_rt_detr(path: Path, boxes: Sequence[KnownBox], side: int = 640) -> Path:
    """Without the last step: a logit of each class, and boxes as parts of the picture."""
    logits = np.full((1, len(boxes), 3), -20, np.float32)
    weight = np.zeros((1, len(boxes), 3), np.float32)
    for row, box in enumerate(boxes):
        logits[0, row, box.number], weight[0, row, box.number] = -5, 10
    # A value of 0 is a logit of -5, a value of 1 one of 5.
    nodes = [
        *_scores(boxes),
        helper.make_node("Unsqueeze", ["probed", "last"], ["column"]),
        helper.make_node("Mul", ["column", "weight"], ["rise"]),
        helper.make_node("Add", ["rise", "base"], ["logits"]),
        helper.make_node("Identity", ["centres"], ["pred_boxes"]),
    ]
    constants: Constants = {
        "last": np.array([2], np.int64),
        "base": logits,
        "weight": weight,
        "centres": np.array([[_centre(box.corners) for box in boxes]], np.float32),
    }
    outputs = {"logits": TensorProto.FLOAT, "pred_boxes": TensorProto.FLOAT}
    return _write(path, nodes, [_picture("pixel_values", side)], outputs, constants)


def write_yolo(path: Path, boxes: Sequence[KnownBox], side: int = 640, classes: int = 4) -> Path:
    """One output of (1, 4 + classes, N), boxes in pixels of the picture."""
    weight = np.zeros((1, classes, len(boxes)), np.float32)
    for column, box in enumerate(boxes):
        weight[0, box.number, column] = 1
    nodes = [
        *_scores(boxes),
        helper.make_node("Unsqueeze", ["probed", "middle"], ["row"]),
        helper.make_node("Mul", ["row", "weight"], ["sure"]),
        helper.make_node("Concat", ["centres", "sure"], ["output0"], axis=1),
    ]
    constants: Constants = {
        "middle": np.array([1], np.int64),
        "weight": weight,
        "centres": np.array([np.array([_centre(box.corners) for box in boxes], np.float32).T * side]),
    }
    return _write(path, nodes, [_picture("images", side)], {"output0": TensorProto.FLOAT}, constants)


def _scores(boxes: Sequence[KnownBox]) -> Nodes:
    """Nodes that make `probed`, (1, N): the value of each box's probe."""
    indices = np.array([[[0, *box.probe] for box in boxes]], np.int64)
    return [
        helper.make_node("Constant", [], ["probes"], value=numpy_helper.from_array(indices)),
        helper.make_node("GatherND", ["picture", "probes"], ["probed"]),
    ]


def _picture(name: str, side: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, side, side])


def _centre(corners: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = corners
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def _write(
    path: Path,
    nodes: Nodes,
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Mapping[str, int],
    constants: Constants,
) -> Path:
    named = [helper.make_node("Identity", [inputs[0].name], ["picture"]), *nodes]
    graph = helper.make_graph(
        named,
        "tiny",
        inputs,
        [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    # What the oldest supported ONNX Runtime reads.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.save(model, path)
    return path

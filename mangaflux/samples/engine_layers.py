"""What an engine might paint of a page whose colours are known: faithful pictures, and wrong ones of every kind seen.

Everything is deterministic: equal arguments give equal bytes. For tests and benchmarks of finishing.
"""

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.samples.layout import Polygon

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]

#: Pixels of a layer: what an image model paints at once; sides are multiples of 16.
_LAYER_PIXELS, _SIDE_STEP = 1024 * 1024, 16
#: Standard deviation, in layer pixels, of the wobble of a redrawn line and of its blur; levels of its noise.
_WOBBLE, _REDRAWN_BLUR, _NOISE = 1.2, 0.8, 3.0
#: Of the blurred picture, in layer pixels.
_BLUR = 1.5
#: How much of a washed-out picture is paper.
_WASH = 0.82


def soft(colour: Rgb) -> Rgb:
    """The true colours, (H, W, 3), at the size of a layer and blurred."""
    return np.asarray(cv2.GaussianBlur(at_layer_size(colour), (0, 0), _BLUR), np.uint8)


def shifted(colour: Rgb, pixels: float) -> Rgb:
    """The true colours at the size of a layer, so many pixels of the page to the right and half as many down."""
    layer = at_layer_size(colour)
    height, width = layer.shape[:2]
    right = pixels * width / colour.shape[1]
    move = np.array([[1, 0, right], [0, 1, right / 2]], np.float32)
    return np.asarray(cv2.warpAffine(layer, move, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def redrawn(colour: Rgb, seed: int) -> Rgb:
    """The true colours at the size of a layer, drawn anew: lines waver by a pixel, are softer, and there is noise."""
    layer, rng = at_layer_size(colour), np.random.default_rng([seed, 71])
    height, width = layer.shape[:2]
    across, down = (_waves(rng, width, height) * _WOBBLE for _ in range(2))
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(layer, columns + across, rows + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    noise = rng.normal(0, _NOISE, layer.shape)
    return np.asarray(np.clip(cv2.GaussianBlur(moved, (0, 0), _REDRAWN_BLUR) + noise, 0, 255), np.uint8)


def at_layer_size(colour: Rgb) -> Rgb:
    """A page, (H, W, 3), at the size an image model paints it."""
    height, width = colour.shape[:2]
    scale = (_LAYER_PIXELS / (height * width)) ** 0.5
    size = tuple(max(_SIDE_STEP, round(side * scale / _SIDE_STEP) * _SIDE_STEP) for side in (width, height))
    return np.asarray(cv2.resize(colour, size, interpolation=cv2.INTER_AREA), np.uint8)


#: The ways a picture goes wrong: each takes the page's true colours, panels, lettering and a seed.
Fault = Callable[[Rgb, Sequence[Polygon], Mask, int], Rgb]


def _six_pixels_off(colour: Rgb, panels: Sequence[Polygon], lettering: Mask, seed: int) -> Rgb:
    return shifted(colour, 6.0)


def _panels_swapped(colour: Rgb, panels: Sequence[Polygon], lettering: Mask, seed: int) -> Rgb:
    """Every panel shows what belongs into the next one."""
    swapped = colour.copy()
    boxes = [_box(panel, colour.shape) for panel in panels]
    for place, source in zip(boxes, boxes[1:] + boxes[:1], strict=True):
        target = swapped[place]
        target[:] = cv2.resize(colour[source], (target.shape[1], target.shape[0]), interpolation=cv2.INTER_AREA)
    if len(boxes) == 1:
        swapped[boxes[0]] = swapped[boxes[0]][:, ::-1]
    return redrawn(swapped, seed)


def _object_invented(colour: Rgb, panels: Sequence[Polygon], lettering: Mask, seed: int) -> Rgb:
    """A lamp with a pattern stands in the largest panel."""
    drawn, rng = colour.copy(), np.random.default_rng([seed, 72])
    boxes = [_box(panel, colour.shape) for panel in panels]
    rows, columns = max(boxes, key=lambda box: (box[0].stop - box[0].start) * (box[1].stop - box[1].start))
    height, width = rows.stop - rows.start, columns.stop - columns.start
    size = int(min(height, width) * rng.uniform(0.2, 0.3))
    x = columns.start + int(width * rng.uniform(0.3, 0.7))
    y = rows.start + int(height * rng.uniform(0.3, 0.7))
    _draw_lamp(drawn, (x, y), size, tuple(int(level) for level in rng.integers(40, 230, 3)))
    return redrawn(drawn, seed)


def _washed_out(colour: Rgb, panels: Sequence[Polygon], lettering: Mask, seed: int) -> Rgb:
    layer = redrawn(colour, seed).astype(np.float32)
    return np.asarray(np.rint(layer * (1 - _WASH) + 250 * _WASH), np.uint8)


def _inverted(colour: Rgb, panels: Sequence[Polygon], lettering: Mask, seed: int) -> Rgb:
    return 255 - redrawn(colour, seed)


def _lettering_redrawn(colour: Rgb, panels: Sequence[Polygon], lettering: Mask, seed: int) -> Rgb:
    """In place of the letters stand strokes that look like letters."""
    drawn, rng = colour.copy(), np.random.default_rng([seed, 73])
    grown = cv2.dilate(lettering.astype(np.uint8), np.ones((25, 25), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(grown)
    drawn[cv2.dilate(lettering.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0] = 255
    for x, y, width, height, _ in stats[1:count]:
        inside = drawn[y + 10 : y + height - 10, x + 10 : x + width - 10]
        if inside.size:
            inside[:] = np.minimum(inside, _scribble(rng, inside.shape)[..., None])
    return redrawn(drawn, seed)


FAULTS: Mapping[str, Fault] = {
    "six pixels off": _six_pixels_off,
    "panels swapped": _panels_swapped,
    "object invented": _object_invented,
    "washed out": _washed_out,
    "inverted": _inverted,
    "lettering redrawn": _lettering_redrawn,
}


def _draw_lamp(picture: Rgb, middle: tuple[int, int], size: int, paint: tuple[int, ...]) -> None:
    x, y = middle
    thick = max(2, size // 25)
    shade = np.array(
        [(x - size // 2, y), (x + size // 2, y), (x + size // 4, y - size // 2), (x - size // 4, y - size // 2)]
    )
    cv2.fillPoly(picture, [shade], paint)
    cv2.polylines(picture, [shade], True, (20, 15, 15), thick)
    cv2.line(picture, (x, y), (x, y + size // 2), (20, 15, 15), thick * 2)
    cv2.ellipse(picture, (x, y + size // 2), (size // 3, size // 9), 0, 0, 360, paint[::-1], -1)
    cv2.ellipse(picture, (x, y + size // 2), (size // 3, size // 9), 0, 0, 360, (20, 15, 15), thick)
    for part in (-1, 0, 1):
        cv2.line(picture, (x + part * size // 8, y - size // 2), (x + part * size // 5, y), (20, 15, 15), thick)


def _scribble(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Short black strokes in rows on white, (h, w) uint8."""
    height, width = shape[:2]
    paper = np.full((height, width), 255, np.uint8)
    letter = 18
    for y in range(letter // 2, height, round(letter * 1.3)):
        for x in range(letter // 2, width, letter):
            ends = rng.integers(-letter // 2, letter // 2 + 1, (3, 2)) + np.array([x, y])
            cv2.polylines(paper, [ends.astype(np.int32)], bool(rng.integers(2)), [0], 2, cv2.LINE_AA)
    return paper


def _waves(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """(height, width) float32: a slowly changing offset of deviation 1."""
    coarse = rng.normal(0, 1, (max(2, height // 100), max(2, width // 100))).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _box(panel: Polygon, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a panel's bounding box on a page of this shape."""
    corners = np.asarray(panel, np.float64)
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, None).astype(int)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)), (shape[1], shape[0])).astype(int)
    return slice(int(top), int(bottom)), slice(int(left), int(right))

"""Colour on the device: sRGB to Lab, greys, cells, and the same change of colours for a page and its references."""

import torch
from torch import Tensor
from torch.nn import functional

from mangaflux.engine.lite.prior_values import CELL, FULL, INK, LEAST_WEIGHT

#: sRGB to XYZ under D65, divided by the white point.
_XYZ = (
    (0.412453 / 0.950456, 0.357580 / 0.950456, 0.180423 / 0.950456),
    (0.212671, 0.715160, 0.072169),
    (0.019334 / 1.088754, 0.119193 / 1.088754, 0.950227 / 1.088754),
)
#: Where the cube root of Lab gives way to a line, and that line.
_KNEE, _SLOPE, _OFFSET = 0.008856, 7.787, 16 / 116
#: Weights of R, G, B in luma (BT.601), as pages are turned grey.
LUMA = (0.299, 0.587, 0.114)
#: How far the chroma of all colours, and of each hue, may change: factors up to e to this.
_CHROMA_GAIN, _HUE_GAIN = 0.35, 0.35
#: How far the lightness of each hue may change, likewise, and opponent colour (0–1) from which a pixel has a hue.
_LIGHT_GAIN, _HUED = 0.6, 0.4


def to_lab(rgb: Tensor) -> Tensor:
    """(B, 3, h, w) sRGB 0–1 → L* 0–100, a*, b*."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).clamp(min=1e-6) ** 2.4)
    xyz = torch.einsum("ij,bjhw->bihw", torch.tensor(_XYZ, device=rgb.device), linear)
    curved = torch.where(xyz > _KNEE, xyz.clamp(min=1e-6) ** (1 / 3), _SLOPE * xyz + _OFFSET)
    x, y, z = curved.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def to_grey(rgb: Tensor) -> Tensor:
    """(B, 1, h, w) luma."""
    return torch.einsum("j,bjhw->bhw", torch.tensor(LUMA, device=rgb.device), rgb)[:, None]


def cell_colours(lab: Tensor, cell: int = CELL) -> Tensor:
    """(B, 2, h / cell, w / cell): mean a*, b* of each cell, weighted as by `prior_values.colour_weight`."""
    weight = ((lab[:, :1] - INK) / FULL).clamp(LEAST_WEIGHT, 1.0)
    return functional.avg_pool2d(lab[:, 1:] * weight, cell) / functional.avg_pool2d(weight, cell)


class ChromaChange:
    """Turns all hues of a sample by one angle, so that none is learned by heart, and makes each more or less colourful:
    what is vivid in one sample is pale in another.
    """

    def __init__(self, count: int, generator: torch.Generator) -> None:
        angle = torch.rand(count, 1, 1, generator=generator, device=generator.device) * 2 * torch.pi
        self._cosine, self._sine = angle.cos(), angle.sin()
        draw = torch.rand(5, count, 1, 1, generator=generator, device=generator.device) * 2 - 1
        self._gain, self._first, self._second = draw[0] * _CHROMA_GAIN, draw[1] * _HUE_GAIN, draw[2] * _HUE_GAIN
        self._turn, self._other_turn = draw[3] * torch.pi, draw[4] * torch.pi

    def __call__(self, colours: Tensor) -> Tensor:
        """(B, 2, h, w) a*, b* → the same, changed."""
        hue = torch.atan2(colours[:, 1], colours[:, 0])
        waves = self._first * torch.sin(hue + self._turn) + self._second * torch.sin(2 * hue + self._other_turn)
        a, b = (colours * torch.exp(self._gain + waves)[:, None]).unbind(1)
        return torch.stack([a * self._cosine - b * self._sine, a * self._sine + b * self._cosine], 1)


class LightChange:
    """Makes each hue lighter or darker, on a page and its references alike: which hues are dark differs by sample."""

    def __init__(self, changed: Tensor, generator: torch.Generator) -> None:
        """`changed` (B,) says which samples change."""
        draw = torch.rand(4, len(changed), 1, 1, generator=generator, device=generator.device) * 2 - 1
        share = changed.float()[:, None, None] * _LIGHT_GAIN
        self._first, self._second = draw[0] * share, draw[1] * share / 2
        self._turn, self._other_turn = draw[2] * torch.pi, draw[3] * torch.pi

    def __call__(self, rgb: Tensor) -> Tensor:
        """(B·R, 3, h, w) sRGB 0–1, R pictures of each sample in turn → the same, changed."""
        first, second, turn, other_turn = (
            each.repeat_interleave(len(rgb) // len(each), 0)
            for each in (self._first, self._second, self._turn, self._other_turn)
        )
        red, green, blue = rgb.unbind(1)
        across, along = red - green, (red + green) / 2 - blue
        hue = torch.atan2(along, across)
        gain = first * torch.sin(hue + turn) + second * torch.sin(2 * hue + other_turn)
        gain = (gain * (torch.hypot(across, along) / _HUED).clamp(max=1))[:, None]
        return torch.where(gain < 0, rgb * gain.exp(), 1 - (1 - rgb) * (-gain).exp())

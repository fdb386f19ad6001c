"""Which part of a picture is shown, how large and how turned: affine maps from a canvas to the pixels of a picture."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

#: Width in pixels of a whole page at scale 1; the engine asks at about 0.8 of it (`prior_values.PAGE_AREA`).
WORKING_WIDTH = 448
#: A page is shown at this times its working size; a reference shows from the first to the second share of its sides.
_PAGE_SCALES, _REFERENCE_SHARES = (0.62, 1.3), (0.4, 1.05)
#: Share of references shown whole.
_WHOLE = 0.5
#: Largest turn in degrees and change of the ratio of sides, of the share of views that are turned.
_TURN, _STRETCH, _TURNED = 6.0, 0.1, 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """(B, 2, 3) maps: from (x, y, 1) on a canvas, 0–1, to (x, y) in pixels of the picture."""

    maps: Tensor

    def points(self, height: int, width: int) -> Tensor:
        """(B, height, width, 2): where in the picture the middle of each of a canvas's cells lies."""
        down = (torch.arange(height, device=self.maps.device) + 0.5) / height
        across = (torch.arange(width, device=self.maps.device) + 0.5) / width
        y, x = torch.meshgrid(down, across, indexing="ij")
        return torch.einsum("bij,hwj->bhwi", self.maps, torch.stack([x, y, torch.ones_like(x)], -1))

    def inverse(self, points: Tensor) -> Tensor:
        """Pixels of the picture (B, h, w, 2) as places on the canvas, 0–1 where they are on it."""
        turned = torch.linalg.inv_ex(self.maps[:, :, :2]).inverse
        return torch.einsum("bij,bhwj->bhwi", turned, points - self.maps[:, None, None, :, 2])

    def show(self, pictures: Tensor, height: int, width: int, mode: str = "bilinear") -> Tensor:
        """(B, C, height, width) float of bytes (B, C, h, w); beyond the picture is white, or 0 for "nearest"."""
        size = torch.tensor([pictures.shape[3], pictures.shape[2]], device=pictures.device)
        grid = self.points(height, width) / size * 2 - 1
        if mode == "nearest":
            return functional.grid_sample(pictures.float(), grid, mode=mode, align_corners=False)
        shown = functional.grid_sample((255 - pictures).float(), grid, mode=mode, align_corners=False)
        return torch.add(1, shown, alpha=-1 / 255)


def whole_views(sizes: Tensor) -> Views:
    """Each picture from edge to edge."""
    maps = torch.zeros(len(sizes), 2, 3, device=sizes.device)
    maps[:, 0, 0], maps[:, 1, 1] = sizes[:, 1], sizes[:, 0]
    return Views(maps)


def page_views(sizes: Tensor, side: int, generator: torch.Generator) -> Views:
    """Random crops of pages on square canvases of `side` pixels, near the size the network works at."""
    low, high = (math.log(scale) for scale in _PAGE_SCALES)
    scale = torch.exp(low + (high - low) * _uniform(len(sizes), generator))
    span = side * sizes[:, 1] / WORKING_WIDTH / scale
    return _random_views(sizes, torch.stack([span, span], 1), generator)


def reference_views(sizes: Tensor, generator: torch.Generator) -> Views:
    """References on square canvases: whole, or a random part."""
    low, high = _REFERENCE_SHARES
    share = low + (high - low) * _uniform(len(sizes), generator)
    whole = _uniform(len(sizes), generator) < _WHOLE
    return _random_views(sizes, sizes * torch.where(whole, 1.0, share)[:, None], generator)


def _random_views(sizes: Tensor, spans: Tensor, generator: torch.Generator) -> Views:
    """Views that show `spans` (B, 2: height, width) pixels somewhere in the picture, some turned or mirrored."""
    count = len(sizes)
    changed = _uniform(count, generator) < _TURNED
    angle = torch.where(changed, (_uniform(count, generator) * 2 - 1) * math.radians(_TURN), 0.0)
    stretch = torch.where(changed, 1 + (_uniform(count, generator) * 2 - 1) * _STRETCH, 1.0)
    mirror = torch.where(_uniform(count, generator) < 0.5, -1.0, 1.0)
    room = (sizes - spans).clamp(min=0)
    low = torch.minimum(spans, sizes) / 2
    middle = low + room * torch.stack([_uniform(count, generator), _uniform(count, generator)], 1)
    across, down = spans[:, 1] * stretch * mirror, spans[:, 0]
    rows = [
        torch.stack([angle.cos() * across, -angle.sin() * down], 1),
        torch.stack([angle.sin() * across, angle.cos() * down], 1),
    ]
    turned = torch.stack(rows, 1)
    offset = middle.flip(1) - turned.sum(2) / 2
    return Views(torch.cat([turned, offset[:, :, None]], 2))


def _uniform(count: int, generator: torch.Generator) -> Tensor:
    return torch.rand(count, generator=generator, device=generator.device)

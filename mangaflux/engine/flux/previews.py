"""What a latent looks like, without the VAE: one linear map from the channels of a cell to a few pixels.

The map is fitted to the VAE that is loaded, so it holds for every decoder and every size of model: pictures of
overlapping leaves, whose edges and colours are those of natural images (A. B. Lee, D. Mumford and J. Huang, Occlusion
models for natural images, 2001), are encoded and decoded, and the map is the least-squares one from the latents to the
decoded pictures. A preview is two small matrix products on the device and a copy that nobody waits for: one after each
step costs a page 5 ms (klein 4B, 848 × 1216, H100).
"""

import cv2
import numpy as np
import torch

from mangaflux.engine.base import RgbImage
from mangaflux.engine.flux.fitting import CELL
from mangaflux.engine.flux.latents import decode_levels, encode_picture, to_tokens
from mangaflux.engine.flux.loading import Klein
from mangaflux.engine.flux.optimizations import compiled_only_if

#: Pixels of a preview for each side of a cell: a page of 848 × 1216 is shown at 212 × 304.
CELL_PIXELS = 4
_SCALE = CELL // CELL_PIXELS

#: Pictures that the map is fitted to, and their side in pixels: eight times as many cells as the map has inputs.
_PICTURES, _SIDE = 4, 256
#: Leaves of a picture, and their radii in pixels.
_LEAVES, _SMALLEST, _LARGEST = 300, 3, 90
_SEED = 20_260
#: Weight of the penalty on large factors, beside the mean variance of the latents.
_RIDGE = 1e-3


class LatentPreviews:
    """Draws what latents look like. Device thread only."""

    def __init__(self, klein: Klein) -> None:
        """Fits nothing yet."""
        self._klein = klein
        #: (C + 1, 3 · CELL_PIXELS²), the last row is the offset; levels −1 … 1.
        self._map: torch.Tensor | None = None

    def prepare(self) -> None:
        """Fits the map where that has not been done: the VAE runs over a few small pictures."""
        if self._map is None:
            self._map = _fit(self._klein)

    def draw(self, tokens: torch.Tensor, height: int, width: int) -> torch.Tensor:
        """The (h, w, 3) uint8 picture, on the device, of (1, n, C) clean tokens of a canvas of `height` × `width`
        pixels; a quarter of the canvas on each side.
        """
        self.prepare()
        assert self._map is not None  # for the type checker: `prepare` has set it
        levels = tokens[0].float() @ self._map[:-1] + self._map[-1]
        rows, columns = height // CELL, width // CELL
        cells = levels.view(rows, columns, 3, CELL_PIXELS, CELL_PIXELS)
        picture = cells.permute(0, 3, 1, 4, 2).reshape(rows * CELL_PIXELS, columns * CELL_PIXELS, 3)
        return ((picture * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)


def crop(picture: RgbImage, height: int, width: int) -> RgbImage:
    """The part of a preview that shows the upper left `height` × `width` pixels of its canvas."""
    return picture[: max(1, round(height / _SCALE)), : max(1, round(width / _SCALE))]


@torch.no_grad()
def _fit(klein: Klein) -> torch.Tensor:
    inputs, outputs = [], []
    random = np.random.default_rng(_SEED)
    with compiled_only_if(False):
        for _ in range(_PICTURES):
            latent = encode_picture(klein.vae, _draw_leaves(random))
            inputs.append(to_tokens(latent)[0])
            outputs.append(_cells_of(decode_levels(klein.vae, klein.decoder, latent)))
    tokens, levels = torch.cat(inputs).double().cpu(), torch.cat(outputs).double().cpu()
    return _least_squares(tokens, levels).to(klein.device, torch.float32)


def _cells_of(levels: torch.Tensor) -> torch.Tensor:
    """(1, 3, H, W) levels as (n, 3 · CELL_PIXELS²), cell by cell."""
    small = torch.nn.functional.avg_pool2d(levels.float(), _SCALE)[0]
    cells = small.unfold(1, CELL_PIXELS, CELL_PIXELS).unfold(2, CELL_PIXELS, CELL_PIXELS)
    return cells.permute(1, 2, 0, 3, 4).reshape(-1, 3 * CELL_PIXELS**2)


def _least_squares(inputs: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
    """Factors and, in the last row, offsets of the ridge regression of outputs on inputs."""
    input_mean, output_mean = inputs.mean(0), outputs.mean(0)
    centred = inputs - input_mean
    covariance = centred.T @ centred / len(inputs)
    ridge = _RIDGE * covariance.diagonal().mean().clamp_min(1e-12)
    covariance += ridge * torch.eye(len(covariance), dtype=covariance.dtype)
    factors = torch.linalg.solve(covariance, centred.T @ (outputs - output_mean) / len(inputs))
    return torch.cat([factors, (output_mean - input_mean @ factors)[None]])


def _draw_leaves(random: np.random.Generator) -> RgbImage:
    """Discs and boxes of all sizes, one over the other, each in one colour."""
    picture = np.empty((_SIDE, _SIDE, 3), np.uint8)
    picture[:] = random.integers(0, 256, 3)
    for radius in np.exp(random.uniform(np.log(_SMALLEST), np.log(_LARGEST), _LEAVES)):
        column, row = (int(value) for value in random.integers(0, _SIDE, 2))
        colour = [int(value) for value in random.integers(0, 256, 3)]
        if random.random() < 0.5:
            cv2.circle(picture, (column, row), round(radius), colour, -1, cv2.LINE_AA)
        else:
            far = (column + round(2 * radius), row + round(radius))
            cv2.rectangle(picture, (column, row), far, colour, -1)
    return picture

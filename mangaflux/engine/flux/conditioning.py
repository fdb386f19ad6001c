"""What guides the denoising of one canvas: tokens of the references, and where each token lies.

The canvas itself is reference 1 and shares its grid with the picture that is made, the style references follow. The
position of a token is (reference, row, column, place in the text); references count from 10 in steps of 10, as the
models were trained.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from mangaflux.engine.base import RgbImage
from mangaflux.engine.flux.latents import encode_picture, to_tokens
from mangaflux.engine.flux.optimizations import compiled_only_if

#: First coordinate of reference 1, and from each reference to the next.
REFERENCE_STEP = 10

#: Style latents that are kept on the device; one of 512 × 512 pixels takes 256 KiB.
_KEPT_STYLES = 16


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """All references of a canvas as one sequence."""

    #: (1, n, 128).
    tokens: torch.Tensor
    #: (1, n, 4) int64.
    positions: torch.Tensor
    #: SHA-256 of their pixels, in order.
    sha256: str


class ReferenceEncoder:
    """Makes references of pictures; a style that was seen lately is not encoded again. Device thread only.

    A style of 512 × 512 that is encoded anew costs 15 ms (klein 4B, H100).
    """

    def __init__(self, vae: Any, buckets: Collection[tuple[int, int]] = ()) -> None:
        self._vae = vae
        self._buckets = buckets
        self._styles: OrderedDict[str, torch.Tensor] = OrderedDict()

    def encode(self, canvas: RgbImage, styles: Sequence[RgbImage]) -> References:
        """The references of a canvas: itself first, then the styles, all with sides of whole cells."""
        with compiled_only_if((canvas.shape[1], canvas.shape[0]) in self._buckets):
            latents = [encode_picture(self._vae, canvas)]
        latents += [self._style_latent(style) for style in styles]
        shapes = [(latent.shape[2], latent.shape[3]) for latent in latents]
        return References(
            tokens=torch.cat([to_tokens(latent) for latent in latents], dim=1),
            positions=reference_positions(shapes).to(latents[0].device),
            sha256=_digest(canvas, *styles),
        )

    def forget(self) -> None:
        """Frees what is kept on the device."""
        self._styles.clear()

    def _style_latent(self, style: RgbImage) -> torch.Tensor:
        key = _digest(style)
        if key not in self._styles:
            with compiled_only_if(False):
                self._styles[key] = encode_picture(self._vae, style)
            while len(self._styles) > _KEPT_STYLES:
                self._styles.popitem(last=False)
        self._styles.move_to_end(key)
        return self._styles[key]


def text_positions(length: int) -> torch.Tensor:
    """(1, length, 4) int64: the places of text tokens."""
    return torch.cartesian_prod(torch.arange(1), torch.arange(1), torch.arange(1), torch.arange(length))[None]


def canvas_positions(height: int, width: int) -> torch.Tensor:
    """(1, height·width, 4) int64: the places of the tokens that are denoised; sides in cells."""
    return _grid(0, height, width)[None]


def reference_positions(shapes: Sequence[tuple[int, int]]) -> torch.Tensor:
    """(1, n, 4) int64: the places of the tokens of references with these (height, width), in cells."""
    grids = [_grid(REFERENCE_STEP * (1 + number), *shape) for number, shape in enumerate(shapes)]
    return torch.cat(grids)[None]


def _grid(reference: int, height: int, width: int) -> torch.Tensor:
    return torch.cartesian_prod(torch.tensor([reference]), torch.arange(height), torch.arange(width), torch.arange(1))


def _digest(*pictures: RgbImage) -> str:
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(str(picture.shape).encode())
        digest.update(picture.tobytes())
    return digest.hexdigest()

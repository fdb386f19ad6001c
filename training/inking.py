"""Black-and-white pages out of coloured ones, on the device: greys, flat tones, screentone, lines, scans.

Each sample of a batch is made in its own way. Canvases come at twice the size the network sees, so that dots are
drawn where a printed page has them and are averaged as scaling averages them.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from training.colour import LUMA

#: The ways a page can be made; `PRINTED` takes the page's own ink.
GREY, FLAT, SCREEN, SHADED_SCREEN, LINES, PRINTED = range(6)
#: How often each way is taken for drawn pages and for comic pages.
_DRAWN_SHARES = (0.1, 0.06, 0.1, 0.08, 0.1, 0.56)
_COMIC_SHARES = (0.22, 0.08, 0.17, 0.14, 0.07, 0.32)
#: Greys sampled to rank the tones of a page by.
_RANKED = 4096
#: Side of the window, in pixels, that lines are told from their surroundings in.
_WINDOW = 7


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """(B, 1, n, n) layers at twice the network's size, all 0–1."""

    rgb: Tensor
    ink: Tensor
    #: Inside balloons, and ink of letters; both are drawn on where the colours lack them.
    balloon: Tensor
    text: Tensor


def choose_ways(is_comic: Tensor, generator: torch.Generator) -> Tensor:
    """(B,) a way for each page."""
    shares = torch.where(
        is_comic[:, None],
        torch.tensor(_COMIC_SHARES, device=is_comic.device),
        torch.tensor(_DRAWN_SHARES, device=is_comic.device),
    )
    return torch.multinomial(shares, 1, generator=generator)[:, 0]


def ink_pages(drawn: Drawn, ways: Tensor, generator: torch.Generator, *, clean: bool = False) -> Tensor:
    """(B, 1, n / 2, n / 2) greys, 0 black to 1 white.

    Args:
        drawn: the pages.
        ways: (B,) how each is made.
        generator: decides all that is random.
        clean: leave out what scanning does.
    """
    chance = _Chance(len(ways), generator)
    grey = _random_grey(drawn.rgb, chance)
    line = _lines(grey, chance)
    cover = _cover(grey, chance)
    levels = chance.between(3, 7).floor()
    flat = (cover * levels).round() / levels
    ways = ways[:, None, None, None]
    tone = torch.where((ways == FLAT) | (ways == SCREEN), flat, cover)
    screened = _screened(tone, chance)
    tone = torch.where((ways == SCREEN) | (ways == SHADED_SCREEN), screened, tone)
    tone = torch.where(ways == LINES, 0.0, tone)
    page = torch.minimum(line, 1 - tone)
    curved = grey ** chance.between(0.6, 1.5)
    page = torch.where(ways == GREY, torch.where(chance.happens(0.5), torch.minimum(curved, line), curved), page)
    page = _letter(torch.where(ways == PRINTED, drawn.ink, page), drawn)
    return functional.avg_pool2d(page, 2) if clean else _scan(page, chance)


class _Chance:
    """One number for each sample of a batch."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self.count, self.generator = count, generator

    def between(self, low: float, high: float) -> Tensor:
        shape = (self.count, 1, 1, 1)
        return low + (high - low) * torch.rand(shape, generator=self.generator, device=self.generator.device)

    def happens(self, share: float) -> Tensor:
        return self.between(0, 1) < share


def _random_grey(rgb: Tensor, chance: _Chance) -> Tensor:
    """Luma, or for a fifth of the pages another mix of the channels: artists tone by more than lightness."""
    mix = torch.cat([chance.between(0.05, 1) for _ in range(3)], 1)
    luma = torch.tensor(LUMA, device=rgb.device)[None, :, None, None]
    mix = torch.where(chance.happens(0.2), mix / mix.sum(1, keepdim=True), luma)
    return (rgb * mix).sum(1, keepdim=True)


def _lines(grey: Tensor, chance: _Chance) -> Tensor:
    """Where a pixel is much darker than the lightest near it: 0 on lines, 1 elsewhere."""
    lifted = grey + 0.05
    across = functional.max_pool2d(lifted, (1, _WINDOW), 1, (0, _WINDOW // 2))
    near = _blurred(functional.max_pool2d(across, (_WINDOW, 1), 1, (_WINDOW // 2, 0)), 5)
    ratio = _blurred(lifted, 3) / near
    low = chance.between(0.58, 0.78)
    return ((ratio - low) / chance.between(0.1, 0.25)).clamp(0, 1)


def _cover(grey: Tensor, chance: _Chance) -> Tensor:
    """How much ink the tone of each place takes, 0–1: by its grey, or by its rank among the greys of the page."""
    smooth = _edge_kept(grey)
    sorted_greys = smooth.flatten(1)[:, :: max(1, smooth[0].numel() // _RANKED)].sort(1).values.contiguous()
    ranks = torch.searchsorted(sorted_greys, smooth.flatten(1)).view_as(smooth) / sorted_greys.shape[1]
    share = chance.between(0, 1)
    dark = 1 - (share * ranks + (1 - share) * smooth)
    cover = dark ** chance.between(0.8, 2.6) * chance.between(0.6, 1.1)
    cover = torch.where(cover < chance.between(0.03, 0.2), 0.0, cover)
    cover = torch.where(smooth > 0.93, 0.0, cover)
    return torch.where(cover > chance.between(0.7, 1.0), 1.0, cover).clamp(0, 1)


def _screened(cover: Tensor, chance: _Chance) -> Tensor:
    """Ink of screens that cover so much: dots, a fifth rulings, a tenth sand."""
    count, _, height, width = cover.shape
    turn = chance.between(0, math.pi / 2)
    pitch = 2 * math.pi / chance.between(3.2, 8.5)
    y = torch.arange(height, device=cover.device)[None, None, :, None] * pitch
    x = torch.arange(width, device=cover.device)[None, None, None, :] * pitch
    along, across = x * turn.cos() + y * turn.sin(), y * turn.cos() - x * turn.sin()
    rulings = 1 - torch.arccos(along.cos().clamp(-0.9999, 0.9999)) / math.pi
    # The sum of two waves is spread much as a bell curve of deviation 1 / 2; erf makes every level as frequent.
    dots = (torch.erf((along.cos() + across.cos()) / 2 * 1.38) + 1) / 2
    sand = torch.rand((count, 1, height, width), generator=chance.generator, device=cover.device)
    kind = chance.between(0, 1)
    spots = torch.where(kind < 0.7, dots, torch.where(kind < 0.9, rulings, sand))
    return ((spots - (1 - cover)) * 6 + cover).clamp(0, 1)


def _letter(page: Tensor, drawn: Drawn) -> Tensor:
    """Balloons white within a black line, letters black."""
    inside = functional.max_pool2d(drawn.balloon, 3, 1, 1)
    core = 1 - functional.max_pool2d(1 - drawn.balloon, 3, 1, 1)
    page = page * (1 - inside) + core
    return (page * (1 - drawn.text)).clamp(0, 1)


def _scan(page: Tensor, chance: _Chance) -> Tensor:
    soft = chance.between(0, 1.2).clamp(max=1) * chance.happens(0.6)
    page = functional.avg_pool2d(page + (_blurred(page, 5) - page) * soft, 2)
    white, black = 1 - chance.between(0, 0.12), chance.between(0, 0.14)
    page = black + (white - black) * page ** chance.between(0.8, 1.25)
    noise = torch.randn(page.shape, generator=chance.generator, device=page.device)
    return (page + noise * chance.between(0, 0.035)).clamp(0, 1)


def _blurred(picture: Tensor, side: int) -> Tensor:
    """A binomial blur over `side` pixels, edges repeated."""
    weights = torch.tensor([math.comb(side - 1, k) for k in range(side)], device=picture.device) / 2.0 ** (side - 1)
    around = side // 2
    padded = functional.pad(picture, (around, around, around, around), mode="replicate")
    across = functional.conv2d(padded, weights[None, None, None, :])
    return functional.conv2d(across, weights[None, None, :, None])


def _edge_kept(grey: Tensor, reach: int = 7, evenness: float = 0.004) -> Tensor:
    """A guided filter by the picture itself (He, Sun and Tang, 2010): flat within areas, sharp between them."""
    side = 2 * reach + 1

    def mean(picture: Tensor) -> Tensor:
        across = functional.avg_pool2d(picture, (1, side), 1, (0, reach), count_include_pad=False)
        return functional.avg_pool2d(across, (side, 1), 1, (reach, 0), count_include_pad=False)

    middle = mean(grey)
    variance = mean(grey * grey) - middle**2
    slope = variance / (variance + evenness)
    return mean(slope) * grey + mean(middle - slope * middle)

"""The network: finds for every place of a page where in the references its like is, and carries their colours over.

A page is its greys; a reference is its greys and its colours, which part what is equally light. All hues are turned
while it trains, so that it knows none by heart. Colours come out as means of the references' own, weighted by
attention: none that is not between theirs can appear.
"""

from dataclasses import asdict, dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mangaflux.engine.lite.prior_values import CELL

#: Added to the logits of places that may not be looked at.
_SHUT = -1e4
#: Places are ranked by grey among every so many of their picture's, softly over so much grey.
_RANKED_EACH, _RANK_SOFTNESS = 7, 0.02
#: At first a place of the page looks at places as grey as itself, and a little at those of like rank: the deviations,
#: in greys and in ranks.
_GREY_REACH, _RANK_REACH = 0.05, 0.2
#: Highest logarithm of a weight of grey or rank.
_MOST_LEAN = 8.0
#: Share of what a round of attention adds that is left out while training.
_DROPOUT = 0.1
#: Scales a* and b* to the range that layers like.
_AB_SCALE = 50.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Channels and depths."""

    #: At half, a quarter, an eighth and a sixteenth of the input's size.
    channels: tuple[int, int, int, int] = (24, 48, 96, 224)
    #: Residual blocks at a quarter, an eighth and a sixteenth.
    blocks: tuple[int, int, int] = (1, 2, 2)
    #: Rounds of attention at a sixteenth, and heads of each.
    rounds: int = 3
    heads: int = 7
    #: Length of what is compared between page and references.
    match: int = 64

    def as_dict(self) -> dict[str, object]:
        """For the header of a weights file."""
        return asdict(self)


#: Small enough to be trained on a processor in a test.
TINY = Shape(channels=(4, 8, 8, 16), blocks=(1, 1, 1), rounds=1, heads=2, match=8)


class ColourMatcher(nn.Module):
    """Page and references in, the references' values for every place of the page out."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape or Shape()
        _, _, fine, coarse = self.shape.channels
        self.encoder = _Encoder(self.shape)
        self.rounds = nn.ModuleList(_Round(coarse, self.shape.heads) for _ in range(self.shape.rounds))
        self.lift = nn.Conv2d(coarse, fine, 1, bias=False)
        self.join = nn.Sequential(_conv(2 * fine, fine), _Residual(fine))
        self.place = nn.Conv2d(fine, self.shape.match, 1)
        self.log_sharpness = nn.Parameter(torch.tensor(1.0))
        self.lean = nn.Conv2d(fine, 2, 1)
        nn.init.zeros_(self.lean.weight)
        reach = torch.tensor([_GREY_REACH, _RANK_REACH])
        self.lean.bias = nn.Parameter(torch.log(1 / (2 * reach**2)))
        self.trust = nn.Sequential(nn.Conv2d(fine + 3, 32, 1), nn.ReLU(), nn.Conv2d(32, 1, 1))

    def forward(self, page: Tensor, references: Tensor, shown: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """The values of every place, and how far they can be trusted.

        Args:
            page: (B, 1, H, W) greys, 0 black to 1 white; sides are multiples of 32.
            references: (B, R, 3, h, w): greys, and a*, b* divided by 50.
            shown: (B, R, h / 8, w / 8): 1 where a reference is, 0 where its canvas is empty.
            values: (B, R·h/8·w/8, C) what is carried over; the first two are a* and b*.

        Returns:
            (B, C, H / 8, W / 8) values, and (B, 1, H / 8, W / 8) logits of the trust.
        """
        logits, features = self.match(page, references, shown)
        attention = logits.softmax(-1)
        carried = _grid(attention @ values, features)
        return carried, self.judge(attention, features, values)

    def match(
        self, page: Tensor, references: Tensor, shown: Tensor, chosen: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """(B, Q, N) logits over the places of all references, float32, and the page's features.

        Features are (B, F, H / 8, W / 8); with `chosen` (B, Q), numbers of places, (B, F, Q, 1) of those alone.
        """
        many = references.flatten(0, 1)
        page_fine, page_coarse, many_fine, many_coarse = self._encode(page, many)
        page_coarse, many_coarse = self._look(page_coarse, many_coarse, shown)
        features = self._merge(page_coarse, page_fine)
        tones, known_tones = _tones(page, references, shown)
        if chosen is not None:
            features, tones = _picked(features, chosen), _picked(tones, chosen)
        queries = _tokens(self.place(features)).float()
        keys = _tokens(self.place(self._merge(many_coarse, many_fine))).float()
        keys = keys.reshape(page.shape[0], -1, self.shape.match)
        with torch.autocast(page.device.type, enabled=False):
            queries = functional.normalize(queries, dim=-1) * self.log_sharpness.exp()
            keys = functional.normalize(keys, dim=-1)
            # The bias as one more channel: adding it to the product would cost as much as the product.
            queries = torch.cat([queries, torch.ones_like(queries[..., :1]), *self._lean(features, tones)], -1)
            known = _tokens(known_tones)
            keys = torch.cat([keys, _bias(shown.flatten(1))[..., None], known, -(known**2)], -1)
            logits = queries @ keys.transpose(1, 2)
        return logits, features

    def _lean(self, features: Tensor, tones: Tensor) -> tuple[Tensor, Tensor]:
        """What the references' tones and minus their squares are multiplied by.

        Together, but for what is the same for all references, they take the squared difference in grey and in rank
        off the logits, each place with its own weights.
        """
        weights = _tokens(self.lean(features.float())).clamp(max=_MOST_LEAN).exp()
        return 2 * weights * _tokens(tones), weights

    def judge(self, attention: Tensor, features: Tensor, values: Tensor) -> Tensor:
        """(B, 1, H / 8, W / 8) logits: is the mean colour right? Trains nothing but its own layers."""
        colours = values[..., :2] / _AB_SCALE
        moments = attention @ torch.cat([colours, (colours**2).sum(-1, keepdim=True)], -1)
        strength = (moments[..., :2] ** 2).sum(-1)
        spread = (moments[..., 2] - strength).clamp(min=0)
        facts = _grid(torch.stack([spread, strength, attention.amax(-1)], -1).detach(), features)
        logits: Tensor = self.trust(torch.cat([features.detach().float(), facts], 1))
        return logits

    def _encode(self, page: Tensor, many: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Fine and coarse maps of page and references, told apart by a fourth channel.

        While training in one batch, so that statistics are shared.
        """
        page = torch.cat([page, torch.zeros_like(page).expand(-1, 3, -1, -1)], 1)
        many = torch.cat([many, torch.ones_like(many[:, :1])], 1)
        if not self.training:
            return *self.encoder(page), *self.encoder(many)
        fine, coarse = self.encoder(torch.cat([page, many]))
        count = page.shape[0]
        return fine[:count], coarse[:count], fine[count:], coarse[count:]

    def _look(self, page: Tensor, many: Tensor, shown: Tensor) -> tuple[Tensor, Tensor]:
        bias = _bias(functional.max_pool2d(shown, 2).flatten(1))[:, None, None, :]
        page_tokens, many_tokens = _tokens(page), _tokens(many)
        for module in self.rounds:
            layer = cast(_Round, module)
            many_tokens = layer.look_around(many_tokens)
            page_tokens = layer.look_around(page_tokens)
            seen = many_tokens.reshape(page.shape[0], -1, many_tokens.shape[-1])
            page_tokens = layer.think(layer.look_across(page_tokens, seen, bias))
            many_tokens = layer.think(many_tokens)
        return _grid(page_tokens, page), _grid(many_tokens, many)

    def _merge(self, coarse: Tensor, fine: Tensor) -> Tensor:
        raised = functional.interpolate(self.lift(coarse), scale_factor=2.0, mode="nearest")
        merged: Tensor = self.join(torch.cat([raised, fine], 1))
        return merged


class _Encoder(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        half, quarter, fine, coarse = shape.channels
        self.stem = _conv(4, half, stride=2)
        self.quarter = _stage(half, quarter, shape.blocks[0])
        self.fine = _stage(quarter, fine, shape.blocks[1])
        self.coarse = _stage(fine, coarse, shape.blocks[2])

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.fine(self.quarter(self.stem(picture)))
        return fine, self.coarse(fine)


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(features + self.second(self.first(features)))


class _Round(nn.Module):
    """Attention among a picture's own places, from the page to the references, and a layer for each place alone."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(4))
        self.own = nn.Linear(channels, 3 * channels)
        self.own_out = nn.Linear(channels, channels)
        self.ask = nn.Linear(channels, channels)
        self.answer = nn.Linear(channels, 2 * channels)
        self.across_out = nn.Linear(channels, channels)
        self.wide = nn.Sequential(nn.Linear(channels, 3 * channels), nn.GELU(), nn.Linear(3 * channels, channels))

    def look_around(self, tokens: Tensor) -> Tensor:
        query, key, value = self.own(self.norms[0](tokens)).chunk(3, -1)
        return tokens + self._some(self.own_out(self._attend(query, key, value, None)))

    def look_across(self, tokens: Tensor, others: Tensor, bias: Tensor) -> Tensor:
        key, value = self.answer(self.norms[2](others)).chunk(2, -1)
        query = self.ask(self.norms[1](tokens))
        return tokens + self._some(self.across_out(self._attend(query, key, value, bias.to(query.dtype))))

    def think(self, tokens: Tensor) -> Tensor:
        return tokens + self._some(self.wide(self.norms[3](tokens)))

    def _some(self, added: Tensor) -> Tensor:
        return functional.dropout(added, _DROPOUT, self.training)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None) -> Tensor:
        query, key, value = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (query, key, value))
        looked = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return looked.transpose(1, 2).flatten(2)


def _stage(before: int, channels: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(_conv(before, channels, stride=2), *(_Residual(channels) for _ in range(blocks)))


def _conv(before: int, channels: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, channels, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
    )


def _tokens(features: Tensor) -> Tensor:
    return features.flatten(2).transpose(1, 2)


def _grid(tokens: Tensor, like: Tensor) -> Tensor:
    return tokens.transpose(1, 2).reshape(like.size(0), -1, like.size(2), like.size(3))


def _bias(shown: Tensor) -> Tensor:
    return (1.0 - shown) * _SHUT


def _picked(features: Tensor, chosen: Tensor) -> Tensor:
    """(B, C, h, w) → (B, C, Q, 1): the places of these numbers."""
    flat = features.flatten(2)
    return flat.gather(2, chosen[:, None].expand(-1, flat.shape[1], -1))[..., None]


@torch.no_grad()
def _tones(page: Tensor, references: Tensor, shown: Tensor) -> tuple[Tensor, Tensor]:
    """Grey and rank of the places of a page (B, 2, H / 8, W / 8) and of its references (B, 2, R·h/8, w/8), about 0."""
    own = functional.avg_pool2d(page, CELL).float()
    known = functional.avg_pool2d(references[:, :, 0], CELL).float()
    own_tones = torch.cat([own, _ranks(own, torch.ones_like(own))], 1)
    known_tones = torch.stack([known, _ranks(known, shown)], 1).flatten(2, 3)
    return own_tones - 0.5, known_tones - 0.5


def _ranks(greys: Tensor, weights: Tensor) -> Tensor:
    """Share, 0–1, of the places of a sample that are darker than each."""
    flat = greys.flatten(1)
    among, counted = flat[:, ::_RANKED_EACH], weights.flatten(1)[:, ::_RANKED_EACH]
    darker = torch.sigmoid((flat[:, :, None] - among[:, None]) / _RANK_SOFTNESS)
    # A sum, not a product of matrices: that would be of half precision under autocast.
    ranks = (darker * counted[:, None]).sum(-1) / counted.sum(1)[:, None]
    return ranks.reshape(greys.shape)

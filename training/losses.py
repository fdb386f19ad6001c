"""What the network is trained for: attention that falls on the right colours, on the right places, and knows it."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from mangaflux.engine.lite.prior_values import CELL
from training.batches import Batch
from training.model import ColourMatcher

#: A colour is right within about this many a*, b* units; a tenth of its reward reaches farther, so that there is a way.
_NEAR, _FAR, _FAR_SHARE = 6.0, 20.0, 0.1
#: Another share is for colours of the same hue: below this chroma hues fade, and how fast the reward falls with the
#: cosine of the turn (to 1 / e at 28°).
_HUE_SHARE, _FAINT, _HUE_FALL = 0.3, 10.0, 0.12
#: Places of a page that are looked at in one step; others wait for the next.
_PLACES = 512
#: A place is right within about so many cells.
_PLACE = 1.0
#: No place costs more than minus the logarithm of this.
_FLOOR = 1e-4
#: Chroma at which a place counts fully, and what a grey one counts: most places are pale, and grey is always safe.
_VIVID, _PALE_WEIGHT, _MOST = 20.0, 0.12, 2.0
#: What places under balloons and letters and in gutters count.
_COVERED_WEIGHT = 0.03
#: A mean colour is trusted if it is right within this many units.
TRUSTED = 12.0
#: What the parts count.
_PLACES_SHARE, _MEAN_SHARE, _TRUST_SHARE = 0.15, 0.05, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """The sum that is minimised and its parts."""

    total: Tensor
    colours: Tensor
    places: Tensor
    mean: Tensor
    trust: Tensor


def losses(network: ColourMatcher, batch: Batch, *, half_precision: bool = False) -> Losses:
    """The losses of one batch; the network may work in bfloat16, the losses never do."""
    chosen = _choose_places(batch.free)
    with torch.autocast(batch.page.device.type, torch.bfloat16, enabled=half_precision):
        logits, features = network.match(batch.page, batch.references, batch.shown, chosen)
    attention_log = functional.log_softmax(logits, -1)
    truth = batch.truth.flatten(2).transpose(1, 2).take_along_dim(chosen[..., None], 1)
    free = batch.free.flatten(1).gather(1, chosen)
    right = _colour_kernel(truth, batch.values)
    reachable = (right + (batch.shown.flatten(1)[:, None] - 1) * 1e4).amax(-1).exp()
    weight = _weights(truth, free) * (0.1 + 0.9 * reachable)
    weight = weight / weight.sum().clamp(min=1)
    colours = (_surprise(attention_log, right) * weight).sum()
    attention = attention_log.exp()
    means = attention @ batch.values
    error = (means - truth).norm(dim=-1)
    mean = (functional.smooth_l1_loss(error / TRUSTED, torch.zeros_like(error), reduction="none") * weight).sum()
    trusted = (error.detach() < TRUSTED).float()
    judged = network.judge(attention, features, batch.values).flatten(1)
    trust = functional.binary_cross_entropy_with_logits(judged, trusted)
    places = _place_loss(attention_log, batch, chosen)
    total = colours + _PLACES_SHARE * places + _MEAN_SHARE * mean + _TRUST_SHARE * trust
    return Losses(total, colours.detach(), places.detach(), mean.detach(), trust.detach())


def _surprise(attention_log: Tensor, right_log: Tensor) -> Tensor:
    """(B, Q) minus the logarithm of how much attention falls on what is right."""
    return -torch.logaddexp(
        (attention_log + right_log).logsumexp(-1), torch.tensor(_FLOOR, device=attention_log.device).log()
    )


def _colour_kernel(truth: Tensor, values: Tensor) -> Tensor:
    """(B, Q, N) logarithm of how right each reference place's colour is."""
    squares = truth.square().sum(-1)[:, :, None] + values.square().sum(-1)[:, None]
    apart = (squares - 2 * truth @ values.transpose(1, 2)).clamp(min=0)
    near = torch.exp(-apart / (2 * _NEAR**2)) * (1 - _FAR_SHARE - _HUE_SHARE)
    far = torch.exp(-apart / (2 * _FAR**2)) * _FAR_SHARE
    hues, known_hues = (each / each.norm(dim=-1, keepdim=True).clamp(min=_FAINT) for each in (truth, values))
    alike = torch.exp((hues @ known_hues.transpose(1, 2) - 1) / _HUE_FALL) * _HUE_SHARE
    return (near + far + alike + 1e-9).log()


def _choose_places(free: Tensor) -> Tensor:
    """(B, Q) random places of each page, those under balloons and letters last."""
    flat = free.flatten(1)
    chosen: Tensor = (torch.rand_like(flat) + (flat > 0.5)).topk(min(_PLACES, flat.shape[1]), dim=1).indices
    return chosen


def _weights(truth: Tensor, free: Tensor) -> Tensor:
    vivid = (truth.norm(dim=-1) / _VIVID).clamp(_PALE_WEIGHT, _MOST)
    weights: Tensor = vivid * torch.where(free > 0.5, free, _COVERED_WEIGHT)
    return weights


def _place_loss(attention_log: Tensor, batch: Batch, chosen: Tensor) -> Tensor:
    """How much attention misses the very place, where a reference is the page itself in another view."""
    cells = batch.page.shape[-1] // CELL
    at = torch.arange(cells, device=attention_log.device).float()
    twins = batch.twins.flatten(1, 2).take_along_dim(chosen[:, :, None, None], 1)
    down = -((twins[..., 1:2] - at) ** 2) / (2 * _PLACE**2)
    across = -((twins[..., :1] - at) ** 2) / (2 * _PLACE**2)
    right = (down[..., :, None] + across[..., None, :]).flatten(3)
    here = ((twins > 0) & (twins < cells - 1)).all(-1)
    told = here & (batch.is_same & (batch.shown[:, :, 0, 0] > 0))[:, None, :]
    right = torch.where(told[..., None], right, -30.0).flatten(2)
    weight = (told.any(-1) & (batch.free.flatten(1).gather(1, chosen) > 0.5)).float()
    return (_surprise(attention_log, right) * weight).sum() / weight.sum().clamp(min=1)

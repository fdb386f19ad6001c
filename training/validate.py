"""How good the network is on groups that it never saw, beside what the luminance curve does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mangaflux.engine.lite.prior_values import (
    CELL,
    CHROMA_SCALE,
    DECISIVENESS,
    PAGE_AREA,
    REFERENCES_AREA,
    FloatArray,
    fitted_size,
    group_colours,
    settle_colours,
)
from training.batches import page_layers
from training.colour import cell_colours, to_grey, to_lab
from training.dataset import Dataset, Group
from training.inking import GREY, PRINTED, ink_pages
from training.measures import Measures, luminance_curve, mean_measures, measure
from training.model import ColourMatcher
from training.views import whole_views

#: Places that are less free than this of balloons, letters and gutters are not judged.
_FREE = 0.5
#: The set of pages that were trained on, by which overfitting shows, and which of all comic pages: every so many.
TRAINED, _TRAINED_EACH = "trained_grey", 4
#: Colourfulness below which weights are worth less.
_COLOURFUL = 0.75
#: The seed of everything random in a validation page.
_SEED = 77


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A page in black and white with its references and its truth, as the network takes them."""

    page: Tensor
    references: Tensor
    shown: Tensor
    values: Tensor
    centres: FloatArray
    #: (h, w, 2) and (h, w): true a*, b*, and which places are judged.
    truth: FloatArray
    judged: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    #: What the luminance curve says, (h, w, 2).
    by_luminance: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SetResult:
    """Of one set of cases."""

    network: Measures
    luminance: Measures
    #: Mean a*, b* error of the more trusted half of all places, and of the other.
    trusted_error: float
    doubted_error: float


def validation_sets(data: Dataset, limit: int | None = None) -> Mapping[str, list[Case]]:
    """The fixed cases: comic pages with another page of their episode, drawn pages with their chapter's reference."""
    comics = _pairs([group for group in data.validation if not group.is_drawn])[:limit]
    drawn = _pairs([group for group in data.validation if group.is_drawn])[:limit]
    trained = _pairs([group for group in data.training if not group.is_drawn])[::_TRAINED_EACH][:limit]
    return {
        "comic_ink": [_case(data, page, references, PRINTED) for page, references in comics],
        "comic_grey": [_case(data, page, references, GREY) for page, references in comics],
        "drawn_ink": [_case(data, page, references, PRINTED) for page, references in drawn],
        TRAINED: [_case(data, page, references, GREY) for page, references in trained],
    }


@torch.no_grad()
def validate(network: ColourMatcher, cases: Sequence[Case], decisiveness: float = DECISIVENESS) -> SetResult:
    """Judges the network on a set of cases."""
    network.eval()
    # Every page has its own sides: trying kernels for each would cost more than they save.
    torch.backends.cudnn.benchmark = False
    ours, curves, errors, trusts = [], [], [], []
    for case in cases:
        colours, trust = predict(network, case, decisiveness)
        truth = case.truth[case.judged]
        ours.append(measure(colours[case.judged], truth))
        curves.append(measure(case.by_luminance[case.judged], truth))
        errors.append(np.hypot(*(colours[case.judged] - truth).T))
        trusts.append(trust[case.judged])
    error, order = np.concatenate(errors), np.argsort(-np.concatenate(trusts), kind="stable")
    half = len(order) // 2
    torch.backends.cudnn.benchmark = True
    return SetResult(
        mean_measures(ours), mean_measures(curves), float(error[order[:half]].mean()), float(error[order[half:]].mean())
    )


@torch.no_grad()
def predict(network: ColourMatcher, case: Case, decisiveness: float = DECISIVENESS) -> tuple[FloatArray, FloatArray]:
    """(h, w, 2) a*, b* and (h, w) trust, settled as the engine settles them."""
    carried, trust = network(case.page, case.references, case.shown, case.values)
    shares = carried[0, 2:].float().cpu().numpy()
    return settle_colours(shares, case.centres, decisiveness), trust[0, 0].float().sigmoid().cpu().numpy()


def score(results: Mapping[str, SetResult]) -> float:
    """What the best weights are chosen by: mean hue hit less dullness and a hundredth of the palette distance."""
    return float(np.mean([_score_of(result.network) for name, result in results.items() if name != TRAINED]))


def _score_of(found: Measures) -> float:
    dull = max(0.0, _COLOURFUL - found.colourfulness)
    return found.hue_hit - 0.01 * found.palette - dull


def _pairs(groups: Sequence[Group]) -> list[tuple[int, tuple[int, ...]]]:
    pairs = []
    for group in groups:
        for number, page in enumerate(group.pages):
            other = group.pages[(number + 2) % len(group.pages)]
            pairs.append((page, group.references[:1] if group.is_drawn else (other,)))
    return pairs


def _case(data: Dataset, page: int, references: tuple[int, ...], way: int) -> Case:
    device = data.colours.device
    generator = torch.Generator(device).manual_seed(_SEED + page)
    row = torch.tensor([page], device=device)
    page_height, page_width = data.sizes[page].tolist()
    size = fitted_size(page_height, page_width, PAGE_AREA)
    layers = page_layers(data, row, whole_views(data.sizes[row]), size, generator, lettered=1.0)
    ink = ink_pages(layers.drawn, torch.tensor([way], device=device), generator, clean=True)
    pictures, greys, colours = _reference_cells(data, references, generator)
    centres, groups = group_colours(colours)
    values = np.concatenate([colours, groups], axis=1)
    page_greys = functional.avg_pool2d(ink, CELL)[0, 0].cpu().numpy()
    truth = layers.truth()[0].permute(1, 2, 0).cpu().numpy()
    curve = luminance_curve(page_greys.ravel(), greys, colours).reshape(truth.shape)
    shown = torch.ones(1, len(references), pictures.shape[-2] // CELL, pictures.shape[-1] // CELL, device=device)
    return Case(
        page=ink,
        references=pictures,
        shown=shown,
        values=torch.from_numpy(values[None]).to(device),
        centres=centres,
        truth=truth,
        judged=layers.free[0].cpu().numpy() > _FREE,
        by_luminance=curve,
    )


def _reference_cells(
    data: Dataset, references: tuple[int, ...], generator: torch.Generator
) -> tuple[Tensor, FloatArray, FloatArray]:
    """(1, R, 3, h, w) pictures, and greys and colours of their cells."""
    rows = torch.tensor(references, device=data.colours.device)
    height, width = data.sizes[rows].log().mean(0).exp().tolist()
    size = fitted_size(height, width, REFERENCES_AREA // len(references))
    layers = page_layers(data, rows, whole_views(data.sizes[rows]), size, generator, lettered=0.0)
    rgb = functional.avg_pool2d(layers.drawn.rgb, 2)
    lab = to_lab(rgb)
    grey = to_grey(rgb)
    picture = torch.cat([grey, lab[:, 1:] / CHROMA_SCALE], 1)
    greys = functional.avg_pool2d(grey, CELL).flatten().cpu().numpy()
    colours = cell_colours(lab).flatten(2).transpose(1, 2).reshape(-1, 2).cpu().numpy()
    return picture[None], greys, colours

"""What the network is shown in one step: pages in black and white, references of the same group, and the truth."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mangaflux.engine.lite.prior_values import CELL, CHROMA_SCALE
from training.colour import ChromaChange, LightChange, cell_colours, to_grey, to_lab
from training.dataset import Dataset, Group
from training.inking import PRINTED, Drawn, choose_ways, ink_pages
from training.packed_image import BALLOON, GUTTER, LANGUAGES, TEXT
from training.views import Views, page_views, reference_views

#: References of a sample, and how often the second is shown at all, and then is of another group.
REFERENCES = 2
_SECOND, _STRANGER = 0.5, 0.3
#: How often a reference is the page itself in another view, and else a page's group's own reference.
_SELF, _OWN_REFERENCE = 0.25, 0.35
#: Share of samples that are comic pages.
_COMIC_SHARE = 0.6
#: How often balloons and letters are drawn on a comic page, and on a reference.
_LETTERED, _LETTERED_REFERENCE = 0.85, 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Inputs as the network takes them, and what is to come out; n = side / 8."""

    page: Tensor
    references: Tensor
    shown: Tensor
    #: (B, R·n·n, 2) the references' a*, b*.
    values: Tensor
    #: (B, 2, n, n) true a*, b*, and (B, n, n) how much of a cell is neither balloon, nor letter, nor gutter.
    truth: Tensor
    free: Tensor
    #: (B, n, n, R, 2) where on the canvas of a reference a place is, in cells; only where `is_same` (B, R).
    twins: Tensor
    is_same: Tensor


class Batches:
    """Draws batches without end from the training groups of a dataset."""

    def __init__(self, data: Dataset, size: int, side: int, seed: int) -> None:
        self._data, self._size, self._side = data, size, side
        self._rng = np.random.default_rng(seed)
        device = data.colours.device
        self._generator = torch.Generator(device).manual_seed(seed)
        comics = [group for group in data.training if not group.is_drawn]
        drawn = [group for group in data.training if group.is_drawn]
        self._kinds = [kind for kind in (comics, drawn) if kind]
        # By page, so that long episodes are seen as often as they have pages.
        self._pages = [[(group, page) for group in kind for page in group.pages] for kind in self._kinds]

    def draw(self) -> Batch:
        """The next batch."""
        pages, references, shown = self._choose()
        data, generator, side = self._data, self._generator, self._side
        ways = choose_ways(data.is_comic[pages], generator)
        # The ink of a printed page is of its own lightness.
        light = LightChange(ways != PRINTED, generator)
        views = page_views(data.sizes[pages], side, generator)
        layers = page_layers(data, pages, views, side, generator, light=light)
        change = ChromaChange(len(pages), generator)
        many = references.flatten()
        many_views = reference_views(data.sizes[many], generator)
        pictures, values = self._references(many, many_views, change, light)
        cells = side // CELL
        return Batch(
            page=ink_pages(layers.drawn, ways, generator),
            references=pictures,
            shown=shown[:, :, None, None].expand(-1, -1, cells, cells).float(),
            values=values,
            truth=change(layers.truth()),
            free=layers.free,
            twins=_twins(layers.views, many_views, cells),
            is_same=references == pages[:, None],
        )

    def _choose(self) -> tuple[Tensor, Tensor, Tensor]:
        rows = [self._choose_one() for _ in range(self._size)]
        device = self._data.colours.device
        pages, references, shown = (torch.tensor(column, device=device) for column in zip(*rows, strict=True))
        return pages, references, shown

    def _choose_one(self) -> tuple[int, list[int], list[bool]]:
        """A page, its references, and which of them are shown."""
        rng = self._rng
        which = 0 if rng.random() < _COMIC_SHARE else -1
        kind, pages = self._kinds[which], self._pages[which]
        group, page = pages[rng.integers(len(pages))]
        stranger = rng.random() < _STRANGER
        other = kind[rng.integers(len(kind))] if stranger else group
        references = [self._reference(group, page), self._reference(other, page)]
        order = rng.permutation(REFERENCES)
        shown = [True, bool(rng.random() < _SECOND)]
        return int(page), [references[at] for at in order], [shown[at] for at in order]

    def _reference(self, group: Group, page: int) -> int:
        rng = self._rng
        if page in group.pages and rng.random() < _SELF:
            return page
        others = [row for row in group.pages if row != page]
        if group.references and (not others or rng.random() < _OWN_REFERENCE):
            return int(rng.choice(group.references))
        return int(rng.choice(others or [page]))

    def _references(
        self, rows: Tensor, views: Views, change: ChromaChange, light: LightChange
    ) -> tuple[Tensor, Tensor]:
        """(B, R, 3, side, side) pictures and (B, R·n·n, 2) colours of each cell."""
        data, side = self._data, self._side
        layers = page_layers(
            data, rows, views, side, self._generator, lettered=_LETTERED_REFERENCE, inked=False, light=light
        )
        rgb = layers.drawn.rgb * (1 - layers.drawn.balloon) + layers.drawn.balloon
        rgb = functional.avg_pool2d(rgb * (1 - layers.drawn.text), 2)
        lab = to_lab(rgb)
        count = len(rows) // REFERENCES
        parts = lab[:, 1:].unflatten(0, (count, REFERENCES)).unbind(1)
        colours = torch.stack([change(part) for part in parts], 1).flatten(0, 1)
        picture = torch.cat([to_grey(rgb), colours / CHROMA_SCALE], 1)
        cells = cell_colours(torch.cat([lab[:, :1], colours], 1))
        return picture.unflatten(0, (count, REFERENCES)), cells.flatten(2).transpose(1, 2).reshape(count, -1, 2)


@dataclass(frozen=True, slots=True, eq=False)
class PageLayers:
    """One view of each of some pages: what is drawn on them, and how much of each cell is free of lettering."""

    views: Views
    drawn: Drawn
    free: Tensor
    #: (B, 1, n, n): inside balloons, drawn already or not.
    balloon: Tensor

    def truth(self) -> Tensor:
        """(B, 2, h, w): a*, b* of each cell; balloons have none."""
        return cell_colours(to_lab(self.drawn.rgb * (1 - self.balloon) + self.balloon), 2 * CELL)


def page_layers(
    data: Dataset,
    rows: Tensor,
    views: Views,
    sides: int | tuple[int, int],
    generator: torch.Generator,
    lettered: float = _LETTERED,
    *,
    inked: bool = True,
    light: Callable[[Tensor], Tensor] | None = None,
) -> PageLayers:
    """Pages at twice the size of their canvases.

    Args:
        data: where they are.
        rows: (B,) which.
        views: (B) what of them.
        sides: height and width of a canvas in pixels, or both in one.
        generator: decides which comic pages are lettered, and in which language.
        lettered: share of comic pages that are.
        inked: whether their own ink is wanted; else it is white.
        light: changes their colours.
    """
    height, width = (2 * side for side in ((sides, sides) if isinstance(sides, int) else sides))
    rgb = views.show(data.colours[rows], height, width).clamp(0, 1)
    rgb = rgb if light is None else light(rgb)
    ink = views.show(data.inks[rows], height, width).clamp(0, 1) if inked else torch.ones_like(rgb[:, :1])
    mask = views.show(data.masks[rows], height, width, "nearest").round().int()
    bits = mask >> _language_shift(data.is_comic[rows], lettered, generator)[:, None, None, None]
    balloon, text = (((bits & bit) > 0).float() for bit in (BALLOON, TEXT))
    gutter = ((mask & GUTTER) > 0).float()
    missing = data.is_comic[rows].float()[:, None, None, None]
    covered = torch.maximum(torch.maximum(balloon, text), gutter)
    return PageLayers(
        views=views,
        drawn=Drawn(rgb, ink, balloon * missing, text * missing),
        free=1 - functional.avg_pool2d(covered, 2 * CELL)[:, 0],
        balloon=balloon,
    )


def _language_shift(is_comic: Tensor, lettered: float, generator: torch.Generator) -> Tensor:
    """How far the bits of each mask are moved: to its language, or away."""
    draw = torch.rand(len(is_comic), generator=generator, device=is_comic.device)
    shifts = torch.tensor(list(LANGUAGES.values()), device=is_comic.device)
    language = shifts[(draw / max(lettered, 1e-6) * len(shifts)).long().clamp(max=len(shifts) - 1)]
    return torch.where(is_comic, torch.where(draw < lettered, language, 8), 0)


def _twins(page: Views, references: Views, cells: int) -> Tensor:
    points = page.points(cells, cells)
    count = len(points)
    twins = [
        Views(references.maps.unflatten(0, (count, REFERENCES))[:, which]).inverse(points)
        for which in range(REFERENCES)
    ]
    return torch.stack(twins, 3) * cells - 0.5

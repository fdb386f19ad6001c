"""A page while it is painted, on layers whose faults are known."""

from dataclasses import replace

import numpy as np
import pytest

from mangaflux.engine.base import ColorizeRequest, ColourLayer, Region, RgbImage
from mangaflux.engine.finishing.chapter_palette import read_chapter_palette
from mangaflux.engine.finishing.compositing import FinishingRecipe
from mangaflux.engine.finishing.draft import Draft, give_up, mend, start_draft
from mangaflux.engine.finishing.repair import repair_seed
from mangaflux.errors import PageFailedError
from mangaflux.samples.engine_layers import redrawn
from tests.engine.engine_contract import WARM
from tests.engine.finishing.test_fidelity import Known, known_page

#: Without a palette, so that pages differ only where they are painted again.
RECIPE = FinishingRecipe(palette_strength=0)


@pytest.fixture(scope="module")
def known() -> Known:
    return known_page(3)


def request_of(known: Known) -> ColorizeRequest:
    return ColorizeRequest(
        page=known.page, drawing=known.drawing, analysis=known.analysis, references=(WARM,), seed=7, prompt=""
    )


def draft_of(known: Known, layer: RgbImage, recipe: FinishingRecipe = RECIPE) -> Draft:
    request = request_of(known)
    palette = read_chapter_palette(request.references, request.palette)
    return start_draft(request, ColourLayer(image=layer), recipe, palette)


def cut(layer: RgbImage, region: Region | None, page: RgbImage) -> ColourLayer:
    """What a faultless engine returns for a region."""
    if region is None:
        return ColourLayer(image=layer)
    across, down = layer.shape[1] / page.shape[1], layer.shape[0] / page.shape[0]
    rows = slice(round(region.y * down), round((region.y + region.height) * down))
    return ColourLayer(image=layer[rows, round(region.x * across) : round((region.x + region.width) * across)])


@pytest.fixture(scope="module")
def with_object(known: Known) -> Draft:
    """A draft with an invented object in one panel."""
    return draft_of(known, known.fault("object invented"))


@pytest.fixture(scope="module")
def repaired(known: Known, with_object: Draft) -> Draft:
    good = redrawn(known.sample.colour, 1)
    patches = [cut(good, request.region, known.page) for request in with_object.requests]
    return mend(with_object, patches)


def test_a_good_layer_needs_no_repair(known: Known) -> None:
    draft = draft_of(known, redrawn(known.sample.colour, 2))
    assert draft.repairs == ()
    assert draft.document()["flagged"] is False


def test_an_invented_object_is_repaired_in_its_surroundings_only(known: Known, with_object: Draft) -> None:
    (request,) = with_object.requests
    assert request.region is not None
    assert request.region.width * request.region.height < 0.2 * known.page.shape[0] * known.page.shape[1]


def test_a_repair_has_a_seed_of_its_own(with_object: Draft) -> None:
    (request,) = with_object.requests
    (repair,) = with_object.repairs
    assert request.seed == repair_seed(7, 1, repair.order)
    assert request.seed not in (7, repair_seed(7, 2, repair.order))


def test_a_page_that_is_wrong_all_over_is_painted_again_as_a_whole(known: Known) -> None:
    draft = draft_of(known, known.fault("inverted"))
    assert [request.region for request in draft.requests] == [None]


def test_a_good_patch_mends_the_page(repaired: Draft) -> None:
    assert repaired.fidelity.verdict == "acceptable"
    assert repaired.repairs == ()
    assert repaired.document()["flagged"] is False


def test_a_patch_changes_nothing_outside_its_panel(known: Known, with_object: Draft, repaired: Draft) -> None:
    region = with_object.requests[0].region
    assert region is not None
    outside = np.ones(known.page.shape[:2], np.bool_)
    outside[region.y - 8 : region.y + region.height + 8, region.x - 8 : region.x + region.width + 8] = False
    assert (with_object.finished[outside] == repaired.finished[outside]).all()


def test_every_attempt_is_noted(repaired: Draft) -> None:
    (attempt,) = repaired.attempts
    assert attempt["attempt"] == 1
    assert attempt["kept"] is True
    assert attempt["verdict_after"] == "acceptable"


def test_a_patch_that_is_no_better_is_not_kept(known: Known, with_object: Draft) -> None:
    inverted = known.fault("inverted")
    patches = [cut(inverted, request.region, known.page) for request in with_object.requests]
    after = mend(with_object, patches)
    assert after.finished.tobytes() == with_object.finished.tobytes()
    assert after.attempts[0]["kept"] is False


def test_repairs_end_after_as_many_as_the_recipe_allows(known: Known) -> None:
    wrong = known.fault("inverted")
    draft = draft_of(known, wrong, replace(RECIPE, max_repairs=2))
    for _ in range(2):
        assert draft.repairs
        draft = mend(draft, [ColourLayer(image=wrong)])
    assert draft.repairs == ()
    assert len(draft.attempts) == 2
    assert draft.document()["flagged"] is True


def test_no_repairs_leave_a_flagged_page(known: Known) -> None:
    draft = draft_of(known, known.fault("inverted"), replace(RECIPE, max_repairs=0))
    assert draft.repairs == ()
    assert draft.document()["flagged"] is True


def test_the_document_names_the_palette_and_how_far_the_page_is_from_it(with_object: Draft) -> None:
    colours = with_object.document()["colours"]
    assert isinstance(colours, dict)
    assert colours["palette"] == with_object.palette.document()
    assert len(colours["palette"]) == len(with_object.palette.entries) > 0
    assert colours["drift_before"] == round(with_object.agreement.drift_before, 2)


def test_an_engine_that_cannot_repair_leaves_the_page_as_it_was(with_object: Draft) -> None:
    left = give_up(with_object, "no memory")
    assert left.repairs == ()
    assert left.finished.tobytes() == with_object.finished.tobytes()
    assert left.attempts[0]["error"] == "no memory"


def test_a_layer_of_another_aspect_is_refused(known: Known) -> None:
    with pytest.raises(PageFailedError, match="400×300 for a page of 800×1130"):
        draft_of(known, np.zeros((300, 400, 3), np.uint8))


def test_a_patch_of_another_aspect_is_refused(known: Known, with_object: Draft) -> None:
    with pytest.raises(PageFailedError, match="for a region of"):
        mend(with_object, [ColourLayer(image=np.zeros((10, 400, 3), np.uint8))])

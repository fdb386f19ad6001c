from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
import pytest

from mangaflux.engine.analysis.metadata import PageAnalysis, Panel, Tone
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.base import ColorizeRequest, ColourLayer, RgbImage, SilentContext
from mangaflux.engine.finishing.compositing import composite
from mangaflux.engine.finishing.drawing import GrayImage, read_drawing
from mangaflux.engine.finishing.fidelity import Fidelity, anomaly_mask, measure_fidelity
from mangaflux.engine.lite.engine import LiteEngine
from mangaflux.samples.chapter import SamplePage, draw_page, draw_reference
from mangaflux.samples.engine_layers import FAULTS, redrawn, soft

#: Pages of the bank, by seed of their chapter.
SEEDS = (3, 11)


@dataclass(frozen=True, eq=False)
class Known:
    """A drawn page with everything that is known of it."""

    page: RgbImage
    sample: SamplePage
    analysis: PageAnalysis
    drawing: GrayImage

    def fidelity(self, layer: RgbImage) -> Fidelity:
        """Of a layer, to look at only: layers that several tests ask for are measured once."""
        return measured(self, layer.tobytes(), layer.shape)

    def fault(self, name: str, seed: int = 1) -> RgbImage:
        sample = self.sample
        return FAULTS[name](sample.colour, sample.panels, sample.lettering_mask, seed)


@cache
def measured(known: Known, data: bytes, shape: tuple[int, ...]) -> Fidelity:
    layer = np.frombuffer(data, np.uint8).reshape(shape)
    finished = composite(known.page, ColourLayer(image=layer), known.analysis, drawing=known.drawing)
    return measure_fidelity(known.page, known.drawing, layer, finished, known.analysis)


def known_page(seed: int) -> Known:
    sample = draw_page(seed, 1, width=800, height=1130)
    panels = tuple(
        Panel(order=order, bbox=box, polygon=(), confidence=1.0)
        for order, box in enumerate(map(bounding_box, sample.panels), start=1)
    )
    analysis = PageAnalysis(
        is_color=False,
        is_blank=False,
        tone=Tone(black_share=0.1, tone_share=0.2, white_share=0.7, gutter_level=255),
        reading_direction="rtl",
        panels=panels,
        balloons=(),
        lettering=(),
        prompt="",
        lettering_mask=sample.lettering_mask,
        balloon_mask=sample.balloon_mask,
        panel_mask=sample.panel_mask,
    )
    page = np.repeat(sample.ink[..., None], 3, axis=2)
    return Known(page, sample, analysis, read_drawing(page, "soften"))


def bare_analysis(height: int, width: int) -> PageAnalysis:
    """Of a page without panels, balloons or lettering."""
    none = np.zeros((height, width), np.bool_)
    return PageAnalysis(
        is_color=False,
        is_blank=True,
        tone=Tone(black_share=0, tone_share=0, white_share=1, gutter_level=255),
        reading_direction="rtl",
        panels=(),
        balloons=(),
        lettering=(),
        prompt="",
        lettering_mask=none,
        balloon_mask=none,
        panel_mask=~none,
    )


def bounding_box(polygon: tuple[tuple[float, float], ...]) -> tuple[int, int, int, int]:
    x, y, width, height = cv2.boundingRect(np.array(polygon, np.float32))
    return int(x), int(y), int(width), int(height)


@pytest.fixture(scope="module")
def bank() -> list[Known]:
    return [known_page(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def good_scores(bank: list[Known]) -> list[float]:
    layers = [
        (known, layer) for known in bank for layer in (soft(known.sample.colour), redrawn(known.sample.colour, 5))
    ]
    return [known.fidelity(layer).score for known, layer in layers]


def test_the_original_against_itself_scores_all_but_one(bank: list[Known]) -> None:
    for known in bank:
        fidelity = known.fidelity(known.page)
        assert fidelity.score >= 0.98
        assert fidelity.verdict == "acceptable"


def test_the_true_colours_are_acceptable(bank: list[Known]) -> None:
    for known in bank:
        assert known.fidelity(redrawn(known.sample.colour, 8)).verdict == "acceptable"


@pytest.mark.parametrize("name", list(FAULTS))
def test_a_bad_layer_is_told_from_good_ones(name: str, bank: list[Known], good_scores: list[float]) -> None:
    bad = np.array([known.fidelity(known.fault(name)).score for known in bank])
    good = np.array(good_scores)[:, None]
    area_under_curve = float(((good > bad) + 0.5 * (good == bad)).mean())
    assert area_under_curve >= 0.95


@pytest.mark.parametrize("name", ["six pixels off", "panels swapped", "washed out", "inverted"])
def test_what_is_wrong_all_over_is_critical(name: str, bank: list[Known]) -> None:
    assert bank[0].fidelity(bank[0].fault(name)).verdict == "critical"


def test_a_layer_of_one_colour_is_critical(bank: list[Known]) -> None:
    layer = np.full_like(bank[0].sample.colour, (180, 120, 70))
    assert bank[0].fidelity(layer).verdict == "critical"


def test_fills_without_lines_are_no_fault(bank: list[Known]) -> None:
    known = bank[0]
    fills = np.asarray(cv2.medianBlur(redrawn(known.sample.colour, 1), 31), np.uint8)
    assert known.fidelity(fills).verdict == "acceptable"


def test_an_object_drawn_across_the_dots_of_screentone_is_found() -> None:
    page = np.full((1130, 800, 3), 255, np.uint8)
    for y in range(40, 1090, 16):
        for x in range(40, 760, 16):
            cv2.circle(page, (x, y), 3, (0, 0, 0), -1)
    softened = np.full((1130, 800), 190, np.uint8)
    clean = np.full_like(page, (150, 160, 190))
    layer = clean.copy()
    for radius in (60, 80, 100):
        cv2.circle(layer, (400, 500), radius, (10, 10, 10), 5)
    of_clean, of_layer = (
        measure_fidelity(page, softened, each, page, bare_analysis(1130, 800)).page.measures.invented
        for each in (clean, layer)
    )
    assert of_clean == 0.0
    assert of_layer > 0.1


def test_an_invented_object_is_a_matter_for_a_small_repair(bank: list[Known]) -> None:
    fidelity = bank[0].fidelity(bank[0].fault("object invented"))
    assert fidelity.verdict == "micro_repair"
    assert [panel.verdict for panel in fidelity.panels].count("micro_repair") == 1


def test_the_anomalies_lie_where_the_object_was_invented(bank: list[Known]) -> None:
    known = bank[0]
    layer = known.fault("object invented")
    clean = redrawn(known.sample.colour, 1).astype(np.int32)
    changed = (np.abs(layer.astype(np.int32) - clean).max(axis=2) > 60).astype(np.uint8)
    changed = cv2.resize(changed, known.page.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
    anomalies = anomaly_mask(known.fidelity(layer), known.page.shape)
    assert anomalies.any()
    assert changed[anomalies].mean() > 0.1
    assert anomalies[changed].mean() > 0.6


def test_the_drift_of_a_shifted_layer_is_measured(bank: list[Known]) -> None:
    drift = bank[0].fidelity(bank[0].fault("six pixels off")).page.measures.drift
    assert abs(drift - 6.7) < 1.5


def test_finishing_brings_the_lines_back(bank: list[Known]) -> None:
    measures = bank[0].fidelity(redrawn(bank[0].sample.colour, 3)).page.measures
    assert measures.finished_lines.iou > measures.raw_lines.iou


def test_a_finished_page_kept_its_letters_its_ink_and_its_whites(bank: list[Known]) -> None:
    kept = bank[0].fidelity(redrawn(bank[0].sample.colour, 3)).kept
    assert kept.lettering_identical == 1.0
    assert kept.ink_kept >= 0.995
    assert kept.coloured_whites == 0.0
    assert kept.largest_white_chroma <= 1.0


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (3, 200)])
def test_a_page_of_any_size_has_a_fidelity(size: tuple[int, int]) -> None:
    page = np.full((*size, 3), 255, np.uint8)
    assert measure_fidelity(page, page[..., 0].copy(), page, page, bare_analysis(*size)).score >= 0.98


def test_the_document_is_plain_json(bank: list[Known]) -> None:
    document = bank[0].fidelity(bank[0].page).document()
    assert document["verdict"] == "acceptable"
    panels = document["panels"]
    assert isinstance(panels, list)
    assert len(panels) == len(bank[0].analysis.panels)


def _dense_dots(pitch: int, turned: float = 0.0) -> GrayImage:
    """A framed page of (850, 600) all covered with dots of radius 2."""
    page = np.full((850, 600), 255, np.uint8)
    across, down = np.meshgrid(np.arange(-900, 1500, pitch), np.arange(-900, 1500, pitch))
    x, y = (across * np.cos(turned) - down * np.sin(turned), across * np.sin(turned) + down * np.cos(turned))
    for place in zip(x[(x > 4) & (x < 596)], y[(x > 4) & (x < 596)], strict=True):
        cv2.circle(page, (round(place[0]), round(place[1])), 2, (0,), -1)
    cv2.rectangle(page, (0, 0), (599, 849), (0,), 8)
    return page


def _is_invented(layer: RgbImage) -> bool:
    """Whether what a layer shows over a page of dense dots passes for invented."""
    page = np.repeat(_dense_dots(6)[..., None], 3, axis=2)
    drawing, analysis = read_drawing(page, "soften"), bare_analysis(850, 600)
    finished = composite(page, ColourLayer(image=layer), analysis, drawing=drawing)
    return "invented" in measure_fidelity(page, drawing, layer, finished, analysis).page.reasons


@pytest.mark.parametrize("invented", [False, True])
def test_what_was_invented_over_dense_dots_is_seen(invented: bool) -> None:
    layer = np.full((850, 600, 3), (100, 90, 120), np.uint8)
    cv2.rectangle(layer, (0, 0), (599, 849), (0, 0, 0), 8)
    if invented:
        for x in range(200, 400, 40):
            cv2.line(layer, (x, 300), (x, 500), (0, 0, 0), 6)
        cv2.rectangle(layer, (200, 300), (400, 500), (0, 0, 0), 6)
    assert _is_invented(layer) == invented


@pytest.mark.parametrize(("pitch", "turned"), [(6, 0.0), (7, 0.0), (6, 0.4)])
def test_dots_that_an_engine_paints_in_its_own_way_are_not_invented(pitch: int, turned: float) -> None:
    dots = _dense_dots(pitch, turned)[..., None]
    layer = np.where(dots < 128, (30, 25, 40), (150, 140, 180)).astype(np.uint8)
    assert not _is_invented(layer)


#: Of the smaller ones, no row or a single one is left at the size of the comparison without the frame.
@pytest.mark.parametrize("height", [18, 21, 24, 30, 60, 300])
def test_an_empty_panel_of_any_height_survives_as_it_is(height: int) -> None:
    page = np.full((1700, 1200, 3), 255, np.uint8)
    cv2.rectangle(page, (100, 100), (1100, 100 + height), (0, 0, 0), 3)
    outline = ((100, 100), (1100, 100), (1100, 100 + height), (100, 100 + height))
    panel = Panel(order=1, confidence=1.0, bbox=(100, 100, 1000, height), polygon=outline)
    analysis = replace(bare_analysis(1700, 1200), panels=(panel,))
    assert measure_fidelity(page, page[..., 0].copy(), page, page, analysis).score >= 0.98


def test_what_lite_paints_of_a_flat_sky_is_acceptable() -> None:
    page = np.repeat(draw_page(41, 2, width=1200, height=1700).ink[..., None], 3, axis=2)
    analysis = analyze_page(page)
    drawing = read_drawing(page, "soften")
    request = ColorizeRequest(page, drawing, analysis, references=(draw_reference(5),), seed=3, prompt="")
    layer = LiteEngine().colorize(request, SilentContext())
    finished = composite(page, layer, analysis, drawing=drawing)
    assert measure_fidelity(page, drawing, layer.image, finished, analysis).verdict == "acceptable"

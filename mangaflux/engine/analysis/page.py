"""Pass 1 of one page: what is on it, and where? Pure, on any thread; the same page always gives the same answer."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.balloon_search import find_balloons
from mangaflux.engine.analysis.balloons import balloon_area, balloon_pixels, describe_balloons
from mangaflux.engine.analysis.detections import NOTHING_DETECTED, Detections
from mangaflux.engine.analysis.facts import measure_facts
from mangaflux.engine.analysis.lettering import find_text
from mangaflux.engine.analysis.lettering_kinds import describe_lettering, lettering_area, tell_lettering
from mangaflux.engine.analysis.lettering_mask import lettering_pixels
from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.analysis.metadata import PageAnalysis, ReadingDirection
from mangaflux.engine.analysis.panels import describe_panels, find_panels, panel_pixels
from mangaflux.engine.analysis.prompt import page_prompt
from mangaflux.engine.analysis.reading_order import reading_order
from mangaflux.engine.analysis.sheet import make_sheet
from mangaflux.engine.analysis.tone import is_blank, is_color, measure_tone

#: Changes whenever the same page may get another answer.
ANALYSIS_VERSION = "6"


def analyze_page(
    page: NDArray[np.uint8],
    *,
    reading_direction: ReadingDirection = "rtl",
    seen: Detections = NOTHING_DETECTED,
    report: Callable[[str], None] = lambda stage: None,
) -> PageAnalysis:
    """Everything Pass 1 says of an (H, W, 3) uint8 sRGB page of any size.

    Args:
        page: the page, upright on white.
        reading_direction: the order of its panels.
        seen: what optional detectors saw on it.
        report: called with one word before each stage.

    Raises:
        AttemptAbortedError: from `report`; the analysis was told to stop.
    """
    report("tone")
    sheet = make_sheet(page)
    art = extract_line_art(sheet.gray)
    tone = measure_tone(sheet.gray, art)
    report("lettering")
    text = find_text(sheet, seen)
    report("balloons")
    balloons = find_balloons(text, seen)
    lettering = tell_lettering(text, balloons)
    report("panels")
    balloon_parts, lettering_parts = balloon_area(sheet, text, balloons), lettering_area(sheet, text, lettering)
    shapes = find_panels(sheet, tone.gutter_level, balloon_parts, lettering_parts, seen)
    report("order")
    order = reading_order([shape.bbox for shape in shapes], reading_direction, sheet.gray.shape[::-1])
    panels = describe_panels(sheet, shapes, order)
    report("masks")
    described, places = describe_balloons(text, balloons, panels, reading_direction)
    found = PageAnalysis(
        is_color=is_color(page),
        is_blank=is_blank(sheet.gray),
        tone=tone,
        reading_direction=reading_direction,
        panels=panels,
        balloons=described,
        lettering=describe_lettering(text, lettering, places, panels, reading_direction),
        prompt="",
        lettering_mask=lettering_pixels(text, lettering, balloons),
        balloon_mask=balloon_pixels(text, balloons),
        panel_mask=panel_pixels(sheet, panels),
    )
    report("facts")
    facts = measure_facts(found, sheet, art, seen)
    return replace(found, facts=facts, prompt=page_prompt(len(panels), tone, facts))

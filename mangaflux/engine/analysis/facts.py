"""What kind of page is it, and what does it show? Only what was measured; nothing is guessed. Pure; any thread."""

from dataclasses import dataclass

import cv2
import numpy as np

from mangaflux.engine.analysis.detections import Detections
from mangaflux.engine.analysis.faces import find_faces
from mangaflux.engine.analysis.line_art import LineArt
from mangaflux.engine.analysis.metadata import (
    BoundingBox,
    Colouring,
    ContentKind,
    Mask,
    PageAnalysis,
    PageFacts,
    PageSide,
    Panel,
    PanelFacts,
    SceneHint,
    ShotSize,
)
from mangaflux.engine.analysis.motion_lines import Segments, find_segments, motion_lines
from mangaflux.engine.analysis.patches import enclosed_patches
from mangaflux.engine.analysis.sheet import Sheet
from mangaflux.engine.analysis.shot_size import face_box, faces_within, shot_size

#: A text page: so many blocks of lettering, and at most this part of all dark pixels outside of them.
_TEXT_BLOCKS, _OTHER_INK = 4, 0.15
#: Darker than this part of the paper is dark.
_DARK = 0.6
#: Paper and black end at these parts of the gutter's level; greys lie between.
_PAPER, _BLACK = 0.93, 0.12
#: Share of the page that true greys take at least; mean step between neighbours, in levels, that shows fine dots.
_GREY_SHARE, _FINE_STEP = 0.03, 9.0
#: Units (thousandths of the long side) kept away from ink when greys are looked at.
_BESIDE_INK = 4.0
#: How near a panel comes to the edge of the page to run off it, as a part of that side; and the part of that edge
#: that must be drawn on.
_AT_EDGE, _DRAWN_EDGE = 0.006, 0.03
#: Levels by which a drawn pixel differs from the gutter.
_DRAWN = 40
#: Penalty below which a face is believed here: nine of ten are, on drawn pages.
_SURE_FACE = 0.7
#: Mean level of a panel, as a part of white, below which it is dark; part of all panels' area that makes a dark page.
_DARK_PANEL, _DARK_AREA = 0.45, 0.5
#: Gutters darker than this are black.
_BLACK_GUTTER = 50
#: Blocks of lettering from which on a page is crowded.
_CROWDED_BLOCKS = 12


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A page at layout size, and what was found on it."""

    sheet: Sheet
    art: LineArt
    found: PageAnalysis
    #: (h, w): lettering with a little around it, and balloons.
    lettering: Mask
    balloons: Mask


def measure_facts(found: PageAnalysis, sheet: Sheet, art: LineArt, seen: Detections) -> PageFacts:
    """The facts of a page.

    Args:
        found: everything else that the analysis says of it.
        sheet: the page.
        art: its line art at layout size.
        seen: what detectors saw; their faces go before our own.
    """
    look = _Look(sheet, art, found, _lettering_area(found, sheet), _at_layout(found.balloon_mask, sheet))
    content = _content(look)
    screened, grey = _greys(look)
    lines = art.ink & ~art.solid & ~look.lettering
    facts = PageFacts(
        content=content,
        colouring=_colouring(found, grey),
        screentone_share=_share(screened),
        line_density=_share(lines),
    )
    if content != "drawing":
        return facts
    faces = _faces(look, seen)
    panels = _panel_facts(look, faces)
    return facts.model_copy(
        update={
            "bleed": _bleed(look),
            "shot_size": _page_shot(found.panels, faces),
            "face_count": len(faces),
            "hints": _page_hints(look, panels),
            "panels": panels,
        }
    )


def _at_layout(mask: Mask, sheet: Sheet) -> Mask:
    size = (sheet.gray.shape[1], sheet.gray.shape[0])
    return np.asarray(cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0)


def _lettering_area(found: PageAnalysis, sheet: Sheet) -> Mask:
    """Boxes around the blocks, and the mask itself."""
    area = _at_layout(found.lettering_mask, sheet).astype(np.uint8)
    pad = round(3 * sheet.unit)
    for block in found.lettering:
        x, y, width, height = _layout_box(block.bbox, sheet)
        cv2.rectangle(area, (x - pad, y - pad), (x + width + pad, y + height + pad), (1,), -1)
    return area > 0


def _layout_box(box: BoundingBox, sheet: Sheet) -> BoundingBox:
    across, down = sheet.scale
    x, y, width, height = box
    return round(x / across), round(y / down), max(1, round(width / across)), max(1, round(height / down))


def _content(look: _Look) -> ContentKind:
    if look.found.is_blank:
        return "blank"
    gutter = look.found.tone.gutter_level
    dark = look.sheet.gray < _DARK * gutter
    other = float(np.mean(dark & ~look.lettering)) / max(1e-6, float(np.mean(dark)))
    is_text = len(look.found.lettering) >= _TEXT_BLOCKS and other < _OTHER_INK and gutter > _BLACK_GUTTER
    return "text_only" if is_text else "drawing"


def _greys(look: _Look) -> tuple[Mask, Mask]:
    """(h, w) each: greys made of dots, lines or grains, and true greys; nothing beside ink."""
    gutter = max(look.found.tone.gutter_level, 170) / 255
    reach = 2 * round(_BESIDE_INK * look.sheet.unit / 2) + 1
    beside = cv2.dilate(look.art.ink.astype(np.uint8), np.ones((reach, reach), dtype=np.uint8)) > 0
    toned = (look.art.tone < _PAPER * gutter) & (look.art.tone > _BLACK * gutter) & ~look.lettering
    screened = look.art.screened | _finely_dotted(look.sheet)
    return toned & screened & ~look.art.ink, toned & ~screened & ~beside


def _finely_dotted(sheet: Sheet) -> Mask:
    """(h, w) where neighbouring pixels of the page itself differ: dots too fine for the layout."""
    page = sheet.page
    step = cv2.absdiff(page, cv2.blur(page, (3, 3), borderType=cv2.BORDER_REPLICATE))
    size = (sheet.gray.shape[1], sheet.gray.shape[0])
    small = np.asarray(cv2.resize(step, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(cv2.blur(small, (9, 9), borderType=cv2.BORDER_REPLICATE) > _FINE_STEP)


def _colouring(found: PageAnalysis, grey: Mask) -> Colouring:
    if found.is_color:
        return "colour"
    return "grey" if float(np.mean(grey)) > _GREY_SHARE else "bitonal"


def _bleed(look: _Look) -> tuple[PageSide, ...]:
    """The sides at which a panel ends and something is drawn."""
    height, width = look.found.panel_mask.shape
    gray = look.sheet.gray
    known = [panel.bbox for panel in look.found.panels if panel.source != "page"]
    ends: tuple[tuple[PageSide, float, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]], ...] = (
        ("top", min((y for _, y, _, _ in known), default=height) / height, gray[:3]),
        ("right", min((width - x - w for x, _, w, _ in known), default=width) / width, gray[:, -3:]),
        ("bottom", min((height - y - h for _, y, _, h in known), default=height) / height, gray[-3:]),
        ("left", min((x for x, _, _, _ in known), default=width) / width, gray[:, :3]),
    )
    gutter = look.found.tone.gutter_level
    return tuple(
        side
        for side, gap, edge in ends
        if gap < _AT_EDGE and float(np.mean(np.abs(edge.astype(np.int16) - gutter) > _DRAWN)) > _DRAWN_EDGE
    )


def _faces(look: _Look, seen: Detections) -> list[BoundingBox]:
    """Boxes around faces, in pixels of the page: those that a detector saw, else our own."""
    if seen.faces:
        return [face.bbox for face in seen.faces]
    paper = ~_at_layout(look.found.panel_mask, look.sheet) | look.balloons
    faces = find_faces(enclosed_patches(look.art, paper), look.art.ink, doubt=_SURE_FACE)
    across, down = look.sheet.scale
    boxes = (face_box(face) for face in faces)
    return [(round(x * across), round(y * down), round(w * across), round(h * down)) for x, y, w, h in boxes]


def _panel_facts(look: _Look, faces: list[BoundingBox]) -> tuple[PanelFacts, ...]:
    segments = find_segments(look.art.ink & ~look.lettering & ~look.balloons)
    return tuple(
        PanelFacts(
            order=panel.order,
            shot_size=shot_size(panel.bbox, faces_within(panel.bbox, faces)),
            hints=_panel_hints(look, panel, segments),
        )
        for panel in look.found.panels
    )


def _panel_hints(look: _Look, panel: Panel, segments: Segments) -> tuple[SceneHint, ...]:
    box = _layout_box(panel.bbox, look.sheet)
    lines = motion_lines(segments, box)
    hints: list[SceneHint] = [lines] if lines is not None else []
    if _is_dark(look, box):
        hints.append("dark")
    return tuple(hints)


def _is_dark(look: _Look, box: BoundingBox) -> bool:
    """Whether the drawing in a box of the layout, balloons left out, is mostly dark."""
    x, y, width, height = box
    area = (slice(y, y + height), slice(x, x + width))
    drawn = look.sheet.gray[area][~look.balloons[area] & ~look.lettering[area]]
    return drawn.size > 0 and float(drawn.mean()) < _DARK_PANEL * 255


def _page_shot(panels: tuple[Panel, ...], faces: list[BoundingBox]) -> ShotSize:
    """The shot of the panel with the largest face."""
    largest = max(faces, key=lambda face: face[3], default=None)
    holding = [panel.bbox for panel in panels if largest is not None and faces_within(panel.bbox, [largest])]
    return shot_size(holding[0], [largest]) if holding and largest is not None else "none"


def _page_hints(look: _Look, panels: tuple[PanelFacts, ...]) -> tuple[SceneHint, ...]:
    """What holds for the page: all that some panel shows, but darkness only where it prevails."""
    shown = {hint for panel in panels for hint in panel.hints}
    lines: tuple[SceneHint, ...] = ("speed_lines", "focus_lines")
    hints: list[SceneHint] = [hint for hint in lines if hint in shown]
    if _dark_share(look, panels) > _DARK_AREA:
        hints.append("dark")
    if look.found.tone.gutter_level < _BLACK_GUTTER:
        hints.append("black_gutters")
    if len(look.found.lettering) >= _CROWDED_BLOCKS:
        hints.append("crowded")
    elif not look.found.lettering and not look.found.balloons:
        hints.append("quiet")
    return tuple(hints)


def _dark_share(look: _Look, panels: tuple[PanelFacts, ...]) -> float:
    areas = {panel.order: panel.bbox[2] * panel.bbox[3] for panel in look.found.panels}
    dark = sum(areas[panel.order] for panel in panels if "dark" in panel.hints)
    return dark / max(1, sum(areas.values()))


def _share(mask: Mask) -> float:
    return round(float(np.mean(mask)), 4)

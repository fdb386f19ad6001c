"""The sets of pages: where they come from and what is known of them.

A case is small and picklable; its `load` makes the page, in whichever process judges it.
"""

import importlib.util
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis_bench.truth import KnownBalloon, KnownBlock, LetteringKind, Polygon, TruthPage, dilated, filled, rectangle
from mangaflux.engine.analysis.metadata import Mask, ReadingDirection
from mangaflux.samples.composer.kinds import LayoutKind, kinds_of
from mangaflux.samples.composer.page import ComposedPage, compose_page

#: Of the training pages only these are judged: nobody tunes on them.
FIRST_EPISODE = 18
#: Of the pages of each kind every fourth is scanned, but webtoons never were on paper; every third is read from the
#: left.
_SCANNED_OF, _LEFT_OF = 4, 3
#: Grey level below which a pixel of a lettering box is ink.
_INK = 128
#: Art for composed pages comes from every third page: panels of at least so many pixels, less so many at each edge.
_ART_OF, _ART_SIDE, _TRIM = 3, 250, 8
#: Smallest balloon of an exact mask, in pixels; less is a speck.
_SPECK = 200

#: Rows of the test pages, by how their names begin.
_GROUPS = {"pc": "Pepper&Carrot", "msdemo": "MangaSensei", "little": "Little Nemo"}
#: What the roles of the MangaSensei pages are here; all others are speech.
_ROLES: Mapping[str, LetteringKind] = {"sfx": "sfx", "narration": "caption"}


class Case(Protocol):
    """A page that can be made."""

    @property
    def name(self) -> str:
        """Names the page in the tables and in file names."""
        ...

    def load(self) -> TruthPage:
        """The page and its truth."""
        ...


@dataclass(frozen=True, slots=True)
class ComposedCase:
    """A page of the composer."""

    seed: int
    kind: LayoutKind
    scanned: bool
    from_left: bool
    #: The training pages whose panels it shows; None for the composer's own drawings.
    art: Path | None = None

    @property
    def name(self) -> str:
        """Kind and seed."""
        return f"{self.kind}_{self.seed}{'_scan' if self.scanned else ''}"

    def load(self) -> TruthPage:
        """Composes the page."""
        direction: ReadingDirection = "ltr" if self.from_left else "rtl"
        contents = None if self.art is None else _art(self.art)
        page = compose_page(self.seed, self.kind, reading_direction=direction, contents=contents, scan=self.scanned)
        return _known_composed(self.name, page, scanned=self.scanned)


@dataclass(frozen=True, slots=True)
class LicensedCase:
    """A test page with its truth in a JSON file beside it."""

    image: Path
    truth: Path

    @property
    def name(self) -> str:
        """Of the file."""
        return self.image.stem

    def load(self) -> TruthPage:
        """Reads both files."""
        page, facts = _read(self.image), json.loads(self.truth.read_text())
        gray = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY))
        balloons = tuple(KnownBalloon(np.array(polygon)) for polygon in facts.get("balloons", []))
        inside = filled(gray.shape, [balloon.polygon for balloon in balloons])
        blocks = tuple(_licensed_block(text, inside) for text in facts.get("text", []))
        boxes = filled(gray.shape, [block.polygon for block in blocks])
        return TruthPage(
            name=self.name,
            group=_GROUPS.get(self.name.split("_")[0].split("-")[0], "others"),
            page=page,
            reading_direction="rtl" if self.name.startswith("msdemo") else "ltr",
            panels=_panels(facts),
            balloons=balloons if "balloons" in facts else None,
            blocks=blocks,
            lettering_mask=boxes & (gray < _INK),
        )


@dataclass(frozen=True, slots=True)
class TrainingCase:
    """A black-and-white page made from a coloured one, with exact masks of its lettering."""

    folder: Path
    page: str
    language: str

    @property
    def name(self) -> str:
        """Page and language."""
        return f"{self.page}_{self.language}"

    def load(self) -> TruthPage:
        """Makes the page with the folder's own recipe."""
        balloon, text = (self._mask(layer) for layer in ("balloon", "text"))
        rgb = _read(self.folder / "pc" / f"{self.page}.webp")
        gray = _recipe(self.folder).mangaize(rgb, balloon, text)
        facts = json.loads((self.folder / "pc" / f"{self.page}_ja.json").read_text())
        return TruthPage(
            name=self.name,
            group=f"episodes ≥ {FIRST_EPISODE}, {self.language}",
            page=np.repeat(gray[..., None], 3, axis=2),
            reading_direction="ltr",
            panels=_panels(facts),
            balloons=tuple(KnownBalloon(polygon) for polygon in _contours(balloon) if _area(polygon) > _SPECK),
            blocks=_blocks(text, balloon),
            lettering_mask=text,
        )

    def _mask(self, layer: str) -> Mask:
        path = self.folder / "pc" / f"{self.name}_{layer}.png"
        return np.asarray(_read(path)[..., 0] > 0)


def composed_cases(pages: int, first_seed: int, only: LayoutKind | None, *, licensed_art: bool) -> list[Case]:
    """So many composed pages of all kinds in their fixed shares, or those of one kind among them.

    Their panels show the composer's own drawings or, with `licensed_art`, panels of the later training pages.
    """
    art = os.environ.get("MANGA_FLUX_TRAIN_PAGES") if licensed_art else None
    if licensed_art and not art:
        return []
    cases: list[Case] = []
    counts: dict[LayoutKind, int] = {}
    for number, kind in enumerate(kinds_of(pages)):
        place = counts[kind] = counts.get(kind, 0) + 1
        scanned = place % _SCANNED_OF == 0 and kind != "webtoon"
        case = ComposedCase(first_seed + number, kind, scanned, place % _LEFT_OF == 0, Path(art) if art else None)
        if only in (None, kind):
            cases.append(case)
    return cases


def licensed_cases() -> list[Case]:
    """The black-and-white test pages that MANGA_FLUX_TEST_PAGES has truth for; none where it is unset."""
    name = os.environ.get("MANGA_FLUX_TEST_PAGES")
    truths = sorted(Path(name).glob("*.json")) if name else []
    cases: list[Case] = []
    for truth in truths:
        named = (truth.with_name(truth.stem + ending) for ending in ("_bw.png", "_gray.jpg", ".png"))
        image = next((path for path in named if path.exists()), None)
        if image is not None:
            cases.append(LicensedCase(image, truth))
    return cases


def training_cases() -> list[Case]:
    """The pages of the later episodes in MANGA_FLUX_TRAIN_PAGES, in both languages; none where it is unset."""
    name = os.environ.get("MANGA_FLUX_TRAIN_PAGES")
    if not name:
        return []
    cases = [TrainingCase(Path(name), page, language) for page in _late_pages(Path(name)) for language in ("en", "ja")]
    return [case for case in cases if (case.folder / "pc" / f"{case.name}_balloon.png").exists()]


def _known_composed(name: str, page: ComposedPage, *, scanned: bool) -> TruthPage:
    return TruthPage(
        name=name,
        group=page.kind,
        page=np.repeat(page.gray[..., None], 3, axis=2),
        reading_direction=page.reading_direction,
        panels=tuple(np.array(panel) for panel in page.panels),
        balloons=tuple(KnownBalloon(np.array(balloon.polygon), balloon.kind) for balloon in page.balloons),
        blocks=tuple(KnownBlock(block.kind, np.array(block.polygon)) for block in page.lettering),
        lettering_mask=page.lettering_mask,
        scanned=scanned,
    )


def _licensed_block(text: Any, inside: Mask) -> KnownBlock:
    """A block as the files tell it: a bare box, or a box with its role. Bare boxes outside balloons are sounds."""
    if isinstance(text, dict):
        return KnownBlock(_ROLES.get(text["role"], "speech"), rectangle(text["bbox"]))
    x, y, width, height = text
    within = inside[y : y + height, x : x + width].mean() > 0.5
    return KnownBlock("speech" if within else "sfx", rectangle(text))


def _blocks(text: Mask, balloon: Mask) -> tuple[KnownBlock, ...]:
    """Lettering grouped by a gap of 15 pixels, as the files beside the pages group it."""
    return tuple(
        KnownBlock("speech" if (filled(text.shape, [part]) & balloon & text).any() else "sfx", part)
        for part in _contours(dilated(text, 7))
    )


def _panels(facts: Any) -> tuple[Polygon, ...] | None:
    if "panels" not in facts or not facts.get("panels_clean", True):
        return None
    return tuple(np.array(panel.get("polygon", rectangle(panel["bbox"]))) for panel in facts["panels"])


def _contours(mask: Mask) -> Sequence[Polygon]:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [np.asarray(contour[:, 0], dtype=np.float64) for contour in contours]


def _area(polygon: Polygon) -> float:
    return float(cv2.contourArea(polygon.astype(np.float32)))


def _read(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"{path.name} is no picture that can be read")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


@lru_cache(maxsize=1)
def _art(folder: Path) -> list[NDArray[np.uint8]]:
    """Larger panels of the later pages in black and white, without lettering; every other page in flat greys."""
    pictures = []
    for number, page in enumerate(_late_pages(folder)[::_ART_OF]):
        gray = _recipe(folder).mangaize(_read(folder / "pc" / f"{page}.webp"), tone=("screen", "gray")[number % 2])
        facts = json.loads((folder / "pc" / f"{page}_ja.json").read_text())
        for x, y, width, height in (panel["bbox"] for panel in facts["panels"] if facts.get("panels_clean", True)):
            if min(width, height) >= _ART_SIDE:
                pictures.append(gray[y + _TRIM : y + height - _TRIM, x + _TRIM : x + width - _TRIM])
    return pictures


def _late_pages(folder: Path) -> list[str]:
    """Names of the pages of the later episodes."""
    pages = [path.stem for path in sorted((folder / "pc").glob("E??P??.webp"))]
    return [page for page in pages if int(page[1:3]) >= FIRST_EPISODE]


@lru_cache(maxsize=1)
def _recipe(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_bw", folder / "make_bw.py")
    if spec is None or spec.loader is None:
        raise SystemExit("make_bw.py is not in the folder of the training pages")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""What Pass 1 says of a page: the contract between the passes, and its masks.

`PageMetadata` is the content of `page_NNN.meta.json`. Field names and meanings are final; new fields raise
`SCHEMA_VERSION` and have defaults.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 3

ReadingDirection = Literal["rtl", "ltr", "vertical"]
#: What showed that there is a panel: the gutter around it, its frame lines, a cut through a larger shape, an optional
#: detector, or nothing (the page as a whole).
PanelSource = Literal["gutter", "frame", "cut", "detector", "page"]
BalloonKind = Literal["speech", "thought", "shout", "caption"]
LetteringKind = Literal["speech", "caption", "sfx"]
LetteringDirection = Literal["vertical", "horizontal"]
ContentKind = Literal["drawing", "text_only", "blank"]
#: Colours, true greys, or black and white only, with greys made of dots.
Colouring = Literal["colour", "grey", "bitonal"]
#: By the largest face and its panel; "none" where no face was seen, which does not say that there is none.
ShotSize = Literal["close_up", "medium", "long", "none"]
#: Lines that rush past or to a point; mostly dark, as nights and memories are; black gutters, as around memories; much
#: and no lettering.
SceneHint = Literal["speed_lines", "focus_lines", "dark", "black_gutters", "crowded", "quiet"]
PageSide = Literal["top", "right", "bottom", "left"]
Point = tuple[int, int]
#: x, y, width, height in pixels of the page.
BoundingBox = tuple[int, int, int, int]
#: (H, W) bool.
Mask = NDArray[np.bool_]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Panel(_Value):
    """One panel; `order` counts from 1 in reading order."""

    order: int
    bbox: BoundingBox
    polygon: tuple[Point, ...]
    confidence: float = Field(ge=0, le=1)
    source: PanelSource = "gutter"


class Balloon(_Value):
    """One balloon; `panel` is the order number of the panel it belongs to, None outside of all. The balloons of a page
    stand in reading order: by panel, then within it.
    """

    bbox: BoundingBox
    polygon: tuple[Point, ...]
    panel: int | None
    kind: BalloonKind = "speech"
    #: White lettering on a dark balloon.
    is_inverted: bool = False
    #: Whether a part of the outline is missing.
    is_open: bool = False
    #: The tip of the tail; None where there is none or it was not found.
    tail: Point | None = None


class Lettering(_Value):
    """One block of lettering; the blocks of a page stand in reading order."""

    bbox: BoundingBox
    kind: LetteringKind
    direction: LetteringDirection = "vertical"
    #: Light lettering on dark ground.
    is_inverted: bool = False
    #: Number of its balloon among the page's, counted from 0; None outside of balloons.
    balloon: int | None = None


class Tone(_Value):
    """How dark the page is and how its greys are made."""

    #: Shares of the page, 0–1: pure black, screentone or grey, paper.
    black_share: float
    tone_share: float
    white_share: float
    #: Level of the gutter, 0–255.
    gutter_level: int


class PanelFacts(_Value):
    """What one panel shows; `order` is its number."""

    order: int
    shot_size: ShotSize = "none"
    #: Only what was measured on the panel; nothing where unsure.
    hints: tuple[SceneHint, ...] = ()


class PageFacts(_Value):
    """What kind of page it is and what it shows. All of it was measured; what is unsure is left out."""

    content: ContentKind
    colouring: Colouring
    #: Shares of the page, 0–1: greys made of dots, lines or grains; and lines, without solid blacks and lettering.
    screentone_share: float
    line_density: float
    #: The sides on which the drawing runs off the page.
    bleed: tuple[PageSide, ...] = ()
    #: Of the largest face.
    shot_size: ShotSize = "none"
    #: Of the faces that were found.
    face_count: int = 0
    hints: tuple[SceneHint, ...] = ()
    #: In reading order.
    panels: tuple[PanelFacts, ...] = ()


class PageMetadata(_Value):
    """Everything Pass 1 says of a page. The image fields hold `asset:` or `artifact:` names, or, in a folder that the
    command line wrote, paths relative to it; never absolute paths.
    """

    schema_version: int = SCHEMA_VERSION
    chapter_id: str
    page_num: int
    page_image: str
    page_seed: int
    page_prompt: str
    #: None until a Pass 2 names one.
    style_reference: tuple[str, ...] | None = None
    #: The lettering mask.
    text_mask: str
    width: int
    height: int
    #: Of the page's bytes as they came in.
    sha256: str
    is_color: bool
    is_blank: bool
    tone: Tone
    reading_direction: ReadingDirection
    panels: tuple[Panel, ...]
    balloons: tuple[Balloon, ...]
    lettering: tuple[Lettering, ...]
    #: Of the code that found all this.
    analysis_version: str
    #: SHA-256 of the weights that helped to find it, by the name of the model.
    models: dict[str, str] = Field(default_factory=dict)
    #: None in files of versions before 3.
    facts: PageFacts | None = None


@dataclass(frozen=True, slots=True)
class PageAnalysis:
    """What the analysis found on one page: facts and masks, all at page size."""

    is_color: bool
    is_blank: bool
    tone: Tone
    reading_direction: ReadingDirection
    panels: tuple[Panel, ...]
    balloons: tuple[Balloon, ...]
    lettering: tuple[Lettering, ...]
    prompt: str
    #: True on every pixel of the drawing that lettering may touch; these pixels survive byte for byte.
    lettering_mask: Mask
    #: True inside balloons, outline excluded.
    balloon_mask: Mask
    #: True inside panels; False on gutters and margins.
    panel_mask: Mask
    #: None where nobody asked for them.
    facts: PageFacts | None = None


def page_seed(chapter_id: str, page_num: int) -> int:
    """The seed of a page in its chapter, 0 … 2³¹ − 1, the same for ever (the seed contract of the first prototype)."""
    digest = hashlib.sha256(f"{chapter_id}:{page_num}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF

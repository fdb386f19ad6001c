"""The same pages and style for everything that is measured, as PNG bytes."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mangaflux.engine.analysis.metadata import PageAnalysis, Tone
from mangaflux.engine.base import ColorizeRequest, RgbImage
from mangaflux.engine.finishing.drawing import read_drawing
from mangaflux.samples.chapter import draw_chapter, draw_reference

PROMPT = "Colour this black-and-white manga page in the colours and the rendering style of the reference image."


@dataclass(frozen=True)
class Inputs:
    """A chapter."""

    pages: tuple[bytes, ...]
    #: 1024 × 1024, as an artist would give it.
    style: bytes


def read_inputs(folder: Path, count: int, size: tuple[int, int]) -> Inputs:
    """The chapter of a folder, drawn first where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"page_{size[0]}x{size[1]}_{number:03d}.png" for number in range(1, count + 1)]
    if not all(file.exists() for file in files):
        for file, page in zip(files, draw_chapter(5, count, width=size[0], height=size[1]), strict=True):
            Image.fromarray(page.ink).save(file)
    style = folder / "style.png"
    if not style.exists():
        Image.fromarray(draw_reference(5)).resize((1024, 1024), Image.Resampling.LANCZOS).save(style)
    return Inputs(tuple(file.read_bytes() for file in files), style.read_bytes())


def decode(data: bytes, size: tuple[int, int] | None = None) -> RgbImage:
    """(H, W, 3) pixels; at another (width, height) where one is given."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    if size is not None and image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(image, dtype=np.uint8)


def request_of(page: RgbImage, references: tuple[RgbImage, ...], seed: int = 7, **changes: Any) -> ColorizeRequest:
    """What an engine gets for a page. The flux engine looks at no mask."""
    nothing = np.zeros(page.shape[:2], dtype=bool)
    analysis = PageAnalysis(
        is_color=False,
        is_blank=False,
        tone=Tone(black_share=0, tone_share=0, white_share=1, gutter_level=255),
        reading_direction="rtl",
        panels=(),
        balloons=(),
        lettering=(),
        prompt=PROMPT,
        lettering_mask=nothing,
        balloon_mask=nothing,
        panel_mask=~nothing,
    )
    values: dict[str, Any] = {
        "page": page,
        "drawing": read_drawing(page, "soften"),
        "analysis": analysis,
        "references": references,
        "seed": seed,
        "prompt": PROMPT,
    }
    return ColorizeRequest(**(values | changes))

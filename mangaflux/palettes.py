"""Which palette does a chapter have? Made once from its references, kept as a file, and read by every later page.

The file says what it was made of, and nothing of the chapter or of the page that was first: whichever page makes it,
its bytes are the same, so pages in flight side by side need not wait for each other. Its SHA-256 is among the outputs
of the runmeta; a fingerprint needs no more than the references, the chosen colours and the version of finishing, which
decide it. Black-and-white pages have no a*b* to add: of the 14 pages that finishing is measured on, C* is nowhere above
0.14. So Pass 1 of a chapter's first pages is not waited for.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from mangaflux.engine.base import ColorizeRequest
from mangaflux.engine.finishing.chapter_palette import ChapterPalette, read_chapter_palette
from mangaflux.engine.finishing.compositing import FINISHING_VERSION
from mangaflux.jobs import Artifact, ArtifactKind, ClaimedPage
from mangaflux.storage.content_files import ContentFiles

logger = logging.getLogger(__name__)


class PaletteSource(BaseModel):
    """What a palette is made of."""

    model_config = ConfigDict(frozen=True)

    #: SHA-256 of the references, in the client's order.
    references: tuple[str, ...]
    #: sRGB by name, of the request; they go before the references.
    chosen: dict[str, tuple[int, int, int]]
    finishing_version: str


class PaletteColour(BaseModel):
    """One colour: CIE a* and b*, and how much of the references has it, 0–1."""

    model_config = ConfigDict(frozen=True)

    a: float
    b: float
    share: float


class PaletteFile(BaseModel):
    """The palette of a chapter as it is stored, by falling share."""

    model_config = ConfigDict(frozen=True)

    made_of: PaletteSource
    colours: tuple[PaletteColour, ...]

    def palette(self) -> ChapterPalette:
        """As finishing takes it, bit for bit as it was made."""
        entries = np.array([(each.a, each.b) for each in self.colours], np.float32).reshape(-1, 2)
        return ChapterPalette(entries, np.array([each.share for each in self.colours], np.float32))


@dataclass(frozen=True, slots=True)
class StoredPalette:
    """A palette, and the file it is in."""

    palette: ChapterPalette
    artifact: Artifact


def chapter_palette(
    claimed: ClaimedPage, request: ColorizeRequest, stored: Iterable[Artifact], files: ContentFiles
) -> StoredPalette:
    """The palette for a page; it is on disk when this returns. Blocks: call it on the CPU pool.

    Args:
        claimed: the page and its job.
        request: with the references decoded.
        stored: palettes that the chapter has already.
        files: where artifacts are.
    """
    source = PaletteSource(
        references=claimed.job.references, chosen=dict(request.palette), finishing_version=FINISHING_VERSION
    )
    known = next((file for file in _read(stored, files) if file.made_of == source), None)
    palette_file = known or _made(source, request)
    kept = files.store(palette_file.model_dump_json(indent=1).encode(), "application/json")
    artifact = Artifact(
        kind=ArtifactKind.PALETTE,
        page_num=claimed.page.page_num,
        media_type=kept.media_type,
        size=kept.size,
        sha256=kept.sha256,
    )
    return StoredPalette(palette_file.palette(), artifact)


def _read(stored: Iterable[Artifact], files: ContentFiles) -> Iterable[PaletteFile]:
    for artifact in stored:
        if not files.path(artifact.sha256, artifact.media_type).exists():
            continue
        try:
            yield PaletteFile.model_validate_json(files.read(artifact.sha256, artifact.media_type))
        except ValidationError:
            # The same colours are chosen anew: nothing is lost.
            logger.warning("the stored palette %s cannot be read; it is made anew", artifact.sha256)


def _made(source: PaletteSource, request: ColorizeRequest) -> PaletteFile:
    made = read_chapter_palette(request.references, request.palette)
    colours = (
        PaletteColour(a=float(a), b=float(b), share=float(share))
        for (a, b), share in zip(made.entries, made.shares, strict=True)
    )
    return PaletteFile(made_of=source, colours=tuple(colours))

"""Copies what a job made of a page into the result folder, with names that mean something there. Blocks."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from mangaflux.commands.result_folder import PageFiles, read_model, write_whole
from mangaflux.engine.analysis.metadata import PageMetadata
from mangaflux.engine.runmeta import RunMeta
from mangaflux.jobs import Artifact, ArtifactKind
from mangaflux.storage.content_files import ContentFiles


@dataclass(frozen=True, slots=True)
class InputNames:
    """File names of what a page was made from; they stand where the server has `asset:` names."""

    page_image: str
    #: Empty for Pass 1 alone.
    style_reference: tuple[str, ...]


def export_page(
    files: PageFiles,
    artifacts: Mapping[ArtifactKind, Artifact],
    stored: ContentFiles,
    names: InputNames,
    *,
    with_overlay: bool = False,
) -> None:
    """Writes the files of an ended page; of a skipped one there are those of Pass 1 only.

    What says whose a file is comes before the file, so that an interrupted export is not taken for foreign files.

    Args:
        files: where they go.
        artifacts: what the job made of the page.
        stored: where that is.
        names: what the page was made from.
        with_overlay: also write the picture of what Pass 1 saw.

    Raises:
        DataFolderError: the folder cannot be written.
    """
    contents = {kind: stored.read(artifact.sha256, artifact.media_type) for kind, artifact in artifacts.items()}
    metadata = _metadata(contents[ArtifactKind.METADATA], files, names)
    pictures = {**files.masks, ArtifactKind.OVERLAY: files.overlay} if with_overlay else files.masks
    outputs = {kind: _sha256(contents[kind]) for kind in pictures} | {ArtifactKind.METADATA: _sha256(metadata)}
    _write(
        {
            files.metadata: metadata,
            files.runmeta_pass1: _runmeta(contents[ArtifactKind.RUNMETA_PASS1], outputs, names.page_image, ()),
            **{path: contents[kind] for kind, path in pictures.items()},
        }
    )
    if ArtifactKind.COLORIZED in contents:
        _export_colours(files, contents, names)


def _export_colours(files: PageFiles, contents: Mapping[ArtifactKind, bytes], names: InputNames) -> None:
    colorized = contents[ArtifactKind.COLORIZED]
    outputs = {ArtifactKind.COLORIZED: _sha256(colorized)}
    runmeta = _runmeta(contents[ArtifactKind.RUNMETA_PASS2], outputs, names.page_image, names.style_reference)
    _write({files.runmeta_pass2: runmeta, files.colorized: colorized})


def _metadata(text: bytes, files: PageFiles, names: InputNames) -> bytes:
    metadata = PageMetadata.model_validate_json(text)
    lettering = files.masks[ArtifactKind.MASK_LETTERING]
    update = {
        "page_image": names.page_image,
        "style_reference": names.style_reference or _references_so_far(files, metadata),
        "text_mask": lettering.relative_to(files.metadata.parent).as_posix(),
    }
    return _json(metadata.model_copy(update=update))


def _references_so_far(files: PageFiles, metadata: PageMetadata) -> tuple[str, ...] | None:
    """What the page was coloured after before it was analysed anew; None where it was not."""
    before = read_model(PageMetadata, files.metadata)
    return before.style_reference if before is not None and before.sha256 == metadata.sha256 else None


def _runmeta(text: bytes, outputs: Mapping[ArtifactKind, str], page_image: str, references: tuple[str, ...]) -> bytes:
    update = {"page_image": page_image, "style_reference": references, "outputs": outputs}
    return _json(RunMeta.model_validate_json(text).model_copy(update=update))


def _json(value: BaseModel) -> bytes:
    return value.model_dump_json(by_alias=True, indent=1).encode()


def _write(contents: Mapping[Path, bytes]) -> None:
    for path, data in contents.items():
        write_whole(path, data)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

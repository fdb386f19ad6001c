"""Every model that `mangaflux models pull` knows. To add one, add an entry to `CATALOGUE`.

A file with a SHA-256 is taken only with exactly that content. Where it is None, the hub is trusted once: the hash that
the hub states for its file is checked at the first download and kept beside the file, and `verify` holds to that.
"""

import difflib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from mangaflux.errors import InvalidRequestError

#: What a model may be made of. Pickles (.pt, .pth, .bin, .ckpt) can run programs when they are read, so none are here.
ACCEPTED_SUFFIXES = frozenset({".safetensors", ".onnx", ".gguf", ".json", ".txt", ".jinja"})

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model.

    Raises:
        ValueError: a format that may hold programs, or a path that leads elsewhere.
    """

    #: In the repository, and in the model's folder.
    path: str
    #: Bytes; of a file without SHA-256 only about so many.
    size: int
    #: None: taken from the hub at the first download.
    sha256: str | None = None

    def __post_init__(self) -> None:
        plain = PurePosixPath(self.path)
        if plain.suffix not in ACCEPTED_SUFFIXES:
            raise ValueError(f"{self.path} is none of {', '.join(sorted(ACCEPTED_SUFFIXES))}")
        if plain.is_absolute() or any(part.startswith(".") for part in plain.parts):
            raise ValueError(f"{self.path} is not a plain path inside a repository")
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"{self.sha256} is no SHA-256 in lower-case hexadecimal digits")


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One model that can be downloaded."""

    #: What the command line and the settings call it.
    name: str
    kind: Literal["detector", "engine"]
    #: One line for people.
    purpose: str
    #: Owner and name on the Hugging Face hub.
    repository: str
    #: A commit, which never changes; or a branch, where the commit is not known yet and is noted at the download.
    revision: str
    files: tuple[ModelFile, ...]
    license: str
    #: What a person should know before using it; shown at each download.
    notice: str | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or not self.files:
            raise ValueError(f"{self.name} is no name of a model, or it has no files")

    @property
    def size(self) -> int:
        """Bytes of all files, or about so many."""
        return sum(file.size for file in self.files)

    @property
    def is_pinned(self) -> bool:
        """True where the content of every file is known beforehand."""
        return all(file.sha256 is not None for file in self.files)


COMIC_TEXT_AND_BUBBLE = CatalogueEntry(
    name="comic-text-and-bubble",
    kind="detector",
    purpose="balloons, and text inside and outside of them (RT-DETR-v2, 8 bit)",
    repository="ogkalu/comic-text-and-bubble-detector",
    revision="16e8a622f91fabc6b5b65c96d32d1183f8843546",
    files=(
        ModelFile(
            "detector-v4-s_int8.onnx",
            11_120_765,
            "5fe9e4f576e49d4e7e8b0e029d6d3cdc252abd4694113e1cae120e62c931ea79",
        ),
    ),
    license="Apache-2.0",
)

MANGA109_YOLO = CatalogueEntry(
    name="manga109-yolo",
    kind="detector",
    purpose="panels, faces, bodies and text (YOLO11 s)",
    repository="deepghs/manga109_yolo",
    revision="main",
    files=(ModelFile("v2023.12.07_s_yv11/model.onnx", 38_000_000),),
    license="not stated",
    notice=(
        "The authors state no licence. It was trained on Manga109-s with Ultralytics, whose licence is AGPL-3.0. "
        "Ask them before you use it for more than trying it out."
    ),
)

CATALOGUE: tuple[CatalogueEntry, ...] = (COMIC_TEXT_AND_BUBBLE, MANGA109_YOLO)


def entry_named(name: str, catalogue: tuple[CatalogueEntry, ...] = CATALOGUE) -> CatalogueEntry:
    """The entry of this name.

    Raises:
        InvalidRequestError: there is none; the message proposes the nearest.
    """
    for entry in catalogue:
        if entry.name == name:
            return entry
    known = [entry.name for entry in catalogue]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
    raise InvalidRequestError(f"There is no model {name}. {hint}")


def is_commit(revision: str) -> bool:
    """True for revisions that never change; branches and tags do."""
    return _COMMIT.fullmatch(revision) is not None

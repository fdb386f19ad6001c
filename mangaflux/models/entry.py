"""What the catalogue says of a model, and what a model may be made of."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Literal

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
        if PurePosixPath(self.path).suffix not in ACCEPTED_SUFFIXES:
            raise ValueError(f"{self.path} is none of {', '.join(sorted(ACCEPTED_SUFFIXES))}")
        if not is_acceptable(self.path):
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
    license: str
    files: tuple[ModelFile, ...] = ()
    #: In place of files: those of the repository that match one of these, as in `transformer/*`.
    patterns: tuple[str, ...] = ()
    #: Bytes of what matches, about.
    matching_size: int = 0
    #: What a person should know before using it; shown at each download.
    notice: str | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or bool(self.files) == bool(self.patterns):
            raise ValueError(f"{self.name} is no name of a model, or has not either files or patterns")

    @property
    def size(self) -> int:
        """Bytes of all files, or about so many."""
        return sum(file.size for file in self.files) or self.matching_size

    @property
    def is_pinned(self) -> bool:
        """True where the content of every file is known beforehand."""
        return bool(self.files) and all(file.sha256 is not None for file in self.files)

    def takes(self, path: str) -> bool:
        """True where a file of the repository is part of the model, by its patterns and by what is accepted at all."""
        return is_acceptable(path) and any(fnmatchcase(path, pattern) for pattern in self.patterns)


def is_acceptable(path: str) -> bool:
    """True for plain paths inside a repository, of formats that cannot run programs."""
    plain = PurePosixPath(path)
    is_plain = not plain.is_absolute() and not any(part.startswith(".") for part in plain.parts)
    return is_plain and plain.suffix in ACCEPTED_SUFFIXES


def is_commit(revision: str) -> bool:
    """True for revisions that never change; branches and tags do."""
    return _COMMIT.fullmatch(revision) is not None

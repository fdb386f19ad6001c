"""What a pass says of its own run: with the inputs, enough to make the same file again."""

import platform
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import metadata
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mangaflux import __version__

#: Packages whose version may change the bytes of a result.
_PACKAGES = ("numpy", "opencv-python-headless", "pillow", "scipy", "onnxruntime", "rapidocr", "torch", "diffusers")


class RunModel(BaseModel):
    """The model that worked."""

    model_config = ConfigDict(frozen=True)

    id: str
    revision: str
    sha: str | None = None


class RunMeta(BaseModel):
    """The content of a runmeta file, for either pass."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    pass_num: Literal[1, 2] = Field(alias="pass")
    chapter_id: str
    page_num: int
    engine: str
    model: RunModel
    params: Mapping[str, object]
    seed: int
    #: `asset:` and `artifact:` names; in a folder that the command line wrote, file names.
    page_image: str
    style_reference: tuple[str, ...]
    fingerprint: str
    #: SHA-256 of what was made, by kind.
    outputs: Mapping[str, str]
    timings_ms: Mapping[str, float]
    device: str
    peak_memory_bytes: int | None
    #: How well the drawing survived, and every repair; empty for Pass 1.
    fidelity: Mapping[str, object] = Field(default_factory=dict)
    #: How the page was finished; empty for Pass 1.
    finishing: Mapping[str, object] = Field(default_factory=dict)
    cached: bool
    versions: Mapping[str, str]
    started_at: datetime
    finished_at: datetime
    status: Literal["completed", "failed"]
    error: Mapping[str, str] | None = None

    @property
    def verdict(self) -> Literal["acceptable", "micro_repair", "critical"] | None:
        """How well the drawing survived; None for Pass 1."""
        verdict = self.fidelity.get("verdict")
        return verdict if verdict in ("acceptable", "micro_repair", "critical") else None


@cache
def installed_versions() -> Mapping[str, str]:
    """Versions of MangaFlux, Python and every installed package that may change the bytes of a result.

    Read once a process: what was imported does not change when a package on the disk does, and each look at the disk
    costs 11 ms.
    """
    versions = {"mangaflux": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return MappingProxyType(versions)

"""What the lite engine needs: Python, packages, and itself."""

import contextlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from mangaflux.errors import MangaFluxError

if TYPE_CHECKING:  # numpy may be what is broken here
    from mangaflux.engine.registry import EngineRegistry

NEEDED_PYTHON = (3, 11)
#: Package → (from, below), as pyproject.toml has them. Kept here too: a copy that was not installed has no metadata.
NEEDED_PACKAGES = {
    "aiohttp": ("3.14.5", "4"),
    "aiosqlite": ("0.22.1", "0.23"),
    "huggingface_hub": ("2.4", "3"),
    "numpy": ("2", "3"),
    "onnxruntime": ("1.24", "2"),
    "opencv-python-headless": ("4.10", "5"),
    "pillow": ("12.3", "14"),
    "prometheus-client": ("0.22", "1"),
    "pydantic": ("2.12", "3"),
    "rapidocr": ("3.10", "3.11"),
    "rich": ("14", "16"),
    "scipy": ("1.14", "2"),
    "typer": ("0.20", "1"),
}
OPENCV_PACKAGES = ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python")
REINSTALL = "install MangaFlux again in a fresh virtual environment: make clean, then make demo"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `id` is stable; `fix` is None where nothing is to be mended."""

    id: str
    ok: bool
    message: str
    fix: str | None = None


def check_python() -> Check:
    """The interpreter is new enough."""
    found = ".".join(map(str, sys.version_info[:3]))
    needed = ".".join(map(str, NEEDED_PYTHON))
    is_new = sys.version_info[:2] >= NEEDED_PYTHON
    return Check("python", is_new, f"Python {found}", None if is_new else f"install Python {needed} or newer")


def check_dependencies() -> Check:
    """Every package is there at a version that was meant."""
    problems = [problem for name in NEEDED_PACKAGES if (problem := _package_problem(name))]
    if problems:
        return Check("dependencies", False, "; ".join(problems), REINSTALL)
    return Check("dependencies", True, f"{len(NEEDED_PACKAGES)} packages at versions that fit")


def check_opencv() -> Check:
    """OpenCV is of major version 4, and there is one of it: its wheels overwrite each other's files."""
    found = {name: version for name in OPENCV_PACKAGES if (version := installed_version(name))}
    told = ", ".join(f"{name} {version}" for name, version in found.items()) or "OpenCV is missing"
    if len(found) == 1 and version_key(next(iter(found.values()))) < version_key("5"):
        return Check("opencv", True, told)
    others = " ".join(name for name in found if name != OPENCV_PACKAGES[0])
    removal = f"pip uninstall {others}, then " if others else ""
    return Check("opencv", False, told, f"{removal}pip install --force-reinstall 'opencv-python-headless<5'")


def check_lite(build_engines: Callable[[], "EngineRegistry"]) -> Check:
    """The lite engine loads."""
    try:
        # OpenCV prints to stdout when it does not import, where a script reads JSON.
        with contextlib.redirect_stdout(sys.stderr):
            engine = build_engines().engines["lite"]
        engine.load()
        engine.unload()
    except (ImportError, OSError, MangaFluxError) as error:
        return Check("lite", False, f"the lite engine does not load: {error}", REINSTALL)
    return Check("lite", True, f"the lite engine loads ({engine.model.id} {engine.model.revision}, {engine.device})")


def installed_version(package: str) -> str | None:
    """The version of a package, or None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def version_key(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing releases: `4.14.0.94rc1` → (4, 14, 0, 94)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def _package_problem(name: str) -> str | None:
    lowest, below = NEEDED_PACKAGES[name]
    found = installed_version(name)
    if found is None:
        return f"{name} is missing"
    if not version_key(lowest) <= version_key(found) < version_key(below):
        return f"{name} is {found}, needed is {lowest} or newer, below {below}"
    return None

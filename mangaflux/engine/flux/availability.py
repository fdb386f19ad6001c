"""Can flux run here, and if not, which one thing mends it? Imports neither torch nor diffusers."""

import ctypes
import functools
import sys
from importlib.util import find_spec
from pathlib import Path

from mangaflux.engine.flux.model_files import Missing, find_model
from mangaflux.engine.registry import Unavailable
from mangaflux.models.store import ModelStore
from mangaflux.settings import FluxSettings

#: What the extra `mangaflux[flux]` brings and the engine cannot do without.
PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "safetensors")

_DRIVER_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


def flux_problem(settings: FluxSettings, store: ModelStore) -> Unavailable | None:
    """Why flux cannot run with these settings, the first thing to mend first; None where it can."""
    lacking = [name for name in PACKAGES if find_spec(name) is None]
    if lacking:
        return Unavailable(f"not installed: {', '.join(lacking)}", "run `pip install 'mangaflux[flux]'`")
    if settings.device == "auto" and not has_gpu():
        return Unavailable("there is no NVIDIA GPU here", "use lite, or set flux.device to cpu, which is slow")
    found = find_model(settings, store)
    if isinstance(found, Missing):
        return Unavailable(found.reason, found.fix)
    return _extra_problem(settings)


@functools.cache
def has_gpu() -> bool:
    """True where the NVIDIA driver finds a GPU; asked once a process."""
    try:
        driver = ctypes.CDLL(_DRIVER_LIBRARY)
        count = ctypes.c_int(0)
        return bool(driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0)
    except (OSError, AttributeError):
        return False


def _extra_problem(settings: FluxSettings) -> Unavailable | None:
    for name in (settings.transformer_file, *(lora.file for lora in settings.loras)):
        if name and not Path(name).expanduser().is_file():
            return Unavailable(f"{Path(name).name} is not there", "correct its path in the section [flux]")
    if settings.is_gguf and find_spec("gguf") is None:
        return Unavailable("GGUF files need the package gguf", "run `pip install gguf`")
    return None

"""How a session is opened: on which device, in which memory profile, warmed for which sizes. Imports torch."""

import logging
from importlib.util import find_spec

import torch

from mangaflux.engine.flux import optimizations
from mangaflux.engine.flux.decisions import Decisions, cache_folder, remember, remembered
from mangaflux.engine.flux.faults import DeviceMemoryError
from mangaflux.engine.flux.loading import dtype_of
from mangaflux.engine.flux.memory_profiles import DeviceMemory, Profile, choose_profile, lighter_profile
from mangaflux.engine.flux.model_files import ModelFiles
from mangaflux.engine.flux.session import Session, SessionPlan, device_name
from mangaflux.errors import EngineUnavailableError
from mangaflux.settings import FluxSettings

logger = logging.getLogger(__name__)


def open_first_session(files: ModelFiles, settings: FluxSettings) -> Session:
    """A warm session in the profile of the settings, or in the fastest that fits the memory that is free now.

    Raises:
        EngineUnavailableError: no GPU, a GPU that is too small, or files that do not fit.
    """
    device = _device(settings)
    memory = _memory(device, settings)
    profile = _first_profile(files, settings, memory, device)
    while True:
        try:
            session = open_session(files, settings, profile)
            _warm_up(session, settings)
            decided = Decisions(session.memory_profile, session.attention, session.device_name)
            remember(settings, files, decided)
            return session
        except DeviceMemoryError as error:
            peak_gib = error.peak_bytes / 1024**3
        lighter = lighter_profile(profile, can_fp8=memory.can_fp8) if settings.memory_profile == "auto" else None
        logger.warning("the memory profile %s did not fit at %.1f GiB", profile, peak_gib)
        if lighter is None:
            raise EngineUnavailableError(
                f"{files.id} does not fit the device in the memory profile {profile} ({peak_gib:.1f} GiB taken). "
                "Close what else uses the GPU, or set flux.memory_profile to a lighter one."
            )
        profile = lighter


def open_session(files: ModelFiles, settings: FluxSettings, profile: Profile, *, compiles: bool = True) -> Session:
    """A session in this profile, not warmed; compiled where the settings say so and `compiles` is true.

    Raises:
        EngineUnavailableError: files that do not fit.
        DeviceMemoryError: it does not fit the device.
    """
    device = _device(settings)
    folder = cache_folder(settings)
    optimizations.keep_compiled_code(folder)
    if settings.share_interpreter:
        optimizations.share_interpreter()
    attention = _attention(files, settings, device)
    plan = SessionPlan(
        files=files,
        settings=settings,
        device=device,
        profile=profile,
        attention=attention,
        compiles=compiles and device.type == "cuda",
        can_fp8=_memory(device, settings).can_fp8,
        cache_folder=folder,
    )
    session = Session(plan)
    logger.info(
        "%s is loaded on %s, memory profile %s, attention %s",
        files.id,
        session.device_name,
        profile,
        session.attention,
    )
    return session


def _warm_up(session: Session, settings: FluxSettings) -> None:
    if settings.warm_up and session.plan.device.type == "cuda":
        session.warm_up(settings.bucket_sizes)


def _device(settings: FluxSettings) -> torch.device:
    if settings.device == "cpu":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise EngineUnavailableError(
            "PyTorch finds no GPU here. Install a build of PyTorch that fits the driver, or set flux.device to cpu."
        )
    return torch.device("cuda:0")


def _attention(files: ModelFiles, settings: FluxSettings, device: torch.device) -> optimizations.Attention:
    if settings.attention != "auto":
        return settings.attention
    before = remembered(settings, files)
    if before.device == device_name(device):
        return "cudnn" if before.attention == "cudnn" else "native"
    return optimizations.fastest_attention(device, dtype_of(device), files.attention_heads)


def _memory(device: torch.device, settings: FluxSettings) -> DeviceMemory:
    if device.type == "cpu":
        return DeviceMemory(free_bytes=0, capability=(0, 0), can_quantize=False)
    free_bytes, _ = torch.cuda.mem_get_info(device)
    # What is quantised already is not quantised again.
    can_quantize = find_spec("torchao") is not None and not settings.is_gguf
    return DeviceMemory(free_bytes, torch.cuda.get_device_capability(device), can_quantize)


def _first_profile(files: ModelFiles, settings: FluxSettings, memory: DeviceMemory, device: torch.device) -> Profile:
    if settings.memory_profile == "fp8" and not memory.can_fp8:
        raise EngineUnavailableError(
            "The memory profile fp8 needs the package torchao, weights that are no GGUF file, and a GPU of the "
            "generation Ada, Hopper or later. "
            "Set flux.memory_profile to auto."
        )
    if settings.memory_profile != "auto":
        return settings.memory_profile
    return "resident" if device.type == "cpu" else choose_profile(files.sizes, memory)

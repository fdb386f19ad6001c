"""Which memory profile a device gets, and what becomes of a device that has run out of memory or is lost."""

import pytest
import torch

from mangaflux.engine.flux.faults import DeviceMemoryError, run_guarded
from mangaflux.engine.flux.memory_profiles import PROFILES, DeviceMemory, Profile, choose_profile, lighter_profile
from mangaflux.errors import DeviceLostError

GIB = 1024**3
#: Bytes of FLUX.2 klein 4B in bfloat16.
KLEIN_4B = {"transformer": 7_751_109_744, "vae": 168_120_878, "text_encoder": 8_044_981_992}
HOPPER, AMPERE = (9, 0), (8, 6)
CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("free_gib", "capability", "profile"),
    [
        (79, HOPPER, "resident"),
        (16, HOPPER, "embeddings_only"),
        (16, AMPERE, "embeddings_only"),
        (8, HOPPER, "fp8"),
        (8, AMPERE, "offload"),
        (4, HOPPER, "offload"),
    ],
)
def test_the_fastest_profile_that_fits_is_taken(free_gib: int, capability: tuple[int, int], profile: Profile) -> None:
    assert choose_profile(KLEIN_4B, DeviceMemory(free_gib * GIB, capability, can_quantize=True)) == profile


def test_what_is_quantised_already_is_not_quantised_again() -> None:
    assert choose_profile(KLEIN_4B, DeviceMemory(8 * GIB, HOPPER, can_quantize=False)) == "offload"


@pytest.mark.parametrize(
    ("can_fp8", "profiles"),
    [(True, list(PROFILES)), (False, ["resident", "embeddings_only", "offload"])],
)
def test_each_profile_is_followed_by_a_lighter_one_until_there_is_none(can_fp8: bool, profiles: list[Profile]) -> None:
    walked: list[Profile] = ["resident"]
    while (lighter := lighter_profile(walked[-1], can_fp8=can_fp8)) is not None:
        walked.append(lighter)
    assert walked == profiles


def test_running_out_of_memory_is_told_apart() -> None:
    def run_out() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    with pytest.raises(DeviceMemoryError):
        run_guarded(run_out, CPU)


@pytest.mark.parametrize(
    "words",
    [
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    ],
)
def test_libraries_that_run_out_of_memory_are_told_apart_too(words: str) -> None:
    def run_out() -> None:
        raise RuntimeError(words)

    with pytest.raises(DeviceMemoryError):
        run_guarded(run_out, CPU)


@pytest.mark.parametrize("words", ["an illegal memory access was encountered", "device-side assert triggered"])
def test_an_error_that_poisons_the_device_is_told_apart(words: str) -> None:
    def poison() -> None:
        raise RuntimeError(f"CUDA error: {words}\nCUDA kernel errors might be reported at some other call.")

    with pytest.raises(DeviceLostError, match=words) as caught:
        run_guarded(poison, CPU)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_every_other_error_passes() -> None:
    def fail() -> None:
        raise RuntimeError("The size of tensor a must match the size of tensor b")

    with pytest.raises(RuntimeError, match="size of tensor a"):
        run_guarded(fail, CPU)

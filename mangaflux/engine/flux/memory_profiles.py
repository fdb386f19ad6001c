"""Which memory profile a device gets: from everything on the GPU to weights that stream from main memory."""

from dataclasses import dataclass
from typing import Literal

Profile = Literal["resident", "embeddings_only", "fp8", "offload"]

#: From the fastest to the smallest; after an out-of-memory error a page is tried again in the next one.
PROFILES: tuple[Profile, ...] = ("resident", "embeddings_only", "fp8", "offload")

#: Bytes beside the weights for a page of one megapixel with one style reference.
WORKING_BYTES = 3 * 1024**3

#: What a driver, a desktop and the allocator's slack take of the memory that is reported free.
SPARE_BYTES = 512 * 1024**2

#: First compute capability whose matrix units take fp8.
FP8_CAPABILITY = (8, 9)


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """What a device offers."""

    free_bytes: int
    #: CUDA's compute capability.
    capability: tuple[int, int]
    #: Whether torchao is installed and the weights are not quantised already.
    can_quantize: bool

    @property
    def can_fp8(self) -> bool:
        """True where the profile fp8 works."""
        return self.can_quantize and self.capability >= FP8_CAPABILITY


def choose_profile(sizes: dict[str, int], memory: DeviceMemory) -> Profile:
    """The fastest profile that fits.

    Args:
        sizes: bytes of weights by part, as in the files.
        memory: of the device, before anything is loaded.
    """
    available = memory.free_bytes - WORKING_BYTES - SPARE_BYTES
    lean = sizes["transformer"] + sizes["vae"]
    if lean + sizes["text_encoder"] <= available:
        return "resident"
    if lean <= available:
        return "embeddings_only"
    if memory.can_fp8 and sizes["transformer"] // 2 + sizes["vae"] <= available:
        return "fp8"
    return "offload"


def lighter_profile(profile: Profile, *, can_fp8: bool) -> Profile | None:
    """The next profile that needs less memory; None after the last."""
    later = PROFILES[PROFILES.index(profile) + 1 :]
    return next((candidate for candidate in later if candidate != "fp8" or can_fp8), None)

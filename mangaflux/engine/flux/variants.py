"""What is known of each published FLUX.2 klein before its files are there."""

from dataclasses import dataclass

_NON_COMMERCIAL = "FLUX Non-Commercial License"


@dataclass(frozen=True, slots=True)
class Variant:
    """One published model."""

    #: On the Hugging Face hub.
    id: str
    license: str
    #: Download in GB, without duplicates in other formats.
    download_gb: float


#: The first one is the default. Facts from the model cards; sizes are bytes of the bf16 weights.
VARIANTS = (
    Variant("black-forest-labs/FLUX.2-klein-4B", "Apache-2.0", 16.0),
    Variant("black-forest-labs/FLUX.2-klein-base-4B", "Apache-2.0", 16.0),
    Variant("black-forest-labs/FLUX.2-klein-9B", _NON_COMMERCIAL, 34.7),
    Variant("black-forest-labs/FLUX.2-klein-base-9B", _NON_COMMERCIAL, 34.7),
    Variant("black-forest-labs/FLUX.2-klein-9b-kv", _NON_COMMERCIAL, 34.7),
)


def license_of(model_id: str) -> str | None:
    """The licence of a published model; None of any other."""
    return next((variant.license for variant in VARIANTS if variant.id.lower() == model_id.lower()), None)

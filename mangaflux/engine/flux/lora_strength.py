"""How strongly a LoRA acts, as its training configuration says it (the words of PEFT's `LoraConfig`). Imports no torch.

The configuration is in the header of the file (diffusers), or in a file beside it (PEFT). Without one, a LoRA is added
as it is: alpha equals the rank.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mangaflux.engine.flux.model_files import ADAPTER_CONFIG
from mangaflux.errors import EngineUnavailableError

#: How PEFT names the weights that its configuration lies beside.
_ADAPTER_WEIGHTS = "adapter_model.safetensors"

#: Says nothing of what is added to the weights once they are trained. Ranks are those of the matrices themselves.
_WITHOUT_EFFECT = frozenset(
    {
        "auto_mapping",
        "base_model_name_or_path",
        "exclude_modules",
        "inference_mode",
        "layers_pattern",
        "layers_to_transform",
        "lora_dropout",
        "megatron_core",
        "peft_version",
        "qalora_group_size",
        "r",
        "rank_pattern",
        "revision",
        "runtime_config",
        "target_modules",
        "task_type",
    }
)
#: Changes what is added, or the weights it is added to, unless it has one of these values.
_HARMLESS = {
    "peft_type": ("LORA",),
    "bias": ("none",),
    "init_lora_weights": (True, False, "gaussian", "eva", "orthogonal"),
}
#: What is understood here.
_STRENGTH = frozenset({"lora_alpha", "alpha_pattern", "use_rslora"})


@dataclass(frozen=True, slots=True)
class LoraStrength:
    """The factor of each pair of matrices."""

    #: None: the rank of each pair.
    alpha: float | None = None
    #: Of some modules, by the end of their names as a regular expression.
    alpha_pattern: Mapping[str, float] = field(default_factory=dict)
    #: Rank-stabilised (D. Kalajdzievski, A rank stabilization scaling factor for fine-tuning with LoRA, 2023).
    is_rank_stabilised: bool = False

    def factor(self, module: str, rank: int) -> float:
        """What a module's matrices are multiplied by: alpha / rank, or alpha / √rank where ranks are stabilised."""
        if self.alpha is None:
            return 1.0
        # As `get_pattern_key` of PEFT finds it: the first that the name ends with.
        found = (alpha for ending, alpha in self.alpha_pattern.items() if re.match(rf"(.*\.)?({ending})$", module))
        return next(found, self.alpha) / (math.sqrt(rank) if self.is_rank_stabilised else rank)


def read_strength(file: Path, header: Mapping[str, object] | None) -> LoraStrength:
    """The strength of a LoRA.

    Args:
        file: its weights.
        header: the configuration in their header; None where there is none.

    Raises:
        EngineUnavailableError: the configuration asks for something else than a plain LoRA; the message names it.
    """
    config = {key.removeprefix("transformer."): value for key, value in (header or _beside(file)).items()}
    if not config:
        return LoraStrength()
    for key, value in config.items():
        if not _is_understood(key, value):
            raise EngineUnavailableError(f"{file.name} is not a plain LoRA: {key} is {json.dumps(value)[:60]}.")
    try:
        return LoraStrength(
            alpha=_number(config["lora_alpha"]),
            alpha_pattern=_pattern(config.get("alpha_pattern")),
            is_rank_stabilised=bool(config.get("use_rslora")),
        )
    except (KeyError, TypeError, re.error) as error:
        raise EngineUnavailableError(
            f"{file.name} does not say how strong it is: lora_alpha or alpha_pattern cannot be read."
        ) from error


def _is_understood(key: str, value: object) -> bool:
    if key in _HARMLESS:
        return value in _HARMLESS[key]
    # PEFT writes every setting that it knows; what is off is empty, false or null.
    return key in _STRENGTH or key in _WITHOUT_EFFECT or not value


def _pattern(value: object) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(value)
    for ending in value:
        re.compile(ending)
    return {ending: _number(alpha) for ending, alpha in value.items()}


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(value)
    return float(value)


def _beside(file: Path) -> dict[str, object]:
    config = file.with_name(ADAPTER_CONFIG)
    if file.name != _ADAPTER_WEIGHTS or not config.is_file():
        return {}
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineUnavailableError(f"{ADAPTER_CONFIG} beside {file.name} cannot be read.") from error
    return content if isinstance(content, dict) else {}

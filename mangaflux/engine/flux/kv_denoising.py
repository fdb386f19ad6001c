"""The recipe of klein 9B-KV: references are read once, and the steps after the first work on the canvas alone.

In the first step the references attend to themselves only and their keys and values are kept; later steps take them
from there (the mathematics of diffusers' Flux2KleinKVPipeline). Keys and values depend on the references and on nothing
else, so a page that is done again with another seed or prompt finds them ready.
"""

from typing import Any

import torch

from mangaflux.engine.flux.denoising import Conditions


class KeptReferencePredictor:
    """Predicts with kept keys and values of the references. Device thread only."""

    def __init__(self, transformer: Any, *, keep_for_rerolls: bool) -> None:
        install_kv_processors(transformer)
        self._transformer = transformer
        self._keep = keep_for_rerolls
        self._kept: Any = None
        self._kept_sha256 = ""
        #: "fresh" where the last page read its references itself, "kept" where it found them ready. The two differ in
        #: the last bits, so a fingerprint holds the word.
        self.last_source = "fresh"

    def __call__(self, tokens: torch.Tensor, timestep: torch.Tensor, conditions: Conditions) -> torch.Tensor:
        """The predicted noise of one step."""
        if self._kept is None or self._kept_sha256 != conditions.references_sha256:
            return self._extract(tokens, timestep, conditions)
        predicted: torch.Tensor = self._transformer(
            hidden_states=tokens.to(self._transformer.dtype),
            img_ids=conditions.canvas_positions,
            kv_cache=self._kept,
            kv_cache_mode="cached",
            **_same_arguments(timestep, conditions),
        )[0]
        return predicted

    def begin_page(self, references_sha256: str) -> None:
        """Drops what belongs to other references; called before the first step of each canvas."""
        is_known = self._keep and self._kept is not None and self._kept_sha256 == references_sha256
        self.last_source = "kept" if is_known else "fresh"
        if not is_known:
            self.forget()

    def end_page(self) -> None:
        """Frees keys and values unless the next page may be the same one; called after each canvas."""
        if not self._keep:
            self.forget()

    def forget(self) -> None:
        """Frees the kept keys and values."""
        self._kept, self._kept_sha256 = None, ""

    def _extract(self, tokens: torch.Tensor, timestep: torch.Tensor, conditions: Conditions) -> torch.Tensor:
        references = conditions.references
        predicted, kept = self._transformer(
            hidden_states=torch.cat([references, tokens], dim=1).to(self._transformer.dtype),
            img_ids=torch.cat([conditions.reference_positions, conditions.canvas_positions], dim=1),
            kv_cache_mode="extract",
            num_ref_tokens=references.shape[1],
            **_same_arguments(timestep, conditions),
        )
        self._kept, self._kept_sha256 = kept, conditions.references_sha256
        result: torch.Tensor = predicted
        return result


def install_kv_processors(transformer: Any) -> None:
    """Gives every attention of a transformer the processor that can keep keys and values.

    Before an attention backend is set: the backend belongs to the processor.
    """
    from diffusers.models.transformers.transformer_flux2 import Flux2KVAttnProcessor, Flux2KVParallelSelfAttnProcessor

    for block in transformer.transformer_blocks:
        if not isinstance(block.attn.processor, Flux2KVAttnProcessor):
            block.attn.set_processor(Flux2KVAttnProcessor())
    for block in transformer.single_transformer_blocks:
        if not isinstance(block.attn.processor, Flux2KVParallelSelfAttnProcessor):
            block.attn.set_processor(Flux2KVParallelSelfAttnProcessor())


def _same_arguments(timestep: torch.Tensor, conditions: Conditions) -> dict[str, Any]:
    return {
        "timestep": timestep,
        "guidance": None,
        "encoder_hidden_states": conditions.prompt,
        "txt_ids": conditions.prompt_positions,
        "return_dict": False,
    }

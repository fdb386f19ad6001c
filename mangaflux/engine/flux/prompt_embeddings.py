"""Prompts as the transformer reads them: hidden states of Qwen3, computed once a prompt and kept on disk.

FLUX.2 klein reads the states of layers 9, 18 and 27 side by side, of always 512 tokens. The text encoder is as large as
the transformer and runs once for each new prompt, so it is loaded when the first prompt is new and may live in main
memory, from where its weights stream through the device layer by layer.
"""

import hashlib
import logging
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

logger = logging.getLogger(__name__)

#: Text tokens, padding included; the padding is attended to, as in training.
TOKENS = 512
#: Hidden states that are laid side by side; 0 is the embedding.
LAYERS = (9, 18, 27)

#: Files that the folder keeps, the latest used: one of klein 4B takes 7.9 MB.
MAX_FILES = 128
#: Prompts that stay on the device.
_KEPT_PROMPTS = 8

_TENSOR = "prompt_embeds"


@dataclass(frozen=True, slots=True, eq=False)
class TextEncoder:
    """Qwen3 and its tokenizer, ready to run."""

    model: Any
    tokenizer: Any

    def encode(self, prompt: str) -> torch.Tensor:
        """The (1, 512, 3·d) embeddings of a prompt."""
        text = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        inputs = self.tokenizer(text, return_tensors="pt", padding="max_length", truncation=True, max_length=TOKENS)
        # The language-model head is left out: its logits would be thrown away.
        output = self.model.model(
            input_ids=inputs["input_ids"].to(self.model.device),
            attention_mask=inputs["attention_mask"].to(self.model.device),
            output_hidden_states=True,
            use_cache=False,
        )
        return torch.cat([output.hidden_states[layer] for layer in LAYERS], dim=-1)


class PromptEmbeddings:
    """Embeddings by prompt: from the device, from disk, or from the text encoder. Device thread only."""

    def __init__(
        self, folder: Path, model_key: str, load_encoder: Callable[[], TextEncoder], like: torch.Tensor
    ) -> None:
        """Loads nothing yet.

        Args:
            folder: where files are kept; made when the first one is written.
            model_key: says which weights the embeddings belong to.
            load_encoder: called for the first prompt that is not on disk.
            like: gives the device and the dtype of the embeddings.
        """
        self._folder = folder
        self._model_key = model_key
        self._load_encoder = load_encoder
        self._like = like
        self._encoder: TextEncoder | None = None
        self._kept: OrderedDict[str, torch.Tensor] = OrderedDict()

    @property
    def has_encoder(self) -> bool:
        """True while the text encoder is loaded."""
        return self._encoder is not None

    def of(self, prompt: str) -> torch.Tensor:
        """The (1, 512, 3·d) embeddings of a prompt, on the device."""
        if prompt not in self._kept:
            self._kept[prompt] = self._read(prompt).to(self._like.device, self._like.dtype)
            while len(self._kept) > _KEPT_PROMPTS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(prompt)
        return self._kept[prompt]

    def keep(self, prompt: str, embeddings: torch.Tensor) -> None:
        """Takes embeddings as those of a prompt until `forget`."""
        self._kept[prompt] = embeddings.to(self._like.device, self._like.dtype)

    def load_encoder(self) -> TextEncoder:
        """The text encoder, loaded now where it was not."""
        if self._encoder is None:
            self._encoder = self._load_encoder()
        return self._encoder

    def drop_encoder(self) -> None:
        """Frees the text encoder; it is loaded again for the next new prompt."""
        self._encoder = None

    def forget(self) -> None:
        """Frees what is kept on the device; the text encoder stays where it is."""
        self._kept.clear()

    def _read(self, prompt: str) -> torch.Tensor:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        file = self._folder / f"{self._name(prompt)}.safetensors"
        try:
            embeddings: torch.Tensor = load_file(file)[_TENSOR]
            file.touch()
        except FileNotFoundError:
            embeddings = self._encode(prompt)
            self._write(file, embeddings)
        except (OSError, KeyError, SafetensorError):
            logger.warning("the kept embeddings %s cannot be read and are made again", file.name)
            embeddings = self._encode(prompt)
            self._write(file, embeddings)
        return embeddings

    def _encode(self, prompt: str) -> torch.Tensor:
        encoder = self.load_encoder()
        return encoder.encode(prompt)

    def _write(self, file: Path, embeddings: torch.Tensor) -> None:
        from safetensors.torch import save_file

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as part:
                temporary = Path(part.name)
            save_file({_TENSOR: embeddings.to("cpu", self._like.dtype).contiguous()}, temporary)
            temporary.replace(file)
            self._remove_oldest()
        except OSError as error:
            # The page has its embeddings all the same; the next start computes them again.
            logger.warning("prompt embeddings are not kept: %s", error.strerror)

    def _remove_oldest(self) -> None:
        files = sorted(self._folder.glob("*.safetensors"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[MAX_FILES:]:
            file.unlink(missing_ok=True)

    def _name(self, prompt: str) -> str:
        return hashlib.sha256(f"{self._model_key}\n{self._like.dtype}\n{prompt}".encode()).hexdigest()[:32]

"""Prompts as the transformer reads them: hidden states of Qwen3, computed once a prompt and kept on disk.

FLUX.2 klein reads the states of layers 9, 18 and 27 side by side, of always 512 tokens. The text encoder is as large as
the transformer and runs for new prompts only, so it is loaded when the first prompt is new and may live in main memory,
from where its weights stream through the device layer by layer. There it stays until the model is unloaded or a page
runs out of memory. The prompts of pages that wait are read along.
"""

import hashlib
import logging
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

logger = logging.getLogger(__name__)

#: Text tokens, padding included; the padding is attended to, as in training.
TOKENS = 512
#: Hidden states that are laid side by side; 0 is the embedding.
LAYERS = (9, 18, 27)
#: Layers that are run: what comes after the last one is normalised, so one more than is read.
RUN_LAYERS = max(LAYERS) + 1

#: Prompts that a GPU reads at once: most of the time goes by until the weights have come. 1 prompt takes 0.352 s, 4
#: take 0.357 s (klein 4B streaming, H100). Always as many, filled up where there are fewer: the last bits of embeddings
#: depend on how many there are, and must not on the other pages.
PROMPTS_AT_ONCE = 4

#: Files that the folder keeps, the latest used: one of klein 4B takes 7.9 MB.
MAX_FILES = 128
#: Prompts that stay on the device.
_KEPT_PROMPTS = 8

_TENSOR = "prompt_embeds"


@dataclass(frozen=True, slots=True, eq=False)
class TextEncoder:
    """Qwen3 and its tokenizer, ready to run."""

    #: Without the language-model head, whose logits would be thrown away.
    model: Any
    tokenizer: Any

    def encode(self, prompts: Sequence[str]) -> torch.Tensor:
        """The (n, 512, 3·d) embeddings of n prompts."""
        texts = [
            self.tokenizer.apply_chat_template(
                [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True, enable_thinking=False
            )
            for prompt in prompts
        ]
        inputs = self.tokenizer(texts, return_tensors="pt", padding="max_length", truncation=True, max_length=TOKENS)
        output = self.model(
            input_ids=inputs["input_ids"].to(self.model.device),
            attention_mask=inputs["attention_mask"].to(self.model.device),
            output_hidden_states=True,
            use_cache=False,
        )
        return torch.cat([output.hidden_states[layer] for layer in LAYERS], dim=-1)


class PromptEmbeddings:
    """Embeddings by prompt: from the device, from disk, or from the text encoder. Device thread only."""

    def __init__(
        self,
        folder: Path,
        model_key: str,
        load_encoder: Callable[[], TextEncoder],
        like: torch.Tensor,
        prompts_at_once: int = PROMPTS_AT_ONCE,
    ) -> None:
        """Loads nothing yet.

        Args:
            folder: where files are kept; made when the first one is written.
            model_key: says which weights the embeddings belong to.
            load_encoder: called for the first prompt that is not on disk.
            like: gives the device and the dtype of the embeddings.
            prompts_at_once: how many are read each time.
        """
        self._folder = folder
        self._model_key = model_key
        self._load_encoder = load_encoder
        self._like = like
        self._prompts_at_once = prompts_at_once
        self._encoder: TextEncoder | None = None
        self._kept: OrderedDict[str, torch.Tensor] = OrderedDict()

    @property
    def has_encoder(self) -> bool:
        """True while the text encoder is loaded."""
        return self._encoder is not None

    def of(self, prompt: str, expected: Collection[str] = ()) -> torch.Tensor:
        """The (1, 512, 3·d) embeddings of a prompt, on the device.

        Args:
            prompt: of the page.
            expected: of pages that wait; where the prompt is new, those of them that are new are read with it.
        """
        if prompt not in self._kept:
            self._kept[prompt] = self._read(prompt, expected).to(self._like.device, self._like.dtype)
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

    def _read(self, prompt: str, expected: Collection[str]) -> torch.Tensor:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        file = self._file(prompt)
        try:
            embeddings: torch.Tensor = load_file(file)[_TENSOR]
            # A folder that cannot be written only forgets which were used last.
            with suppress(OSError):
                file.touch()
            return embeddings
        except FileNotFoundError:
            pass
        except (OSError, KeyError, SafetensorError):
            logger.warning("the kept embeddings %s cannot be read and are made again", file.name)
        return self._encode(prompt, expected)

    def _encode(self, prompt: str, expected: Collection[str]) -> torch.Tensor:
        """The embeddings of a new prompt; those that were read with it are on disk then."""
        others = [other for other in dict.fromkeys(expected) if other != prompt and not self._file(other).exists()]
        together = [prompt, *others][: self._prompts_at_once]
        filled = together + [prompt] * (self._prompts_at_once - len(together))
        embeddings: tuple[torch.Tensor, ...] = self.load_encoder().encode(filled).split(1)
        for read, each in zip(together, embeddings, strict=False):
            self._write(self._file(read), each)
        return embeddings[0]

    def _write(self, file: Path, embeddings: torch.Tensor) -> None:
        from safetensors import SafetensorError
        from safetensors.torch import save_file

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as unfinished:
                part = Path(unfinished) / file.name
                save_file({_TENSOR: embeddings.to("cpu", self._like.dtype).contiguous()}, part)
                part.replace(file)
            self._remove_oldest()
        except (OSError, SafetensorError) as error:
            # The page has its embeddings all the same; the next start computes them again.
            logger.warning("prompt embeddings are not kept: %s", error)

    def _remove_oldest(self) -> None:
        files = sorted(self._folder.glob("*.safetensors"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[MAX_FILES:]:
            file.unlink(missing_ok=True)

    def _file(self, prompt: str) -> Path:
        facts = f"{self._model_key}\n{self._like.dtype} {self._prompts_at_once}\n{prompt}"
        return self._folder / f"{hashlib.sha256(facts.encode()).hexdigest()[:32]}.safetensors"

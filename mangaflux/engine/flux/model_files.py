"""Where the files of a model are, which are missing, and what they weigh. Reads names and sizes, never weights.

A model is a folder, or comes from the store of downloaded models; nothing is downloaded here. Only safetensors and GGUF
are looked for: formats that hold numbers and nothing that could run.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mangaflux.models.catalogue import FLUX2_KLEIN_4B, find_entry
from mangaflux.models.store import ModelStore
from mangaflux.settings import FluxSettings

#: Parts of a model, each a folder of its own, and the name their weights begin with; None: no weights.
PARTS = {
    "transformer": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "tokenizer": None,
    "scheduler": None,
}

INDEX_FILE = "model_index.json"

#: What PEFT writes beside the weights of a LoRA: how they were trained.
ADAPTER_CONFIG = "adapter_config.json"

#: Characters of a digest that stand for the revision of a local folder.
_REVISION_LENGTH = 12

#: Missing files that are named; the others are counted.
_NAMED_FILES = 3


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model that is complete on this machine."""

    #: Its repository, or the name of a local folder.
    id: str
    #: Commit of the repository, or a digest of names, sizes and times of a local folder.
    revision: str
    #: None: not known.
    license: str | None
    folder: Path
    #: Of the VAE whose decoder is used; None: the model's own.
    decoder: Path | None
    #: Of the decoder, as `revision`; empty: the model's own.
    decoder_revision: str
    #: True for models that were trained to need few steps and no guidance.
    is_distilled: bool
    #: True for models that were trained to keep the keys and values of references.
    keeps_reference_kv: bool
    #: Of the transformer.
    attention_heads: int
    #: Bytes of weights, by part.
    sizes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Missing:
    """What keeps a model from being loaded, in words without absolute paths."""

    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class _Place:
    id: str
    revision: str
    license: str | None
    folder: Path


def find_model(settings: FluxSettings, store: ModelStore) -> ModelFiles | Missing:
    """The files of the model that the settings name: a folder, or what was pulled by this name."""
    place = _find("model", settings.model, store)
    if isinstance(place, Missing):
        return place
    if lacking := sorted(_lacking_files(place.folder, settings)):
        more = f" and {len(lacking) - _NAMED_FILES} more" if len(lacking) > _NAMED_FILES else ""
        return Missing(
            f"{place.id} lacks {', '.join(lacking[:_NAMED_FILES])}{more}",
            f"complete the folder, safetensors only, or set flux.model to {FLUX2_KLEIN_4B.name}",
        )
    decoder = _find("decoder", settings.decoder, store) if settings.decoder else None
    if isinstance(decoder, Missing):
        return decoder
    return _describe(place, decoder, settings)


def digest_files(*paths: Path) -> str:
    """A short digest that changes with the names, sizes and times of files, or of everything in folders."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                state = file.stat()
                digest.update(f"{file.name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:_REVISION_LENGTH]


def _find(setting: str, name: str, store: ModelStore) -> _Place | Missing:
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _Place(folder.name, digest_files(folder), None, folder)
    entry = find_entry(name)
    if entry is None or entry.kind != "engine":
        return Missing(
            f"flux.{setting} is {name}, which is no folder and no model that is known",
            f"choose one of `mangaflux models list`, or the path of a folder, for flux.{setting}",
        )
    whole, record = store.whole_folder(entry), store.record(entry)
    if whole is None or record is None:
        return Missing(
            f"the weights of {entry.repository} are not on this machine", f"run `mangaflux models pull {entry.name}`"
        )
    return _Place(entry.repository, record.revision, entry.license, whole)


def _describe(place: _Place, decoder: _Place | None, settings: FluxSettings) -> ModelFiles:
    folder, own = place.folder, Path(settings.transformer_file).expanduser()
    index = _read_json(folder / INDEX_FILE)
    keeps_kv = str(index.get("_class_name", "")).endswith("KVPipeline")
    return ModelFiles(
        id=place.id,
        revision=place.revision,
        license=place.license,
        folder=folder,
        decoder=decoder.folder if decoder else None,
        decoder_revision=decoder.revision if decoder else "",
        is_distilled=keeps_kv or bool(index.get("is_distilled", False)),
        keeps_reference_kv=keeps_kv,
        attention_heads=_whole_number(_read_json(folder / "transformer" / "config.json").get("num_attention_heads")),
        sizes={part: sum(file.stat().st_size for file in (folder / part).glob("*.safetensors")) for part in PARTS}
        | ({"transformer": own.stat().st_size} if own.is_file() else {}),
    )


def _lacking_files(folder: Path, settings: FluxSettings) -> Iterator[str]:
    if not (folder / INDEX_FILE).is_file():
        yield INDEX_FILE
    for part, stem in PARTS.items():
        if not any((folder / part).glob("*.json")):
            yield f"{part}/config.json"
        elif stem is not None and not (part == "transformer" and settings.transformer_file):
            yield from (f"{part}/{name}" for name in _lacking_weights(folder / part, stem))


def _lacking_weights(folder: Path, stem: str) -> list[str]:
    index = folder / f"{stem}.safetensors.index.json"
    if index.is_file():
        shards = _read_json(index).get("weight_map")
        names = sorted(set(shards.values())) if isinstance(shards, dict) else [index.name]
    else:
        names = [f"{stem}.safetensors"]
    return [name for name in names if not (folder / name).is_file()]


def _read_json(file: Path) -> dict[str, object]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _whole_number(value: object) -> int:
    return value if isinstance(value, int) else 1

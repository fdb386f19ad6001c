"""Where the files of a model are, which are missing, and what they weigh. Reads names and sizes, never weights.

Only safetensors and GGUF are looked for: formats that hold numbers and nothing that could run.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Parts of a model, each a folder of its own, and the name their weights begin with; None: no weights.
PARTS = {
    "transformer": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "tokenizer": None,
    "scheduler": None,
}

INDEX_FILE = "model_index.json"

#: Characters of a digest that stand for the revision of a local folder.
_REVISION_LENGTH = 12


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model that is complete on this machine."""

    id: str
    #: Commit of the hub, or a digest of names, sizes and times of a local folder.
    revision: str
    folder: Path
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


def find_model(model: str, revision: str = "main") -> ModelFiles | Missing:
    """The files of a model: of a local folder where `model` names one, else of the hub's cache. Downloads nothing."""
    folder = Path(model).expanduser()
    is_local = folder.is_dir()
    if not is_local:
        found = _cached_folder(model, revision)
        if found is None:
            return Missing(f"the weights of {model} are not on this machine", _pull(model))
        folder = found
    lacking = sorted(_lacking_files(folder))
    if lacking:
        more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
        fix = "complete the folder, safetensors only" if is_local else _pull(model)
        return Missing(f"{folder.name if is_local else model} lacks {', '.join(lacking[:3])}{more}", fix)
    index = _read_json(folder / INDEX_FILE)
    keeps_kv = str(index.get("_class_name", "")).endswith("KVPipeline")
    return ModelFiles(
        id=folder.name if is_local else model,
        revision=digest_files(folder) if is_local else folder.name,
        folder=folder,
        is_distilled=keeps_kv or bool(index.get("is_distilled", False)),
        keeps_reference_kv=keeps_kv,
        attention_heads=_whole_number(_read_json(folder / "transformer" / "config.json").get("num_attention_heads")),
        sizes={part: sum(file.stat().st_size for file in _weights(folder / part)) for part in PARTS},
    )


def find_folder(model: str, file: str) -> Path | None:
    """The folder of a model that is one part only, such as a decoder; None where `file` of it is not here."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder if (folder / file).is_file() else None
    return _cached_folder(model, "main", file)


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


def _cached_folder(model: str, revision: str, file: str = INDEX_FILE) -> Path | None:
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError:
        return None
    try:
        found = try_to_load_from_cache(model, file, revision=revision)
    except HFValidationError:
        return None
    return Path(found).parent if isinstance(found, str) else None


def _lacking_files(folder: Path) -> Iterator[str]:
    if not (folder / INDEX_FILE).is_file():
        yield INDEX_FILE
    for part, stem in PARTS.items():
        if not any((folder / part).glob("*.json")):
            yield f"{part}/config.json"
        elif stem is not None:
            yield from (f"{part}/{name}" for name in _lacking_weights(folder / part, stem))


def _lacking_weights(folder: Path, stem: str) -> list[str]:
    index = folder / f"{stem}.safetensors.index.json"
    if index.is_file():
        shards = _read_json(index).get("weight_map")
        names = sorted(set(shards.values())) if isinstance(shards, dict) else [index.name]
    else:
        names = [f"{stem}.safetensors"]
    return [name for name in names if not (folder / name).is_file()]


def _weights(folder: Path) -> Iterator[Path]:
    return folder.glob("*.safetensors")


def _read_json(file: Path) -> dict[str, object]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _whole_number(value: object) -> int:
    return value if isinstance(value, int) else 1


def _pull(model: str) -> str:
    return f"run `mangaflux models pull {model}`"

"""Every model that `mangaflux models pull` knows. To add one, add an entry to `CATALOGUE`.

A file with a SHA-256 is taken only with exactly that content. Where it is None, the hub is trusted once: the hash that
the hub states for its file is checked at the first download and kept beside the file, and `verify` holds to that. The
same goes for models of which not even the files are known beforehand: they are listed when they are downloaded.
"""

import difflib

from mangaflux.errors import InvalidRequestError
from mangaflux.models.entry import CatalogueEntry, ModelFile

COMIC_TEXT_AND_BUBBLE = CatalogueEntry(
    name="comic-text-and-bubble",
    kind="detector",
    purpose="balloons, and text inside and outside of them (RT-DETR-v2, 8 bit)",
    repository="ogkalu/comic-text-and-bubble-detector",
    revision="16e8a622f91fabc6b5b65c96d32d1183f8843546",
    license="Apache-2.0",
    files=(
        ModelFile(
            "detector-v4-s_int8.onnx",
            11_120_765,
            "5fe9e4f576e49d4e7e8b0e029d6d3cdc252abd4694113e1cae120e62c931ea79",
        ),
    ),
)

MANGA109_YOLO = CatalogueEntry(
    name="manga109-yolo",
    kind="detector",
    purpose="panels, faces, bodies and text (YOLO11 s)",
    repository="deepghs/manga109_yolo",
    revision="main",
    license="not stated",
    files=(ModelFile("v2023.12.07_s_yv11/model.onnx", 38_000_000),),
    notice=(
        "The authors state no licence. It was trained on Manga109-s with Ultralytics, whose licence is AGPL-3.0. "
        "Ask them before you use it for more than trying it out."
    ),
)

#: Parts of a FLUX.2 model in the layout of diffusers; the same weights in one file beside them are left where they are.
_FLUX2_PARTS = ("model_index.json", "scheduler/*", "text_encoder/*", "tokenizer/*", "transformer/*", "vae/*")
_NON_COMMERCIAL = (
    "For non-commercial use only, by the FLUX Non-Commercial License; accept it on the model's page first."
)

FLUX2_KLEIN_4B = CatalogueEntry(
    name="flux2-klein-4b",
    kind="engine",
    purpose="flux, 4 steps a page (FLUX.2 klein 4B)",
    repository="black-forest-labs/FLUX.2-klein-4B",
    revision="e7b7dc27f91deacad38e78976d1f2b499d76a294",
    license="Apache-2.0",
    files=(
        ModelFile("model_index.json", 446),
        ModelFile("scheduler/scheduler_config.json", 486),
        ModelFile("text_encoder/config.json", 1_536),
        ModelFile("text_encoder/generation_config.json", 214),
        ModelFile(
            "text_encoder/model-00001-of-00002.safetensors",
            4_967_215_360,
            "8c0506e7f4936fa7e26183a4fd8da4e2bdbc5990ba64ae441f965d51228f36ea",
        ),
        ModelFile(
            "text_encoder/model-00002-of-00002.safetensors",
            3_077_766_632,
            "82f2bd839378541b0557bfabaf37c7d3d637071fdcb73302dedd7cf61162ce07",
        ),
        ModelFile("text_encoder/model.safetensors.index.json", 32_855),
        ModelFile("tokenizer/added_tokens.json", 707),
        ModelFile("tokenizer/chat_template.jinja", 4_168),
        ModelFile("tokenizer/merges.txt", 1_671_853),
        ModelFile("tokenizer/special_tokens_map.json", 613),
        ModelFile(
            "tokenizer/tokenizer.json",
            11_422_654,
            "aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4",
        ),
        ModelFile("tokenizer/tokenizer_config.json", 5_404),
        ModelFile("tokenizer/vocab.json", 2_776_833),
        ModelFile("transformer/config.json", 541),
        ModelFile(
            "transformer/diffusion_pytorch_model.safetensors",
            7_751_109_744,
            "9f29f9edcfdae452a653ffb51a534ca4decd389952c225724ff3b94042612a6e",
        ),
        ModelFile("vae/config.json", 821),
        ModelFile(
            "vae/diffusion_pytorch_model.safetensors",
            168_120_878,
            "ca70d2202afe6415bdbcb8793ba8cd99fd159cfe6192381504d6c4d3036e0f04",
        ),
    ),
)

FLUX2_SMALL_DECODER = CatalogueEntry(
    name="flux2-small-decoder",
    kind="engine",
    purpose="a quicker decoder for flux (flux.decoder)",
    repository="black-forest-labs/FLUX.2-small-decoder",
    revision="a3efc24f613ef42d9428af62fdbd6f5fd8856c4a",
    license="Apache-2.0",
    files=(
        ModelFile("config.json", 842),
        ModelFile(
            "diffusion_pytorch_model.safetensors",
            249_521_340,
            "d8d52ba036475f5fb07c8b435e176d3d97ebfa82f0d1a1c317f9cc1e25bd013b",
        ),
    ),
)

FLUX2_KLEIN_9B = CatalogueEntry(
    name="flux2-klein-9b",
    kind="engine",
    purpose="flux, larger (FLUX.2 klein 9B)",
    repository="black-forest-labs/FLUX.2-klein-9B",
    revision="92196c8e11f7b6cf2b7493e037d8c5345c559216",
    license="FLUX Non-Commercial",
    patterns=_FLUX2_PARTS,
    matching_size=35_000_000_000,
    notice=_NON_COMMERCIAL,
)

FLUX2_KLEIN_9B_KV = CatalogueEntry(
    name="flux2-klein-9b-kv",
    kind="engine",
    purpose="flux, larger, keeps references between steps (FLUX.2 klein 9B KV)",
    repository="black-forest-labs/FLUX.2-klein-9b-kv",
    revision="a6dfb36eca3a3906eb2fd460795adfb844e5fcce",
    license="FLUX Non-Commercial",
    patterns=_FLUX2_PARTS,
    matching_size=35_000_000_000,
    notice=_NON_COMMERCIAL,
)

FLUX2_KLEIN_BASE_4B = CatalogueEntry(
    name="flux2-klein-base-4b",
    kind="engine",
    purpose="flux, many steps with guidance (FLUX.2 klein base 4B)",
    repository="black-forest-labs/FLUX.2-klein-base-4B",
    revision="a3b4f4849157f664bdbc776fd7453c2783562f4d",
    license="Apache-2.0",
    patterns=_FLUX2_PARTS,
    matching_size=16_000_000_000,
)

FLUX2_KLEIN_BASE_9B = CatalogueEntry(
    name="flux2-klein-base-9b",
    kind="engine",
    purpose="flux, larger, many steps with guidance (FLUX.2 klein base 9B)",
    repository="black-forest-labs/FLUX.2-klein-base-9B",
    revision="32773329fbe7e81a90ef971740e8ba4b0364ecf3",
    license="FLUX Non-Commercial",
    patterns=_FLUX2_PARTS,
    matching_size=35_000_000_000,
    notice=_NON_COMMERCIAL,
)

CATALOGUE: tuple[CatalogueEntry, ...] = (
    COMIC_TEXT_AND_BUBBLE,
    MANGA109_YOLO,
    FLUX2_KLEIN_4B,
    FLUX2_SMALL_DECODER,
    FLUX2_KLEIN_9B,
    FLUX2_KLEIN_9B_KV,
    FLUX2_KLEIN_BASE_4B,
    FLUX2_KLEIN_BASE_9B,
)


def find_entry(name: str, catalogue: tuple[CatalogueEntry, ...] = CATALOGUE) -> CatalogueEntry | None:
    """The entry of this name, or of the repository of this name, or None."""
    return next((entry for entry in catalogue if name.lower() in (entry.name, entry.repository.lower())), None)


def entry_named(name: str, catalogue: tuple[CatalogueEntry, ...] = CATALOGUE) -> CatalogueEntry:
    """The entry of this name, or of the repository of this name.

    Raises:
        InvalidRequestError: there is none; the message proposes the nearest.
    """
    if entry := find_entry(name, catalogue):
        return entry
    known = [entry.name for entry in catalogue]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
    raise InvalidRequestError(f"There is no model {name}. {hint}")

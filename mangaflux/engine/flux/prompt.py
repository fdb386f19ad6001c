"""The words that FLUX.2 gets, and where each of them comes from.

Pass 1 or the client gives the task; LoRAs add the words they were trained on, in the order of the settings; a palette
is named by hexadecimal codes, which FLUX.2 was trained to follow. Reference images are never labelled: words such as
"image 2" were seen to appear as letters in pages.
"""

from collections.abc import Iterable, Mapping

from mangaflux.engine.base import ColorizeRequest
from mangaflux.settings import FluxSettings


def prompt_of(request: ColorizeRequest, settings: FluxSettings) -> str:
    """The whole prompt of a request."""
    return compose_prompt(request.prompt, (lora.trigger for lora in settings.loras), request.palette)


def compose_prompt(task: str, trigger_words: Iterable[str], palette: Mapping[str, tuple[int, int, int]]) -> str:
    """The whole prompt: trigger words, task, palette.

    Args:
        task: the prompt of the request.
        trigger_words: empty ones are left out.
        palette: sRGB, 0–255, by name; numbers stand for colours that go to nothing in particular.
    """
    sentences = [*(word for word in trigger_words if word), task]
    if palette:
        colours = ", ".join(
            f"{_role(name)}#{red:02X}{green:02X}{blue:02X}" for name, (red, green, blue) in palette.items()
        )
        sentences.append(f"Keep to these colours: {colours}.")
    return " ".join(sentences)


def _role(name: str) -> str:
    return "" if name.isdigit() else f"{name} "

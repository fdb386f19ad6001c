"""The short prompt of a page, made from facts by templates. Every word that reaches a model from us stands here."""

from mangaflux.engine.analysis.metadata import Tone

_TASK = (
    "Colour this black-and-white manga page in the colours and the rendering style of the reference image. "
    "Keep every line, every letter, every panel border and all white balloons and gutters exactly as they are."
)
_ONE_PANEL = "The page is one panel."
_MANY_PANELS = "The page has {count} panels; a character keeps the same colours in all of them."
_DARK = "It is a dark scene: keep the blacks deep."
_LIGHT = "It is drawn with few greys: choose clear, light colours."
_SCREENTONE = "Turn the screentone into smooth shades."

#: Shares of the page from which on it counts as dark, as light and as toned.
_DARK_SHARE, _LIGHT_SHARE, _TONED_SHARE = 0.35, 0.8, 0.2


def page_prompt(panel_count: int, tone: Tone) -> str:
    """A prompt of a few sentences for a page with so many panels and such tones."""
    panels = _MANY_PANELS.format(count=panel_count) if panel_count > 1 else _ONE_PANEL
    return " ".join((_TASK, panels, *_tone_sentences(tone)))


def _tone_sentences(tone: Tone) -> list[str]:
    sentences = []
    if tone.black_share > _DARK_SHARE:
        sentences.append(_DARK)
    elif tone.white_share > _LIGHT_SHARE:
        sentences.append(_LIGHT)
    if tone.tone_share > _TONED_SHARE:
        sentences.append(_SCREENTONE)
    return sentences

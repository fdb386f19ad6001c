"""The short prompt of a page, made from facts by templates. Every word that reaches a model from us stands here."""

from collections.abc import Mapping
from types import MappingProxyType

from mangaflux.engine.analysis.metadata import PageFacts, SceneHint, ShotSize, Tone

_TASK = (
    "Colour this black-and-white manga page in the colours and the rendering style of the reference image. "
    "Keep every line, every letter, every panel border and all white balloons and gutters exactly as they are."
)
_TEXT_PAGE = "It is a page of text: keep it black on white."
_ONE_PANEL = "The page is one panel."
_MANY_PANELS = "The page has {count} panels; a character keeps the same colours in all of them."
_LIGHT = "It is drawn with few greys: choose clear, light colours."
_SCREENTONE = "Turn the screentone into smooth shades."
_DARK = "It is a dark scene: keep the blacks deep."
_SHOTS: Mapping[ShotSize, str] = MappingProxyType(
    {
        "close_up": "It shows a face close up: give skin, eyes and hair soft shading.",
        "medium": "",
        "long": "People are small in it: colour the place around them as carefully as them.",
        "none": "",
    }
)
_HINTS: Mapping[SceneHint, str] = MappingProxyType(
    {
        "speed_lines": "Speed lines stay lines, over an even colour.",
        "focus_lines": "Focus lines stay lines, over an even colour.",
        "dark": _DARK,
        "black_gutters": "The gutters are black: keep them black.",
        "crowded": "",
        "quiet": "",
    }
)

#: Shares of the page from which on it counts as dark, as light and as toned.
_DARK_SHARE, _LIGHT_SHARE, _TONED_SHARE = 0.35, 0.8, 0.2


def page_prompt(panel_count: int, tone: Tone, facts: PageFacts) -> str:
    """A prompt of a few sentences for a page with so many panels, such tones and such facts."""
    if facts.content == "text_only":
        return f"{_TASK} {_TEXT_PAGE}"
    panels = _MANY_PANELS.format(count=panel_count) if panel_count > 1 else _ONE_PANEL
    scene = [_SHOTS[facts.shot_size], *(_HINTS[hint] for hint in facts.hints)]
    sentences = [_TASK, panels, *_tone_sentences(tone), *scene]
    # A dark scene may show in its blacks as well as in its panels.
    return " ".join(dict.fromkeys(sentence for sentence in sentences if sentence))


def _tone_sentences(tone: Tone) -> list[str]:
    sentences = []
    if tone.black_share > _DARK_SHARE:
        sentences.append(_DARK)
    elif tone.white_share > _LIGHT_SHARE:
        sentences.append(_LIGHT)
    if tone.tone_share > _TONED_SHARE:
        sentences.append(_SCREENTONE)
    return sentences

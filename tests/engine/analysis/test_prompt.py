import pytest

from mangaflux.engine.analysis.metadata import PageFacts, SceneHint, ShotSize, Tone
from mangaflux.engine.analysis.prompt import page_prompt


def tone(black: float = 0.1, toned: float = 0.1) -> Tone:
    return Tone(black_share=black, tone_share=toned, white_share=1 - black - toned, gutter_level=255)


def facts(shot: ShotSize = "none", hints: tuple[SceneHint, ...] = ()) -> PageFacts:
    return PageFacts(
        content="drawing",
        colouring="bitonal",
        screentone_share=0.1,
        line_density=0.1,
        shot_size=shot,
        hints=hints,
    )


def test_the_prompt_asks_for_the_colours_of_the_reference() -> None:
    assert "reference" in page_prompt(1, tone(), facts())


def test_the_prompt_counts_the_panels() -> None:
    assert "5 panels" in page_prompt(5, tone(), facts())


def test_a_single_panel_is_not_counted() -> None:
    assert "panels" not in page_prompt(1, tone(), facts()).replace("every panel border", "")


def test_dark_and_light_pages_are_told_apart() -> None:
    assert page_prompt(2, tone(black=0.5), facts()) != page_prompt(2, tone(black=0.05, toned=0.0), facts())


def test_screentone_is_mentioned_where_there_is_some() -> None:
    assert "screentone" in page_prompt(2, tone(toned=0.4), facts())
    assert "screentone" not in page_prompt(2, tone(toned=0.05), facts())


@pytest.mark.parametrize("hint", ["speed_lines", "focus_lines", "dark", "black_gutters"])
def test_a_hint_adds_one_sentence(hint: SceneHint) -> None:
    plain, hinted = page_prompt(2, tone(), facts()), page_prompt(2, tone(), facts(hints=(hint,)))

    assert hinted.startswith(plain)
    assert hinted.count(".") == plain.count(".") + 1


@pytest.mark.parametrize("shot", ["close_up", "long"])
def test_close_ups_and_long_shots_add_one_sentence(shot: ShotSize) -> None:
    plain, seen = page_prompt(2, tone(), facts()), page_prompt(2, tone(), facts(shot))

    assert seen.startswith(plain)
    assert len(seen) > len(plain)


def test_a_dark_scene_is_told_once() -> None:
    assert page_prompt(2, tone(black=0.5), facts(hints=("dark",))).count("dark scene") == 1


def test_a_page_of_text_is_told_to_stay_black_on_white() -> None:
    prompt = page_prompt(1, tone(), facts().model_copy(update={"content": "text_only"}))

    assert "text" in prompt
    assert "panel." not in prompt

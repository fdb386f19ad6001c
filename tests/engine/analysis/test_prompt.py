from mangaflux.engine.analysis.metadata import Tone
from mangaflux.engine.analysis.prompt import page_prompt


def tone(black: float = 0.1, toned: float = 0.1) -> Tone:
    return Tone(black_share=black, tone_share=toned, white_share=1 - black - toned, gutter_level=255)


def test_the_prompt_asks_for_the_colours_of_the_reference() -> None:
    assert "reference" in page_prompt(1, tone())


def test_the_prompt_counts_the_panels() -> None:
    assert "5 panels" in page_prompt(5, tone())


def test_a_single_panel_is_not_counted() -> None:
    assert "panels" not in page_prompt(1, tone()).replace("every panel border", "")


def test_dark_and_light_pages_are_told_apart() -> None:
    assert page_prompt(2, tone(black=0.5)) != page_prompt(2, tone(black=0.05, toned=0.0))


def test_screentone_is_mentioned_where_there_is_some() -> None:
    assert "screentone" in page_prompt(2, tone(toned=0.4))
    assert "screentone" not in page_prompt(2, tone(toned=0.05))

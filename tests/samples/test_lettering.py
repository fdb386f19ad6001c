import numpy as np

from mangaflux.samples.lettering import DIALOGUE, kana_block, latin_block, turned


def test_every_line_of_dialogue_can_be_lettered() -> None:
    for text in DIALOGUE:
        assert latin_block(text, 24).max() == 255


def test_long_dialogue_is_set_in_several_lines() -> None:
    assert latin_block("WHO LEFT THE WINDOW OPEN?", 24).shape[0] > 1.8 * latin_block("RUN!", 24).shape[0]


def test_no_letter_touches_the_rim_of_its_block() -> None:
    block = latin_block("DID YOU HEAR THAT?", 24, bold=True)

    assert not np.concatenate([block[0], block[-1], block[:, 0], block[:, -1]]).any()


def test_columns_are_as_long_as_asked_for() -> None:
    block = kana_block(np.random.default_rng(0), [5, 2], 30)
    rows = np.flatnonzero(block[:, : block.shape[1] // 2].any(axis=1))

    assert block.shape[0] >= 150
    assert rows.max() < 2 * 30 + 4


def test_a_turned_block_keeps_its_ink() -> None:
    block = kana_block(np.random.default_rng(1), [3], 60)

    assert np.isclose(turned(block, 15.0).sum(), block.sum(), rtol=0.05)

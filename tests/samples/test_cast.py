import dataclasses

import pytest

from mangaflux.samples.cast import cast_of
from mangaflux.samples.palette import WORLDS


@pytest.mark.parametrize("seed", range(8))
def test_a_cast_is_three_or_four_people_with_hair_of_their_own(seed: int) -> None:
    members = cast_of(seed).members

    assert len(members) in (3, 4)
    assert len({member.hair_style for member in members}) == len(members)
    assert len({member.hair.colour for member in members}) == len(members)


def test_one_member_has_solid_black_hair() -> None:
    assert [member.hair.tone == 1.0 for member in cast_of(0).members].count(True) == 1


@pytest.mark.parametrize("palette", sorted(WORLDS))
def test_another_palette_changes_colours_and_never_looks(palette: str) -> None:
    for own, other in zip(cast_of(4).members, cast_of(4, palette).members, strict=True):
        assert (own.hair_style, own.outfit, own.hair.tone) == (other.hair_style, other.outfit, other.hair.tone)


def test_the_palette_of_a_seed_is_one_of_the_worlds() -> None:
    assert any(dataclasses.astuple(cast_of(9).world) == dataclasses.astuple(world) for world in WORLDS.values())

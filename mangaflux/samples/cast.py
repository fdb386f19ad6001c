"""The cast of a chapter: who is in it, what they wear, and in which colours."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mangaflux.errors import InvalidRequestError
from mangaflux.samples.palette import WORLDS, Paint, Rgb, World

HairStyle = Literal["spiky", "long", "twin_tails", "bob", "ponytail", "wavy"]
Outfit = Literal["sailor", "blazer", "hoodie", "cape"]

_GIRLS: tuple[HairStyle, ...] = ("long", "twin_tails", "bob", "ponytail", "wavy")
_OUTFITS: tuple[Outfit, ...] = ("sailor", "blazer", "hoodie", "cape")

#: How dark a member's hair and clothes are on the ink page, by place in the cast: the first has solid black hair.
_HAIR_TONES = (1.0, 0.0, 0.16, 0.34)
_MAIN_TONES = (0.4, 0.0, 0.22, 0.0)
_SECOND_TONES = (0.0, 0.34, 0.0, 0.22)


@dataclass(frozen=True, slots=True)
class Character:
    """One member of the cast."""

    hair_style: HairStyle
    outfit: Outfit
    hair: Paint
    skin: Paint
    eye: Rgb
    main: Paint
    second: Paint
    accent: Paint
    #: Narrower eyes and a broader build.
    masculine: bool


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of a chapter and the world they live in."""

    world: World
    members: tuple[Character, ...]


def cast_of(seed: int, palette: str | None = None) -> Cast:
    """The cast of a seed, three or four people; another palette changes their colours, never their looks.

    Raises:
        InvalidRequestError: no world has that name.
    """
    looks = np.random.default_rng([seed, 1])
    own = str(looks.choice(sorted(WORLDS)))
    world = _world(own if palette is None else palette)
    styles = _styles(looks)
    outfits = looks.permutation(len(_OUTFITS))
    chosen = _Choices(
        *(
            looks.permutation(len(colours))
            for colours in (world.hair[1:], world.clothes, world.accents, world.eyes, world.skins)
        )
    )
    members = [
        _character(world, chosen, place, style, _OUTFITS[int(outfits[place])]) for place, style in enumerate(styles)
    ]
    return Cast(world, tuple(members))


@dataclass(frozen=True, slots=True)
class _Choices:
    """Orders in which a cast takes the colours of its world."""

    hair: NDArray[np.int64]
    clothes: NDArray[np.int64]
    accents: NDArray[np.int64]
    eyes: NDArray[np.int64]
    skins: NDArray[np.int64]


def _world(name: str) -> World:
    if name not in WORLDS:
        raise InvalidRequestError(f"There is no palette {name!r}; choose one of: {', '.join(sorted(WORLDS))}.")
    return WORLDS[name]


def _styles(rng: np.random.Generator) -> list[HairStyle]:
    """Three or four different styles; one of the first three is the boy's."""
    girls: list[HairStyle] = [_GIRLS[int(number)] for number in rng.permutation(len(_GIRLS))]
    first: list[HairStyle] = ["spiky", *girls[:2]]
    mixed = [first[int(number)] for number in rng.permutation(3)]
    return [*mixed, girls[2]][: 3 + int(rng.integers(2))]


def _character(world: World, chosen: _Choices, place: int, style: HairStyle, outfit: Outfit) -> Character:
    main, second = world.clothes[chosen.clothes[place]]
    hair = world.hair[0] if place == 0 else world.hair[1 + chosen.hair[place]]
    return Character(
        hair_style=style,
        outfit="blazer" if style == "spiky" and outfit == "sailor" else outfit,
        hair=Paint(hair, _HAIR_TONES[place], "hair"),
        skin=Paint(world.skins[chosen.skins[place]]),
        eye=world.eyes[chosen.eyes[place]],
        main=Paint(main, _MAIN_TONES[place], "cloth"),
        second=Paint(second, _SECOND_TONES[place], "cloth"),
        accent=Paint(world.accents[chosen.accents[place]], 0.34, "cloth"),
        masculine=style == "spiky",
    )

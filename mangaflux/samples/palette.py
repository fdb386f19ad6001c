"""Colours: paints, and the colour worlds that a chapter can live in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

#: sRGB, 0–255 each.
Rgb = tuple[int, int, int]
#: What a shape belongs to; a page has a sheet of screentone for each.
Surface = Literal["skin", "cloth", "hair", "place", "mood"]

#: What a shadow multiplies a colour by, in 255ths: darker and a little towards violet, as cel painters shade.
SHADOW: Rgb = (204, 186, 214)


@dataclass(frozen=True, slots=True)
class Paint:
    """What a shape is filled with on the two pages."""

    #: Its colour on the colour page.
    colour: Rgb
    #: How dark its screen is on the ink page: 0 paper, 1 solid black.
    tone: float = 0.0
    #: None for whatever the canvas is being painted with.
    surface: Surface | None = None

    @property
    def level(self) -> int:
        """The tone as 0–255."""
        return round(self.tone * 255)

    def toned(self, tone: float) -> "Paint":
        """The same colour with another tone."""
        return replace(self, tone=tone)

    def shadow(self, tone: float | None = None) -> "Paint":
        """The same surface in shadow, with the tone given or its own."""
        red, green, blue = (value * factor // 255 for value, factor in zip(self.colour, SHADOW, strict=True))
        return replace(self, colour=(red, green, blue), tone=self.tone if tone is None else tone)

    def light(self, share: float = 0.45, tone: float = 0.0) -> "Paint":
        """The same surface mixed with white by `share` (0–1)."""
        red, green, blue = (round(value + (255 - value) * share) for value in self.colour)
        return replace(self, colour=(red, green, blue), tone=tone)


WHITE = Paint((255, 255, 255))
BLACK = Paint((24, 22, 30), 1.0)


def mixed(a: Rgb, b: Rgb, share: float) -> Rgb:
    """The colour between a and b, `share` (0–1) of the way."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def darkened(colour: Rgb) -> Rgb:
    """The colour as it is at night."""
    return mixed(colour, (18, 20, 52), 0.68)


@dataclass(frozen=True, slots=True)
class World:
    """The colours of one chapter: a mood that its sky, its town and its people share."""

    sky_top: Rgb
    sky_bottom: Rgb
    cloud: Rgb
    #: Sun or moon.
    light: Rgb
    hills: tuple[Rgb, Rgb]
    foliage: tuple[Rgb, Rgb]
    trunk: Rgb
    ground: Rgb
    buildings: tuple[Rgb, Rgb, Rgb]
    roof: Rgb
    window: Rgb
    wall: Rgb
    wood: Rgb
    fabric: Rgb
    #: Grounds of panels that show a feeling instead of a place.
    moods: tuple[Rgb, Rgb, Rgb]
    skins: tuple[Rgb, ...]
    #: First for the cast's first member, and so on.
    hair: tuple[Rgb, ...]
    eyes: tuple[Rgb, ...]
    #: Main and second colour of an outfit.
    clothes: tuple[tuple[Rgb, Rgb], ...]
    accents: tuple[Rgb, ...]


_SPRING = World(
    sky_top=(92, 178, 240),
    sky_bottom=(222, 243, 252),
    cloud=(255, 255, 255),
    light=(255, 240, 176),
    hills=((158, 214, 150), (112, 184, 124)),
    foliage=((250, 178, 200), (120, 196, 112)),
    trunk=(140, 98, 80),
    ground=(176, 214, 128),
    buildings=((250, 226, 200), (236, 206, 214), (206, 222, 238)),
    roof=(220, 110, 96),
    window=(176, 222, 244),
    wall=(252, 238, 214),
    wood=(206, 154, 102),
    fabric=(250, 190, 200),
    moods=((255, 214, 224), (204, 236, 250), (255, 240, 190)),
    skins=((255, 226, 206), (252, 216, 190), (236, 188, 152), (255, 230, 214)),
    hair=((62, 52, 74), (246, 168, 186), (240, 196, 104), (150, 98, 66), (126, 186, 222)),
    eyes=((92, 120, 196), (96, 176, 120), (202, 104, 132), (170, 110, 60), (88, 170, 190)),
    clothes=(
        ((70, 96, 160), (248, 248, 252)),
        ((250, 250, 250), (88, 128, 204)),
        ((244, 150, 120), (255, 236, 196)),
        ((122, 190, 142), (250, 246, 224)),
    ),
    accents=((228, 76, 88), (246, 190, 64), (90, 160, 220), (240, 120, 160)),
)

_NIGHT = World(
    sky_top=(22, 26, 72),
    sky_bottom=(92, 78, 152),
    cloud=(118, 108, 176),
    light=(255, 246, 206),
    hills=((62, 68, 128), (40, 44, 94)),
    foliage=((54, 104, 122), (44, 82, 110)),
    trunk=(58, 48, 84),
    ground=(56, 66, 112),
    buildings=((66, 66, 122), (84, 74, 136), (52, 56, 104)),
    roof=(98, 58, 122),
    window=(255, 216, 120),
    wall=(96, 92, 152),
    wood=(98, 72, 112),
    fabric=(126, 76, 152),
    moods=((88, 76, 156), (48, 88, 150), (128, 82, 148)),
    skins=((236, 212, 226), (226, 200, 218), (196, 148, 152), (240, 218, 230)),
    hair=((38, 34, 70), (168, 206, 240), (190, 140, 220), (86, 92, 170), (224, 224, 244)),
    eyes=((120, 220, 240), (240, 196, 90), (190, 120, 240), (120, 240, 190), (240, 120, 160)),
    clothes=(
        ((44, 54, 112), (196, 204, 240)),
        ((206, 204, 240), (92, 70, 158)),
        ((112, 58, 126), (232, 196, 110)),
        ((40, 112, 138), (190, 230, 236)),
    ),
    accents=((244, 196, 92), (96, 220, 226), (232, 96, 152), (170, 130, 250)),
)

_AUTUMN = World(
    sky_top=(246, 168, 92),
    sky_bottom=(255, 228, 176),
    cloud=(255, 240, 214),
    light=(255, 250, 220),
    hills=((216, 148, 84), (172, 100, 66)),
    foliage=((224, 104, 48), (236, 174, 62)),
    trunk=(104, 66, 48),
    ground=(206, 164, 92),
    buildings=((226, 190, 148), (206, 158, 122), (188, 140, 116)),
    roof=(150, 66, 50),
    window=(255, 226, 150),
    wall=(240, 212, 168),
    wood=(152, 92, 54),
    fabric=(190, 84, 60),
    moods=((250, 206, 150), (240, 180, 140), (222, 206, 150)),
    skins=((252, 214, 182), (244, 200, 162), (202, 148, 108), (255, 222, 192)),
    hair=((58, 38, 34), (206, 92, 44), (236, 190, 120), (124, 72, 44), (172, 164, 150)),
    eyes=((150, 96, 48), (84, 132, 84), (190, 96, 44), (96, 112, 140), (140, 60, 60)),
    clothes=(
        ((112, 48, 44), (250, 236, 206)),
        ((242, 226, 192), (150, 74, 48)),
        ((204, 134, 50), (112, 66, 42)),
        ((96, 112, 72), (238, 214, 160)),
    ),
    accents=((198, 56, 40), (240, 180, 60), (86, 124, 116), (232, 128, 64)),
)

_LAGOON = World(
    sky_top=(64, 200, 206),
    sky_bottom=(206, 250, 236),
    cloud=(250, 255, 250),
    light=(255, 252, 210),
    hills=((96, 202, 186), (48, 158, 160)),
    foliage=((56, 176, 120), (146, 212, 96)),
    trunk=(150, 116, 84),
    ground=(250, 228, 172),
    buildings=((250, 248, 236), (178, 232, 224), (255, 214, 190)),
    roof=(246, 122, 92),
    window=(120, 206, 226),
    wall=(222, 246, 238),
    wood=(222, 176, 122),
    fabric=(72, 178, 190),
    moods=((190, 242, 232), (255, 222, 200), (206, 230, 255)),
    skins=((246, 206, 172), (232, 180, 138), (186, 126, 88), (252, 218, 190)),
    hair=((36, 62, 84), (250, 150, 104), (248, 226, 150), (64, 168, 160), (250, 250, 244)),
    eyes=((40, 150, 160), (230, 120, 60), (60, 110, 190), (90, 170, 80), (170, 90, 150)),
    clothes=(
        ((24, 116, 140), (250, 250, 244)),
        ((255, 250, 236), (32, 160, 160)),
        ((250, 132, 98), (255, 232, 176)),
        ((250, 206, 84), (44, 120, 150)),
    ),
    accents=((255, 104, 84), (255, 200, 60), (20, 150, 170), (120, 90, 180)),
)

#: The colour worlds by the name that `draw_reference` takes.
WORLDS: Mapping[str, World] = MappingProxyType(
    {"spring": _SPRING, "night": _NIGHT, "autumn": _AUTUMN, "lagoon": _LAGOON}
)

"""What lies behind figures: places, and grounds that show a feeling instead of a place.

Every background fills its whole canvas, lines included.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from mangaflux.samples.curve import bow, ellipse, moved
from mangaflux.samples.drawing import Canvas
from mangaflux.samples.palette import WHITE, Paint, World, darkened, mixed
from mangaflux.samples.scenery import (
    box,
    draw_cloud,
    draw_houses,
    draw_ridge,
    draw_shelf,
    draw_sparkle,
    draw_tree,
    draw_window,
)

Background = Callable[[Canvas, World, np.random.Generator], None]


def draw_sky(canvas: Canvas, world: World, rng: np.random.Generator) -> None:
    """A day's sky with heaps of cloud; the ink page's tone thins towards the horizon."""
    canvas.gradient(Paint(world.sky_top, 0.18), Paint(world.sky_bottom, 0.0), until=canvas.height * 0.7)
    for _ in range(int(rng.integers(2, 5))):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0.05, 0.6) * canvas.height
        draw_cloud(canvas, world, float(x), float(y), float(rng.uniform(0.1, 0.2) * canvas.width + 20), rng)


def draw_night(canvas: Canvas, world: World, rng: np.random.Generator) -> None:
    """A night sky with moon and stars over dark hills."""
    w, h = canvas.width, canvas.height
    canvas.gradient(Paint(darkened(world.sky_top), 0.7), Paint(darkened(world.sky_bottom), 0.2), until=h * 1.1)
    for _ in range(int(w * h / 9000) + 8):
        x, y, radius = rng.uniform(0, w), rng.uniform(0, h * 0.75), rng.uniform(1.0, 2.6)
        canvas.fill(ellipse((float(x), float(y)), float(radius), float(radius), samples=8), Paint(world.light))
    for _ in range(4):
        draw_sparkle(canvas, Paint(world.light), float(rng.uniform(0, w)), float(rng.uniform(0, h * 0.6)), 9.0, 0.0)
    radius = 0.09 * min(w, h) + 18
    moon = ellipse((float(rng.uniform(0.15, 0.85) * w), 0.1 * h + radius), radius, radius)
    canvas.fill(moon, Paint(world.light))
    canvas.shade(moved(moon, radius * 0.5, radius * 0.3), moon, tone=0.12, factor=(236, 224, 226))
    draw_ridge(canvas, Paint(darkened(world.hills[1]), 0.6), 0.84, 0.06, rng)


def draw_town(canvas: Canvas, world: World, rng: np.random.Generator) -> None:
    """A street's skyline in two rows of houses under the sky."""
    draw_sky(canvas, world, rng)
    w, h = canvas.width, canvas.height
    far = Paint(mixed(world.buildings[2], world.sky_bottom, 0.5), 0.16)
    draw_houses(canvas, [far], world, 0.42, rng, detailed=False)
    draw_houses(canvas, [Paint(colour, 0.0) for colour in world.buildings], world, 0.6, rng, detailed=True)
    ground = np.array([(0, h * 0.9), (w, h * 0.9), (w, h), (0, h)], dtype=np.float64)
    canvas.fill(ground, Paint(world.ground, 0.1))
    canvas.stroke(ground[:2], 2.4, taper=(1, 1))


def draw_hills(canvas: Canvas, world: World, rng: np.random.Generator) -> None:
    """Hills and trees under the sky."""
    draw_sky(canvas, world, rng)
    draw_ridge(canvas, Paint(world.hills[0], 0.1), 0.5, 0.09, rng)
    draw_ridge(canvas, Paint(world.hills[1], 0.2), 0.64, 0.06, rng)
    draw_ridge(canvas, Paint(world.ground, 0.0), 0.78, 0.03, rng)
    for x in np.sort(rng.uniform(0, canvas.width, int(canvas.width / 190) + 1)):
        draw_tree(canvas, world, float(x), canvas.height * float(rng.uniform(0.8, 0.94)), rng)
    for _ in range(int(canvas.width / 36)):
        x, y = float(rng.uniform(0, canvas.width)), float(rng.uniform(0.84, 1.0)) * canvas.height
        for lean in (-5.0, 0.0, 5.0):
            canvas.stroke(bow((x, y), (x + lean, y - 11), 0.1), 1.8, taper=(1.0, 0.2))


def draw_room(canvas: Canvas, world: World, rng: np.random.Generator) -> None:
    """A room with a window, a curtain and a shelf of books."""
    w, h = canvas.width, canvas.height
    canvas.gradient(Paint(world.wall, 0.0), Paint(world.wall, 0.0), until=h)
    floor = box(0, h * 0.86, w, h)
    canvas.fill(floor, Paint(world.wood, 0.22))
    canvas.stroke(floor[:2], 2.4, taper=(1, 1))
    left = bool(rng.integers(2))
    draw_window(canvas, world, w * (0.06 if left else 0.52), h * 0.08, w * 0.42, h * 0.56)
    draw_shelf(canvas, world, w * (0.58 if left else 0.06), h * 0.14, w * 0.36, h * 0.5, rng)


def draw_focus_lines(canvas: Canvas, world: World, rng: np.random.Generator) -> None:
    """Lines that rush from the edges towards the middle: a shock, a shout."""
    colour = world.moods[int(rng.integers(3))]
    canvas.gradient(Paint(mixed(colour, (255, 255, 255), 0.55)), Paint(colour), until=canvas.height)
    centre = np.array([canvas.width * 0.5, canvas.height * 0.52])
    reach = float(np.hypot(canvas.width, canvas.height))
    count = 120
    angles = (np.arange(count) + rng.uniform(-0.4, 0.4, count)) * 2 * np.pi / count
    for angle in angles:
        way = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-way[1], way[0]]) * float(rng.uniform(0.004, 0.013)) * reach
        inner = centre + way * np.array([canvas.width, canvas.height]) * float(rng.uniform(0.33, 0.5))
        canvas.blacken(np.array([inner, centre + way * reach + across, centre + way * reach - across]))


def draw_speed_lines(canvas: Canvas, world: World, rng: np.random.Generator) -> None:
    """Level lines that race past."""
    colour = world.moods[int(rng.integers(3))]
    canvas.gradient(Paint(colour), Paint(mixed(colour, (255, 255, 255), 0.6)), until=canvas.height)
    for y in np.arange(4.0, canvas.height, 9.0) + rng.uniform(-4, 4, len(np.arange(4.0, canvas.height, 9.0))):
        start, end = np.sort(rng.uniform(-0.4, 1.4, 2)) * canvas.width
        line = np.linspace((start, y), (end, y), 6)
        canvas.stroke(line, float(rng.uniform(1.2, 4.2)), taper=(0.9, 0.1))


def draw_sparkles(canvas: Canvas, world: World, rng: np.random.Generator) -> None:
    """Soft tone with stars and bubbles: a happy heart."""
    colour = world.moods[int(rng.integers(3))]
    canvas.gradient(Paint(mixed(colour, (255, 255, 255), 0.7)), Paint(colour, 0.2), until=canvas.height)
    for _ in range(int(canvas.width * canvas.height / 15000) + 4):
        x, y = float(rng.uniform(0, canvas.width)), float(rng.uniform(0, canvas.height))
        if rng.random() < 0.5:
            draw_sparkle(canvas, WHITE, x, y, float(rng.uniform(10, 26)), 1.6)
        else:
            radius = float(rng.uniform(5, 24))
            canvas.fill(ellipse((x, y), radius, radius), Paint(mixed(colour, (255, 255, 255), 0.8)))
            canvas.outline(ellipse((x, y), radius, radius), 1.4)


def draw_gloom(canvas: Canvas, world: World, rng: np.random.Generator) -> None:
    """Hatching that hangs from above: a heavy heart."""
    colour = world.moods[int(rng.integers(3))]
    canvas.gradient(Paint(mixed(colour, (60, 60, 90), 0.55), 0.3), Paint(colour, 0.1), until=canvas.height)
    for x in np.arange(0, canvas.width, 7.0):
        length = canvas.height * float(rng.uniform(0.25, 0.55))
        canvas.stroke(np.linspace((x, -5.0), (x, length), 4), 2.0, taper=(1.0, 0.1))


#: Every background by name; the first five are places, the others feelings.
BACKGROUNDS: Mapping[str, Background] = MappingProxyType(
    {
        "sky": draw_sky,
        "night": draw_night,
        "town": draw_town,
        "hills": draw_hills,
        "room": draw_room,
        "focus": draw_focus_lines,
        "speed": draw_speed_lines,
        "sparkles": draw_sparkles,
        "gloom": draw_gloom,
    }
)
PLACES: tuple[str, ...] = ("sky", "night", "town", "hills", "room")

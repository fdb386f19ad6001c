"""Pieces of scenery: clouds, ground, trees, houses, furniture. Places are pixels of the canvas."""

import numpy as np

from mangaflux.samples.curve import Points, bow, ellipse, joined, moved, smooth
from mangaflux.samples.drawing import Canvas
from mangaflux.samples.palette import Paint, World, mixed


def box(x0: float, y0: float, x1: float, y1: float) -> Points:
    """The corners of a rectangle."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=np.float64)


def draw_cloud(canvas: Canvas, world: World, x: float, y: float, size: float, rng: np.random.Generator) -> None:
    """A heap of cloud around (x, y), `size` pixels from its middle to a side."""
    puffs = [(-0.85, 0.0, 0.34), (-0.36, -0.2, 0.46), (0.24, -0.28, 0.54), (0.8, -0.04, 0.4)]
    grown = rng.uniform(0.85, 1.15, len(puffs))
    balls = [
        ellipse((x + px * size, y + py * size), radius * share * size, radius * share * size * 0.9)
        for (px, py, radius), share in zip(puffs, grown, strict=True)
    ]
    foot = ellipse((x, y + 0.2 * size), 1.35 * size, 0.16 * size)
    # All outlines first: the fills then take away what lies inside.
    for part in (*balls, foot):
        canvas.outline(part, 4.0)
    for part in (*balls, foot):
        canvas.fill(part, Paint(world.cloud))
    dim = Paint(mixed(world.cloud, world.sky_top, 0.16))
    for part in (*balls, foot):
        canvas.fill(ellipse((x, y + 0.42 * size), 1.5 * size, 0.4 * size), dim, clip=part)


def draw_sparkle(canvas: Canvas, paint: Paint, x: float, y: float, size: float, line: float) -> None:
    """A four-pointed star of `size` pixels, outlined where `line` is more than 0."""
    radii = np.tile([size, size * 0.2], 4)
    angles = np.arange(8) * np.pi / 4
    star = np.column_stack([x + radii * np.cos(angles), y + radii * np.sin(angles) * 1.3])
    canvas.fill(star, paint)
    if line > 0:
        canvas.outline(star, line)


def draw_ridge(canvas: Canvas, paint: Paint, at: float, wave: float, rng: np.random.Generator) -> None:
    """Rolling ground from about row `at` (a share of the height) down, `wave` the share that it rolls by."""
    x = np.linspace(-0.1, 1.1, 8) * canvas.width
    crest = smooth(np.column_stack([x, (at + rng.uniform(-wave, wave, 8)) * canvas.height]))
    corners = [(canvas.width * 1.1, canvas.height + 5.0), (-canvas.width * 0.1, canvas.height + 5.0)]
    canvas.fill(joined(crest, corners), paint)
    canvas.stroke(crest, 2.4, taper=(1, 1))


def draw_tree(canvas: Canvas, world: World, x: float, foot: float, rng: np.random.Generator) -> None:
    """A tree that stands at (x, foot)."""
    tall = canvas.height * float(rng.uniform(0.3, 0.44))
    wide = tall * 0.42
    trunk = np.array([(x - tall * 0.05, foot), (x - tall * 0.03, foot - tall * 0.5)])
    canvas_trunk = joined(trunk, (trunk * (-1.0, 1.0) + (2 * x, 0.0))[::-1])
    canvas.fill(canvas_trunk, Paint(world.trunk, 0.4))
    canvas.outline(canvas_trunk, 2.2)
    angles = np.linspace(0, 2 * np.pi, 22, endpoint=False)
    bumps = np.where(np.arange(22) % 2 == 0, 1.0, 0.84) * rng.uniform(0.94, 1.06, 22)
    middle = np.array([x, foot - tall * 0.68])
    crown = smooth(
        np.column_stack([np.cos(angles) * wide, np.sin(angles) * tall * 0.36]) * bumps[:, None] + middle, closed=True
    )
    foliage = Paint(world.foliage[int(rng.integers(2))], 0.2)
    canvas.fill(crown, foliage)
    canvas.shade(moved(crown, wide * 0.3, tall * 0.14), crown, tone=0.36)
    canvas.outline(crown, 2.6)
    for _ in range(5):
        px, py = middle + rng.uniform(-0.6, 0.6, 2) * (wide, tall * 0.3)
        canvas.stroke(bow((float(px) - 9, float(py)), (float(px) + 9, float(py)), 0.3), 1.8)


def draw_houses(
    canvas: Canvas, paints: list[Paint], world: World, at: float, rng: np.random.Generator, *, detailed: bool
) -> None:
    """A row of houses with their tops at about the share `at` of the height; windows and roofs where detailed."""
    x = -20.0
    while x < canvas.width:
        wide = float(rng.uniform(0.12, 0.24) * canvas.width + 24)
        top = canvas.height * (at + float(rng.uniform(-0.16, 0.12)))
        house = box(x, top, x + wide, canvas.height + 5)
        canvas.fill(house, paints[int(rng.integers(len(paints)))])
        if detailed:
            canvas.shade(moved(house, wide * 0.72, 0.0), house, tone=0.16)
            _front(canvas, world, house, rng)
        canvas.outline(house, 2.4 if detailed else 1.4)
        x += wide * float(rng.uniform(0.9, 1.15))


def _front(canvas: Canvas, world: World, house: Points, rng: np.random.Generator) -> None:
    """Windows in rows, and a roof on some houses."""
    (x0, top), (x1, _) = house[0], house[1]
    step = (x1 - x0) / 3
    for row in np.arange(top + step * 0.4, canvas.height, step * 0.95):
        for x in (x0 + step * 0.32, x0 + step * 1.25, x0 + step * 2.16):
            pane = box(x, row, x + step * 0.5, row + step * 0.55)
            canvas.fill(pane, Paint(world.window, 0.42 if rng.random() < 0.5 else 0.0))
            canvas.outline(pane, 1.6)
    if rng.random() < 0.6:
        roof = np.array([(x0 - 10, top), ((x0 + x1) / 2, top - step * 0.9), (x1 + 10, top)])
        canvas.fill(roof, Paint(world.roof, 0.45))
        canvas.outline(roof, 2.4)


def draw_window(canvas: Canvas, world: World, x: float, y: float, w: float, h: float) -> None:
    """A window with curtains, its frame w × h at (x, y)."""
    frame, pane = box(x, y, x + w, y + h), box(x + 10, y + 10, x + w - 10, y + h - 10)
    canvas.fill(frame, Paint(world.wood))
    canvas.outline(frame, 2.6)
    canvas.fill(pane, Paint(world.sky_bottom))
    canvas.fill(joined(ellipse((x + w * 0.36, y + h), w * 0.5, h * 0.42)), Paint(world.foliage[0], 0.2), clip=pane)
    canvas.fill(joined(ellipse((x + w * 0.86, y + h), w * 0.34, h * 0.6)), Paint(world.foliage[1], 0.2), clip=pane)
    canvas.outline(pane, 2.0)
    for ends in ([(x + w / 2, y + 10), (x + w / 2, y + h - 10)], [(x + 10, y + h / 2), (x + w - 10, y + h / 2)]):
        canvas.stroke(np.array(ends, dtype=np.float64), 6.0, taper=(1, 1))
    for side, edge in ((1.0, x - 14), (-1.0, x + w + 14)):
        curtain = joined(
            [(edge, y - 14), (edge + side * w * 0.3, y - 14)],
            bow((edge + side * w * 0.3, y - 14), (edge + side * w * 0.1, y + h * 1.12), -0.1 * side),
            [(edge, y + h * 1.12)],
        )
        canvas.fill(curtain, Paint(world.fabric, 0.12))
        canvas.outline(curtain, 2.4)
        for share in (0.08, 0.17):
            top, foot = edge + side * w * share, edge + side * w * share * 0.5
            canvas.stroke(bow((top, y - 8), (foot, y + h), -0.06 * side), 1.8)


def draw_shelf(canvas: Canvas, world: World, x: float, y: float, w: float, h: float, rng: np.random.Generator) -> None:
    """A shelf of books, w × h at (x, y)."""
    case = box(x, y, x + w, y + h)
    canvas.fill(case, Paint(world.wood, 0.3).shadow())
    rows = 3
    tall = h / rows
    for row in range(rows):
        board = y + tall * (row + 1)
        at = x + 8
        while at < x + w - 22:
            wide, high = float(rng.uniform(10, 20)), tall * float(rng.uniform(0.6, 0.86))
            book = box(at, board - high, at + wide, board - 3)
            colours = (*world.accents, world.fabric, *world.buildings)
            canvas.fill(book, Paint(colours[int(rng.integers(len(colours)))], float(rng.choice([0.0, 0.0, 0.2, 1.0]))))
            canvas.outline(book, 1.6)
            at += wide + (0.0 if rng.random() < 0.85 else 16.0)
        shelf = box(x - 4, board - 4, x + w + 4, board + 4)
        canvas.fill(shelf, Paint(world.wood))
        canvas.outline(shelf, 2.0)
    canvas.outline(case, 2.6)

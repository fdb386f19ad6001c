"""How well lines and tone are told apart on pages printed through many screens.

Run: .venv/bin/python benchmarks/line_art.py [--seeds 3]

Scenes of the samples are put on a page as layers: lines, and tone. The tone is printed through one screen after the
other, and what `extract_line_art` finds is held against the layers. Lines: F is of precision and recall with one
pixel of tolerance at 1600 pixels; solid blacks count as ink. Tone: mean distance on a scale of 0 to 1, lines left out.
"""

import argparse
import time
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.samples.background import PLACES
from mangaflux.samples.cast import cast_of
from mangaflux.samples.scene import draw_scene
from mangaflux.samples.screentone import Screen, screened

#: Of the first page; those below were used to set the constants of the analysis.
FIRST_SEED = 2000
#: Level of the tone layer from which on it is solid black.
SOLID = 236
#: Panels across and down.
GRID = (2, 3)
#: Long side of a page, and the screens that it is printed through; None is flat grey.
PRINTS: tuple[tuple[int, tuple[Screen | None, ...]], ...] = (
    (600, (None, Screen("dots", 3.2), Screen("dots", 5.0))),
    (1100, (None, Screen("dots", 4.0), Screen("dots", 6.0, 30.0), Screen("lines", 5.3, 30.0), Screen("sand", 4.0))),
    (
        1700,
        (
            None,
            *(Screen("dots", pitch) for pitch in (4.0, 6.0, 8.0, 10.0, 14.0)),
            *(Screen("dots", pitch, angle) for pitch in (6.0, 10.0) for angle in (0.0, 30.0)),
            *(Screen("lines", pitch, angle) for pitch, angle in ((4.3, 45.0), (7.3, 0.0), (7.3, 30.0), (11.3, 60.0))),
            *(Screen("sand", pitch) for pitch in (3.0, 5.0, 8.0)),
        ),
    ),
    (3000, (None, Screen("dots", 8.0), Screen("dots", 14.0, 30.0), Screen("lines", 9.3, 30.0), Screen("sand", 7.0))),
)


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The truth of a page; (H, W) uint8 each."""

    #: 255 no line to 0 black line; and 0 paper to 255 solid.
    line: NDArray[np.uint8]
    tone: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Score:
    """How near the answer on one page is to the truth."""

    precision: float
    recall: float
    #: 0–1.
    tone_error: float
    #: Of this process's processor.
    seconds: float


def draw_layers(seed: int, long_side: int) -> Layers:
    """A page of framed scenes, 12 × 17 in proportion."""
    rng, cast = np.random.default_rng([seed, 9]), cast_of(seed)
    size = (long_side, round(long_side * 12 / 17))
    line, tone = np.full(size, 255, dtype=np.uint8), np.zeros(size, dtype=np.uint8)
    margin, gap, pen = (max(2, round(long_side * share)) for share in (0.03, 0.012, 0.0026))
    tall, wide = ((length - 2 * margin) // count - gap for length, count in zip(size, GRID[::-1], strict=True))
    for number in range(GRID[0] * GRID[1]):
        y, x = margin + number // GRID[0] * (tall + gap), margin + number % GRID[0] * (wide + gap)
        drawing = draw_scene(rng, cast, PLACES[number % len(PLACES)], wide, tall, opening=number == 0).drawing
        line[y : y + tall, x : x + wide], tone[y : y + tall, x : x + wide] = drawing.line, drawing.tone
        cv2.rectangle(line, (x, y), (x + wide, y + tall), (0,), pen)
    return Layers(line, tone)


def judge(layers: Layers, screen: Screen | None, *, scanned: bool) -> Score:
    """Prints a page, takes it apart again, and compares."""
    greys = 255 - layers.tone if screen is None else screened(layers.tone, screen)
    page = np.minimum(greys, layers.line)
    page = scan(page) if scanned else page
    started = time.process_time()
    art = extract_line_art(page)
    seconds = time.process_time() - started
    ink = (layers.line < 128) | (layers.tone >= SOLID)
    even = layers.line > 250
    paper, ink_level = (240, 15) if scanned else (255, 0)
    shown = (ink_level + (paper - ink_level) * (1 - layers.tone / 255.0)) / 255
    error = np.abs(art.tone - shown)[even & (layers.tone < SOLID)]
    reach = max(1, round(max(page.shape) / 1600))
    precision, recall = share_near(art.ink, ink, reach), share_near(ink, art.ink, reach)
    return Score(precision, recall, float(error.mean()), seconds)


def scan(page: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The page a little soft and noisy, through JPEG at quality 60."""
    noise = np.random.default_rng(3).normal(0, 4, page.shape).astype(np.float32)
    soft = cv2.GaussianBlur(page, (0, 0), 0.7).astype(np.float32) * (225 / 255) + 15 + noise
    _, coded = cv2.imencode(".jpg", np.clip(soft, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 60])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def share_near(these: NDArray[np.bool_], those: NDArray[np.bool_], reach: int) -> float:
    """The share of these pixels that have one of those within `reach`."""
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), dtype=np.uint8)
    near = cv2.dilate(those.astype(np.uint8), kernel) > 0
    return float(near[these].mean()) if these.any() else 1.0


def mean(scores: list[Score]) -> Score:
    """The mean of each figure."""
    columns = ((s.precision, s.recall, s.tone_error, s.seconds) for s in scores)
    return Score(*(float(value) for value in np.mean(list(columns), axis=0)))


def row(name: str, score: Score) -> str:
    f_score = 2 * score.precision * score.recall / max(1e-9, score.precision + score.recall)
    figures = (f"{value:.3f}" for value in (f_score, score.precision, score.recall, score.tone_error))
    return f"| {name} | {' | '.join(figures)} | {score.seconds:.2f} |"


def named(long_side: int, screen: Screen | None) -> str:
    if screen is None:
        return f"{long_side}, flat grey"
    turned = "" if screen.kind == "sand" else f" at {screen.angle:.0f}°"
    return f"{long_side}, {screen.kind} {screen.pitch:g} px{turned}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures line art and tone against drawn pages.")
    parser.add_argument("--seeds", type=int, default=3, help="pages per row (default 3)")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--side", type=int, help="only pages with this long side")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print("| page | line F | precision | recall | tone error | s |\n| --- | --- | --- | --- | --- | --- |")
    everything: list[Score] = []
    for long_side, screens in PRINTS:
        if options.side not in (None, long_side):
            continue
        pages = [draw_layers(options.first_seed + number, long_side) for number in range(options.seeds)]
        judged = [(named(long_side, screen), screen, False) for screen in screens]
        if long_side == 1700:
            judged += [(f"{name}, scanned", screen, True) for name, screen, _ in judged[:3]]
        for name, screen, scanned in judged:
            scores = [judge(page, screen, scanned=scanned) for page in pages]
            everything += scores
            print(row(name, mean(scores)), flush=True)
    print(row("**all**", mean(everything)))


if __name__ == "__main__":
    main()

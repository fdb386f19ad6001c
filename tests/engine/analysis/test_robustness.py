"""What becomes of a page between the press and the reader must not change what is said of it."""

import hashlib
import subprocess
import sys
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import PageAnalysis
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.samples.chapter import SamplePage, draw_page
from mangaflux.samples.lettering import latin_block
from tests.engine.analysis.drawn_pages import Gray, rgb

#: A page with a regular layout, seven balloons and several faces.
SEED, PAGE = 21, 2
#: What the analysis of 5000 × 7000 pixels may take on top of the page itself, in MiB, and in seconds of processor time.
#: It took 185 MiB and 1.2 s.
MOST_MEMORY, MOST_SECONDS = 450, 20

_LARGE_PAGE = """
import resource, time
import cv2, numpy as np
from mangaflux.engine.analysis.page import analyze_page
rng = np.random.default_rng(1)
small = rng.integers(0, 2, (350, 250), dtype=np.uint8) * 255
page = np.repeat(cv2.resize(small, (5000, 7000), interpolation=cv2.INTER_NEAREST)[..., None], 3, axis=2)
page[:200] = page[-200:] = page[:, :200] = page[:, -200:] = 255
before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
found = analyze_page(page)
assert found.panel_mask.shape == (7000, 5000)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, time.process_time() - started)
"""

_FINGERPRINT = """
import numpy as np
from tests.engine.analysis.test_robustness import fingerprint, sample
print(fingerprint(sample()))
"""


def sample() -> PageAnalysis:
    return analyze_page(rgb(draw_page(SEED, PAGE, width=600, height=850).ink))


def fingerprint(found: PageAnalysis) -> str:
    """Of everything that is said of a page."""
    digest = hashlib.sha256()
    for mask in (found.lettering_mask, found.balloon_mask, found.panel_mask):
        digest.update(mask.tobytes())
    digest.update(repr((found.panels, found.balloons, found.lettering, found.tone, found.facts)).encode())
    return digest.hexdigest()


def skewed(ink: Gray) -> Gray:
    height, width = ink.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 2.0, 0.96)
    return np.asarray(cv2.warpAffine(ink, turn, (width, height), borderValue=(255.0,)), dtype=np.uint8)


def on_grey_paper(ink: Gray) -> Gray:
    return (25 + ink * (205 / 255)).astype(np.uint8)


def through_jpeg(ink: Gray) -> Gray:
    _, coded = cv2.imencode(".jpg", ink, [cv2.IMWRITE_JPEG_QUALITY, 40])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def with_margins_and_a_number(ink: Gray) -> Gray:
    height, width = ink.shape
    page = np.full((height + 300, width + 240), 255, dtype=np.uint8)
    page[120 : 120 + height, 120 : 120 + width] = ink
    number = latin_block("108", 28)
    x, y = page.shape[1] // 2, height + 200
    page[y : y + number.shape[0], x : x + number.shape[1]] = 255 - number
    return page


def small(ink: Gray) -> Gray:
    return np.asarray(cv2.resize(ink, (600, 850), interpolation=cv2.INTER_AREA), dtype=np.uint8)


@pytest.fixture(scope="module")
def drawn() -> SamplePage:
    return draw_page(SEED, PAGE)


@pytest.fixture(scope="module")
def plain(drawn: SamplePage) -> PageAnalysis:
    return analyze_page(rgb(drawn.ink))


@pytest.fixture(
    scope="module",
    params=[skewed, on_grey_paper, through_jpeg, with_margins_and_a_number, small],
    ids=lambda change: change.__name__,
)
def changed(request: pytest.FixtureRequest, drawn: SamplePage) -> PageAnalysis:
    change: Callable[[Gray], Gray] = request.param
    return analyze_page(rgb(change(drawn.ink)))


def test_panels_and_balloons_are_as_many(changed: PageAnalysis, plain: PageAnalysis, drawn: SamplePage) -> None:
    assert len(changed.panels) == len(plain.panels) == len(drawn.panels)
    assert abs(len(changed.balloons) - len(plain.balloons)) <= 1


def test_balloons_stay_with_their_panels(changed: PageAnalysis, plain: PageAnalysis) -> None:
    homes, expected = (sorted(b.panel or 0 for b in found.balloons) for found in (changed, plain))

    assert sum(homes.count(panel) != expected.count(panel) for panel in set(expected)) <= 1


def test_the_facts_stay_nearly_the_same(changed: PageAnalysis, plain: PageAnalysis) -> None:
    assert changed.facts is not None
    assert plain.facts is not None
    assert changed.facts.content == plain.facts.content
    assert changed.facts.colouring == plain.facts.colouring
    assert changed.facts.bleed == plain.facts.bleed
    assert changed.facts.screentone_share == pytest.approx(plain.facts.screentone_share, rel=0.35)
    assert changed.facts.line_density == pytest.approx(plain.facts.line_density, rel=0.35)


def test_a_page_says_the_same_in_another_process() -> None:
    other = subprocess.run(
        [sys.executable, "-c", _FINGERPRINT], capture_output=True, text=True, timeout=100, check=True
    ).stdout.strip()

    assert other == fingerprint(sample())


def test_a_huge_page_takes_bounded_memory_and_time() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _LARGE_PAGE], capture_output=True, text=True, timeout=100, check=True
    ).stdout
    memory, seconds = (float(word) for word in told.split())

    assert memory < MOST_MEMORY
    assert seconds < MOST_SECONDS


@pytest.mark.parametrize("shape", [(1, 1), (20, 30), (425, 300)])
@pytest.mark.parametrize("level", [0, 255])
def test_pages_of_one_level_are_blank_and_one_panel(shape: tuple[int, int], level: int) -> None:
    found = analyze_page(np.full((*shape, 3), level, dtype=np.uint8))

    assert found.is_blank
    assert found.facts is not None
    assert found.facts.content == "blank"
    assert len(found.panels) == 1
    assert not found.balloon_mask.any()
    assert not found.lettering_mask.any()


@pytest.mark.parametrize("shape", [(20, 30), (850, 600)])
def test_nothing_is_invented_on_noise(shape: tuple[int, int]) -> None:
    noise: NDArray[np.uint8] = np.random.default_rng(5).integers(0, 256, (*shape, 3), dtype=np.uint8)

    found = analyze_page(noise)

    assert found.facts is not None
    assert found.balloons == ()
    assert found.facts.face_count == 0
    assert not {"speed_lines", "focus_lines", "dark", "black_gutters"} & set(found.facts.hints)

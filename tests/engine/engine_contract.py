"""What every engine must do, whatever it paints: inherit the class, give it an engine."""

import pickle
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
import pytest

from mangaflux.engine.analysis.metadata import PageAnalysis, Panel, Tone
from mangaflux.engine.base import ColorizeRequest, Engine, Region, RgbImage
from mangaflux.engine.finishing.drawing import read_drawing
from mangaflux.errors import AttemptAbortedError

WIDTH, HEIGHT = 240, 340
FRAME = (20, 20, 200, 300)
BALLOON = ((180, 70), (30, 20))
LETTERS = (168, 62, 24, 16)


def draw_page() -> RgbImage:
    """One panel: a face under black hair, a shaded coat, and a balloon with a word in it."""
    page = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    x, y, width, height = FRAME
    cv2.rectangle(page, (x, y), (x + width - 1, y + height - 1), (0, 0, 0), 3)
    cv2.rectangle(page, (50, 190), (160, 290), (150, 150, 150), -1)
    cv2.rectangle(page, (50, 190), (160, 290), (0, 0, 0), 3)
    cv2.circle(page, (105, 140), 40, (255, 255, 255), -1)
    cv2.circle(page, (105, 140), 40, (0, 0, 0), 3)
    cv2.ellipse(page, (105, 130), (40, 32), 0, 180, 360, (0, 0, 0), -1)
    cv2.ellipse(page, *BALLOON, 0, 0, 360, (255, 255, 255), -1)
    cv2.ellipse(page, *BALLOON, 0, 0, 360, (0, 0, 0), 2)
    cv2.putText(page, "OH", (168, 76), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 2)
    return page


def describe_page() -> PageAnalysis:
    """The truth about `draw_page`."""
    x, y, width, height = FRAME
    panel, balloon, lettering = (np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(3))
    panel[y : y + height, x : x + width] = 1
    cv2.ellipse(balloon, BALLOON[0], (28, 18), 0, 0, 360, 1, -1)
    left, top, across, down = LETTERS
    lettering[top : top + down, left : left + across] = 1
    corners = ((x, y), (x + width - 1, y), (x + width - 1, y + height - 1), (x, y + height - 1))
    return PageAnalysis(
        is_color=False,
        is_blank=False,
        tone=Tone(black_share=0.05, tone_share=0.1, white_share=0.85, gutter_level=255),
        reading_direction="rtl",
        panels=(Panel(order=1, bbox=FRAME, polygon=corners, confidence=1.0),),
        balloons=(),
        lettering=(),
        prompt="Colour this page.",
        lettering_mask=lettering > 0,
        balloon_mask=balloon > 0,
        panel_mask=panel > 0,
    )


def paint_reference(*colours: tuple[int, int, int]) -> RgbImage:
    """A picture of equal stripes of the colours."""
    return np.repeat(np.array([colours], np.uint8), 40, axis=0).repeat(30, axis=1)


WARM = paint_reference((205, 70, 50), (230, 150, 60), (245, 215, 170), (110, 50, 40))
COLD = paint_reference((40, 90, 190), (60, 170, 190), (190, 225, 245), (30, 40, 90))


def make_request(seed: int = 7) -> ColorizeRequest:
    """A request that any engine can do."""
    page = draw_page()
    return ColorizeRequest(
        page=page,
        drawing=read_drawing(page, "soften"),
        analysis=describe_page(),
        references=(WARM,),
        seed=seed,
        prompt="Colour this page.",
    )


def request_for(page: RgbImage, **changes: Any) -> ColorizeRequest:
    """The same for another page."""
    return replace(make_request(), page=page, drawing=read_drawing(page, "soften"), **changes)


@dataclass
class RecordingContext:
    """Remembers what an engine says and shows; from `stop_after` reports on, tells it to stop."""

    stop_after: int | None = None
    wants_previews: bool = False
    reports: list[tuple[str, int, int]] = field(default_factory=list)
    previews: list[tuple[RgbImage, int, int]] = field(default_factory=list)

    def progress(self, stage: str, step: int = 0, total_steps: int = 0) -> None:
        self.reports.append((stage, step, total_steps))
        if self.stop_after is not None and len(self.reports) > self.stop_after:
            raise AttemptAbortedError("The attempt was told to stop.")

    def preview(self, picture: RgbImage, step: int, total_steps: int) -> None:
        self.previews.append((picture.copy(), step, total_steps))


class EngineContract:
    """Tests of an engine that inherits them and gives the fixture `engine`, not loaded."""

    def test_the_layer_has_the_aspect_of_the_page(self, engine: Engine) -> None:
        engine.load()
        layer = engine.colorize(make_request(), RecordingContext())
        height, width = layer.image.shape[:2]
        assert layer.image.dtype == np.uint8
        assert layer.image.shape[2] == 3
        assert abs(width / height - WIDTH / HEIGHT) < 1.5 / min(width, height)

    def test_the_layer_of_a_region_has_the_aspect_of_the_region(self, engine: Engine) -> None:
        engine.load()
        request = replace(make_request(), region=Region(x=40, y=60, width=120, height=80))
        height, width = engine.colorize(request, RecordingContext()).image.shape[:2]
        assert abs(width / height - 120 / 80) < 3 / min(width, height)

    def test_the_same_request_gives_the_same_bytes(self, engine: Engine) -> None:
        engine.load()
        first = engine.colorize(make_request(seed=11), RecordingContext())
        second = engine.colorize(make_request(seed=11), RecordingContext())
        assert first.image.tobytes() == second.image.tobytes()

    def test_another_reference_gives_another_layer(self, engine: Engine) -> None:
        engine.load()
        warm = engine.colorize(make_request(), RecordingContext()).image
        cold = engine.colorize(replace(make_request(), references=(COLD,)), RecordingContext()).image
        assert _redness(warm) > _redness(cold) + 5

    def test_every_stage_is_reported_by_one_lower_case_word(self, engine: Engine) -> None:
        engine.load()
        context = RecordingContext()
        engine.colorize(make_request(), context)
        assert context.reports
        assert all(stage.isalpha() and stage.islower() for stage, _, _ in context.reports)

    def test_an_abort_stops_it_at_the_next_report(self, engine: Engine) -> None:
        engine.load()
        context = RecordingContext(stop_after=1)
        with pytest.raises(AttemptAbortedError):
            engine.colorize(make_request(), context)
        assert len(context.reports) == 2

    def test_it_colours_again_after_an_abort(self, engine: Engine) -> None:
        engine.load()
        undisturbed = engine.colorize(make_request(), RecordingContext())
        with pytest.raises(AttemptAbortedError):
            engine.colorize(make_request(), RecordingContext(stop_after=1))
        again = engine.colorize(make_request(), RecordingContext())
        assert again.image.tobytes() == undisturbed.image.tobytes()

    def test_loading_and_unloading_twice_changes_nothing(self, engine: Engine) -> None:
        engine.load()
        engine.load()
        before = engine.colorize(make_request(), RecordingContext())
        engine.unload()
        engine.unload()
        engine.load()
        assert engine.colorize(make_request(), RecordingContext()).image.tobytes() == before.image.tobytes()

    def test_requests_and_layers_survive_pickling(self, engine: Engine) -> None:
        engine.load()
        request: ColorizeRequest = pickle.loads(pickle.dumps(make_request()))
        layer = engine.colorize(request, RecordingContext())
        copy = pickle.loads(pickle.dumps(layer))
        assert copy.image.tobytes() == layer.image.tobytes()
        assert dict(copy.timings_ms) == dict(layer.timings_ms)

    def test_the_request_is_left_as_it_was(self, engine: Engine) -> None:
        engine.load()
        request = make_request()
        engine.colorize(request, RecordingContext())
        assert request.page.tobytes() == draw_page().tobytes()
        assert request.references[0].tobytes() == WARM.tobytes()


def _redness(image: RgbImage) -> float:
    return float(image[..., 0].mean() - image[..., 2].mean())

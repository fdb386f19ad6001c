import asyncio
import threading

import numpy as np
import pytest

from mangaflux.engine.analysis.metadata import PageAnalysis, Tone
from mangaflux.engine.base import ColorizeRequest, ColourLayer, EngineContext, SilentContext
from mangaflux.engine.executor import DeviceExecutor
from mangaflux.engine.fake import FakeEngine
from mangaflux.errors import EngineUnavailableError, PageFailedError


class WritesItsThread(FakeEngine):
    threads: set[str]

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        self.threads = {*getattr(self, "threads", set()), threading.current_thread().name}
        return super().colorize(request, context)


def a_request(seed: int = 1) -> ColorizeRequest:
    nothing = np.zeros((8, 6), bool)
    analysis = PageAnalysis(
        is_color=False,
        is_blank=False,
        tone=Tone(black_share=0, tone_share=0, white_share=1, gutter_level=255),
        reading_direction="rtl",
        panels=(),
        balloons=(),
        lettering=(),
        prompt="",
        lettering_mask=nothing,
        balloon_mask=nothing,
        panel_mask=~nothing,
    )
    page = np.full((8, 6, 3), 255, np.uint8)
    return ColorizeRequest(page=page, drawing=page[..., 0], analysis=analysis, references=(page,), seed=seed, prompt="")


async def test_an_engine_stays_loaded_from_page_to_page() -> None:
    engine = FakeEngine()
    device = DeviceExecutor({"fake": engine})

    for _ in range(2):
        await device.colorize("fake", a_request(), SilentContext())

    assert engine.loaded
    assert (device.snapshot.state, device.snapshot.engine) == ("idle", "fake")
    await device.close(5)


async def test_asking_for_another_engine_unloads_the_first() -> None:
    first, second = FakeEngine(), FakeEngine()
    device = DeviceExecutor({"first": first, "second": second})
    await device.load("first")

    await device.load("second")

    assert (first.loaded, second.loaded, device.snapshot.engine) == (False, True, "second")
    await device.close(5)


async def test_only_the_device_thread_touches_an_engine() -> None:
    engine = WritesItsThread()
    device = DeviceExecutor({"fake": engine})

    for _ in range(3):
        await device.colorize("fake", a_request(), SilentContext())

    assert engine.threads == {"device_0"}
    await device.close(5)


async def test_a_load_that_fails_is_in_the_snapshot_and_can_be_tried_again() -> None:
    engine = FakeEngine(fail_at_load=True)
    device = DeviceExecutor({"fake": engine})
    with pytest.raises(EngineUnavailableError):
        await device.load("fake")
    failed = device.snapshot

    engine.fail_at_load = False
    await device.load("fake")

    assert (failed.state, failed.engine) == ("failed", None)
    assert device.snapshot.engine == "fake"
    await device.close(5)


async def test_a_page_that_fails_leaves_the_device_idle() -> None:
    device = DeviceExecutor({"fake": FakeEngine(fail_at_step=2)})

    with pytest.raises(PageFailedError):
        await device.colorize("fake", a_request(), SilentContext())

    assert (device.snapshot.state, device.snapshot.stage) == ("idle", None)
    await device.close(5)


async def test_closing_unloads() -> None:
    engine = FakeEngine()
    device = DeviceExecutor({"fake": engine})
    await device.load("fake")

    assert await device.close(5)

    assert not engine.loaded
    assert device.snapshot.state == "closed"


async def test_a_slow_engine_that_shows_life_is_not_hung() -> None:
    engine = FakeEngine()
    device = DeviceExecutor({"fake": engine}, least_silence_seconds=1)
    await device.colorize("fake", a_request(), SilentContext())
    engine.seconds_per_step = 0.4

    slow = asyncio.ensure_future(device.colorize("fake", a_request(), SilentContext()))
    while not slow.done():
        assert not device.is_hung
        await asyncio.sleep(0.01)
    assert await device.close(5)


async def test_an_engine_without_a_sign_of_life_is_hung() -> None:
    device = DeviceExecutor({"fake": FakeEngine(hang_seeds=[2], hang_seconds=3)}, least_silence_seconds=0.1)
    await device.colorize("fake", a_request(), SilentContext())

    hung = asyncio.ensure_future(device.colorize("fake", a_request(seed=2), SilentContext()))
    async with asyncio.timeout(30):
        while not device.is_hung:
            assert not hung.done()
            await asyncio.sleep(0.01)
    await hung
    assert not device.is_hung
    assert await device.close(5)

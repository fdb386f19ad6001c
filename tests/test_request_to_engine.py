"""What a client chooses reaches the engine as it was chosen."""

import asyncio
from pathlib import Path

from mangaflux.engine.base import ColorizeRequest, ColourHint
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.jobs import Hint, Params
from mangaflux.parts import open_parts
from mangaflux.settings import Settings, WorkerSettings
from tests.test_worker import DEADLINE_SECONDS, end_of, page_bytes, submit


async def requested(folder: Path, params: Params) -> ColorizeRequest:
    """What an engine was asked for by a job of one page."""
    engine = FakeEngine()
    settings = Settings(data_dir=folder, engine="fake", worker=WorkerSettings(cpu_threads=1))
    engines = EngineRegistry({"fake": engine}, {}, default="fake")
    async with asyncio.timeout(DEADLINE_SECONDS), open_parts(settings, engines, ()) as parts:
        await end_of(parts, await submit(parts, page_bytes(), params=params))
    assert engine.last_request is not None
    return engine.last_request


async def test_every_choice_reaches_the_engine(tmp_path: Path) -> None:
    params = Params(
        quality="fast",
        hints=[Hint(x=3, y=4, color="#102030")],
        palette=["#ff0000"],
        seed_mode="fixed",
        seed=9,
        num_inference_steps=6,
        guidance_scale=2.5,
        prompt="rain",
    )

    request = await requested(tmp_path, params)

    assert request.quality == "fast"
    assert request.hints == (ColourHint(3, 4, (16, 32, 48)),)
    assert request.palette == {"1": (255, 0, 0)}
    assert (request.seed, request.num_inference_steps, request.guidance_scale) == (9, 6, 2.5)
    assert request.prompt == "rain"


async def test_without_a_choice_the_best_is_asked_for(tmp_path: Path) -> None:
    assert (await requested(tmp_path, Params())).quality == "best"

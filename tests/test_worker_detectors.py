"""Optional detectors on real parts: what they see reaches the analysis, and counts in what is answered from before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import NOTHING_DETECTED, Detections
from mangaflux.engine.analysis.metadata import PageMetadata
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.jobs import ArtifactKind
from mangaflux.parts import Parts, open_parts
from mangaflux.settings import Settings, WorkerSettings
from tests.small_pages import HEIGHT, WIDTH, page_bytes
from tests.test_worker import DEADLINE_SECONDS, end_of, passes_of, submit


class Watcher:
    """A detector that sees nothing and remembers the pages it was shown."""

    name = "watcher"
    license = "Apache-2.0"

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256
        self.shown: list[tuple[int, ...]] = []

    def detect(self, page: NDArray[np.uint8]) -> Detections:
        self.shown.append(page.shape)
        return NOTHING_DETECTED


@asynccontextmanager
async def running(folder: Path, *detectors: Watcher) -> AsyncIterator[Parts]:
    settings = Settings(data_dir=folder, engine="fake", worker=WorkerSettings(cpu_threads=1))
    engines = EngineRegistry({"fake": FakeEngine()}, {}, default="fake")
    async with asyncio.timeout(DEADLINE_SECONDS), open_parts(settings, engines, detectors) as parts:
        yield parts


async def cached(parts: Parts) -> list[bool]:
    """Whether each pass of a page that is sent now was answered from before."""
    job = await end_of(parts, await submit(parts, page_bytes()))
    passes = await passes_of(parts, job)
    return [passes[1, pass_num].cached for pass_num in (1, 2)]


async def test_a_detector_is_shown_each_page_and_named_in_its_metadata(tmp_path: Path) -> None:
    watcher = Watcher("a" * 64)

    async with running(tmp_path, watcher) as parts:
        job = await end_of(parts, await submit(parts, page_bytes()))
        artifact = (await parts.artifacts.of_page(job.job_id, 1))[ArtifactKind.METADATA]
        metadata = PageMetadata.model_validate_json(parts.artifacts.files.read(artifact.sha256, artifact.media_type))

    assert watcher.shown == [(HEIGHT, WIDTH, 3)]
    assert metadata.models["watcher"] == "a" * 64


async def test_the_same_page_with_the_same_detectors_is_answered_from_before(tmp_path: Path) -> None:
    async with running(tmp_path, Watcher("a" * 64)) as parts:
        await cached(parts)

        assert await cached(parts) == [True, True]


async def test_the_same_page_with_other_weights_is_another_result_in_both_passes(tmp_path: Path) -> None:
    async with running(tmp_path, Watcher("a" * 64)) as parts:
        await cached(parts)
    async with running(tmp_path, Watcher("b" * 64)) as parts:
        assert await cached(parts) == [False, False]
    async with running(tmp_path) as parts:
        assert await cached(parts) == [False, False]

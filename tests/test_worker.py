"""The worker on real parts: storage in a temporary folder, the real analysis, and an engine that is told what to do."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from mangaflux.engine.base import ColorizeRequest, ColourLayer, EngineContext
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.imaging import encode_png
from mangaflux.engine.registry import EngineRegistry
from mangaflux.engine.runmeta import RunMeta
from mangaflux.errors import DeviceLostError
from mangaflux.events import Event, EventType
from mangaflux.image_sources import ImageSource
from mangaflux.jobs import ArtifactKind, Hint, Job, PagePass, Params, Status
from mangaflux.parts import Parts, open_parts
from mangaflux.settings import FluxSettings, Settings, WorkerSettings
from tests.small_pages import HEIGHT, WIDTH, blank_page_bytes, colour_page_bytes, page_bytes

DEADLINE_SECONDS = 30


class OneAtATime(FakeEngine):
    """Counts how many pages are on the device at once."""

    at_once = 0
    most_at_once = 0

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return super().colorize(request, context)
        finally:
            self.at_once -= 1


class LosesItsDevice(FakeEngine):
    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        raise DeviceLostError("The GPU cannot be used any more by this process.")


class DecidesWhileItWorks(FakeEngine):
    """Knows its recipe only when it has loaded, as engines do that measure their device."""

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        return replace(super().colorize(request, context), recipe={"fake": "measured"})


REFERENCE = ImageSource("style.png", data=encode_png(np.full((64, 64, 3), (200, 120, 90), np.uint8)))


@asynccontextmanager
async def running(folder: Path, engine: FakeEngine, **worker: object) -> AsyncIterator[Parts]:
    settings = Settings(
        data_dir=folder, engine="fake", worker=WorkerSettings.model_validate({"cpu_threads": 2} | worker)
    )
    engines = EngineRegistry(engines={"fake": engine}, absent={}, default="fake")
    async with asyncio.timeout(DEADLINE_SECONDS), open_parts(settings, engines) as parts:
        yield parts


async def submit(parts: Parts, *pages: bytes, params: Params | None = None, chapter_id: str = "chapter") -> Job:
    sources = [(number, ImageSource(f"{number}.png", data=data)) for number, data in enumerate(pages, start=1)]
    return await parts.submissions.submit_two_pass(
        chapter_id=chapter_id, pages=sources, references=[REFERENCE], engine=None, params=params or Params()
    )


async def submit_pass2(parts: Parts) -> Job:
    return await parts.submissions.submit_pass2(
        chapter_id="chapter", page_nums=None, references=[REFERENCE], engine=None, params=Params()
    )


async def until(parts: Parts, job: Job, condition: Callable[[Event], bool]) -> list[Event]:
    """Every durable event of the job up to the first that meets the condition."""
    with parts.broker.subscribe(job.job_id) as subscription:
        seen: list[Event] = []
        while True:
            for event in await parts.events.after(seen[-1].id or 0 if seen else 0, job.job_id):
                seen.append(event)
                if condition(event):
                    return seen
            await subscription.wait(DEADLINE_SECONDS)


async def end_of(parts: Parts, job: Job) -> Job:
    await until(parts, job, lambda event: event.type.ends_job)
    return await parts.jobs.get(job.job_id)


async def until_busy(parts: Parts) -> None:
    """Until a page is on the device."""
    with parts.broker.subscribe() as subscription:
        while not any(event.data.get("stage") == "denoising" for event in await subscription.wait(DEADLINE_SECONDS)):
            pass


async def passes_of(parts: Parts, job: Job) -> dict[tuple[int, int], PagePass]:
    return {(page.page_num, page.pass_num): page for page in await parts.jobs.pages(job.job_id)}


async def runmeta(parts: Parts, job: Job, page_num: int, kind: ArtifactKind) -> RunMeta:
    artifact = (await parts.artifacts.of_page(job.job_id, page_num))[kind]
    return RunMeta.model_validate_json(parts.artifacts.files.read(artifact.sha256, artifact.media_type))


def attempts_in(fidelity: Mapping[str, object]) -> list[dict[str, object]]:
    attempts = fidelity["attempts"]
    assert isinstance(attempts, list)
    return attempts


class Careless(FakeEngine):
    """Paints the negative of its first pages."""

    careless_calls = 1

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        layer = super().colorize(request, context)
        return ColourLayer(image=255 - layer.image) if self.calls <= self.careless_calls else layer


async def test_a_page_that_came_out_wrong_is_painted_again(tmp_path: Path) -> None:
    engine = Careless()
    async with running(tmp_path, engine) as parts:
        job = await end_of(parts, await submit(parts, page_bytes()))

        assert engine.calls == 2
        assert (await passes_of(parts, job))[1, 2].fidelity == "acceptable"
        fidelity = (await runmeta(parts, job, 1, ArtifactKind.RUNMETA_PASS2)).fidelity
        assert (fidelity["verdict"], fidelity["flagged"]) == ("acceptable", False)
        assert [attempt["kept"] for attempt in attempts_in(fidelity)] == [True]


async def test_a_page_that_stays_wrong_is_finished_and_flagged(tmp_path: Path) -> None:
    engine = Careless()
    engine.careless_calls = 99
    async with running(tmp_path, engine) as parts:
        job = await end_of(parts, await submit(parts, page_bytes()))

        assert engine.calls == 1 + parts.settings.finishing.max_repairs
        page = (await passes_of(parts, job))[1, 2]
        assert (page.status, page.fidelity) == (Status.COMPLETED, "critical")
        assert (await runmeta(parts, job, 1, ArtifactKind.RUNMETA_PASS2)).fidelity["flagged"] is True


async def test_a_repair_that_fails_leaves_the_page_as_it_was_painted(tmp_path: Path) -> None:
    engine = Careless(fail_pages=(2,))
    async with running(tmp_path, engine) as parts:
        job = await end_of(parts, await submit(parts, page_bytes()))

        assert (await passes_of(parts, job))[1, 2].status is Status.COMPLETED
        (attempt,) = attempts_in((await runmeta(parts, job, 1, ArtifactKind.RUNMETA_PASS2)).fidelity)
        assert attempt["error"] == "The fake engine was told to fail this page."


async def test_a_flag_is_carried_over_to_an_answer_from_stored(tmp_path: Path) -> None:
    engine = Careless()
    engine.careless_calls = 99
    async with running(tmp_path, engine) as parts:
        await end_of(parts, await submit(parts, page_bytes()))
        again = await end_of(parts, await submit(parts, page_bytes()))

        page = (await passes_of(parts, again))[1, 2]
        assert (page.cached, page.fidelity) == (True, "critical")


async def test_a_job_leaves_every_file_of_both_passes(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine()) as parts:
        job = await end_of(parts, await submit(parts, page_bytes(1), page_bytes(2)))

        artifacts = await parts.artifacts.of_job(job.job_id)

        assert job.status is Status.COMPLETED
        assert {(each.page_num, each.kind) for each in artifacts} == {
            (number, kind) for number in (1, 2) for kind in ArtifactKind
        }
        for each in artifacts:
            assert len(parts.artifacts.files.read(each.sha256, each.media_type)) == each.size


async def test_whoever_hears_that_a_page_is_done_can_read_it(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine()) as parts:
        job = await submit(parts, page_bytes())
        with parts.broker.subscribe(job.job_id) as subscription:
            heard: list[EventType] = []
            while EventType.PAGE_PASS2_COMPLETED not in heard:
                heard += [event.type for event in await subscription.wait(DEADLINE_SECONDS)]

        assert ArtifactKind.COLORIZED in await parts.artifacts.of_page(job.job_id, 1)


async def test_a_failing_page_fails_its_job_and_not_its_neighbours(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine(fail_pages=(1,))) as parts:
        job = await end_of(parts, await submit(parts, page_bytes(1), page_bytes(2)))
        colorizations = [page for (_, pass_num), page in (await passes_of(parts, job)).items() if pass_num == 2]

        assert job.status is Status.FAILED
        assert sorted(page.status for page in colorizations) == [Status.COMPLETED, Status.FAILED]
        assert {page.error_code for page in colorizations} == {None, "page_failed"}


async def test_an_error_that_no_contract_names_fails_the_page_with_one_line(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine(raise_unexpected=True)) as parts:
        job = await end_of(parts, await submit(parts, page_bytes()))

        page = (await passes_of(parts, job))[1, 2]
        assert (page.status, page.error_code) == (Status.FAILED, "internal_error")
        assert "told to break" not in (page.error_message or "")


async def test_a_layer_of_the_wrong_size_fails_the_page(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine(wrong_size=True)) as parts:
        job = await end_of(parts, await submit(parts, page_bytes()))

        page = (await passes_of(parts, job))[1, 2]
        assert (page.status, page.error_code) == (Status.FAILED, "page_failed")
        assert f"{WIDTH // 2}×{HEIGHT} for a page of {WIDTH}×{HEIGHT}" in (page.error_message or "")


async def test_the_device_works_on_after_a_page_that_broke(tmp_path: Path) -> None:
    engine = FakeEngine(raise_unexpected=True)
    async with running(tmp_path, engine) as parts:
        await end_of(parts, await submit(parts, page_bytes()))
        engine.raise_unexpected = False

        assert (await end_of(parts, await submit(parts, page_bytes()))).status is Status.COMPLETED


async def test_a_coloured_page_is_skipped_with_its_reason(tmp_path: Path) -> None:
    engine = FakeEngine()
    async with running(tmp_path, engine) as parts:
        job = await end_of(parts, await submit(parts, colour_page_bytes()))

        page = (await passes_of(parts, job))[1, 2]
        assert (job.status, page.status, page.reason) == (Status.COMPLETED, Status.SKIPPED, "already_in_colour")
        assert engine.calls == 0


async def test_a_blank_page_is_skipped_with_its_reason(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine()) as parts:
        job = await end_of(parts, await submit(parts, blank_page_bytes()))

        page = (await passes_of(parts, job))[1, 2]
        assert (page.status, page.reason) == (Status.SKIPPED, "blank_page")


async def test_pass_2_alone_works_on_what_pass_1_left_behind(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine()) as parts:
        source = ImageSource("1.png", data=page_bytes())
        first = await end_of(
            parts, await parts.submissions.submit_pass1(chapter_id="chapter", pages=[(1, source)], params=Params())
        )
        second = await end_of(parts, await submit_pass2(parts))

        assert (first.status, second.status) == (Status.COMPLETED, Status.COMPLETED)
        kinds = [set(await parts.artifacts.of_page(job.job_id, 1)) for job in (first, second)]
        assert kinds[1] - kinds[0] == {ArtifactKind.COLORIZED, ArtifactKind.PALETTE, ArtifactKind.RUNMETA_PASS2}
        assert kinds[0] < kinds[1]


async def test_pass_2_alone_skips_a_coloured_page(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine()) as parts:
        source = ImageSource("1.png", data=colour_page_bytes())
        await end_of(
            parts, await parts.submissions.submit_pass1(chapter_id="chapter", pages=[(1, source)], params=Params())
        )
        job = await end_of(parts, await submit_pass2(parts))

        page = (await passes_of(parts, job))[1, 2]
        assert (job.status, page.status, page.reason) == (Status.COMPLETED, Status.SKIPPED, "already_in_colour")


async def test_the_same_work_again_is_answered_from_what_is_stored(tmp_path: Path) -> None:
    engine = FakeEngine()
    async with running(tmp_path, engine) as parts:
        first = await end_of(parts, await submit(parts, page_bytes()))
        second = await end_of(parts, await submit(parts, page_bytes()))

        assert engine.calls == 1
        assert all(page.cached for page in (await passes_of(parts, second)).values())
        images = [(await parts.artifacts.of_page(job.job_id, 1))[ArtifactKind.COLORIZED] for job in (first, second)]
        assert images[0].sha256 == images[1].sha256
        assert (await runmeta(parts, second, 1, ArtifactKind.RUNMETA_PASS2)).cached


async def test_a_result_taken_over_from_another_chapter_says_what_it_is_now(tmp_path: Path) -> None:
    engine, params = FakeEngine(), Params(seed_mode="fixed", seed=7)
    async with running(tmp_path, engine) as parts:
        await end_of(parts, await submit(parts, page_bytes(), params=params, chapter_id="first"))
        job = await end_of(parts, await submit(parts, page_bytes(2), page_bytes(), params=params, chapter_id="second"))

        meta = await runmeta(parts, job, 2, ArtifactKind.RUNMETA_PASS2)
        assert engine.calls == 2
        assert (meta.chapter_id, meta.page_num, meta.cached) == ("second", 2, True)


async def test_pages_of_a_chapter_share_one_palette_and_their_runmeta_names_it(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine()) as parts:
        job = await end_of(parts, await submit(parts, page_bytes(1), page_bytes(2)))

        (palette,) = {
            each.sha256 for each in await parts.artifacts.of_job(job.job_id) if each.kind is ArtifactKind.PALETTE
        }
        for number in (1, 2):
            assert (await runmeta(parts, job, number, ArtifactKind.RUNMETA_PASS2)).outputs["palette"] == palette


async def test_a_later_job_on_a_chapter_takes_its_palette_over_from_the_file(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine()) as parts:
        first = await end_of(parts, await submit(parts, page_bytes(1)))
        kept = (await parts.artifacts.of_page(first.job_id, 1))[ArtifactKind.PALETTE]
        path = parts.artifacts.files.path(kept.sha256, kept.media_type)
        changed = json.loads(path.read_text())
        changed["colours"][0]["a"] = 60.0
        path.write_text(json.dumps(changed))

        second = await end_of(parts, await submit(parts, page_bytes(2)))

        taken = (await parts.artifacts.of_page(second.job_id, 1))[ArtifactKind.PALETTE]
        colours = json.loads(parts.artifacts.files.read(taken.sha256, taken.media_type))["colours"]
        assert colours[0]["a"] == 60.0


async def test_a_damaged_palette_is_made_anew(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine()) as parts:
        first = await end_of(parts, await submit(parts, page_bytes(1)))
        kept = (await parts.artifacts.of_page(first.job_id, 1))[ArtifactKind.PALETTE]
        parts.artifacts.files.path(kept.sha256, kept.media_type).write_text("{cut off")

        second = await end_of(parts, await submit(parts, page_bytes(2)))

        assert second.status is Status.COMPLETED


async def test_a_chosen_palette_is_another_file(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine()) as parts:
        first = await end_of(parts, await submit(parts, page_bytes(1)))
        chosen = Params(palette={"hair": "#2040c0"})
        second = await end_of(parts, await submit(parts, page_bytes(1), params=chosen))

        palettes = [(await parts.artifacts.of_page(job.job_id, 1))[ArtifactKind.PALETTE] for job in (first, second)]
        assert palettes[0].sha256 != palettes[1].sha256


async def test_a_failed_pass_leaves_a_runmeta_that_says_why(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine(fail_at_step=2)) as parts:
        job = await end_of(parts, await submit(parts, page_bytes()))

        meta = await runmeta(parts, job, 1, ArtifactKind.RUNMETA_PASS2)
        assert (meta.status, meta.outputs) == ("failed", {})
        assert meta.error is not None
        assert meta.error["code"] == "page_failed"
        assert await parts.artifacts.latest("chapter", 1, ArtifactKind.RUNMETA_PASS2) is None


async def test_force_computes_again(tmp_path: Path) -> None:
    engine = FakeEngine()
    async with running(tmp_path, engine) as parts:
        await end_of(parts, await submit(parts, page_bytes()))
        await end_of(parts, await submit(parts, page_bytes(), params=Params(force=True)))

        assert engine.calls == 2


async def test_another_seed_is_other_work(tmp_path: Path) -> None:
    engine = FakeEngine()
    async with running(tmp_path, engine) as parts:
        await end_of(parts, await submit(parts, page_bytes()))
        await end_of(parts, await submit(parts, page_bytes(), params=Params(seed_mode="fixed", seed=7)))

        assert engine.calls == 2


async def test_a_stored_result_whose_file_is_gone_is_made_again(tmp_path: Path) -> None:
    engine = FakeEngine()
    async with running(tmp_path, engine) as parts:
        first = await end_of(parts, await submit(parts, page_bytes()))
        artifact = (await parts.artifacts.of_page(first.job_id, 1))[ArtifactKind.COLORIZED]
        parts.artifacts.files.path(artifact.sha256, artifact.media_type).unlink()

        await end_of(parts, await submit(parts, page_bytes()))

        assert engine.calls == 2
        assert parts.artifacts.files.read(artifact.sha256, artifact.media_type)


async def test_cancelling_stops_the_page_on_the_device_and_the_next_job_runs(tmp_path: Path) -> None:
    engine = FakeEngine(steps=1000, seconds_per_step=0.05)
    async with running(tmp_path, engine) as parts:
        job = await submit(parts, page_bytes())
        await until_busy(parts)

        await parts.jobs.cancel(job.job_id)
        parts.worker.abort(job.job_id)
        engine.steps = 1

        assert (await end_of(parts, await submit(parts, page_bytes(2)))).status is Status.COMPLETED
        assert (await passes_of(parts, job))[1, 2].status is Status.CANCELLED


async def test_a_retry_may_run_while_the_cancelled_attempt_still_ends(tmp_path: Path) -> None:
    engine = FakeEngine(steps=30, seconds_per_step=0.02, ignore_abort=True)
    async with running(tmp_path, engine) as parts:
        job = await submit(parts, page_bytes())
        await until_busy(parts)
        await parts.jobs.cancel(job.job_id)
        parts.worker.abort(job.job_id)

        await parts.jobs.retry(job.job_id)
        parts.worker.notify()
        await until(parts, job, lambda event: event.type is EventType.JOB_COMPLETED)

        assert not parts.worker_task.done()
        assert (await parts.jobs.get(job.job_id)).status is Status.COMPLETED


async def test_stopping_puts_the_running_page_back_and_the_next_start_finishes_it(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine(steps=1000, seconds_per_step=0.05)) as parts:
        job = await submit(parts, page_bytes(1), page_bytes(2))
        await until_busy(parts)

    async with running(tmp_path, FakeEngine()) as parts:
        ended = await end_of(parts, job)
        events = [event.type for event in await parts.events.after(0, job.job_id)]

        assert ended.status is Status.COMPLETED
        assert events.count(EventType.PAGE_PASS2_COMPLETED) == 2
        assert not any(page.suspect for page in (await passes_of(parts, job)).values())


async def test_a_thread_that_ignores_the_stop_is_left_behind_and_its_page_is_a_suspect(tmp_path: Path) -> None:
    hung = FakeEngine(steps=40, seconds_per_step=0.05, ignore_abort=True)
    async with running(tmp_path, hung, drain_timeout_seconds=0.2) as parts:
        job = await submit(parts, page_bytes())
        await until_busy(parts)
    assert parts.worker.abandoned

    async with running(tmp_path, FakeEngine()) as parts:
        assert (await end_of(parts, job)).status is Status.COMPLETED
        events = [event.type for event in await parts.events.after(0, job.job_id)]
        assert EventType.JOB_RECOVERED in events


async def test_an_engine_that_does_not_load_is_told_and_its_pages_fail(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine(fail_at_load=True)) as parts:
        job = await end_of(parts, await submit(parts, page_bytes()))

        assert (await passes_of(parts, job))[1, 2].error_code == "engine_unavailable"
        assert "told not to load" in parts.worker.readiness()[0]


async def test_a_server_whose_engine_loads_at_the_second_try_is_ready_after_it(tmp_path: Path) -> None:
    engine = FakeEngine(fail_at_load=True)
    async with running(tmp_path, engine) as parts:
        await end_of(parts, await submit(parts, page_bytes()))
        engine.fail_at_load = False

        await end_of(parts, await submit(parts, page_bytes(2)))

        assert parts.worker.readiness() == []


async def test_a_hint_for_one_page_does_not_colour_another_of_the_same_picture(tmp_path: Path) -> None:
    engine = FakeEngine()
    hint = Hint(x=5, y=5, color="#ff0000", page_num=1)
    async with running(tmp_path, engine) as parts:
        job = await submit(parts, page_bytes(), page_bytes(), params=Params(seed_mode="fixed", seed=7, hints=[hint]))
        await end_of(parts, job)

        assert engine.calls == 2


async def test_pass_1_of_later_pages_overlaps_pass_2_of_earlier_ones(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine(steps=5, seconds_per_step=0.05)) as parts:
        job = await end_of(parts, await submit(parts, *[page_bytes(number) for number in range(1, 5)]))
        ran = await passes_of(parts, job)

        second_analysed, first_coloured = ran[2, 1].finished_at, ran[1, 2].finished_at
        assert isinstance(second_analysed, datetime)
        assert isinstance(first_coloured, datetime)
        assert second_analysed < first_coloured


async def test_the_device_is_used_by_one_page_at_a_time(tmp_path: Path) -> None:
    engine = OneAtATime(steps=3, seconds_per_step=0.02)
    async with running(tmp_path, engine) as parts:
        await end_of(parts, await submit(parts, *[page_bytes(number) for number in range(1, 6)]))

        assert (engine.calls, engine.most_at_once) == (5, 1)


async def test_progress_is_told_at_most_ten_times_a_second(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine(steps=200, seconds_per_step=0.005)) as parts:
        heard: list[Event] = []
        with parts.broker.subscribe() as subscription:
            job = await submit(parts, page_bytes())
            while not any(event.type.ends_job for event in heard):
                heard += await subscription.wait(DEADLINE_SECONDS)
        ticks = [event.created_at for event in heard if event.type is EventType.PAGE_PROGRESS]

        seconds = (heard[-1].created_at - job.created_at).total_seconds()
        assert 2 <= len(ticks) <= 10 * seconds + 2


async def test_the_runmeta_says_what_made_the_page_and_how_long_each_stage_took(tmp_path: Path) -> None:
    async with running(tmp_path, FakeEngine()) as parts:
        job = await end_of(parts, await submit(parts, page_bytes()))

        meta = await runmeta(parts, job, 1, ArtifactKind.RUNMETA_PASS2)

        assert (meta.engine, meta.model.id, meta.status, meta.cached) == ("fake", "mangaflux-fake", "completed", False)
        assert {"decoding", "denoising", "finishing", "encoding"} <= set(meta.timings_ms)
        assert meta.versions["mangaflux"]


async def test_the_same_request_gives_the_same_bytes_on_another_server(tmp_path: Path) -> None:
    shas = []
    for folder in ("one", "two"):
        async with running(tmp_path / folder, FakeEngine()) as parts:
            job = await end_of(parts, await submit(parts, page_bytes()))
            shas.append({kind: each.sha256 for kind, each in (await parts.artifacts.of_page(job.job_id, 1)).items()})

    runmetas = {ArtifactKind.RUNMETA_PASS1, ArtifactKind.RUNMETA_PASS2}
    assert {kind: sha for kind, sha in shas[0].items() if kind not in runmetas} == {
        kind: sha for kind, sha in shas[1].items() if kind not in runmetas
    }


async def test_a_lost_device_ends_the_worker_and_the_page_is_done_by_the_next_process(tmp_path: Path) -> None:
    async with running(tmp_path, LosesItsDevice()) as parts:
        job = await submit(parts, page_bytes())
        done, _ = await asyncio.wait({parts.worker_task}, timeout=DEADLINE_SECONDS)
        assert done
        assert parts.worker_task.exception() is not None
        assert parts.device.snapshot.state == "failed"
        assert "GPU cannot be used" in parts.worker.readiness()[0]
        assert (await parts.jobs.get(job.job_id)).status is Status.RUNNING

    async with running(tmp_path, FakeEngine()) as parts:
        assert (await end_of(parts, job)).status is Status.COMPLETED


async def test_a_page_is_recorded_by_the_recipe_that_made_it(tmp_path: Path) -> None:
    engine = DecidesWhileItWorks()
    async with running(tmp_path, engine) as parts:
        first = await end_of(parts, await submit(parts, page_bytes()))
        engine.recipe = {"fake": "measured"}
        again = await end_of(parts, await submit(parts, page_bytes()))
        marks = [(await passes_of(parts, job))[1, 2] for job in (first, again)]
        assert [mark.cached for mark in marks] == [False, True]


async def test_an_engine_that_was_unloaded_is_ready_and_loads_for_the_next_page(tmp_path: Path) -> None:
    engine = FakeEngine()
    async with running(tmp_path, engine) as parts:
        await end_of(parts, await submit(parts, page_bytes()))
        await parts.device.unload()
        assert not engine.loaded
        assert parts.worker.readiness() == []
        await end_of(parts, await submit(parts, page_bytes(2)))
        assert engine.loaded


async def test_an_idle_flux_engine_is_unloaded_after_its_minutes(tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.name = "flux"
    settings = Settings(data_dir=tmp_path, engine="flux", flux=FluxSettings(idle_unload_minutes=0.2 / 60))
    engines = EngineRegistry(engines={"flux": engine}, absent={}, default="flux")
    async with asyncio.timeout(DEADLINE_SECONDS), open_parts(settings, engines) as parts:
        await end_of(parts, await submit(parts, page_bytes()))
        while engine.loaded:
            await asyncio.sleep(0.02)
        assert parts.device.snapshot.state == "unloaded"
        assert parts.worker.readiness() == []

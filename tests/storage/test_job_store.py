import pytest

from mangaflux.errors import ConflictError, NotFoundError
from mangaflux.jobs import JobKind, NewJob, NewPage, Params, Status
from tests.storage.conftest import Stores


async def test_a_job_is_stored_with_everything_it_was_asked_for(stores: Stores) -> None:
    await stores.add_job(pages=2, priority=3)

    job = await stores.jobs.get("job_a")

    assert (job.status, job.priority, job.engine, job.attempt) == (Status.QUEUED, 3, "fake", 1)
    assert [page.pass_num for page in await stores.jobs.pages("job_a")] == [1, 2, 1, 2]


async def test_an_unknown_job_is_said_to_be_unknown(stores: Stores) -> None:
    with pytest.raises(NotFoundError, match="no job job_x"):
        await stores.jobs.get("job_x")


async def test_an_unreadable_page_has_failed_before_anything_runs(stores: Stores) -> None:
    unreadable = NewPage(
        page_num=1, name="1.png", asset_sha256=None, seed=1, error_code="unreadable_image", error_message="No image."
    )
    await stores.jobs.add(
        NewJob(
            job_id="job_a",
            kind=JobKind.PASS1,
            chapter_id="chapter",
            engine=None,
            params=Params(),
            references=(),
            pages=(unreadable,),
        )
    )

    (page,) = await stores.jobs.pages("job_a")

    assert (page.status, page.error_code) == (Status.FAILED, "unreadable_image")
    assert await stores.event_types() == ["job.created", "page.failed"]


async def test_progress_counts_pages_by_pass(stores: Stores) -> None:
    await stores.add_job(pages=3)
    for _ in range(2):
        await stores.complete(await stores.claim())
    await stores.complete(await stores.claim(2))
    await stores.queue.fail(await stores.claim(2), "page_failed", "No.")

    progress = await stores.jobs.progress(await stores.jobs.get("job_a"))

    assert progress.model_dump() == {
        "total_pages": 3,
        "pass1_done": 2,
        "pass2_done": 1,
        "failed": 1,
        "skipped": 0,
        "cached": 0,
    }


async def test_skipped_pages_count_as_done(stores: Stores) -> None:
    await stores.add_job()
    await stores.complete(await stores.claim(), skip_reason="blank_page")

    progress = await stores.jobs.progress(await stores.jobs.get("job_a"))

    assert (progress.pass2_done, progress.skipped) == (1, 1)


async def test_cancelling_ends_what_has_not_ended_and_keeps_what_has(stores: Stores) -> None:
    await stores.add_job(pages=2)
    await stores.complete(await stores.claim())

    job = await stores.jobs.cancel("job_a")

    assert job.status is Status.CANCELLED
    statuses = [page.status for page in await stores.jobs.pages("job_a")]
    assert statuses == [Status.COMPLETED, Status.CANCELLED, Status.CANCELLED, Status.CANCELLED]


async def test_cancelling_twice_says_it_once(stores: Stores) -> None:
    await stores.add_job()

    await stores.jobs.cancel("job_a")
    await stores.jobs.cancel("job_a")

    assert (await stores.event_types()).count("job.cancelled") == 1


async def test_a_retry_queues_only_what_failed(stores: Stores) -> None:
    await stores.add_job(kind=JobKind.PASS1, pages=2)
    await stores.queue.fail(await stores.claim(), "page_failed", "No.")
    await stores.complete(await stores.claim())

    job = await stores.jobs.retry("job_a")

    assert (job.status, job.attempt) == (Status.QUEUED, 2)
    assert [page.status for page in await stores.jobs.pages("job_a")] == [Status.QUEUED, Status.COMPLETED]
    assert (await stores.claim()).page.page_num == 1


async def test_a_retry_of_a_running_job_is_refused(stores: Stores) -> None:
    await stores.add_job()

    with pytest.raises(ConflictError, match="still queued"):
        await stores.jobs.retry("job_a")


async def test_a_retry_with_nothing_to_try_is_refused(stores: Stores) -> None:
    await stores.add_job(kind=JobKind.PASS1)
    await stores.complete(await stores.claim())

    with pytest.raises(ConflictError, match="No page"):
        await stores.jobs.retry("job_a")


async def test_jobs_are_paged_through_newest_first(stores: Stores) -> None:
    for number in range(5):
        await stores.add_job(f"job_{number}")

    first, cursor = await stores.jobs.page_through(limit=3, before_seq=None, status=None, chapter_id=None)
    second, end = await stores.jobs.page_through(limit=3, before_seq=cursor, status=None, chapter_id=None)

    assert [job.job_id for job in first + second] == ["job_4", "job_3", "job_2", "job_1", "job_0"]
    assert end is None

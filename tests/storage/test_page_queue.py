import hashlib

from mangaflux.jobs import ArtifactKind, JobKind, Status
from mangaflux.storage.database import Transaction
from tests.storage.conftest import Stores


async def test_pages_are_claimed_in_order_and_only_once(stores: Stores) -> None:
    await stores.add_job(pages=3)

    claimed = [await stores.claim() for _ in range(3)]

    assert [each.page.page_num for each in claimed] == [1, 2, 3]
    assert await stores.queue.claim(1, pages_ahead=4) is None


async def test_the_larger_priority_goes_first_and_then_the_older_job(stores: Stores) -> None:
    await stores.add_job("job_old", kind=JobKind.PASS1)
    await stores.add_job("job_new", kind=JobKind.PASS1)
    await stores.add_job("job_urgent", kind=JobKind.PASS1, priority=5)

    claimed = [(await stores.claim()).page.job_id for _ in range(3)]

    assert claimed == ["job_urgent", "job_old", "job_new"]


async def test_pass_2_of_a_page_waits_for_its_pass_1(stores: Stores) -> None:
    await stores.add_job()
    claimed = await stores.claim()
    assert await stores.queue.claim(2, pages_ahead=4) is None

    await stores.complete(claimed)

    assert (await stores.claim(2)).page.page_num == 1


async def test_pass_1_stays_within_its_lead_over_pass_2(stores: Stores) -> None:
    await stores.add_job(pages=5)
    for _ in range(2):
        await stores.complete(await stores.claim(pages_ahead=2))

    assert await stores.queue.claim(1, pages_ahead=2) is None

    await stores.claim(2)
    assert (await stores.claim(pages_ahead=2)).page.page_num == 3


async def test_a_pass1_job_has_no_lead_to_keep(stores: Stores) -> None:
    await stores.add_job(kind=JobKind.PASS1, pages=6)

    for number in range(1, 7):
        assert (await stores.claim(pages_ahead=1)).page.page_num == number


async def test_a_job_completes_with_its_last_page(stores: Stores) -> None:
    await stores.add_job(pages=1)
    await stores.complete(await stores.claim())
    await stores.complete(await stores.claim(2))

    job = await stores.jobs.get("job_a")

    assert job.status is Status.COMPLETED
    assert await stores.event_types() == [
        "job.created",
        "job.started",
        "page.pass1.completed",
        "page.pass2.completed",
        "job.completed",
    ]


async def test_a_failed_page_fails_its_job_only_when_the_others_have_ended(stores: Stores) -> None:
    await stores.add_job(kind=JobKind.PASS1, pages=2)
    bad, good = await stores.claim(), await stores.claim()

    await stores.queue.fail(bad, "page_failed", "It could not be done.")
    assert (await stores.jobs.get("job_a")).status is Status.RUNNING
    await stores.complete(good)

    assert (await stores.jobs.get("job_a")).status is Status.FAILED
    assert (await stores.event_types())[-3:] == ["page.failed", "page.pass1.completed", "job.failed"]


async def test_a_page_that_fails_in_pass_1_is_not_coloured(stores: Stores) -> None:
    await stores.add_job()

    await stores.queue.fail(await stores.claim(), "page_failed", "It could not be done.")

    statuses = {page.pass_num: page.status for page in await stores.jobs.pages("job_a")}
    assert statuses == {1: Status.FAILED, 2: Status.FAILED}
    assert (await stores.event_types()).count("page.failed") == 1


async def test_a_skipped_page_does_not_fail_its_job(stores: Stores) -> None:
    await stores.add_job()

    await stores.complete(await stores.claim(), skip_reason="blank_page")

    passes = {page.pass_num: page for page in await stores.jobs.pages("job_a")}
    assert (passes[2].status, passes[2].reason) == (Status.SKIPPED, "blank_page")
    assert (await stores.jobs.get("job_a")).status is Status.COMPLETED


async def test_whoever_loses_a_page_to_a_cancel_changes_nothing_and_says_nothing(stores: Stores) -> None:
    await stores.add_job()
    claimed = await stores.claim()
    await stores.jobs.cancel("job_a")
    said = await stores.event_types()

    assert not await stores.complete(claimed)
    assert not await stores.queue.fail(claimed, "x", "y")
    await stores.queue.release(claimed)

    assert {page.status for page in await stores.jobs.pages("job_a")} == {Status.CANCELLED}
    assert await stores.event_types() == said
    assert await stores.artifacts.of_job("job_a") == []


async def test_a_released_page_can_be_claimed_again(stores: Stores) -> None:
    await stores.add_job()
    await stores.queue.release(await stores.claim())

    again = await stores.claim()

    assert (again.page.page_num, again.page.attempt, again.page.suspect) == (1, 2, False)


async def test_after_a_death_the_running_pages_run_alone_and_finished_ones_stay(stores: Stores) -> None:
    await stores.add_job(pages=3)
    await stores.complete(await stores.claim())
    await stores.claim()

    assert await stores.queue.recover(max_attempts=5) == 1

    suspect = await stores.queue.claim_suspect()
    assert suspect is not None
    assert (suspect.page.page_num, suspect.page.deaths) == (2, 0)
    assert (await stores.claim()).page.page_num == 3
    assert "job.recovered" in await stores.event_types()


async def test_only_deaths_while_a_page_runs_alone_count_against_it(stores: Stores) -> None:
    await stores.add_job(kind=JobKind.PASS1, pages=1)
    await stores.claim()
    await stores.queue.recover(max_attempts=2)

    for deaths_before in (0, 1):
        suspect = await stores.queue.claim_suspect()
        assert suspect is not None
        assert suspect.page.deaths == deaths_before
        await stores.queue.recover(max_attempts=2)

    (page,) = await stores.jobs.pages("job_a")
    assert (page.status, page.error_code, page.deaths) == (Status.FAILED, "crash_loop", 2)
    assert (await stores.jobs.get("job_a")).status is Status.FAILED


async def test_a_page_that_poisons_the_process_ends_and_its_neighbours_complete(stores: Stores) -> None:
    await stores.add_job(kind=JobKind.PASS1, pages=2)
    poison, neighbour = await stores.claim(), await stores.claim()
    await stores.queue.recover(max_attempts=1)
    first = await stores.queue.claim_suspect()
    assert first is not None
    assert first.page.page_num == poison.page.page_num
    await stores.queue.recover(max_attempts=1)

    second = await stores.queue.claim_suspect()

    assert second is not None
    assert second.page.page_num == neighbour.page.page_num
    assert await stores.complete(second)


async def test_an_older_job_that_ends_later_does_not_mix_its_picture_into_the_chapter(stores: Stores) -> None:
    await stores.add_job("job_old", picture=b"old")
    await stores.complete(await stores.claim())
    old = await stores.claim(2)
    await stores.add_job("job_new", picture=b"new")
    await stores.complete(await stores.claim())

    assert await stores.queue.complete(old, stores.outcome(ArtifactKind.COLORIZED, b"old in colour"))

    assert await stores.artifacts.latest("chapter", 1, ArtifactKind.COLORIZED) is None
    (page,) = await stores.artifacts.chapter_pages("chapter")
    assert page.asset_sha256 == hashlib.sha256(b"new").hexdigest()
    assert ArtifactKind.COLORIZED in await stores.artifacts.of_page("job_old", 1)


async def test_colours_of_the_same_picture_stay_until_there_are_newer_ones(stores: Stores) -> None:
    await stores.add_job("job_a")
    await stores.complete(await stores.claim())
    await stores.complete(await stores.claim(2))

    await stores.add_job("job_b")
    await stores.complete(await stores.claim())

    assert await stores.artifacts.latest("chapter", 1, ArtifactKind.COLORIZED) is not None


async def test_claiming_stays_quick_when_many_jobs_wait(stores: Stores) -> None:
    for number in range(30):
        await stores.add_job(f"job_{number}", pages=100)
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    async def change(transaction: Transaction) -> None:
        await transaction.connection.set_progress_handler(count, 1000)

    await stores.database.write(change)
    await stores.claim()

    # 3,000 pages wait. Looking at each once takes some 100 thousands of SQLite steps, at each pair many millions.
    assert steps < 2000


async def test_a_later_job_replaces_the_page_of_a_chapter_when_its_pass_completes(stores: Stores) -> None:
    await stores.add_job("job_a")
    await stores.add_job("job_b")
    await stores.complete(await stores.claim())
    await stores.queue.complete(await stores.claim(2), stores.outcome(ArtifactKind.COLORIZED, b"first"))
    before = await stores.artifacts.latest("chapter", 1, ArtifactKind.COLORIZED)

    await stores.complete(await stores.claim())
    await stores.queue.complete(await stores.claim(2), stores.outcome(ArtifactKind.COLORIZED, b"second"))

    after = await stores.artifacts.latest("chapter", 1, ArtifactKind.COLORIZED)
    assert before is not None
    assert after is not None
    assert before.sha256 != after.sha256
    assert {artifact.sha256 for artifact in await stores.artifacts.of_job("job_a")} >= {before.sha256}

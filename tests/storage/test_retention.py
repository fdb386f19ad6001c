"""What may go by itself, and what never does."""

import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from mangaflux.errors import ConflictError, GoneError, NotFoundError
from mangaflux.jobs import ArtifactKind, IdempotencyKey, Sender
from mangaflux.settings import RetentionSettings
from mangaflux.storage import clock
from mangaflux.storage.removal import Removal
from mangaflux.storage.retention import Retention
from tests.storage.conftest import Stores

MONTH = RetentionSettings(max_age_days=30, max_bytes=0)
KEY = IdempotencyKey(key="k", fingerprint="f")


@pytest.fixture
async def files() -> AsyncIterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def _retention(stores: Stores, settings: RetentionSettings = MONTH) -> Retention:
    return Retention(stores.database, stores.assets.files, stores.artifacts.files, settings)


async def _finish(stores: Stores, job_id: str, colour: bytes, picture: bytes = b"a page") -> None:
    await stores.add_job(job_id, picture=picture)
    analysed = stores.outcome(ArtifactKind.METADATA, b"metadata of " + picture)
    assert await stores.queue.complete(await stores.claim(), analysed)
    coloured = stores.outcome(ArtifactKind.COLORIZED, colour)
    assert await stores.queue.complete(await stores.claim(2), coloured)


def _age_files(*folders: Path) -> None:
    for folder in folders:
        for path in folder.rglob("*.*"):
            os.utime(path, (0, 0))


def _stored(stores: Stores) -> int:
    folders = (stores.assets.files.folder, stores.artifacts.files.folder)
    return sum(path.is_file() for folder in folders for path in folder.rglob("*"))


async def test_a_job_expires_after_its_days_with_its_files(stores: Stores, files: ThreadPoolExecutor) -> None:
    await _finish(stores, "job_a", b"colour")
    _age_files(stores.assets.files.folder, stores.artifacts.files.folder)

    assert await _retention(stores).run(clock.now() + timedelta(days=31), files) == 1

    with pytest.raises(GoneError, match="expired"):
        await stores.jobs.get("job_a")
    with pytest.raises(GoneError):
        await stores.jobs.cancel("job_a")
    assert await stores.artifacts.chapters() == []
    assert await stores.events.after(0) == []
    assert _stored(stores) == 0


async def test_a_job_is_kept_until_its_days_are_over(stores: Stores, files: ThreadPoolExecutor) -> None:
    await _finish(stores, "job_a", b"colour")
    _age_files(stores.assets.files.folder, stores.artifacts.files.folder)

    assert await _retention(stores).run(clock.now() + timedelta(days=29), files) == 0
    assert _stored(stores) == 3


async def test_a_job_that_waits_never_expires(stores: Stores, files: ThreadPoolExecutor) -> None:
    await stores.add_job("job_a")

    assert await _retention(stores).run(clock.now() + timedelta(days=1000), files) == 0
    assert (await stores.jobs.get("job_a")).job_id == "job_a"


async def test_beyond_the_bytes_the_job_that_ended_first_goes(stores: Stores, files: ThreadPoolExecutor) -> None:
    await _finish(stores, "job_a", b"a" * 1000, picture=b"first")
    await _finish(stores, "job_b", b"b" * 1000, picture=b"second")
    settings = RetentionSettings(max_age_days=0, max_bytes=1500)

    assert await _retention(stores, settings).run(clock.now() + timedelta(hours=2), files) == 1

    with pytest.raises(GoneError):
        await stores.jobs.get("job_a")
    assert (await stores.jobs.get("job_b")).job_id == "job_b"


async def test_a_result_younger_than_an_hour_stays_however_full_it_is(
    stores: Stores, files: ThreadPoolExecutor
) -> None:
    await _finish(stores, "job_a", b"a" * 1000)
    settings = RetentionSettings(max_age_days=0.001, max_bytes=1)

    assert await _retention(stores, settings).run(clock.now() + timedelta(minutes=59), files) == 0
    assert await _retention(stores, settings).run(clock.now() + timedelta(minutes=61), files) == 1


async def test_a_file_that_another_job_has_stays(stores: Stores, files: ThreadPoolExecutor) -> None:
    await _finish(stores, "job_a", b"the same colour")
    later = clock.now() + timedelta(days=31)
    await _finish(stores, "job_b", b"the same colour")
    await Removal(stores.database).delete_job("job_a")
    _age_files(stores.assets.files.folder, stores.artifacts.files.folder)

    await _retention(stores, RetentionSettings(max_age_days=0)).run(later, files)

    assert await stores.artifacts.latest("chapter", 1, ArtifactKind.COLORIZED) is not None
    assert _stored(stores) == 3


async def test_a_file_that_somebody_just_touched_stays_without_a_row(stores: Stores, files: ThreadPoolExecutor) -> None:
    young = stores.artifacts.files.store(b"about to get a row", "image/png")
    old = stores.artifacts.files.store(b"never got one", "image/png")
    os.utime(stores.artifacts.files.path(old.sha256, "image/png"), (0, 0))

    await _retention(stores).run(clock.now(), files)

    assert stores.artifacts.files.path(young.sha256, "image/png").exists()
    assert not stores.artifacts.files.path(old.sha256, "image/png").exists()


async def test_half_written_files_that_nobody_writes_any_more_go(stores: Stores, files: ThreadPoolExecutor) -> None:
    folder = stores.artifacts.files.folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in (".part-old", ".part-new"):
        (folder / name).write_bytes(b"half")
    os.utime(folder / ".part-old", (0, 0))

    await _retention(stores).run(clock.now(), files)

    assert [path.name for path in folder.iterdir()] == [".part-new"]


async def test_an_upload_that_no_job_wants_goes_after_a_day(stores: Stores, files: ThreadPoolExecutor) -> None:
    await _finish(stores, "job_a", b"colour", picture=b"page")
    await Removal(stores.database).delete_job("job_a")
    (sha256,) = [path.stem for path in stores.assets.files.folder.glob("??/*")]

    await _retention(stores).run(clock.now() + timedelta(hours=23), files)
    assert await stores.assets.use(sha256) is not None
    await _retention(stores).run(clock.now() + timedelta(hours=25), files)
    assert await stores.assets.use(sha256) is None


async def test_a_key_is_forgotten_after_a_day(stores: Stores, files: ThreadPoolExecutor) -> None:
    await stores.add_job("job_a", sender=Sender(idempotency=KEY))

    await _retention(stores).run(clock.now() + timedelta(hours=23), files)
    assert (await stores.jobs.sent_before(KEY)) is not None
    await _retention(stores).run(clock.now() + timedelta(hours=25), files)
    assert (await stores.jobs.sent_before(KEY)) is None


async def test_two_requests_with_one_key_at_once_are_one_job(stores: Stores) -> None:
    await stores.add_job("job_a", sender=Sender(idempotency=KEY))
    await stores.add_job("job_b", sender=Sender(idempotency=KEY))

    assert [job.job_id for job in await stores.jobs.active()] == ["job_a"]


async def test_a_running_job_cannot_be_deleted(stores: Stores) -> None:
    await stores.add_job("job_a")

    with pytest.raises(ConflictError, match="cancel it first"):
        await Removal(stores.database).delete_job("job_a")
    with pytest.raises(ConflictError, match="cancel it first"):
        await Removal(stores.database).delete_chapter("chapter")


async def test_deleting_a_page_leaves_the_others(stores: Stores) -> None:
    await stores.add_job("job_a", pages=2)
    for kind, pass_num in ((ArtifactKind.METADATA, 1), (ArtifactKind.COLORIZED, 2)):
        for page_num in (1, 2):
            outcome = stores.outcome(kind, f"{kind} {page_num}".encode())
            artifact = outcome.artifacts[0].model_copy(update={"page_num": page_num})
            await stores.queue.complete(
                await stores.claim(pass_num), outcome.model_copy(update={"artifacts": (artifact,)})
            )

    await Removal(stores.database).delete_page("chapter", 1)

    assert [page.page_num for page in await stores.artifacts.chapter_pages("chapter")] == [2]
    assert {page.page_num for page in await stores.jobs.pages("job_a")} == {2}
    with pytest.raises(NotFoundError):
        await Removal(stores.database).delete_page("chapter", 1)


async def test_deleting_the_last_page_deletes_its_job(stores: Stores) -> None:
    await _finish(stores, "job_a", b"colour")

    await Removal(stores.database).delete_page("chapter", 1)

    with pytest.raises(GoneError, match="deleted"):
        await stores.jobs.get("job_a")
    assert await stores.artifacts.chapters() == []


async def test_colours_go_with_the_only_job_that_has_them(stores: Stores) -> None:
    await _finish(stores, "job_a", b"colour")
    await stores.add_job("job_b")
    await stores.queue.complete(await stores.claim(), stores.outcome(ArtifactKind.METADATA, b"metadata of a page"))

    await Removal(stores.database).delete_job("job_a")

    assert await stores.artifacts.latest("chapter", 1, ArtifactKind.COLORIZED) is None
    assert await stores.artifacts.latest("chapter", 1, ArtifactKind.METADATA) is not None

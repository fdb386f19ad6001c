"""Pages without a chapter find their place again."""

import hashlib

import pytest

from mangaflux.storage.page_places import PagePlaces
from tests.storage.conftest import Stores

PICTURE = b"a page"
SHA256 = hashlib.sha256(PICTURE).hexdigest()


@pytest.fixture
def places(stores: Stores) -> PagePlaces:
    return PagePlaces(stores.database)


async def test_an_image_that_no_job_has_has_no_place(places: PagePlaces) -> None:
    assert await places.of(SHA256, "reader-") is None


async def test_an_image_is_found_where_it_came_last(stores: Stores, places: PagePlaces) -> None:
    await stores.add_job("job_a", chapter_id="reader-2026-11-25", picture=PICTURE)
    await stores.add_job("job_b", chapter_id="reader-2026-11-26", picture=PICTURE)

    assert await places.of(SHA256, "reader-") == ("reader-2026-11-26", 1)


@pytest.mark.parametrize("prefix", ["writer-", "READER-", "%", "reader-2026-11-25-"])
async def test_chapters_of_other_names_are_no_place_for_it(stores: Stores, places: PagePlaces, prefix: str) -> None:
    await stores.add_job(chapter_id="reader-2026-11-25", picture=PICTURE)

    assert await places.of(SHA256, prefix) is None


async def test_a_job_that_is_at_an_image_alone_is_found_until_it_ends(stores: Stores, places: PagePlaces) -> None:
    await stores.add_job("job_a", chapter_id="reader-2026-11-25", picture=PICTURE, pages=2)
    await stores.add_job("job_b", chapter_id="reader-2026-11-25", picture=PICTURE)
    await stores.add_job("job_c", chapter_id="other", picture=PICTURE)

    before = await places.open_jobs(SHA256, "reader-")
    await stores.jobs.cancel("job_b")

    assert [job.job_id for job in before] == ["job_b"]
    assert await places.open_jobs(SHA256, "reader-") == []


async def test_new_pages_are_numbered_after_those_that_are_there(stores: Stores, places: PagePlaces) -> None:
    await stores.add_job("job_a", chapter_id="reader-2026-11-25", pages=3)
    await stores.add_job("job_b", chapter_id="reader-2026-11-25", pages=1)

    assert await places.next_in("reader-2026-11-25") == 4
    assert await places.next_in("reader-2026-11-26") == 1

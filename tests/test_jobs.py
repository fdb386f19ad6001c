import re
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from mangaflux.engine.analysis.metadata import page_seed
from mangaflux.jobs import JobKind, Params, Status, fingerprint, is_chapter_id, new_job_id, settled_status


def test_the_seed_of_a_page_is_the_one_of_the_seed_contract() -> None:
    # The first 31 bits of `printf chapter_001:1 | sha256sum`; these numbers never change.
    assert page_seed("chapter_001", 1) == 421632513
    assert page_seed("chapter_001", 2) == 1206563486


def test_a_job_id_tells_its_time_in_utc() -> None:
    job_id = new_job_id(datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC))

    assert re.fullmatch(r"job_20260131_120005_[0-9a-f]{6}", job_id)


@pytest.mark.parametrize(
    ("statuses", "settled"),
    [
        ([Status.COMPLETED, Status.COMPLETED], Status.COMPLETED),
        ([Status.COMPLETED, Status.SKIPPED], Status.COMPLETED),
        ([Status.SKIPPED, Status.SKIPPED], Status.COMPLETED),
        ([Status.COMPLETED, Status.FAILED], Status.FAILED),
        ([Status.CANCELLED, Status.FAILED], Status.FAILED),
        ([Status.CANCELLED, Status.COMPLETED], Status.CANCELLED),
        ([Status.COMPLETED, Status.RUNNING], None),
        ([Status.QUEUED, Status.FAILED], None),
    ],
)
def test_a_jobs_status_follows_from_its_pages(statuses: list[Status], settled: Status | None) -> None:
    assert settled_status(statuses) is settled


@pytest.mark.parametrize("name", ["a", "chapter_001", "One-Piece.12", "0"])
def test_these_name_a_chapter(name: str) -> None:
    assert is_chapter_id(name)


@pytest.mark.parametrize("name", ["", ".hidden", "-x", "a/b", "..", "a b", "é", "a" * 65, "a\n"])
def test_these_do_not_name_a_chapter(name: str) -> None:
    assert not is_chapter_id(name)


def test_every_kind_of_job_runs_its_passes_in_order() -> None:
    assert [kind.passes for kind in JobKind] == [(1, 2), (1,), (2,)]


def test_equal_parts_have_equal_fingerprints_in_any_order() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


def test_force_and_the_way_to_the_seed_are_not_part_of_a_result() -> None:
    assert Params(force=True, seed_mode="fixed", seed=3).canonical() == Params().canonical()


def test_quality_is_part_of_a_result() -> None:
    assert Params(quality="fast").canonical() != Params().canonical()


def test_a_fixed_seed_must_be_given() -> None:
    with pytest.raises(ValidationError, match="needs a seed"):
        Params(seed_mode="fixed")


def test_a_plain_palette_is_numbered() -> None:
    assert Params(palette=["#ff0000", "#00ff00"]).palette_rgb() == {"1": (255, 0, 0), "2": (0, 255, 0)}

"""Rows of what a pass made: the files of a job, and the latest of each page of a chapter."""

from mangaflux.jobs import Artifact, ClaimedPage, PassOutcome
from mangaflux.storage import clock
from mangaflux.storage.database import Transaction

#: A later job replaces page N when its pass completes; an older one that ends later replaces nothing.
_REPLACE_CHAPTER_PAGE = """
    INSERT INTO chapter_pages (chapter_id, page_num, name, asset_sha256, job_seq, updated_at)
    VALUES (:chapter_id, :page_num, :name, :asset_sha256, :job_seq, :now)
    ON CONFLICT (chapter_id, page_num) DO UPDATE
    SET name = excluded.name, asset_sha256 = excluded.asset_sha256, job_seq = excluded.job_seq,
        updated_at = excluded.updated_at
    WHERE excluded.job_seq >= chapter_pages.job_seq
"""

#: Only for a page that is still the chapter's, so that no chapter mixes two pictures.
_REPLACE_CHAPTER_ARTIFACT = """
    INSERT INTO chapter_artifacts (chapter_id, page_num, kind, sha256, job_seq, updated_at)
    SELECT :chapter_id, :page_num, :kind, :sha256, :job_seq, :now
    WHERE EXISTS (SELECT 1 FROM chapter_pages WHERE chapter_id = :chapter_id AND page_num = :page_num
                  AND asset_sha256 = :asset_sha256)
    ON CONFLICT (chapter_id, page_num, kind) DO UPDATE
    SET sha256 = excluded.sha256, job_seq = excluded.job_seq, updated_at = excluded.updated_at
    WHERE excluded.job_seq >= chapter_artifacts.job_seq
"""


async def record_outcome(transaction: Transaction, claimed: ClaimedPage, outcome: PassOutcome) -> None:
    """Adds the rows of what a pass made, for the job and, unless a later job was there before, for the chapter."""
    page = claimed.page
    for artifact in outcome.artifacts:
        await record_file(transaction, claimed, artifact)
    await transaction.run_many(
        "INSERT OR REPLACE INTO stage_timings VALUES (?, ?, ?, ?, ?)",
        [(page.job_id, page.page_num, page.pass_num, stage, ms) for stage, ms in outcome.timings_ms.items()],
    )
    if page.pass_num == 1:
        await _replace_chapter_page(transaction, claimed)
    for artifact in outcome.artifacts:
        await transaction.run(_REPLACE_CHAPTER_ARTIFACT, {**_chapter_key(claimed), **artifact.model_dump(mode="json")})


async def record_file(transaction: Transaction, claimed: ClaimedPage, artifact: Artifact) -> None:
    """Adds the row of one file, which is on disk, to the job."""
    await transaction.run(
        "INSERT INTO artifact_files (sha256, media_type, size, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (sha256) DO NOTHING",
        (artifact.sha256, artifact.media_type, artifact.size, clock.to_text(clock.now())),
    )
    await transaction.run(
        "INSERT OR REPLACE INTO artifacts VALUES (?, ?, ?, ?)",
        (claimed.job.job_id, claimed.page.page_num, artifact.kind, artifact.sha256),
    )


async def _replace_chapter_page(transaction: Transaction, claimed: ClaimedPage) -> None:
    """Makes the analysed page the chapter's page N; colours of another picture are no longer its colours."""
    key = _chapter_key(claimed)
    replaced = await transaction.run(_REPLACE_CHAPTER_PAGE, {**key, "name": claimed.page.name})
    if replaced:
        await transaction.run(
            "DELETE FROM chapter_artifacts WHERE chapter_id = :chapter_id AND page_num = :page_num"
            " AND kind IN ('colorized', 'runmeta_pass2') AND job_seq < :job_seq AND NOT EXISTS ("
            "SELECT 1 FROM pages JOIN jobs USING (job_id) WHERE jobs.seq = chapter_artifacts.job_seq"
            " AND pages.page_num = :page_num AND pages.asset_sha256 = :asset_sha256)",
            key,
        )


def _chapter_key(claimed: ClaimedPage) -> dict[str, object]:
    return {
        "chapter_id": claimed.job.chapter_id,
        "page_num": claimed.page.page_num,
        "job_seq": claimed.job.seq,
        "asset_sha256": claimed.page.asset_sha256,
        "now": clock.to_text(clock.now()),
    }

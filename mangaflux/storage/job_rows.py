"""Rows of jobs and pages as values."""

import json

from mangaflux.errors import GoneError, NotFoundError
from mangaflux.jobs import Job, PagePass
from mangaflux.storage.database import Row, Transaction

PAGE_PASSES = """
    SELECT passes.*, pages.name, pages.asset_sha256, pages.seed
    FROM page_passes AS passes JOIN pages USING (job_id, page_num)
"""

JOB_BY_ID = "SELECT * FROM jobs WHERE job_id = ?"
GONE_JOB = "SELECT * FROM gone_jobs WHERE job_id = ?"


async def read_job(transaction: Transaction, job_id: str) -> Job:
    """The job, within a transaction.

    Raises:
        NotFoundError: there is none of this id; GoneError where there was one.
    """
    row = await transaction.fetch_one(JOB_BY_ID, (job_id,))
    if row is None:
        raise missing_job(job_id, await transaction.fetch_one(GONE_JOB, (job_id,)))
    return job_value(row)


def missing_job(job_id: str, gone: Row | None) -> NotFoundError:
    """What is said of a job that is not there; `gone` is its row of `gone_jobs`."""
    if gone is None:
        return NotFoundError(f"There is no job {job_id}.", details={"job_id": job_id})
    what = "has expired" if gone["reason"] == "expired" else "was deleted"
    return GoneError(f"The job {job_id} {what}.", details={"job_id": job_id, "gone_at": gone["gone_at"]})


def job_value(row: Row) -> Job:
    """A row of jobs as a value."""
    fields = dict(row)
    return Job.model_validate(
        fields | {"params": json.loads(fields["params"]), "references": json.loads(fields["refs"])}
    )


def page_pass(row: Row) -> PagePass:
    """A row of page_passes, joined with its page, as a value."""
    return PagePass.model_validate(dict(row))

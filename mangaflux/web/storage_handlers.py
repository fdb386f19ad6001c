"""What the server keeps: how much of the disk, and which references."""

from datetime import datetime

from aiohttp import web

from mangaflux.storage.asset_store import UsedReference
from mangaflux.web.answers import json_answer
from mangaflux.web.asset_handlers import stored_asset
from mangaflux.web.keys import PARTS
from mangaflux.web.schemas import FilesUse, Reference, ReferenceList, Storage, StorageLimits

#: References in one answer.
MAX_REFERENCES_LISTED = 200


async def read_storage(request: web.Request) -> web.Response:
    """Disk use, and the limits that keep it bounded."""
    parts = request.app[PARTS]
    use, waiting = await parts.retention.use(), await parts.jobs.waiting()
    settings = parts.settings
    return json_answer(
        Storage(
            assets=FilesUse(files=use.asset_count, bytes=use.asset_bytes),
            artifacts=FilesUse(files=use.artifact_count, bytes=use.artifact_bytes),
            total_bytes=use.total_bytes,
            free_disk_bytes=await parts.admission.free_disk_bytes(),
            waiting_jobs=waiting.jobs,
            waiting_pages=waiting.pages,
            limits=StorageLimits(
                min_free_disk_bytes=settings.limits.min_free_disk_bytes,
                max_bytes=settings.retention.max_bytes or None,
                max_age_days=settings.retention.max_age_days or None,
                max_waiting_jobs=settings.queue.max_waiting_jobs,
                max_waiting_pages=settings.queue.max_waiting_pages,
            ),
        )
    )


async def list_references(request: web.Request) -> web.Response:
    """The style references of jobs that are kept, the latest used first."""
    references = await request.app[PARTS].assets.references(MAX_REFERENCES_LISTED)
    return json_answer(ReferenceList(references=[_reference(each) for each in references]))


def _reference(used: UsedReference) -> Reference:
    return Reference(
        **stored_asset(used.asset).model_dump(),
        jobs=used.jobs,
        last_used_at=datetime.fromisoformat(used.last_used_at),
    )

"""Real stores on a database in a temporary folder."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mangaflux.events import EventBroker
from mangaflux.jobs import Artifact, ArtifactKind, ClaimedPage, JobKind, NewJob, NewPage, Params, PassOutcome, Sender
from mangaflux.storage.artifact_store import ArtifactStore
from mangaflux.storage.asset_store import Asset, AssetStore
from mangaflux.storage.content_files import ContentFiles
from mangaflux.storage.database import Database, open_database
from mangaflux.storage.event_store import EventStore
from mangaflux.storage.job_store import JobStore
from mangaflux.storage.page_queue import PageQueue


@dataclass(frozen=True)
class Stores:
    database: Database
    broker: EventBroker
    events: EventStore
    jobs: JobStore
    queue: PageQueue
    assets: AssetStore
    artifacts: ArtifactStore

    async def add_job(
        self,
        job_id: str = "job_a",
        *,
        kind: JobKind = JobKind.TWO_PASS,
        pages: int = 1,
        priority: int = 0,
        picture: bytes = b"a page",
        sender: Sender | None = None,
        chapter_id: str = "chapter",
    ) -> None:
        file = self.assets.files.store(picture, "image/png")
        await self.assets.add([Asset(file, 10, 10)])
        new_pages = [
            NewPage(page_num=number, name=f"{number}.png", asset_sha256=file.sha256, seed=number)
            for number in range(1, pages + 1)
        ]
        await self.jobs.add(
            NewJob(
                job_id=job_id,
                kind=kind,
                chapter_id=chapter_id,
                priority=priority,
                engine=None if kind is JobKind.PASS1 else "fake",
                params=Params(),
                references=(),
                pages=tuple(new_pages),
                sender=sender or Sender(),
            )
        )

    async def claim(self, pass_num: int = 1, *, pages_ahead: int = 4) -> ClaimedPage:
        claimed = await self.queue.claim(pass_num, pages_ahead=pages_ahead)
        assert claimed is not None
        return claimed

    def outcome(self, kind: ArtifactKind, data: bytes = b"made", skip_reason: str | None = None) -> PassOutcome:
        file = self.artifacts.files.store(data, "image/png")
        artifact = Artifact(kind=kind, page_num=1, media_type=file.media_type, size=file.size, sha256=file.sha256)
        return PassOutcome(
            artifacts=(artifact,),
            fingerprint="f" * 64,
            cached=False,
            timings_ms={"decoding": 1.0},
            skip_reason=skip_reason,
        )

    async def complete(self, claimed: ClaimedPage, skip_reason: str | None = None) -> bool:
        kind = ArtifactKind.METADATA if claimed.page.pass_num == 1 else ArtifactKind.COLORIZED
        return await self.queue.complete(claimed, self.outcome(kind, skip_reason=skip_reason))

    async def event_types(self, job_id: str = "job_a") -> list[str]:
        return [event.type.value for event in await self.events.after(0, job_id)]


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Stores]:
    async with open_database(tmp_path / "database.sqlite3") as database:
        broker = EventBroker()
        events = EventStore(database, broker)
        jobs = JobStore(database, events)
        yield Stores(
            database=database,
            broker=broker,
            events=events,
            jobs=jobs,
            queue=PageQueue(database, jobs, events),
            assets=AssetStore(database, ContentFiles(tmp_path / "assets")),
            artifacts=ArtifactStore(database, ContentFiles(tmp_path / "artifacts")),
        )

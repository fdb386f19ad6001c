"""Images that clients gave us: stored by content, named `asset:<sha256>`."""

from collections.abc import Iterable
from dataclasses import dataclass

from mangaflux.storage import clock
from mangaflux.storage.content_files import ContentFiles, StoredFile
from mangaflux.storage.database import Database, Row, Transaction

_INSERT = """
    INSERT INTO assets (sha256, media_type, size, width, height, created_at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (sha256) DO NOTHING
"""


_USE = "UPDATE assets SET used_at = ? WHERE sha256 = ?"

#: Each reference with the number of jobs that it was given to, and when the last of them was sent; the latest first.
_REFERENCES = """
    SELECT assets.*, count(*) AS jobs, max(jobs.created_at) AS last_used_at
    FROM jobs, json_each(jobs.refs) AS refs JOIN assets ON assets.sha256 = refs.value
    GROUP BY assets.sha256 ORDER BY last_used_at DESC, assets.sha256 LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Asset:
    """A stored image; width and height are in pixels, upright."""

    file: StoredFile
    width: int
    height: int

    @property
    def asset_id(self) -> str:
        """The name clients use."""
        return f"asset:{self.file.sha256}"


@dataclass(frozen=True, slots=True)
class UsedReference:
    """A style reference that jobs were given."""

    asset: Asset
    jobs: int
    last_used_at: str


class AssetStore:
    """The rows of assets; their files are in `files`, written before any row points to them."""

    def __init__(self, database: Database, files: ContentFiles) -> None:
        self._database = database
        self.files = files

    async def add(self, assets: Iterable[Asset]) -> int:
        """Adds rows for files that are stored already; returns how many were new."""
        rows = [
            (asset.file.sha256, asset.file.media_type, asset.file.size, asset.width, asset.height) for asset in assets
        ]

        async def change(transaction: Transaction) -> int:
            now = clock.to_text(clock.now())
            added = sum([await transaction.run(_INSERT, (*row, now, now)) for row in rows])
            await transaction.run_many(_USE, [(now, row[0]) for row in rows])
            return added

        return await self._database.write(change)

    async def get(self, sha256: str) -> Asset | None:
        """The asset, or None where it was never stored."""
        row = await self._database.read_one("SELECT * FROM assets WHERE sha256 = ?", (sha256,))
        return _asset(row) if row is not None else None

    async def use(self, sha256: str) -> Asset | None:
        """The asset for a job that is being submitted, which stays at least for an hour; None where there is none."""

        async def change(transaction: Transaction) -> Asset | None:
            await transaction.run(_USE, (clock.to_text(clock.now()), sha256))
            row = await transaction.fetch_one("SELECT * FROM assets WHERE sha256 = ?", (sha256,))
            return _asset(row) if row is not None else None

        return await self._database.write(change)

    async def references(self, limit: int) -> list[UsedReference]:
        """The style references of jobs that are kept, the latest used first."""
        rows = await self._database.read(_REFERENCES, (limit,))
        return [UsedReference(_asset(row), row["jobs"], row["last_used_at"]) for row in rows]


def _asset(row: Row) -> Asset:
    return Asset(StoredFile(row["sha256"], row["media_type"], row["size"]), row["width"], row["height"])

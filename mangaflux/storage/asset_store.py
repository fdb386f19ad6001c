"""Images that clients gave us: stored by content, named `asset:<sha256>`."""

from collections.abc import Iterable
from dataclasses import dataclass

from mangaflux.storage import clock
from mangaflux.storage.content_files import ContentFiles, StoredFile
from mangaflux.storage.database import Database, Transaction

_INSERT = """
    INSERT INTO assets (sha256, media_type, size, width, height, created_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (sha256) DO NOTHING
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
            created_at = clock.to_text(clock.now())
            return sum([await transaction.run(_INSERT, (*row, created_at)) for row in rows])

        return await self._database.write(change)

    async def get(self, sha256: str) -> Asset | None:
        """The asset, or None where it was never stored."""
        row = await self._database.read_one("SELECT * FROM assets WHERE sha256 = ?", (sha256,))
        if row is None:
            return None
        return Asset(StoredFile(row["sha256"], row["media_type"], row["size"]), row["width"], row["height"])

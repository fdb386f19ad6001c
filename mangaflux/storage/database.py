"""The database of one data folder: one writer, whole transactions, reads beside it.

One aiosqlite connection belongs to one writer task. Callers hand it a whole transaction as a coroutine function; that
task alone says BEGIN IMMEDIATE, COMMIT and ROLLBACK. Coroutines that share a connection interleave their transactions,
and cancelling an awaiting task does not stop its SQL (both measured with aiosqlite 0.22.1): with this scheme neither
can tear a transaction.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

import aiosqlite

from mangaflux import metrics
from mangaflux.errors import DataFolderError, ServerBusyError, StorageError
from mangaflux.storage.schema import migrate

logger = logging.getLogger(__name__)

#: Transactions that may wait for the writer before callers wait to hand theirs over.
MAX_WAITING_TRANSACTIONS = 256
#: Primary result codes of SQLite that blame the disk and not the statement.
_DISK_CODES = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})
#: The low byte of an extended result code is the primary one.
_PRIMARY_CODE = 0xFF

Parameters = Sequence[object] | dict[str, object]
Row = sqlite3.Row
Result = TypeVar("Result")


class Transaction:
    """One transaction while it runs; only the function it was handed to may use it."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        #: For what the methods below do not cover.
        self.connection = connection
        self.after_commit: list[Callable[[], None]] = []

    async def run(self, sql: str, parameters: Parameters = ()) -> int:
        """Runs one statement; returns how many rows it changed."""
        async with self.connection.execute(sql, parameters) as cursor:
            return cursor.rowcount

    async def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Runs one statement for each of `rows`."""
        await self.connection.executemany(sql, rows)

    async def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Runs one INSERT; returns the row number."""
        async with self.connection.execute(sql, parameters) as cursor:
            return cursor.lastrowid or 0

    async def fetch(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Every row of one statement, including those of a RETURNING clause."""
        return list(await self.connection.execute_fetchall(sql, parameters))

    async def fetch_one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row, or None."""
        rows = await self.fetch(sql, parameters)
        return rows[0] if rows else None


class Database:
    """The open database. Made by `open_database`, used on its event loop only."""

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._closing = False
        self._waiting: asyncio.Queue[Callable[[], Awaitable[None]] | None] = asyncio.Queue(MAX_WAITING_TRANSACTIONS)

    async def write(self, change: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Runs `change` as one transaction and returns what it returns.

        The transaction is whole whatever happens to the caller: once handed over it commits or rolls back even where
        the waiting task is cancelled. Callables in `Transaction.after_commit` run after the commit, before the next
        transaction begins.

        Raises:
            ServerBusyError: the database is closing.
            StorageError: the disk is full or fails; nothing was changed.
        """
        if self._closing:
            raise ServerBusyError("The server is stopping; send this again in a minute.")
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        async def perform() -> None:
            try:
                result = await self._transact(change)
            except Exception as error:  # noqa: BLE001 — handed to the caller, whoever that is
                if not done.cancelled():
                    done.set_exception(error)
            else:
                if not done.cancelled():
                    done.set_result(result)

        await self._waiting.put(perform)
        return await asyncio.shield(done)

    async def read(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Every row of one SELECT, as of the last commit.

        Raises:
            StorageError: the disk fails.
        """
        with _blaming_the_disk():
            return list(await self._reader.execute_fetchall(sql, parameters))

    async def read_one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row of one SELECT, or None."""
        rows = await self.read(sql, parameters)
        return rows[0] if rows else None

    async def run_writer(self) -> None:
        """Performs the waiting transactions one after another until `stop_writer`; one task does this."""
        while (perform := await self._waiting.get()) is not None:
            await perform()

    async def stop_writer(self) -> None:
        """Lets the writer end after what already waits."""
        self._closing = True
        await self._waiting.put(None)

    async def _transact(self, change: Callable[[Transaction], Awaitable[Result]]) -> Result:
        transaction = Transaction(self._writer)
        with _blaming_the_disk(), metrics.TRANSACTION_SECONDS.time():
            # Left open where the disk failed a ROLLBACK, too.
            await self._roll_back()
            await self._writer.execute("BEGIN IMMEDIATE")
            try:
                result = await change(transaction)
                await self._writer.execute("COMMIT")
            except BaseException:
                await self._roll_back()
                raise
        for call in transaction.after_commit:
            call()
        return result

    async def _roll_back(self) -> None:
        # A failed COMMIT (disk full) may already have rolled back.
        if self._writer.in_transaction:
            await self._writer.execute("ROLLBACK")


@contextmanager
def _blaming_the_disk() -> Iterator[None]:
    """Turns what SQLite says of the disk into our own error; defects of statements stay what they are."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE not in _DISK_CODES:
            raise
        raise StorageError(f"The database cannot be used at the moment: {error}.") from error


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """The database at `path`, migrated to the newest schema; closed after the block.

    Raises:
        DataFolderError: a newer MangaFlux wrote it, or the file cannot be opened.
    """
    writer = await _connect(path)
    try:
        await migrate(writer, path)
        reader = await _connect(path)
        await reader.execute("PRAGMA query_only=ON")
        try:
            async with _writing(Database(writer, reader)) as database:
                yield database
        finally:
            await reader.close()
    finally:
        # aiosqlite's threads are not daemons: an unclosed connection would hang the interpreter's exit.
        await writer.close()


@asynccontextmanager
async def _writing(database: Database) -> AsyncIterator[Database]:
    writer = asyncio.create_task(database.run_writer(), name="database writer")
    try:
        yield database
    finally:
        await database.stop_writer()
        await writer


async def _connect(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA busy_timeout=5000")
        await connection.execute("PRAGMA foreign_keys=ON")
        # A 202 survives a power cut: FULL costs 4 ms a transaction (NORMAL 0.03 ms), and we make a few a second.
        await connection.execute("PRAGMA synchronous=FULL")
    except sqlite3.Error as error:
        # Its thread is not a daemon: left open, it would keep the process from ending.
        await connection.close()
        raise DataFolderError(f"The database {path.name} cannot be opened: {error}.") from error
    return connection

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from mangaflux.errors import DataFolderError, ServerBusyError, StorageError
from mangaflux.storage.data_folder import locked_data_folder
from mangaflux.storage.database import Transaction, open_database
from mangaflux.storage.schema import backup_path, migration_scripts
from tests.storage.conftest import Stores

DEADLINE_SECONDS = 5


async def _insert_event(transaction: Transaction, job_id: str) -> None:
    await transaction.run("INSERT INTO events (job_id, type, data, created_at) VALUES (?, 'x', '{}', '')", (job_id,))


async def _count(stores: Stores) -> int:
    rows = await stores.database.read("SELECT count(*) AS events FROM events")
    return int(rows[0]["events"])


async def test_a_transaction_that_fails_leaves_nothing_behind(stores: Stores) -> None:
    async def change(transaction: Transaction) -> None:
        await _insert_event(transaction, "half")
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        await stores.database.write(change)

    assert await _count(stores) == 0


async def test_transactions_of_many_callers_do_not_interleave(stores: Stores) -> None:
    async def change(transaction: Transaction) -> int:
        rows = await transaction.fetch("SELECT count(*) AS events FROM events")
        await asyncio.sleep(0)
        await _insert_event(transaction, "one of many")
        return int(rows[0]["events"])

    seen = await asyncio.gather(*[stores.database.write(change) for _ in range(50)])

    assert sorted(seen) == list(range(50))


async def test_a_transaction_is_whole_when_its_caller_is_cancelled(stores: Stores) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def change(transaction: Transaction) -> None:
        await _insert_event(transaction, "first half")
        begun.set()
        await go_on.wait()
        await _insert_event(transaction, "second half")

    caller = asyncio.ensure_future(stores.database.write(change))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()

    async def look(transaction: Transaction) -> int:
        return len(await transaction.fetch("SELECT id FROM events"))

    assert await stores.database.write(look) == 2


async def test_calls_after_a_commit_come_in_the_order_of_the_commits(stores: Stores) -> None:
    order: list[int] = []

    def change_number(number: int) -> asyncio.Future[None]:
        async def change(transaction: Transaction) -> None:
            transaction.after_commit.append(lambda: order.append(number))

        return asyncio.ensure_future(stores.database.write(change))

    await asyncio.gather(*[change_number(number) for number in range(20)])

    assert order == list(range(20))


async def test_nothing_is_called_after_a_rollback(stores: Stores) -> None:
    called: list[str] = []

    async def change(transaction: Transaction) -> None:
        transaction.after_commit.append(lambda: called.append("published"))
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 — the very error raised above
        await stores.database.write(change)

    assert called == []


async def test_a_database_of_a_newer_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "newer.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=999")
    connection.close()

    with pytest.raises(DataFolderError, match="newer MangaFlux"):
        async with open_database(path):
            pass


async def test_a_file_that_is_no_database_is_refused_and_holds_nothing_up(tmp_path: Path) -> None:
    path = tmp_path / "text.sqlite3"
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    before = set(threading.enumerate())

    with pytest.raises(DataFolderError, match="cannot be opened"):
        async with open_database(path):
            pass

    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(DEADLINE_SECONDS)
    assert not any(thread.is_alive() for thread in left)


async def test_writing_to_a_closing_database_is_refused_at_once(tmp_path: Path) -> None:
    async with open_database(tmp_path / "closed.sqlite3") as database:
        pass

    with pytest.raises(ServerBusyError):
        await database.write(lambda transaction: _insert_event(transaction, "late"))


async def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite3"

    async def change(transaction: Transaction) -> None:
        await _insert_event(transaction, "kept")

    async with open_database(path) as database:
        await database.write(change)

    async with open_database(path) as database:
        assert [row["job_id"] for row in await database.read("SELECT job_id FROM events")] == ["kept"]


def test_a_data_folder_in_use_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with (
        locked_data_folder(tmp_path),
        pytest.raises(DataFolderError, match="another --data-dir"),
        locked_data_folder(tmp_path),
    ):
        pass


def test_a_data_folder_can_be_used_again_once_it_is_free(tmp_path: Path) -> None:
    with locked_data_folder(tmp_path / "data"):
        pass

    with locked_data_folder(tmp_path / "data") as folder:
        assert folder.is_dir()


async def _at_schema_1(path: Path) -> None:
    """A database as the first version left it, with one event."""
    with sqlite3.connect(path) as connection:
        connection.executescript(migration_scripts()[0] + "\nPRAGMA user_version=1;")
        connection.execute("INSERT INTO events (job_id, type, data, created_at) VALUES ('a', 'x', '{}', '')")
    connection.close()


async def test_a_database_is_copied_before_it_gets_the_newest_schema(tmp_path: Path) -> None:
    path = tmp_path / "d.sqlite3"
    await _at_schema_1(path)

    async with open_database(path) as database:
        assert len(await database.read("SELECT * FROM events")) == 1

    with sqlite3.connect(backup_path(path, 1)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)
        assert copy.execute("SELECT count(*) FROM events").fetchone() == (1,)
    copy.close()


async def test_a_new_database_and_one_of_this_version_are_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_database(tmp_path / "d.sqlite3"):
            pass

    assert [path.name for path in tmp_path.iterdir()] == ["d.sqlite3"]


async def test_a_database_that_cannot_be_copied_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "d.sqlite3"
    await _at_schema_1(path)
    (tmp_path / ".part-d.sqlite3.schema-1").mkdir()

    with pytest.raises(DataFolderError, match="cannot be copied"):
        async with open_database(path):
            pass

    with sqlite3.connect(path) as kept:
        assert kept.execute("PRAGMA user_version").fetchone() == (1,)
    kept.close()


async def test_a_disk_that_fails_a_transaction_is_told_and_the_next_one_works(tmp_path: Path) -> None:
    async with open_database(tmp_path / "d.sqlite3") as database:

        async def fill(transaction: Transaction) -> None:
            await transaction.run("PRAGMA max_page_count=1")
            await transaction.run(
                "INSERT INTO events (job_id, type, data, created_at) VALUES ('a', 'x', ?, '')", ("x" * 99_999,)
            )

        with pytest.raises(StorageError, match="full"):
            await database.write(fill)

        async def add(transaction: Transaction) -> None:
            await transaction.run("PRAGMA max_page_count=100000")
            await _insert_event(transaction, "b")

        await database.write(add)
        assert [row["job_id"] for row in await database.read("SELECT job_id FROM events")] == ["b"]

"""Does a data folder keep what was promised? Every row has its file, and rows agree with each other. Blocks."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mangaflux.jobs import ArtifactKind, Status, settled_status
from mangaflux.storage.content_files import ContentFiles, StoredFile
from mangaflux.storage.snapshot import TABLES, listed_files, open_snapshot

#: What a completed pass has left behind, at least.
_RESULTS = {1: ArtifactKind.METADATA, 2: ArtifactKind.COLORIZED}

_PASSES_WITHOUT_RESULT = """
    SELECT passes.job_id, passes.page_num, passes.pass_num FROM page_passes AS passes
    WHERE passes.status = 'completed' AND passes.pass_num = :pass_num AND NOT EXISTS (
        SELECT 1 FROM artifacts WHERE artifacts.job_id = passes.job_id AND artifacts.page_num = passes.page_num
          AND artifacts.kind = :kind)
"""

#: A pass completes once, so it is told once.
_PASSES_NOT_TOLD_ONCE = """
    SELECT passes.job_id, passes.page_num, passes.pass_num, count(events.id) AS told FROM page_passes AS passes
    LEFT JOIN events ON events.job_id = passes.job_id AND events.type = 'page.pass' || passes.pass_num || '.completed'
      AND json_extract(events.data, '$.page_num') = passes.page_num
    WHERE passes.status = 'completed' GROUP BY passes.job_id, passes.page_num, passes.pass_num HAVING told != 1
"""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that has a contract of its own."""

    kind: ArtifactKind
    path: Path


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in a data folder."""

    jobs: int
    files: int
    #: One sentence each; empty where all is well.
    problems: tuple[str, ...]
    #: Those that are there, for whoever knows their contract.
    documents: tuple[Document, ...]


def audit(folder: Path) -> Audit:
    """Looks at every row and every file of a data folder.

    Raises:
        DataFolderError: there is none, or its database cannot be read.
    """
    with open_snapshot(folder) as connection:
        files = {table: listed_files(connection, table) for table in TABLES}
        problems = [*_broken_database(connection), *_broken_jobs(connection)]
        for table, listed in files.items():
            problems += _broken_files(ContentFiles(folder / TABLES[table]), listed)
        (jobs,) = connection.execute("SELECT count(*) FROM jobs").fetchone()
        documents = tuple(_documents(connection, ContentFiles(folder / TABLES["artifact_files"])))
    return Audit(jobs, sum(map(len, files.values())), tuple(problems), documents)


def _broken_database(connection: sqlite3.Connection) -> Iterator[str]:
    for (said,) in connection.execute("PRAGMA integrity_check"):
        if said != "ok":
            yield f"the database is damaged: {said}"
    for row in connection.execute("PRAGMA foreign_key_check"):
        yield f"row {row[1]} of {row[0]} points to a row of {row[2]} that is not there"


def _broken_jobs(connection: sqlite3.Connection) -> Iterator[str]:
    for pass_num, kind in _RESULTS.items():
        for row in connection.execute(_PASSES_WITHOUT_RESULT, {"pass_num": pass_num, "kind": kind}):
            yield f"{_place(row)} is completed and has no {kind}"
    for row in connection.execute(_PASSES_NOT_TOLD_ONCE):
        yield f"{_place(row)} is completed and was told {row['told']} times"
    for row in connection.execute("SELECT job_id, status FROM jobs"):
        passes = connection.execute("SELECT DISTINCT status FROM page_passes WHERE job_id = ?", (row["job_id"],))
        settled = settled_status([Status(each["status"]) for each in passes])
        if Status(row["status"]).is_terminal is not (settled is not None):
            yield f"{row['job_id']} is {row['status']}, and its pages say otherwise"


def _place(row: sqlite3.Row) -> str:
    return f"{row['job_id']}, page {row['page_num']}, pass {row['pass_num']}:"


def _broken_files(folder: ContentFiles, files: Iterable[StoredFile]) -> Iterator[str]:
    for file in files:
        path = folder.path(file.sha256, file.media_type)
        name = f"{folder.folder.name}/{path.name}"
        try:
            size = path.stat().st_size
            with path.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as error:
            yield f"{name}: {error.strerror or error}"
            continue
        if size != file.size:
            yield f"{name} has {size} bytes and should have {file.size}"
        elif digest != file.sha256:
            yield f"{name} is not what its name says"


def _documents(connection: sqlite3.Connection, artifacts: ContentFiles) -> Iterator[Document]:
    kinds = (ArtifactKind.METADATA, ArtifactKind.RUNMETA_PASS1, ArtifactKind.RUNMETA_PASS2)
    rows = connection.execute(
        "SELECT DISTINCT kind, sha256, media_type FROM (SELECT kind, sha256 FROM artifacts UNION SELECT kind, sha256"
        " FROM chapter_artifacts) JOIN artifact_files USING (sha256) WHERE kind IN (?, ?, ?) ORDER BY sha256",
        kinds,
    )
    for row in rows:
        path = artifacts.path(row["sha256"], row["media_type"])
        if path.exists():
            yield Document(ArtifactKind(row["kind"]), path)

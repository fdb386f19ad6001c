-- Jobs, their pages, what was made of them, and what happened. Times are RFC 3339 text in UTC.

CREATE TABLE assets (
    sha256     TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    size       INTEGER NOT NULL,
    width      INTEGER NOT NULL,
    height     INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE jobs (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id      TEXT NOT NULL UNIQUE,
    kind        TEXT NOT NULL,
    chapter_id  TEXT NOT NULL,
    status      TEXT NOT NULL,
    priority    INTEGER NOT NULL,
    engine      TEXT,
    params      TEXT NOT NULL,
    refs        TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    created_at  TEXT NOT NULL,
    started_at  TEXT,
    finished_at TEXT,
    last_update TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_by_chapter ON jobs (chapter_id, seq);

CREATE TABLE pages (
    job_id       TEXT NOT NULL REFERENCES jobs (job_id) ON DELETE CASCADE,
    page_num     INTEGER NOT NULL,
    name         TEXT NOT NULL,
    asset_sha256 TEXT REFERENCES assets (sha256),
    seed         INTEGER NOT NULL,
    PRIMARY KEY (job_id, page_num)
) STRICT;

CREATE TABLE page_passes (
    job_id        TEXT NOT NULL,
    page_num      INTEGER NOT NULL,
    pass_num      INTEGER NOT NULL,
    status        TEXT NOT NULL,
    attempt       INTEGER NOT NULL DEFAULT 0,
    -- Was running when a process died: runs alone until it ends.
    suspect       INTEGER NOT NULL DEFAULT 0,
    -- Runs alone now: a death of the process counts against it.
    alone         INTEGER NOT NULL DEFAULT 0,
    deaths        INTEGER NOT NULL DEFAULT 0,
    cached        INTEGER NOT NULL DEFAULT 0,
    fingerprint   TEXT,
    started_at    TEXT,
    finished_at   TEXT,
    error_code    TEXT,
    error_message TEXT,
    reason        TEXT,
    PRIMARY KEY (job_id, page_num, pass_num),
    FOREIGN KEY (job_id, page_num) REFERENCES pages (job_id, page_num) ON DELETE CASCADE
) STRICT;
CREATE INDEX page_passes_by_status ON page_passes (status, pass_num, suspect);
CREATE INDEX page_passes_by_fingerprint ON page_passes (fingerprint) WHERE fingerprint IS NOT NULL;

CREATE TABLE stage_timings (
    job_id       TEXT NOT NULL REFERENCES jobs (job_id) ON DELETE CASCADE,
    page_num     INTEGER NOT NULL,
    pass_num     INTEGER NOT NULL,
    stage        TEXT NOT NULL,
    milliseconds REAL NOT NULL,
    PRIMARY KEY (job_id, page_num, pass_num, stage)
) STRICT;

CREATE TABLE artifact_files (
    sha256     TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    size       INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE artifacts (
    job_id   TEXT NOT NULL REFERENCES jobs (job_id) ON DELETE CASCADE,
    page_num INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    sha256   TEXT NOT NULL REFERENCES artifact_files (sha256),
    PRIMARY KEY (job_id, page_num, kind)
) STRICT;

-- The latest of each page of a chapter: a later job replaces page N when its pass completes.
CREATE TABLE chapter_pages (
    chapter_id   TEXT NOT NULL,
    page_num     INTEGER NOT NULL,
    name         TEXT NOT NULL,
    asset_sha256 TEXT NOT NULL REFERENCES assets (sha256),
    -- Of the job that put it there: an older job that ends later replaces nothing.
    job_seq      INTEGER NOT NULL,
    updated_at   TEXT NOT NULL,
    PRIMARY KEY (chapter_id, page_num)
) STRICT;

CREATE TABLE chapter_artifacts (
    chapter_id TEXT NOT NULL,
    page_num   INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    sha256     TEXT NOT NULL REFERENCES artifact_files (sha256),
    job_seq    INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (chapter_id, page_num, kind)
) STRICT;

-- Row numbers are the ids of Server-Sent Events: growing for ever, never reused.
CREATE TABLE events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id     TEXT NOT NULL,
    type       TEXT NOT NULL,
    data       TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_job ON events (job_id, id);

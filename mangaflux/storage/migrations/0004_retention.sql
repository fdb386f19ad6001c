-- What is not kept any more, and what is needed to find out what may go.

CREATE TABLE gone_jobs (
    job_id  TEXT PRIMARY KEY,
    -- 'expired' or 'deleted'.
    reason  TEXT NOT NULL,
    gone_at TEXT NOT NULL
) STRICT;

-- Of an asset that no job has: when it was last uploaded or named.
ALTER TABLE assets ADD COLUMN used_at TEXT NOT NULL DEFAULT '';
UPDATE assets SET used_at = created_at;

CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX pages_by_asset ON pages (asset_sha256);
CREATE INDEX artifacts_by_file ON artifacts (sha256);
CREATE INDEX chapter_artifacts_by_file ON chapter_artifacts (sha256);
CREATE INDEX chapter_pages_by_asset ON chapter_pages (asset_sha256);

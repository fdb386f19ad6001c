-- Who sent a job, how large it is, and under which key it was sent.

ALTER TABLE jobs ADD COLUMN client TEXT NOT NULL DEFAULT 'local';
ALTER TABLE jobs ADD COLUMN total_pages INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET total_pages = (SELECT count(*) FROM pages WHERE pages.job_id = jobs.job_id);

-- The same key with the same request is answered with the same job. Kept beyond the job, so that a late repetition is
-- not taken for new work.
CREATE TABLE idempotency_keys (
    key         TEXT PRIMARY KEY,
    -- SHA-256 of everything that was asked for.
    fingerprint TEXT NOT NULL,
    job_id      TEXT NOT NULL,
    created_at  TEXT NOT NULL
) STRICT;

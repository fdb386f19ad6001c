-- Who is told of the end of a job, and what was not delivered yet.

ALTER TABLE jobs ADD COLUMN webhook_url TEXT;

CREATE TABLE webhooks (
    -- Sent along: whoever gets it twice can tell.
    message_id TEXT PRIMARY KEY,
    job_id     TEXT NOT NULL,
    url        TEXT NOT NULL,
    body       TEXT NOT NULL,
    -- Deliveries that failed so far.
    failures   INTEGER NOT NULL DEFAULT 0,
    due_at     TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX webhooks_by_due ON webhooks (due_at);

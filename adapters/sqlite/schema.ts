/** Says in the file's header that it is ours: "USdy". https://sqlite.org/pragma.html#pragma_application_id */
export const APPLICATION_ID = 0x55536479

/**
 * What leads from each version of the file to the next; the file's `user_version` is how many it has been through.
 * A step is never changed once released.
 *
 * What queries look through is in `failures`, in rows as short as can be; arguments and stacks are in
 * `failure_bodies`. Numbers are never given twice, so that one that was picked means the same failure for good.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE failures (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    job_id TEXT NOT NULL,
    job TEXT NOT NULL,
    queue TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    error_class TEXT NOT NULL,
    error_message TEXT NOT NULL,
    error_code TEXT,
    preview TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    attempt_count INTEGER NOT NULL,
    requeues INTEGER NOT NULL,
    worker TEXT NOT NULL,
    broker_kind TEXT NOT NULL,
    broker_name TEXT NOT NULL,
    broker_url TEXT NOT NULL,
    request_id TEXT,
    failed_at REAL NOT NULL,
    batch TEXT,
    claimed_at REAL,
    retried_at REAL,
    retried_by TEXT,
    retry_job_id TEXT,
    resolved_at REAL
  ) STRICT;
  CREATE INDEX failures_by_time ON failures (failed_at, id);
  CREATE INDEX failures_by_status ON failures (status, failed_at, id);
  CREATE INDEX failures_by_job ON failures (job, failed_at, id);
  CREATE INDEX failures_by_fingerprint ON failures (fingerprint, failed_at, id);
  CREATE INDEX failures_by_job_id ON failures (job_id);
  CREATE INDEX failures_by_batch ON failures (batch) WHERE batch IS NOT NULL;
  CREATE INDEX failures_by_retry ON failures (retry_job_id) WHERE retry_job_id IS NOT NULL;

  CREATE TABLE failure_bodies (
    n INTEGER PRIMARY KEY,
    detail TEXT NOT NULL,
    stack TEXT,
    args BLOB
  ) STRICT;

  CREATE VIRTUAL TABLE failure_words USING fts5(
    job, error_class, error_message, error_code, preview,
    content = 'failures', content_rowid = 'n', tokenize = 'unicode61 remove_diacritics 2', columnsize = 0
  );
  CREATE TRIGGER failures_kept AFTER INSERT ON failures BEGIN
    INSERT INTO failure_words (rowid, job, error_class, error_message, error_code, preview)
    VALUES (new.n, new.job, new.error_class, new.error_message, new.error_code, new.preview);
  END;
  CREATE TRIGGER failures_removed AFTER DELETE ON failures BEGIN
    DELETE FROM failure_bodies WHERE n = old.n;
    INSERT INTO failure_words (failure_words, rowid, job, error_class, error_message, error_code, preview)
    VALUES ('delete', old.n, old.job, old.error_class, old.error_message, old.error_code, old.preview);
  END;

  CREATE TABLE audits (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    count INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE paused_queues (queue TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  CREATE TABLE runs (
    run TEXT PRIMARY KEY,
    worker TEXT NOT NULL,
    starts INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    begun_at REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX runs_by_time ON runs (begun_at);

  CREATE TABLE results (
    job_id TEXT PRIMARY KEY,
    result TEXT,
    progress TEXT,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX results_by_time ON results (expires_at);
  `,
]

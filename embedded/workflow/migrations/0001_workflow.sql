-- Times are milliseconds since 1970 in UTC.
CREATE TABLE ordermanager_workflows (
  order_id      TEXT NOT NULL UNIQUE,
  customer      TEXT NOT NULL,
  venue         TEXT NOT NULL,
  stage         TEXT NOT NULL,
  number        TEXT NOT NULL DEFAULT '',
  token         TEXT UNIQUE,  -- fingerprint of the token that the open wait waits for; null when none is open
  deadline      INTEGER,      -- when the open wait times out; null when none is open
  first_answer  TEXT,         -- JSON; null until the wait was answered
  second_answer TEXT
) STRICT;

CREATE INDEX ordermanager_workflows_queue    ON ordermanager_workflows (venue, customer) WHERE token IS NOT NULL;
CREATE INDEX ordermanager_workflows_deadline ON ordermanager_workflows (deadline) WHERE deadline IS NOT NULL;

-- What the Manager is still to be told, written together with the step that it tells of.
CREATE TABLE ordermanager_notifications (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id     TEXT    NOT NULL,
  notification TEXT    NOT NULL,
  token        TEXT    NOT NULL DEFAULT '',
  cause        TEXT    NOT NULL DEFAULT '',
  request_id   TEXT    NOT NULL,
  at           INTEGER NOT NULL
) STRICT;

CREATE INDEX ordermanager_notifications_order ON ordermanager_notifications (order_id);

-- A venue that has no row is open and has not given a number yet.
CREATE TABLE ordermanager_shops (
  venue       TEXT    NOT NULL UNIQUE,
  closed      INTEGER NOT NULL DEFAULT 0,
  last_number INTEGER NOT NULL DEFAULT 0
) STRICT;

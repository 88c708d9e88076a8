-- Times are milliseconds since 1970 in UTC.
CREATE TABLE ordermanager_orders (
  id           TEXT    NOT NULL UNIQUE,
  customer     TEXT    NOT NULL,
  venue        TEXT    NOT NULL,
  robot        INTEGER NOT NULL,
  state        TEXT    NOT NULL,
  drink        TEXT,                        -- JSON; null until one was accepted
  number       TEXT    NOT NULL DEFAULT '',
  barista      TEXT    NOT NULL DEFAULT '',
  reason       TEXT    NOT NULL DEFAULT '',
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  history      TEXT    NOT NULL,            -- JSON array of entries; each begins with its requestId
  first_token  TEXT,
  first_at     INTEGER,
  second_token TEXT,
  second_at    INTEGER,
  owed_events  TEXT    NOT NULL DEFAULT '[]', -- JSON array of request ids
  owing        INTEGER NOT NULL GENERATED ALWAYS AS (
                 owed_events <> '[]'
                 OR (first_token IS NOT NULL AND (drink IS NOT NULL OR state IN ('completed', 'cancelled')))
                 OR (second_token IS NOT NULL AND state IN ('completed', 'cancelled'))
               ) VIRTUAL
) STRICT;

-- One for each listing, in the listing's order.
CREATE INDEX ordermanager_orders_state       ON ordermanager_orders (state, created_at, id);
CREATE INDEX ordermanager_orders_customer    ON ordermanager_orders (customer, created_at, id);
CREATE INDEX ordermanager_orders_venue       ON ordermanager_orders (venue, created_at, id);
CREATE INDEX ordermanager_orders_venue_state ON ordermanager_orders (venue, state, created_at, id);
CREATE INDEX ordermanager_orders_owing       ON ordermanager_orders (created_at, id) WHERE owing;

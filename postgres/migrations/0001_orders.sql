-- Times are milliseconds since 1970 in UTC. Texts are compared byte by byte, as Go compares them.
CREATE TABLE orders (
  id           text    COLLATE "C" PRIMARY KEY,
  customer     text    COLLATE "C" NOT NULL,
  venue        text    COLLATE "C" NOT NULL,
  robot        boolean NOT NULL,
  state        text    COLLATE "C" NOT NULL,
  drink        text,                        -- JSON; null until one was accepted
  number       text    NOT NULL DEFAULT '',
  barista      text    COLLATE "C" NOT NULL DEFAULT '',
  reason       text    NOT NULL DEFAULT '',
  created_at   bigint  NOT NULL,
  updated_at   bigint  NOT NULL,
  version      integer NOT NULL,
  history      text    COLLATE "C" NOT NULL, -- JSON array of entries; each begins with its requestId
  first_decision text  COLLATE "C" NOT NULL DEFAULT '',  -- empty until the wait is decided
  first_token  text    COLLATE "C",
  first_spare  text    COLLATE "C",         -- the latest token that lost against the one in the slot
  first_at     bigint,
  second_decision text COLLATE "C" NOT NULL DEFAULT '',
  second_token text    COLLATE "C",
  second_spare text    COLLATE "C",
  second_at    bigint,
  owed_events  text    COLLATE "C" NOT NULL DEFAULT '[]', -- JSON array of request ids
  owing        boolean NOT NULL GENERATED ALWAYS AS (
                 owed_events <> '[]'
                 OR (first_decision <> '' AND coalesce(first_token, first_spare) IS NOT NULL)
                 OR (second_decision <> '' AND coalesce(second_token, second_spare) IS NOT NULL)
               ) STORED
);

-- One for each listing, in the listing's order.
CREATE INDEX orders_state       ON orders (state, created_at, id);
CREATE INDEX orders_customer    ON orders (customer, created_at, id);
CREATE INDEX orders_venue       ON orders (venue, created_at, id);
CREATE INDEX orders_venue_state ON orders (venue, state, created_at, id);
CREATE INDEX orders_owing       ON orders (created_at, id) WHERE owing;

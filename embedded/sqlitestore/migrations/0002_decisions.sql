-- What a wait is answered with is kept with the order, and no longer worked out from the names of states. The file of
-- 0001 knew four states, and what each of them decided is said here for the last time.
ALTER TABLE ordermanager_orders ADD COLUMN first_decision  TEXT NOT NULL DEFAULT ''; -- empty until the wait is decided
ALTER TABLE ordermanager_orders ADD COLUMN second_decision TEXT NOT NULL DEFAULT '';
ALTER TABLE ordermanager_orders ADD COLUMN first_spare     TEXT; -- the latest token that lost against the one in the slot
ALTER TABLE ordermanager_orders ADD COLUMN second_spare    TEXT;

UPDATE ordermanager_orders SET
  first_decision = CASE
    WHEN drink IS NOT NULL OR state = 'completed' THEN 'done'
    WHEN state = 'cancelled' THEN 'cancelled' ELSE '' END,
  second_decision = CASE state WHEN 'completed' THEN 'done' WHEN 'cancelled' THEN 'cancelled' ELSE '' END
WHERE drink IS NOT NULL OR state IN ('completed', 'cancelled');

DROP INDEX ordermanager_orders_owing;
ALTER TABLE ordermanager_orders DROP COLUMN owing;
ALTER TABLE ordermanager_orders ADD COLUMN owing INTEGER NOT NULL GENERATED ALWAYS AS (
  owed_events <> '[]'
  OR (first_decision <> '' AND coalesce(first_token, first_spare) IS NOT NULL)
  OR (second_decision <> '' AND coalesce(second_token, second_spare) IS NOT NULL)
) VIRTUAL;
CREATE INDEX ordermanager_orders_owing ON ordermanager_orders (created_at, id) WHERE owing;

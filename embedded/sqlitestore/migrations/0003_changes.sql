-- The number of an order's latest change, which grows with every change in the file; null before this was kept.
ALTER TABLE ordermanager_orders ADD COLUMN changed INTEGER;
CREATE INDEX ordermanager_orders_changed ON ordermanager_orders (changed) WHERE changed IS NOT NULL;

-- What the numbers are of. Whoever goes on from a number of another id reads everything again.
CREATE TABLE ordermanager_changes (id TEXT NOT NULL) STRICT;
INSERT INTO ordermanager_changes VALUES (lower(hex(randomblob(8))));

-- After the latest order is deleted by hand, its number is given again.
CREATE TRIGGER ordermanager_orders_deleted AFTER DELETE ON ordermanager_orders BEGIN
  UPDATE ordermanager_changes SET id = lower(hex(randomblob(8)));
END;

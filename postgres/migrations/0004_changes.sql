-- The transaction of an order's latest change; null before this was kept.
ALTER TABLE orders ADD COLUMN changed xid8;
CREATE INDEX orders_changed ON orders (changed) WHERE changed IS NOT NULL;

-- When the workflow ended, for what is forgotten after a while; null as long as it goes on. Those that ended before this
-- was kept count from now.
ALTER TABLE ordermanager_workflows ADD COLUMN ended INTEGER;
UPDATE ordermanager_workflows SET ended = CAST(strftime('%s', 'now') AS INTEGER) * 1000 WHERE token IS NULL;

CREATE INDEX ordermanager_workflows_ended ON ordermanager_workflows (ended) WHERE ended IS NOT NULL;

-- With the token in it, counting what is open needs this index alone; otherwise SQLite prefers one in which every order is.
DROP INDEX ordermanager_workflows_queue;
CREATE INDEX ordermanager_workflows_queue ON ordermanager_workflows (venue, customer, token) WHERE token IS NOT NULL;

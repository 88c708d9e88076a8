-- When the workflow ended, for what is forgotten after a while; null as long as it goes on. Those that ended before this
-- was kept count from now.
ALTER TABLE workflows ADD COLUMN ended bigint;
UPDATE workflows SET ended = (extract(epoch FROM now()) * 1000)::bigint WHERE token IS NULL;

CREATE INDEX workflows_ended ON workflows (ended) WHERE ended IS NOT NULL;

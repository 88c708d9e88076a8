-- When the workflow began; 0 for one that began before this was kept.
ALTER TABLE workflows ADD COLUMN started bigint NOT NULL DEFAULT 0;

CREATE INDEX workflows_started    ON workflows (venue, started);
CREATE INDEX workflows_started_of ON workflows (venue, customer, started);

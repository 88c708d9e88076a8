-- When the workflow began; 0 for one that began before this was kept.
ALTER TABLE ordermanager_workflows ADD COLUMN started INTEGER NOT NULL DEFAULT 0;

CREATE INDEX ordermanager_workflows_started    ON ordermanager_workflows (venue, started);
CREATE INDEX ordermanager_workflows_started_of ON ordermanager_workflows (venue, customer, started);

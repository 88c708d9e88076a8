package postgres

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager/internal/sqldb"
	"github.com/brewline/ordermanager/internal/sqlstore"
)

// WorkflowDatabase is what a workflow works on.
func WorkflowDatabase(pool *pgxpool.Pool, schema string) sqldb.Database {
	return workflowDatabase{workflowConn{pool, sqlstore.PostgreSQL(schema)}, place{pool, schema}}
}

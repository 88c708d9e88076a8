package main

import (
	"database/sql"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/postgres"
)

// The schemes of stores and menus.
const (
	schemeMemory   = "memory"
	schemeDynamoDB = "dynamodb"
	schemeSQLite   = "sqlite"
)

// backends opens what the flags name, and closes it.
type backends struct {
	layout dynamostore.Layout
	limits ordermanager.Limits
	cloud  cloud
	// file is the database of a sqlite store, and path its name.
	file *sql.DB
	path string
	// pool is the PostgreSQL of a postgres store, server its name, and tables where its tables are.
	pool   *pgxpool.Pool
	server string
	tables *postgres.Options
	// remote is set when the orders are in DynamoDB.
	remote bool
	// log is told what goes wrong and stops nothing; nil is silence.
	log *slog.Logger
}

func (b *backends) close() {
	if b.file != nil {
		_ = b.file.Close()
	}
	if b.pool != nil {
		b.pool.Close()
	}
}

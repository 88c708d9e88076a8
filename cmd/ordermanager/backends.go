package main

import (
	"database/sql"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/postgres"
)

// The schemes of stores and menus.
const (
	schemeMemory   = "memory"
	schemeDynamoDB = "dynamodb"
	schemeSQLite   = "sqlite"
)

// backends opens and closes what the flags name.
type backends struct {
	layout dynamostore.Layout
	limits capacity.Limits
	cloud  cloud
	// file is the database of a sqlite store, and path its path.
	file *sql.DB
	path string
	// pool is the database of a postgres store, server its name, and tables the location of its tables.
	pool   *pgxpool.Pool
	server string
	tables *postgres.Options
	// remote is set if the orders are in DynamoDB.
	remote bool
	// log gets errors that stop nothing; nil means no logging.
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

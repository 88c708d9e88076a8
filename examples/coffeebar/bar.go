package main

import (
	"database/sql"
	"log/slog"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/workflow"
	"github.com/brewline/ordermanager/httpapi"
)

// venue is the only venue.
const venue = ""

// The bar's limits.
const (
	maxInQueue     = 100
	maxPerCustomer = 3
)

// bar is everything behind the pages, on one file.
type bar struct {
	db       *sql.DB
	table    table
	menu     *menu
	board    *board
	feed     *httpapi.Feed
	workflow *workflow.Workflow
	manager  *ordermanager.Manager
	// shelfTimeout is how long a ready drink waits to be collected.
	shelfTimeout time.Duration
	log          *slog.Logger
}

func (b *bar) close() { _ = b.db.Close() }

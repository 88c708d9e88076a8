package main

import (
	"context"
	"database/sql"
	_ "embed" // for the menu
	"slices"
	"sync"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

//go:embed menu.json
var menuJSON []byte

// menu is the [ordermanager.MenuSource] of the bar: the drinks are fixed, and which have run out is kept in the bar's
// file.
type menu struct {
	db    *sql.DB
	mu    sync.Mutex
	items []ordermanager.MenuItem
}

func openMenu(ctx context.Context, db *sql.DB) (*menu, error) {
	parsed, err := serverlesspresso.ParseMenu(menuJSON)
	if err != nil {
		return nil, err
	}
	m := &menu{db: db, items: parsed.Items}
	_, err = db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS coffeebar_run_out (drink TEXT PRIMARY KEY) STRICT")
	if err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, "SELECT drink FROM coffeebar_run_out")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var drink string
		if err := rows.Scan(&drink); err != nil {
			return nil, err
		}
		m.set(drink, false)
	}
	return m, rows.Err()
}

// Menu implements [ordermanager.MenuSource].
func (m *menu) Menu(context.Context, string) (*ordermanager.Menu, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &ordermanager.Menu{Items: slices.Clone(m.items)}, nil
}

// setAvailable records that a drink is available or has run out. A drink that is not on the menu changes nothing.
func (m *menu) setAvailable(ctx context.Context, drink string, available bool) error {
	statement := "INSERT INTO coffeebar_run_out (drink) VALUES (?) ON CONFLICT DO NOTHING"
	if available {
		statement = "DELETE FROM coffeebar_run_out WHERE drink = ?"
	}
	if _, err := m.db.ExecContext(ctx, statement, drink); err != nil {
		return err
	}
	m.set(drink, available)
	return nil
}

func (m *menu) set(drink string, available bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.items {
		if m.items[i].Drink == drink {
			m.items[i].SoldOut = !available
		}
	}
}

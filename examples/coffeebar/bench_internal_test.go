package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/brewline/ordermanager/embedded/sqlitestore"
)

// BenchmarkPages: a page costs the same however many orders have ended, be they of one regular customer. The figures
// of a page with 1,000 and with 1,000,000 ended orders are to be compared; "start" is how long the bar takes to open.
func BenchmarkPages(b *testing.B) {
	for _, ended := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint("ended=", ended), func(b *testing.B) {
			bar := barWithEnded(b, ended)
			pages, err := newSite(bar, nil)
			if err != nil {
				b.Fatal(err)
			}
			for _, page := range []struct{ name, path string }{
				{"customer", "/customer"}, {"order", "/customer/orders/demo-24"}, {"barista", "/barista"}, {"display", "/display"},
				{"manager", "/manager"}, {"timeline", "/manager/orders/demo-03"},
			} {
				name := "Dana" // whose is demo-24, and everything that has ended
				b.Run(page.name, func(b *testing.B) {
					for b.Loop() {
						if answer := visit(pages, http.MethodGet, page.path, name, nil); answer.Code != http.StatusOK {
							b.Fatal(answer.Code)
						}
					}
				})
			}
			b.Run("start", func(b *testing.B) {
				for b.Loop() {
					bar.board = newBoard(bar.table)
					if err := bar.fillBoard(b.Context(), mustStore(b, bar)); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// barWithEnded is a bar with the orders of the demonstration, and copies of one that has ended.
func barWithEnded(b *testing.B, ended int) *bar {
	b.Helper()
	s := settings{
		db: filepath.Join(b.TempDir(), "bar.db"), seed: true,
		drinkTimeout: time.Hour, completionTimeout: time.Hour, shelfTimeout: time.Hour,
	}
	table, err := readTable("")
	if err != nil {
		b.Fatal(err)
	}
	bar, err := open(b.Context(), s, table, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	bar.close()
	db, err := sqlitestore.Open(b.Context(), s.db)
	if err != nil {
		b.Fatal(err)
	}
	for _, table := range []struct{ name, id, columns, values string }{
		{"ordermanager_orders", "id", "customer, created_at", "'Dana', created_at - n * 1000"},
		{"ordermanager_workflows", "order_id", "customer", "'Dana'"},
	} {
		var rest string
		err := db.QueryRowContext(b.Context(), "SELECT group_concat(name, ', ') FROM pragma_table_info(?) "+
			"WHERE name NOT IN (?, 'customer', 'created_at')", table.name, table.id).Scan(&rest)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := db.ExecContext(b.Context(), fmt.Sprintf(
			"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) "+
				"INSERT INTO %s (%s, %s, %s) SELECT 'old-' || n, %s, %s FROM %[2]s, numbers WHERE %[3]s = 'demo-03'",
			ended, table.name, table.id, table.columns, rest, table.values, rest)); err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	if bar, err = open(b.Context(), s, table, slog.New(slog.DiscardHandler)); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(bar.close)
	return bar
}

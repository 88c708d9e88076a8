package sqlitestore_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/memory"
)

// BenchmarkTransition compares a claim or a release through the Manager with the same UPDATE … RETURNING as somebody
// would write it by hand for this one action: prepared once, on the same kind of file with the same settings and
// indexes, with the same guards and the same columns returned.
func BenchmarkTransition(b *testing.B) {
	for _, sync := range []string{"full", "off"} {
		b.Run("sync="+sync, func(b *testing.B) {
			b.Run("manager", func(b *testing.B) {
				bench(b, sync, func(db *sql.DB, store *sqlitestore.Store) act {
					manager, err := ordermanager.New(store, ordermanager.NoMenu(), new(memory.Resumer), nil)
					if err != nil {
						b.Fatal(err)
					}
					return func(ctx context.Context, orderID, requestID string, claim bool) error {
						do := manager.Unmake
						if claim {
							do = manager.Make
						}
						_, err := do(ctx, ordermanager.Request{OrderID: orderID, Actor: ordermanager.Barista("3"), RequestID: requestID})
						return err
					}
				})
			})
			b.Run("by hand", func(b *testing.B) { bench(b, sync, byHand(b)) })
		})
	}
}

type act func(ctx context.Context, orderID, requestID string, claim bool) error

// bench claims and releases orders in turn, each as often as an ordinary order sees.
func bench(b *testing.B, sync string, prepare func(*sql.DB, *sqlitestore.Store) act) {
	b.Helper()
	db := open(b, tempFile(b))
	db.SetMaxOpenConns(1) // so that the setting is the connection's; there is one writer anyway
	if _, err := db.ExecContext(b.Context(), "PRAGMA synchronous = "+sync); err != nil {
		b.Fatal(err)
	}
	store := newStore(b, db)
	do := prepare(db, store)
	const batch, steps = 64, 4
	first, n := 0, batch*steps
	for b.Loop() {
		if n == batch*steps {
			b.StopTimer()
			first, n = first+batch, 0
			for i := range batch {
				id := fmt.Sprint(first + i)
				mustApply(b, store, create(id, "ada", "", start))
				mustApply(b, store, put(id, "ada", "put"))
			}
			b.StartTimer()
		}
		if err := do(b.Context(), fmt.Sprint(first+n%batch), strconv.Itoa(n), n/batch%2 == 0); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func byHand(b *testing.B) func(*sql.DB, *sqlitestore.Store) act {
	return func(db *sql.DB, _ *sqlitestore.Store) act {
		const returning = ` RETURNING id, customer, venue, robot, state, drink, number, barista, reason, created_at, updated_at, version,
			history, first_token, first_at, second_token, second_at, owed_events`
		const appended = `history = substr(history, 1, length(history) - 1) || ?, version = version + 1, updated_at = ?`
		//nolint:sqlclosecheck // both are closed with the database
		claim, err := db.PrepareContext(b.Context(), `UPDATE ordermanager_orders SET `+appended+
			`, state = 'making', barista = ?
			WHERE id = ? AND instr(history, ?) = 0 AND state = 'pending' AND drink IS NOT NULL AND version < 100`+returning)
		if err != nil {
			b.Fatal(err)
		}
		//nolint:sqlclosecheck // both are closed with the database
		release, err := db.PrepareContext(b.Context(), `UPDATE ordermanager_orders SET `+appended+
			`, state = 'pending', barista = ''
			WHERE id = ? AND instr(history, ?) = 0 AND state = 'making' AND barista = ?`+returning)
		if err != nil {
			b.Fatal(err)
		}
		return func(ctx context.Context, orderID, requestID string, claiming bool) error {
			now := time.Now().UnixMilli()
			entry := func(action, state string) string {
				return fmt.Sprintf(
					`,{"requestId":"%s","action":"%s","state":"%s","role":"barista","actor":"3","at":%d}]`, requestID, action, state,
					now,
				)
			}
			known := fmt.Sprintf(`{"requestId":"%s",`, requestID)
			var row *sql.Row
			if claiming {
				row = claim.QueryRowContext(ctx, entry("make", "making"), now, "3", orderID, known)
			} else {
				row = release.QueryRowContext(ctx, entry("unmake", "pending"), now, orderID, known, "3")
			}
			var id, customer, venue, state, number, barista, reason, history, owed string
			var drink, firstToken, secondToken sql.NullString
			var firstAt, secondAt sql.NullInt64
			var created, updated, version int64
			var robot bool
			return row.Scan(&id, &customer, &venue, &robot, &state, &drink, &number, &barista, &reason, &created, &updated, &version,
				&history, &firstToken, &firstAt, &secondToken, &secondAt, &owed)
		}
	}
}

// BenchmarkConcurrentTransitions lets so many callers claim and release orders at once, and counts the commits for each
// transition: with full syncing that is how often the disk is synced.
func BenchmarkConcurrentTransitions(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			path := tempFile(b)
			db := open(b, path)
			store := newStore(b, db)
			const orders = 512 // so that histories stay short
			for id := range orders {
				mustApply(b, store, create(fmt.Sprint(id), "ada", "", start))
			}
			before := commits(b, path)
			var next atomic.Int64
			var working sync.WaitGroup
			b.ResetTimer()
			for range callers {
				working.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						transition := note(fmt.Sprint(n%orders), fmt.Sprint(n))
						transition.Entry.Reason = ""
						if result, err := store.Apply(b.Context(), transition); err != nil || !result.Applied {
							b.Error(result, err)
							return
						}
					}
				})
			}
			working.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "transitions/s")
			b.ReportMetric(float64(commits(b, path)-before)/float64(b.N), "commits/op")
		})
	}
}

// BenchmarkAgainstRaw lets 64 callers claim and release orders through the Manager, and then executes as many prepared
// updates one after another, in transactions of as many as shared a commit before: of a table with one number, and of
// the table of orders with what a claim or a release changes.
func BenchmarkAgainstRaw(b *testing.B) {
	const callers, steps = 64, 4 // of an order, as many as an ordinary one sees
	each := max(1, b.N/callers/steps)
	path := tempFile(b)
	db := open(b, path)
	store := newStore(b, db)
	manager, err := ordermanager.New(store, ordermanager.NoMenu(), new(memory.Resumer), nil)
	if err != nil {
		b.Fatal(err)
	}
	var working sync.WaitGroup
	for caller := range callers {
		working.Go(func() {
			for id := range each {
				mustApply(b, store, create(fmt.Sprint(caller*each+id), "ada", "", start))
				mustApply(b, store, put(fmt.Sprint(caller*each+id), "ada", "put"))
			}
		})
	}
	working.Wait()
	before := commits(b, path)
	began := time.Now()
	for caller := range callers {
		working.Go(func() {
			for n := range each * steps {
				do := manager.Make
				if n/each%2 == 1 {
					do = manager.Unmake
				}
				request := ordermanager.Request{
					OrderID: fmt.Sprint(caller*each + n%each), Actor: ordermanager.Barista("3"), RequestID: fmt.Sprint(n),
				}
				if _, err := do(b.Context(), request); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	working.Wait()
	done := callers * each * steps
	transitions := float64(done) / time.Since(began).Seconds()
	batch := float64(done) / float64(commits(b, path)-before)
	b.ReportMetric(transitions, "transitions/s")
	b.ReportMetric(batch, "transitions/commit")
	plain := updates(b, "UPDATE plain SET n = n + 1 WHERE id = ?", callers*each, done, int(batch))
	b.ReportMetric(transitions/plain, "of-plain")
	orders := updates(b, `UPDATE ordermanager_orders SET version = version + 1, updated_at = updated_at + 1,
		changed = coalesce(changed, 0) + 1000, state = CASE state WHEN 'making' THEN 'pending' ELSE 'making' END,
		barista = CASE barista WHEN '' THEN '3' ELSE '' END WHERE id = ?`, callers*each, done, int(batch))
	b.ReportMetric(transitions/orders, "of-orders")
	b.ReportMetric(0, "ns/op") // of all three together
}

// updates executes an update of rows n times, so many in a transaction, and returns how many that are in a second.
func updates(b *testing.B, text string, rows, n, batch int) float64 {
	b.Helper()
	db := open(b, tempFile(b))
	store := newStore(b, db)
	if _, err := db.ExecContext(b.Context(), "CREATE TABLE plain (id TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT"); err != nil {
		b.Fatal(err)
	}
	fill(b, db, store, rows)
	if _, err := db.ExecContext(b.Context(), "INSERT INTO plain SELECT id, 0 FROM ordermanager_orders"); err != nil {
		b.Fatal(err)
	}
	update, err := db.PrepareContext(b.Context(), text)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = update.Close() }()
	began := time.Now()
	for first := 0; first < n; first += batch {
		tx, err := db.BeginTx(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		bound := tx.StmtContext(b.Context(), update) //nolint:sqlclosecheck // the transaction closes it
		for i := first; i < min(first+batch, n); i++ {
			if _, err := bound.ExecContext(b.Context(), fmt.Sprint("order-", 1+i%rows)); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(began).Seconds()
}

// commits is how many commits there were since the file was opened, as the index of the -wal file has it: iChange in
// "WAL-mode File Format" of SQLite's documentation.
func commits(b *testing.B, path string) uint32 {
	b.Helper()
	index, err := os.ReadFile(path + "-shm")
	if err != nil {
		b.Fatal(err)
	}
	return binary.NativeEndian.Uint32(index[8:])
}

// BenchmarkQueue reads the first page of the barista's queue beside ever more orders that are done. A million takes
// minutes to prepare: set ORDERMANAGER_BENCH_MILLION=1.
func BenchmarkQueue(b *testing.B) {
	sizes := []int{1_000, 100_000}
	if os.Getenv("ORDERMANAGER_BENCH_MILLION") != "" {
		sizes = append(sizes, 1_000_000)
	}
	for _, size := range sizes {
		b.Run(fmt.Sprint("orders=", size), func(b *testing.B) {
			db := open(b, tempFile(b))
			store := newStore(b, db)
			fill(b, db, store, size)
			query := ordermanager.Query{Venue: "NYC", State: ordermanager.StatePending, Limit: 50}
			for b.Loop() {
				page, err := store.List(b.Context(), query)
				if err != nil || len(page.Orders) != query.Limit {
					b.Fatal(len(page.Orders), err)
				}
			}
		})
	}
}

// fill copies one order: a tenth of them waits in the queue, spread over all ages, the rest is completed.
func fill(b *testing.B, db *sql.DB, store *sqlitestore.Store, size int) {
	b.Helper()
	mustApply(b, store, create("0", "ada", "NYC", start))
	mustApply(b, store, put("0", "ada", "put"))
	_, err := db.ExecContext(b.Context(), `
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO ordermanager_orders (id, customer, venue, robot, state, drink, created_at, updated_at, version, history)
		SELECT format('order-%d', i), format('customer-%d', i % 1000), venue, robot, iif(i % 10 = 0, 'pending', 'completed'),
			drink, created_at + i, updated_at + i, version, history
		FROM n, ordermanager_orders WHERE id = '0'`, size)
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkChanges is how long it takes until somebody is told of a change, in the process that made it and in another.
func BenchmarkChanges(b *testing.B) {
	path := tempFile(b)
	store := newStore(b, open(b, path))
	for name, reader := range map[string]*sqlitestore.Store{"own": store, "another": newStore(b, open(b, path))} {
		b.Run(name, func(b *testing.B) {
			now, err := reader.Changes(b.Context(), "", 0)
			if err != nil {
				b.Fatal(err)
			}
			for n := 0; b.Loop(); n++ {
				told := make(chan error)
				go func() {
					for id := ""; id != fmt.Sprint(name, n); {
						changes, err := reader.Changes(b.Context(), now.Position, time.Minute)
						if now = changes; err != nil {
							told <- err
						}
						id = changes.Orders[len(changes.Orders)-1].ID
					}
					told <- nil
				}()
				mustApply(b, store, create(fmt.Sprint(name, n), "ada", "", start))
				if err := <-told; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

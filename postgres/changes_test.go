package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/pgtest"
	"github.com/brewline/ordermanager/postgres"
	"github.com/brewline/ordermanager/watch"
)

// patience only ends tests that fail.
const patience = time.Minute

// reader reads the changes of a store, from now on.
type reader struct {
	t        testing.TB
	store    *postgres.Store
	position string
	// versions are the latest that it was told of, and told counts what came.
	versions map[string]int
	told     map[string]int
}

func newReader(t testing.TB, store *postgres.Store) *reader {
	t.Helper()
	r := &reader{t: t, store: store, versions: map[string]int{}, told: map[string]int{}}
	must(t, r.read(0))
	return r
}

func (r *reader) read(wait time.Duration) error {
	changes, err := r.store.Changes(r.t.Context(), r.position, wait)
	if err != nil {
		return err
	}
	r.position = changes.Position
	for _, o := range changes.Orders {
		r.versions[o.ID] = max(r.versions[o.ID], o.Version)
		r.told[o.ID]++
	}
	return nil
}

// until reads until it was told of a version, whatever fails on the way.
func (r *reader) until(id string, version int) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); r.versions[id] < version; {
		if err := r.read(time.Second); errors.Is(err, watch.ErrPositionUnknown) || time.Now().After(deadline) {
			r.t.Fatalf("it was not told of version %d of %s, but of %v (%v)", version, id, r.versions, err)
		}
	}
}

// drain reads what there is.
func (r *reader) drain() {
	r.t.Helper()
	for before := ""; before != r.position; {
		before = r.position
		must(r.t, r.read(0))
	}
}

// What a transaction changed that took longer is told when it is committed, holds up nobody, and makes nobody hear
// twice.
func TestAChangeThatIsCommittedLateIsNotMissed(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	for _, id := range []string{"early", "late"} {
		must(t, s.start(ctx, id))
	}
	r := newReader(t, s.store)
	tx, err := s.pool.Begin(ctx)
	must(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = s.act(postgres.InTx(ctx, tx), "late", ordermanager.ActionPut, ordermanager.Customer("ada"))
	must(t, err)
	_, err = s.act(ctx, "early", ordermanager.ActionPut, ordermanager.Customer("ada"))
	must(t, err)
	r.until("early", 2)
	r.drain()
	if r.told["late"] > 0 || r.told["early"] != 1 {
		t.Errorf("before the commit it was told %v", r.told)
	}
	must(t, tx.Commit(ctx))
	r.until("late", 2)
	r.drain()
	if r.told["early"] != 1 || r.told["late"] != 1 {
		t.Errorf("after the commit it was told %v", r.told)
	}
}

func TestMoreChangesThanComeAtOnceComeInParts(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	r := newReader(t, s.store)
	const orders = 300
	tx, err := s.pool.Begin(ctx)
	must(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	for n := range orders { // all of them by one transaction, and as many by others
		must(t, s.start(postgres.InTx(ctx, tx), fmt.Sprint("together-", n)))
		must(t, s.start(ctx, fmt.Sprint("alone-", n)))
	}
	must(t, tx.Commit(ctx))
	r.drain()
	if len(r.versions) != 2*orders {
		t.Errorf("it was told of %d orders", len(r.versions))
	}
}

// listening counts the connections of a pool's processes that listen.
func listening(t testing.TB, pool *pgxpool.Pool, name string) (n int) {
	t.Helper()
	const count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN %'"
	must(t, pool.QueryRow(t.Context(), count, name).Scan(&n))
	return n
}

func eventually(t testing.TB, what string, look func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !look(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came to this: ", what)
		}
	}
}

// However many wait, one connection listens; it comes back when it is cut, nothing is missed, and it goes with the
// last.
func TestAConnectionThatIsCutWhileItListensMissesNothing(t *testing.T) {
	url := pgtest.URL(t)
	pool := pgtest.Pool(t, url)
	options := pgtest.Schema(t, pool)
	name := options.Schema
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	named := pgtest.Pool(t, url+separator+"application_name="+name)
	s := newShopOn(t, pool, options)
	waiting, err := postgres.NewStore(t.Context(), named, options)
	must(t, err)
	ctx, leave := context.WithCancel(t.Context())
	begin := newReader(t, waiting).position
	var working sync.WaitGroup
	for range 10 {
		working.Go(func() {
			for r := (&reader{t: t, position: begin}); ctx.Err() == nil; {
				changes, err := waiting.Changes(ctx, r.position, time.Minute)
				if err == nil {
					r.position = changes.Position
				}
			}
		})
	}
	eventually(t, "one connection listens", func() bool { return listening(t, pool, name) == 1 })
	r := newReader(t, waiting)
	for n := range 3 {
		const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE application_name = $1 AND query LIKE 'LISTEN %'`
		_, err := pool.Exec(t.Context(), cut, name)
		must(t, err)
		must(t, s.start(t.Context(), fmt.Sprint(n)))
		r.until(fmt.Sprint(n), 1)
		eventually(t, "it listens again", func() bool { return listening(t, pool, name) == 1 })
	}
	if len(r.versions) != 3 {
		t.Errorf("it was told of %v", r.versions)
	}
	leave()
	working.Wait()
	eventually(t, "nobody listens any more", func() bool { return listening(t, pool, name) == 0 })
}

// A process that ends after a commit and before it told anybody has written like this.
func TestAChangeThatNobodyToldOfIsFound(t *testing.T) {
	s := newShop(t)
	must(t, s.start(t.Context(), "1"))
	r := newReader(t, s.store)
	const write = ".orders SET version = version + 1, changed = pg_current_xact_id()"
	_, err := s.pool.Exec(t.Context(), "UPDATE "+s.options.Schema+write)
	must(t, err)
	r.until("1", 2)
}

// Invariant 5: what was acknowledged is told, however often the server was killed in between.
func TestAKilledServerTellsOfEverythingThatItAcknowledged(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server and kills it twice")
	}
	server := ownServer(t)
	pool, err := postgres.Open(t.Context(), server.URL())
	must(t, err)
	defer pool.Close()
	s := newShopOn(t, pool, nil)
	r := newReader(t, s.store)
	told := &acknowledged{versions: map[string]int{}, requests: map[string][]string{}}
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for n := range 4 {
		working.Go(func() { s.write(ctx, t, n, told) })
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for ctx.Err() == nil {
			if err := r.read(time.Second); errors.Is(err, watch.ErrPositionUnknown) {
				t.Error(err)
			} else if err != nil {
				<-time.After(20 * time.Millisecond)
			}
		}
	}()
	for range 2 {
		told.waitForMore(t, 100)
		must(t, server.Kill())
		must(t, server.Restart(t.Context()))
	}
	told.waitForMore(t, 100)
	stop()
	working.Wait()
	<-read
	for id, version := range told.versions {
		r.until(id, version)
	}
	t.Logf("%d orders, %d writes met a server that was killed", len(told.versions), told.unknown)
}

// Tables that were restored are not those whose changes were told.
func TestAPositionIsUnknownToOtherTables(t *testing.T) {
	s := newShop(t)
	position := newReader(t, s.store).position
	_, err := s.pool.Exec(t.Context(), "DROP SCHEMA "+s.options.Schema+" CASCADE")
	must(t, err)
	restored := newShopOn(t, s.pool, s.options)
	if _, err := restored.store.Changes(t.Context(), position, 0); !errors.Is(err, watch.ErrPositionUnknown) {
		t.Errorf("tables of before: %v", err)
	}
	table, _, _ := strings.Cut(newReader(t, restored.store).position, "-")
	for _, text := range []string{
		"9223372036854775000:9223372036854775000:", "", "1", "3:2:", "1:9:10", "5:9:4", "0:1:", "1:9:8,7", "x:1:",
	} {
		_, err := restored.store.Changes(t.Context(), table+"-"+text, 0)
		if !errors.Is(err, watch.ErrPositionUnknown) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/pgtest"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/postgres"
)

var menu = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})

// shop is a Manager on PostgreSQL.
type shop struct {
	pool    *pgxpool.Pool
	options *postgres.Options
	store   *postgres.Store
	manager *ordermanager.Manager
	resumer *memory.Resumer
	events  *memory.Publisher
}

func newShop(t testing.TB) *shop {
	t.Helper()
	pool := pgtest.Pool(t, pgtest.URL(t))
	return newShopOn(t, pool, pgtest.Schema(t, pool))
}

func newShopOn(t testing.TB, pool *pgxpool.Pool, options *postgres.Options) *shop {
	t.Helper()
	s := &shop{pool: pool, options: options, resumer: &memory.Resumer{}, events: &memory.Publisher{}}
	var err error
	if s.store, err = postgres.NewStore(t.Context(), s.pool, s.options); err != nil {
		t.Fatal(err)
	}
	s.manager, err = ordermanager.New(s.store, menu, s.resumer, &ordermanager.Options{Publisher: s.events})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start begins an order, as a workflow does.
func (s *shop) start(ctx context.Context, orderID string) error {
	_, err := s.manager.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
		OrderID: orderID, Customer: "ada", Token: s.resumer.Issue(), At: time.Now(),
	})
	return err
}

func (s *shop) act(
	ctx context.Context, orderID string, action ordermanager.Action, actor ordermanager.Actor,
) (ordermanager.Receipt, error) {
	return s.manager.Handle(ctx, ordermanager.Request{
		OrderID: orderID, Action: action, Actor: actor, RequestID: string(action) + " by " + actor.ID,
		Drink: map[ordermanager.Action]ordermanager.DrinkOrder{ordermanager.ActionPut: {Drink: "Latte"}}[action],
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError checks that the error is the one that is promised, and that it says more than that.
func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	if err.Error() == want.Error() {
		t.Errorf("%v does not say what happened", err)
	}
}

func TestReplicasThatStartAtOnceMakeTheTablesOnce(t *testing.T) {
	pool := pgtest.Pool(t, pgtest.URL(t))
	options := pgtest.Schema(t, pool)
	var starting sync.WaitGroup
	for range 8 {
		starting.Go(func() {
			if _, err := postgres.NewStore(t.Context(), pool, options); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
	must(t, newShopOn(t, pool, options).start(t.Context(), "1"))
}

func TestTablesOfANewerVersionAreNotTouched(t *testing.T) {
	s := newShop(t)
	must(t, s.start(t.Context(), "1"))
	_, err := s.pool.Exec(t.Context(), "UPDATE "+s.options.Schema+".schema_version SET version = 99")
	must(t, err)
	_, err = postgres.NewStore(t.Context(), s.pool, s.options)
	wantError(t, err, postgres.ErrNewerSchema)
	if o, err := s.store.Get(t.Context(), "1"); err != nil || o == nil {
		t.Errorf("the order is gone: %v", err)
	}
}

func TestTheSQLOfTheTablesCanBeRunBySomebodyElse(t *testing.T) {
	pool := pgtest.Pool(t, pgtest.URL(t))
	options := pgtest.Schema(t, pool)
	text, err := postgres.SQL(t.Context(), pool, options)
	must(t, err)
	must(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := tx.Conn().PgConn().Exec(t.Context(), text).ReadAll()
		return err
	}))
	if text, err = postgres.SQL(t.Context(), pool, options); err != nil || text != "" {
		t.Errorf("something is still missing: %v\n%s", err, text)
	}
	must(t, newShopOn(t, pool, options).start(t.Context(), "1"))
}

func TestASchemaWhoseNameCannotBeIsRefused(t *testing.T) {
	for _, name := range []string{strings.Repeat("x", 64), "pg_orders", "a\x00b"} {
		if _, err := postgres.NewStore(
			t.Context(), nil, &postgres.Options{Schema: name},
		); !errors.Is(err, ordermanager.ErrInvalidOptions) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A name is a name, whatever is in it.
func TestASchemaMayHaveAnyName(t *testing.T) {
	pool := pgtest.Pool(t, pgtest.URL(t))
	options := pgtest.Schema(t, pool)
	options.Schema = `A "b"; ? $1 -- ` + options.Schema
	t.Cleanup(func() {
		_, err := pool.Exec(context.Background(), "DROP SCHEMA "+pgx.Identifier{options.Schema}.Sanitize()+" CASCADE")
		if err != nil {
			t.Error(err)
		}
	})
	s := newShopOn(t, pool, options)
	must(t, s.start(t.Context(), "1"))
	if _, err := s.act(t.Context(), "1", ordermanager.ActionPut, ordermanager.Customer("ada")); err != nil {
		t.Error(err)
	}
}

// as returns the server's URL with another user, and what makes and unmakes that user.
func as(t *testing.T, pool *pgxpool.Pool, name, attributes string) string {
	t.Helper()
	_, err := pool.Exec(t.Context(), "CREATE ROLE "+name+" LOGIN PASSWORD 'secret' "+attributes)
	must(t, err)
	t.Cleanup(func() {
		_, err := pool.Exec(context.Background(), "DROP OWNED BY "+name+"; DROP ROLE "+name, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(pgtest.URL(t))
	must(t, err)
	u.User = url.UserPassword(name, "secret")
	return u.String()
}

func TestAUserWithoutPrivilegesIsSaidSo(t *testing.T) {
	s := newShop(t)
	must(t, s.start(t.Context(), "1"))
	name := "user_" + strings.TrimPrefix(s.options.Schema, "test_")
	pool := pgtest.Pool(t, as(t, s.pool, name, ""))

	_, err := postgres.NewStore(t.Context(), pool, &postgres.Options{Schema: name + "_own"})
	wantError(t, err, postgres.ErrPrivileges) // it may not make a schema

	// What docs/postgres.md says that a user needs who may not change tables is enough.
	for _, grant := range []string{
		"GRANT USAGE ON SCHEMA %[1]s TO %[2]s", "GRANT SELECT ON ALL TABLES IN SCHEMA %[1]s TO %[2]s",
	} {
		_, err := s.pool.Exec(t.Context(), fmt.Sprintf(grant, s.options.Schema, name))
		must(t, err)
	}
	reader := newShopOn(t, pool, s.options)
	if o, err := reader.store.Get(t.Context(), "1"); err != nil || o == nil {
		t.Errorf("a reader cannot read: %v", err)
	}
	wantError(t, reader.start(t.Context(), "2"), postgres.ErrPrivileges)
	_, err = s.pool.Exec(
		t.Context(), fmt.Sprintf("GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA %s TO %s", s.options.Schema, name),
	)
	must(t, err)
	must(t, reader.start(t.Context(), "2"))
}

func TestAServerThatCannotBeReachedOrEnteredIsSaidSo(t *testing.T) {
	given := pgtest.URL(t)
	change := func(do func(u *url.URL)) string {
		u, err := url.Parse(given)
		must(t, err)
		do(u)
		return u.String()
	}
	for name, tt := range map[string]struct {
		url  string
		want error
	}{
		"nothing listens":  {change(func(u *url.URL) { u.Host = "127.0.0.1:1" }), postgres.ErrUnreachable},
		"a wrong password": {change(func(u *url.URL) { u.User = url.UserPassword("postgres", "wrong") }), postgres.ErrLogin},
		"no such database": {change(func(u *url.URL) { u.Path = "/nowhere" }), postgres.ErrLogin},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := postgres.Open(t.Context(), tt.url)
			wantError(t, err, tt.want)
			if strings.Contains(err.Error(), "wrong") && strings.Contains(err.Error(), ":wrong@") {
				t.Errorf("%v tells the password", err)
			}
		})
	}
}

func TestAServerWithoutConnectionsIsSaidSo(t *testing.T) {
	s := newShop(t)
	name := "user_" + strings.TrimPrefix(s.options.Schema, "test_")
	url := as(t, s.pool, name, "CONNECTION LIMIT 1")
	pgtest.Pool(t, url) // which has the one
	_, err := postgres.Open(t.Context(), url)
	wantError(t, err, postgres.ErrTooManyConnections)
}

// After a failover a replica may still be connected to what is a standby now.
func TestAServerThatTakesNoWritesIsSaidSo(t *testing.T) {
	s := newShop(t)
	must(t, s.start(t.Context(), "1"))
	u, err := url.Parse(pgtest.URL(t))
	must(t, err)
	u.RawQuery = "options=-c%20default_transaction_read_only%3Don"
	standby := newShopOn(t, pgtest.Pool(t, u.String()), s.options)
	err = standby.start(t.Context(), "2")
	wantError(t, err, postgres.ErrReadOnly)
	if !errors.Is(err, ordermanager.ErrStore) {
		t.Errorf("%v is not a failure of the store", err)
	}
	if o, err := standby.store.Get(t.Context(), "1"); err != nil || o == nil {
		t.Errorf("reading does not go on: %v", err)
	}
}

// A pooler in transaction mode gives one client the session in which another one prepared its statements.
func TestAPoolerThatLosesPreparedStatementsIsSaidSo(t *testing.T) {
	s := newShop(t)
	one := func(mode string) *shop {
		u, err := url.Parse(pgtest.URL(t))
		must(t, err)
		u.RawQuery = "pool_max_conns=1" + mode
		return newShopOn(t, pgtest.Pool(t, u.String()), s.options)
	}
	cached, lost := one(""), one("")
	get := func(s *shop) error {
		_, err := s.store.Get(t.Context(), "1")
		return err
	}
	const simply = pgx.QueryExecModeSimpleProtocol
	must(t, get(cached))
	var statement string
	must(t, cached.pool.QueryRow(
		t.Context(), "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%WHERE id = $1'", simply,
	).Scan(&statement))
	_, err := cached.pool.Exec(t.Context(), "DEALLOCATE ALL", simply)
	must(t, err)
	_, err = lost.pool.Exec(t.Context(), "PREPARE "+statement+" AS SELECT 1", simply)
	must(t, err)
	wantError(t, get(cached), postgres.ErrPooler) // it no longer exists
	wantError(t, get(lost), postgres.ErrPooler)   // it exists already

	exec := one("&default_query_exec_mode=exec")
	must(t, get(exec))
	must(t, exec.start(t.Context(), "1"))
	_, err = exec.pool.Exec(t.Context(), "DEALLOCATE ALL", simply)
	must(t, err)
	must(t, exec.start(t.Context(), "2"))
}

func TestTablesThatWereDroppedAreSaidSo(t *testing.T) {
	s := newShop(t)
	_, err := s.pool.Exec(t.Context(), "DROP SCHEMA "+s.options.Schema+" CASCADE")
	must(t, err)
	wantError(t, s.start(t.Context(), "1"), postgres.ErrNoTables)
}

func TestARowThatIsNotAnOrderIsPassedOver(t *testing.T) {
	s := newShop(t)
	for _, id := range []string{"1", "2", "3"} {
		must(t, s.start(t.Context(), id))
	}
	_, err := s.pool.Exec(t.Context(), "UPDATE "+s.options.Schema+".orders SET drink = 'x' WHERE id = '2'")
	must(t, err)
	_, err = s.store.Get(t.Context(), "2")
	wantError(t, err, postgres.ErrCorrupt)
	page, err := s.store.List(t.Context(), ordermanager.Query{Customer: "ada", Limit: 10})
	must(t, err)
	if len(page.Orders) != 2 || len(page.Skipped) != 1 || page.Skipped[0].OrderID != "2" ||
		!errors.Is(page.Skipped[0].Err, postgres.ErrCorrupt) {
		t.Errorf("%+v", page)
	}
}

// A caller who gives up is answered, nothing goes on behind its back, and its connection can be used again.
func TestACallerThatGivesUpLeavesNothingBehind(t *testing.T) {
	s := newShop(t)
	must(t, s.start(t.Context(), "1"))
	tx, err := s.pool.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "SELECT 1 FROM "+s.options.Schema+".orders WHERE id = '1' FOR UPDATE")
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = s.act(ctx, "1", ordermanager.ActionPut, ordermanager.Customer("ada"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	must(t, tx.Rollback(t.Context()))
	if o, err := s.store.Get(t.Context(), "1"); err != nil || o.Version != 1 {
		t.Errorf("it was written afterwards: %+v, %v", o, err)
	}
}

// Invariants 4 and 5: what is in a transaction is told to nobody before the commit, and is not lost after it.
func TestAnOrderMovesInsideTheCallersTransaction(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	_, err := s.pool.Exec(ctx, "CREATE TABLE "+s.options.Schema+".invoices (order_id text)")
	must(t, err)
	must(t, s.start(ctx, "1"))
	move := func(commit bool) {
		t.Helper()
		tx, err := s.pool.Begin(ctx)
		must(t, err)
		defer func() { _ = tx.Rollback(ctx) }()
		_, err = tx.Exec(ctx, "INSERT INTO "+s.options.Schema+".invoices VALUES ('1')")
		must(t, err)
		inTx := postgres.InTx(ctx, tx)
		for _, step := range []struct {
			action ordermanager.Action
			actor  ordermanager.Actor
		}{{ordermanager.ActionPut, ordermanager.Customer("ada")}, {ordermanager.ActionMake, ordermanager.Barista("bo")}} {
			receipt, err := s.act(inTx, "1", step.action, step.actor)
			must(t, err)
			if receipt.Resume != ordermanager.ResumeNone || receipt.Events != ordermanager.EventsNone {
				t.Errorf("%s: somebody was told before the commit: %+v", step.action, receipt)
			}
		}
		// Another barista is refused by what the transaction has written, and the transaction goes on.
		if _, err := s.act(
			inTx, "1", ordermanager.ActionMake, ordermanager.Barista("cy"),
		); !errors.Is(err, ordermanager.ErrClaimed) {
			t.Errorf("the second claim: %v", err)
		}
		if report, err := s.manager.Redrive(inTx, nil); err != nil || report.Delivered+report.Published > 0 {
			t.Errorf("a redrive told of what is not committed: %+v, %v", report, err)
		}
		if len(s.resumer.Answered()) > 0 || len(s.events.Events()) > 0 {
			t.Error("somebody was told before the commit")
		}
		if commit {
			must(t, tx.Commit(ctx))
		}
	}
	state := func() (o *ordermanager.Order, invoices int) {
		t.Helper()
		o, err := s.store.Get(ctx, "1")
		must(t, err)
		must(t, s.pool.QueryRow(ctx, "SELECT count(*) FROM "+s.options.Schema+".invoices").Scan(&invoices))
		return o, invoices
	}
	move(false)
	if o, invoices := state(); o.State != ordermanager.StatePending || o.Version != 1 || invoices != 0 {
		t.Errorf("something of the rolled-back transaction is there: %+v, %d invoices", o, invoices)
	}
	move(true)
	if o, invoices := state(); o.State != ordermanager.StateMaking || invoices != 1 || !o.Owes() {
		t.Errorf("something of the transaction is not there: %+v, %d invoices", o, invoices)
	}
	report, err := s.manager.Redrive(ctx, nil)
	if want := (ordermanager.RedriveReport{Orders: 1, Delivered: 1, Published: 1}); err != nil ||
		!cmp.Equal(want, report) {
		t.Errorf("after the commit: %+v, %v", report, err)
	}
}

// Repeating the request after the commit delivers at once.
func TestAfterTheCommitTheSameRequestDelivers(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	must(t, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		inTx := postgres.InTx(ctx, tx)
		if err := s.start(inTx, "1"); err != nil {
			return err
		}
		_, err := s.act(inTx, "1", ordermanager.ActionPut, ordermanager.Customer("ada"))
		return err
	}))
	receipt, err := s.act(ctx, "1", ordermanager.ActionPut, ordermanager.Customer("ada"))
	if err != nil || !receipt.Replayed || receipt.Resume != ordermanager.ResumeDelivered {
		t.Errorf("%+v, %v", receipt, err)
	}
}

// A transaction that sees the past is told that it lost, and not that the order is as it was.
func TestARaceInASerializableTransactionIsAConflict(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	must(t, s.start(ctx, "1"))
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable})
	must(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = s.store.Get(postgres.InTx(ctx, tx), "1") // it sees the database as of now
	must(t, err)
	_, err = s.act(ctx, "1", ordermanager.ActionPut, ordermanager.Customer("ada"))
	must(t, err)
	_, err = s.act(postgres.InTx(ctx, tx), "1", ordermanager.ActionCancel, ordermanager.Customer("ada"))
	wantError(t, err, postgres.ErrConflict)
}

// Invariant 2: a loser is told by its own refused write which order stood against it, however fast that changes.
func TestARefusalShowsTheOrderThatItIsAbout(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	must(t, s.start(ctx, "1"))
	move := func(n int, from, to ordermanager.State) ordermanager.Transition {
		return ordermanager.Transition{
			OrderID: "1", Guards: ordermanager.Guards{
				States: []ordermanager.State{from},
			}, Assign: ordermanager.Assignment{State: to},
			Entry: ordermanager.Entry{Action: ordermanager.ActionMake, RequestID: fmt.Sprint(n), At: time.Now()},
		}
	}
	const pending, making = ordermanager.StatePending, ordermanager.StateMaking
	var racing sync.WaitGroup
	racing.Go(func() {
		for n := range 200 {
			if _, err := s.store.Apply(ctx, move(2*n, pending, making)); err != nil {
				t.Error(err)
			}
			if _, err := s.store.Apply(ctx, move(2*n+1, making, pending)); err != nil {
				t.Error(err)
			}
		}
	})
	refused := 0
	for n := range 400 {
		never := move(-n-1, making, making)
		never.Entry.Reason = "seen"
		result, err := s.store.Apply(ctx, never)
		must(t, err)
		if !result.Applied {
			refused++
			if never.Permits(result.Order) {
				t.Fatalf("refused by an order that permits it: %s", result.Order.State)
			}
		}
	}
	racing.Wait()
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqlstore"
)

// Store is an [ordermanager.Store] in PostgreSQL. It is safe for concurrent use, also by several processes.
type Store struct {
	place
	dialect *sqlstore.Dialect
	// listMode is how listings are sent.
	listMode pgx.QueryExecMode
	signal   *signal
}

var _ ordermanager.Store = (*Store)(nil)

// NewStore returns the store in a database, and brings its tables up to date. The pool is one that [Open] returned, or
// your own. Only the pool needs closing.
//
// Errors: [ordermanager.ErrInvalidOptions], [ErrNewerSchema], [ErrServerVersion], [ErrPrivileges], [ErrReadOnly],
// [ErrUnreachable]. After any of them the tables are as they were.
func NewStore(ctx context.Context, pool *pgxpool.Pool, options *Options) (*Store, error) {
	schema, err := options.schema()
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, pool, schema); err != nil {
		return nil, err
	}
	return &Store{
		place: place{pool, schema}, dialect: sqlstore.PostgreSQL(schema), listMode: listMode(pool),
		signal: &signal{pool: pool, schema: schema},
	}, nil
}

// listMode lets the server plan each listing for its values. A generic plan cannot know that one state is rare and
// another very common.
func listMode(pool *pgxpool.Pool) pgx.QueryExecMode {
	if mode := pool.Config().ConnConfig.DefaultQueryExecMode; mode != pgx.QueryExecModeCacheStatement {
		return mode // it was set for a reason, such as a pooler
	}
	return pgx.QueryExecModeCacheDescribe
}

// database executes statements: the pool, or a caller's transaction.
type database interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

func (s *Store) database(ctx context.Context) database {
	if tx := txOf(ctx); tx != nil {
		return tx
	}
	return s.pool
}

// query runs a statement and reads its result.
func query[T any](
	ctx context.Context, s *Store, statement sqlstore.Statement, read func(sqlstore.Rows) (T, error),
) (T, error) {
	var none T
	rows, err := s.database(ctx).Query(ctx, statement.Text, statement.Args...)
	if err != nil {
		return none, classify(ctx, err)
	}
	defer rows.Close()
	found, err := read(rows)
	if err != nil {
		return none, classify(ctx, err)
	}
	return found, nil
}

// Apply implements [ordermanager.Store]. A workflow that [NewWorkflow] returned for the same pool and schema takes part
// in it: see [ordermanager.Joint].
func (s *Store) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	result, err := s.apply(ctx, t)
	if err != nil || !result.Applied {
		return result, err
	}
	tx := txOf(ctx)
	if tx == nil {
		s.signal.send()
		return result, nil
	}
	if _, err := tx.Exec(ctx, notify, channel, s.signal.schema); err != nil { // it is sent with the commit
		return ordermanager.Result{}, classify(ctx, err)
	}
	return result, nil
}

func (s *Store) apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	statement, err := s.dialect.Apply(&t)
	if err != nil {
		return ordermanager.Result{}, err
	}
	statement = statement.Returning()
	if joint := s.dialect.Joint(&t, s.place); joint != nil {
		result, err := jointly(ctx, s.place, s.dialect, statement, joint)
		switch {
		case err == nil && !result.Applied:
			return s.refused(ctx, &t, statement)
		case err == nil || !joint.Apart():
			return result, err
		}
	}
	o, err := query(ctx, s, statement, sqlstore.One)
	if err != nil || o != nil {
		return ordermanager.Result{Applied: o != nil, Order: told(ctx, o)}, err
	}
	return s.refused(ctx, &t, statement)
}

// refused finds the order that refused the write. It may have changed meanwhile, so its row is locked and read, and the
// write retried, in one transaction and one round trip: either the returned order refuses it, or it is applied now.
func (s *Store) refused(
	ctx context.Context, t *ordermanager.Transition, write sqlstore.Statement,
) (ordermanager.Result, error) {
	current := s.dialect.Get(t.OrderID)
	for {
		var before, after *ordermanager.Order
		keep := func(kept **ordermanager.Order) func(pgx.Rows) error {
			return func(rows pgx.Rows) (err error) {
				*kept, err = sqlstore.One(rows)
				return err
			}
		}
		var batch pgx.Batch
		batch.Queue(current.Text+" FOR NO KEY UPDATE", current.Args...).Query(keep(&before))
		batch.Queue(write.Text, write.Args...).Query(keep(&after))
		err := s.database(ctx).SendBatch(ctx, &batch).Close()
		switch {
		case err != nil:
			return ordermanager.Result{}, classify(ctx, err)
		case after != nil:
			return ordermanager.Result{Applied: true, Order: told(ctx, after)}, nil
		case before != nil || t.Create == nil:
			return ordermanager.Result{Order: told(ctx, before)}, nil
		}
		// It was created between the two statements.
	}
}

// Settle implements [ordermanager.Store].
func (s *Store) Settle(ctx context.Context, settlement ordermanager.Settlement) error {
	statement, err := s.dialect.Settle(&settlement)
	if err != nil {
		return err
	}
	if statement.Text == "" {
		return ctx.Err()
	}
	_, err = s.database(ctx).Exec(ctx, statement.Text, statement.Args...)
	return classify(ctx, err)
}

// Get implements [ordermanager.Store].
func (s *Store) Get(ctx context.Context, orderID string) (*ordermanager.Order, error) {
	o, err := query(ctx, s, s.dialect.Get(orderID), sqlstore.One)
	return told(ctx, o), err
}

// List implements [ordermanager.Store], oldest or newest first. It sees every earlier write. Orders come without their
// history, waits and owed events. A row that cannot be read is skipped, with [ErrCorrupt]. Nothing is held open between
// two pages.
func (s *Store) List(ctx context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	statement, err := s.dialect.List(&q)
	if err != nil {
		return ordermanager.Page{}, err
	}
	statement.Args = append([]any{s.listMode}, statement.Args...)
	rows, err := query(ctx, s, statement, sqlstore.Listed)
	if err != nil {
		return ordermanager.Page{}, err
	}
	page := s.dialect.Page(&q, rows)
	for i := range page.Skipped {
		page.Skipped[i].Err = classify(ctx, page.Skipped[i].Err)
	}
	return page, nil
}

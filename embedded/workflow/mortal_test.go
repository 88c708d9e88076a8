package workflow_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"github.com/brewline/ordermanager/internal/workflowtest"
)

// mortal is a life that ends before or after one of the statements that go to the database, whoever sends them. From
// then on nothing reaches the database any more, as if the process had been killed there: what was committed is there,
// and nothing else.
type mortal struct {
	workflowtest.Life
	mu sync.Mutex
	// sent is every statement that was sent, with the arguments of the last time.
	sent map[string][]any
}

func (m *mortal) remember(query string, args []driver.NamedValue) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sent == nil {
		m.sent = map[string][]any{}
	}
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg.Value
	}
	m.sent[query] = values
}

// step has two points at which life can end: before and after it.
func step[T any](m *mortal, do func() (T, error)) (T, error) {
	var none T
	if !m.Survives() {
		return none, workflowtest.ErrDead
	}
	done, err := do()
	if err == nil && !m.Survives() {
		return none, workflowtest.ErrDead
	}
	return done, err
}

// openMortal opens a file as sqlitestore.Open does, except that it is not synced: what is lost here is a process and
// not the power.
func openMortal(t testing.TB, path string, m *mortal) *sql.DB {
	t.Helper()
	db := sql.OpenDB(mortalConnector{
		m, "file:" + path + "?_busy_timeout=5000&_journal_mode=WAL&_synchronous=OFF&_txlock=immediate",
	})
	t.Cleanup(func() { _ = db.Close() })
	return db
}

type mortalConnector struct {
	*mortal
	dsn string
}

func (c mortalConnector) Driver() driver.Driver { return &sqlite.Driver{} }

func (c mortalConnector) Connect(context.Context) (driver.Conn, error) {
	if c.IsDead() {
		return nil, workflowtest.ErrDead
	}
	conn, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return mortalConn{c.mortal, conn.(sqliteConn)}, nil
}

type sqliteConn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.ConnPrepareContext
	driver.ConnBeginTx
}

type mortalConn struct {
	*mortal
	sqliteConn
}

func (c mortalConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.remember(query, args)
	return step(c.mortal, func() (driver.Result, error) { return c.sqliteConn.ExecContext(ctx, query, args) })
}

func (c mortalConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.remember(query, args)
	return c.rows(func() (driver.Rows, error) { return c.sqliteConn.QueryContext(ctx, query, args) })
}

func (c mortalConn) rows(do func() (driver.Rows, error)) (driver.Rows, error) {
	var opened driver.Rows
	rows, err := step(c.mortal, func() (driver.Rows, error) {
		var err error
		opened, err = do()
		return mortalRows{c.mortal, opened}, err
	})
	if errors.Is(err, workflowtest.ErrDead) && opened != nil {
		_ = opened.Close()
	}
	return rows, err
}

func (c mortalConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	var begun driver.Tx
	tx, err := step(c.mortal, func() (driver.Tx, error) {
		var err error
		begun, err = c.sqliteConn.BeginTx(ctx, options)
		return mortalTx{c.mortal, begun}, err
	})
	if errors.Is(err, workflowtest.ErrDead) && begun != nil {
		_ = begun.Rollback()
	}
	return tx, err
}

func (c mortalConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return mortalStmt{c, query, stmt.(sqliteStmt)}, nil
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type mortalStmt struct {
	conn mortalConn
	text string
	sqliteStmt
}

func (s mortalStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.conn.remember(s.text, args)
	return step(s.conn.mortal, func() (driver.Result, error) { return s.sqliteStmt.ExecContext(ctx, args) })
}

func (s mortalStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.conn.remember(s.text, args)
	return s.conn.rows(func() (driver.Rows, error) { return s.sqliteStmt.QueryContext(ctx, args) })
}

type mortalRows struct {
	*mortal
	driver.Rows
}

func (r mortalRows) Next(values []driver.Value) error {
	_, err := step(r.mortal, func() (struct{}, error) { return struct{}{}, r.Rows.Next(values) })
	return err
}

type mortalTx struct {
	*mortal
	driver.Tx
}

// Commit leaves a transaction that was not committed to be rolled back, as the death of the process does.
func (tx mortalTx) Commit() error {
	if !tx.Survives() {
		_ = tx.Rollback()
		return workflowtest.ErrDead
	}
	if err := tx.Tx.Commit(); err != nil {
		return err
	}
	if !tx.Survives() {
		return workflowtest.ErrDead
	}
	return nil
}

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

// mortal is a life that ends before or after one of the writes that reach the database, whoever sends them: a commit, or
// a statement outside of a transaction. From then on nothing reaches the database any more, as if the process had been
// killed there: what was committed is there, and nothing else. So a kill between two statements of a transaction leaves
// what one before its commit leaves.
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
	return &mortalConn{mortal: c.mortal, sqliteConn: conn.(sqliteConn)}, nil
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
	// begun says that it is in a transaction.
	begun bool
}

// step sends a statement. In a transaction life does not end there.
func step[T any](c *mortalConn, do func() (T, error)) (done T, err error) {
	if c.begun && !c.IsDead() {
		return do()
	}
	if !c.Survives() {
		return done, workflowtest.ErrDead
	}
	done, err = do()
	if err == nil && !c.Survives() {
		return done, workflowtest.ErrDead
	}
	return done, err
}

func (c *mortalConn) exec(query string, args []driver.NamedValue, do func() (driver.Result, error)) (
	driver.Result, error,
) {
	c.remember(query, args)
	return step(c, do)
}

func (c *mortalConn) query(query string, args []driver.NamedValue, do func() (driver.Rows, error)) (
	driver.Rows, error,
) {
	c.remember(query, args)
	rows, err := step(c, do)
	if errors.Is(err, workflowtest.ErrDead) && rows != nil {
		_ = rows.Close()
	}
	return rows, err
}

func (c *mortalConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.exec(query, args, func() (driver.Result, error) { return c.sqliteConn.ExecContext(ctx, query, args) })
}

func (c *mortalConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.query(query, args, func() (driver.Rows, error) { return c.sqliteConn.QueryContext(ctx, query, args) })
}

func (c *mortalConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if c.IsDead() {
		return nil, workflowtest.ErrDead
	}
	tx, err := c.sqliteConn.BeginTx(ctx, options)
	c.begun = err == nil
	return mortalTx{c, tx}, err
}

func (c *mortalConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
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
	conn *mortalConn
	text string
	sqliteStmt
}

func (s mortalStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.exec(s.text, args, func() (driver.Result, error) { return s.sqliteStmt.ExecContext(ctx, args) })
}

func (s mortalStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.query(s.text, args, func() (driver.Rows, error) { return s.sqliteStmt.QueryContext(ctx, args) })
}

type mortalTx struct {
	conn *mortalConn
	driver.Tx
}

// Commit leaves a transaction that was not committed to be rolled back, as the death of the process does.
func (tx mortalTx) Commit() error {
	if !tx.conn.Survives() {
		_ = tx.Rollback()
		return workflowtest.ErrDead
	}
	tx.conn.begun = false
	if err := tx.Tx.Commit(); err != nil {
		return err
	}
	if !tx.conn.Survives() {
		return workflowtest.ErrDead
	}
	return nil
}

func (tx mortalTx) Rollback() error {
	tx.conn.begun = false
	return tx.Tx.Rollback()
}

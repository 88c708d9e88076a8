package workflowtest

import (
	"context"
	"sync/atomic"

	"github.com/brewline/ordermanager/internal/sqldb"
)

// mortal is the database of a process that dies before or after one of its workflow's statements. From then on no
// statement reaches the database: it has what was committed, and nothing else.
type mortal struct {
	sqldb.Database
	*Life
	// answersLost makes every successful commit look like a failure.
	answersLost atomic.Bool
}

// Place is nil, so the workflow takes part in no store's transaction.
func (*mortal) Place() any { return nil }

// breakDown makes every statement fail, or only the answer of every successful commit.
func (m *mortal) breakDown(answersOnly bool) {
	m.answersLost.Store(answersOnly)
	if !answersOnly {
		m.End(0)
	}
}

func (m *mortal) mend() {
	m.answersLost.Store(false)
	m.Life.mend()
}

func (m *mortal) Write(ctx context.Context, do func(tx sqldb.Conn) error) error {
	err := m.Database.Write(ctx, func(tx sqldb.Conn) error {
		if err := do(mortalConn{tx, m.Life}); err != nil {
			return err
		}
		return m.step(nil) // before the commit
	})
	if err == nil && m.answersLost.Load() {
		return ErrDead
	}
	return m.step(err) // after it
}

// step marks a point at which life can end.
func (m *mortal) step(err error) error {
	if err == nil && !m.Survives() {
		return ErrDead
	}
	return err
}

func (m *mortal) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	return mortalConn{m.Database, m.Life}.Exec(ctx, text, args...)
}

func (m *mortal) QueryRow(ctx context.Context, text string, args ...any) sqldb.Row {
	return mortalConn{m.Database, m.Life}.QueryRow(ctx, text, args...)
}

type mortalConn struct {
	conn sqldb.Conn
	life *Life
}

func (c mortalConn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if !c.life.Survives() {
		return 0, ErrDead
	}
	return c.conn.Exec(ctx, text, args...)
}

func (c mortalConn) ExecLater(ctx context.Context, text string, args ...any) error {
	_, err := c.Exec(ctx, text, args...)
	return err
}

func (c mortalConn) QueryRow(ctx context.Context, text string, args ...any) sqldb.Row {
	if !c.life.Survives() {
		return deadRow{}
	}
	return c.conn.QueryRow(ctx, text, args...)
}

type deadRow struct{}

func (deadRow) Scan(...any) error { return ErrDead }

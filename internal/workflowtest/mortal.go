package workflowtest

import (
	"context"
	"errors"
	"sync"

	"github.com/brewline/ordermanager/internal/sqldb"
)

var errDead = errors.New("the process is dead")

// mortal is the database of a process whose life ends before or after one of the statements of its workflow. From then
// on no statement reaches the database any more: what was committed is there, and nothing else.
type mortal struct {
	sqldb.Database
	mu   sync.Mutex
	left int // how many points are left to live through; negative: for ever
	dead bool
	// answersLost makes every commit look like a failure, though it was none.
	answersLost bool
}

// Place is its own: this is a workflow by itself, as beside another store.
func (*mortal) Place() any { return nil }

func (m *mortal) survives() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left == 0 {
		m.dead = true
	}
	m.left--
	return !m.dead
}

func (m *mortal) isDead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

func (m *mortal) losesAnswers() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.answersLost
}

// breakDown lets every statement fail, or, if only answers are lost, every commit after it was carried out.
func (m *mortal) breakDown(answersOnly bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead, m.answersLost = !answersOnly, answersOnly
}

func (m *mortal) mend() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead, m.answersLost = false, false
}

func (m *mortal) Write(ctx context.Context, do func(tx sqldb.Conn) error) error {
	err := m.Database.Write(ctx, func(tx sqldb.Conn) error {
		if err := do(mortalConn{tx, m}); err != nil {
			return err
		}
		return m.step(nil) // before the commit
	})
	if err == nil && m.losesAnswers() {
		return errDead
	}
	return m.step(err) // after it
}

// step is a point at which life can end.
func (m *mortal) step(err error) error {
	if err == nil && !m.survives() {
		return errDead
	}
	return err
}

func (m *mortal) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	return mortalConn{m.Database, m}.Exec(ctx, text, args...)
}

func (m *mortal) QueryRow(ctx context.Context, text string, args ...any) sqldb.Row {
	return mortalConn{m.Database, m}.QueryRow(ctx, text, args...)
}

type mortalConn struct {
	conn sqldb.Conn
	life *mortal
}

func (c mortalConn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if !c.life.survives() {
		return 0, errDead
	}
	return c.conn.Exec(ctx, text, args...)
}

func (c mortalConn) ExecLater(ctx context.Context, text string, args ...any) error {
	_, err := c.Exec(ctx, text, args...)
	return err
}

func (c mortalConn) QueryRow(ctx context.Context, text string, args ...any) sqldb.Row {
	if !c.life.survives() {
		return deadRow{}
	}
	return c.conn.QueryRow(ctx, text, args...)
}

type deadRow struct{}

func (deadRow) Scan(...any) error { return errDead }

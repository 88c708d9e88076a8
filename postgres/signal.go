package postgres

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// lookEvery is how often waiting callers poll without a signal.
	lookEvery = time.Second
	// channel is the channel of notifications that orders of a schema changed.
	channel = "ordermanager"
	// tellEvery limits how often a process notifies the others.
	tellEvery = 20 * time.Millisecond
	// tellTimeout limits a notification, and connectTimeout connecting to listen.
	tellTimeout    = 5 * time.Second
	connectTimeout = 5 * time.Second
	// lingering is how long to keep listening after nobody waits any more: waiting callers usually return at once.
	lingering = time.Second
)

// signal notifies the processes of a database of changes, and listens to them. It only saves time: waiting callers poll
// as well, so a lost signal merely delays them.
type signal struct {
	pool   *pgxpool.Pool
	schema string
	due    atomic.Bool // somebody is about to tell
	told   atomic.Int64

	mu      sync.Mutex
	news    chan struct{} // closed by the next signal; nil while nobody waits for it
	waiting int
	stop    context.CancelFunc // ends the listening; nil while nobody listens
	idle    *time.Timer
}

// send notifies everybody, soon. Commits with a NOTIFY wait for a common lock, so it is not part of a transition's
// transaction, and is sent rarely.
func (s *signal) send() {
	if s.due.Swap(true) {
		return
	}
	next := time.Unix(0, s.told.Load()).Add(tellEvery)
	time.AfterFunc(max(0, time.Until(next)), func() {
		s.told.Store(time.Now().UnixNano())
		s.due.Store(false)
		s.tell()
		ctx, cancel := context.WithTimeout(context.Background(), tellTimeout)
		defer cancel()
		_, _ = s.pool.Exec(ctx, notify, channel, s.schema) // the others poll
	})
}

const notify = "SELECT pg_notify($1, $2)"

// tell wakes the waiting callers of this process.
func (s *signal) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.news != nil {
		close(s.news)
		s.news = nil
	}
}

// hear returns a channel that the next signal closes.
func (s *signal) hear() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.news == nil {
		s.news = make(chan struct{})
	}
	return s.news
}

// wait listens to the other processes, on one connection for all callers, until done is called.
func (s *signal) wait() (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting++
	if s.idle != nil {
		s.idle.Stop()
		s.idle = nil
	}
	if s.stop == nil {
		ctx, stop := context.WithCancel(context.Background()) // shared by all callers
		s.stop = stop
		go s.listen(ctx)
	}
	return s.leave
}

func (s *signal) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting--; s.waiting > 0 {
		return
	}
	s.idle = time.AfterFunc(lingering, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.waiting == 0 && s.stop != nil {
			s.stop()
			s.stop = nil
		}
	})
}

// listen listens to the other processes until its context ends, and reconnects when the connection breaks.
func (s *signal) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if conn, err := s.connect(ctx); err == nil {
			s.tell() // for what happened while nobody listened
			for err == nil {
				var heard *pgconn.Notification
				if heard, err = conn.WaitForNotification(ctx); err == nil && heard.Payload == s.schema {
					s.tell()
				}
			}
			closing, cancel := context.WithTimeout(context.Background(), time.Second)
			_ = conn.Close(closing)
			cancel()
		}
		select {
		case <-time.After(lookEvery): // callers poll meanwhile
		case <-ctx.Done():
		}
	}
}

// connect returns a connection that listens. It is not from the pool, which could otherwise not be closed while
// somebody waits.
func (s *signal) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	config := s.pool.Config()
	if config.BeforeConnect != nil {
		if err := config.BeforeConnect(ctx, config.ConnConfig); err != nil {
			return nil, err
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

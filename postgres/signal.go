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
	// lookEvery is how often who waits looks though nobody told of anything.
	lookEvery = time.Second
	// channel is the one on which processes tell each other that orders of a schema changed.
	channel = "ordermanager"
	// tellEvery is how often one process tells the others at most.
	tellEvery = 20 * time.Millisecond
	// tellTimeout is how long telling them may take, and connectTimeout connecting to hear them.
	tellTimeout    = 5 * time.Second
	connectTimeout = 5 * time.Second
	// lingering is how long the others are listened to after nobody waits any more: who waits mostly comes back at once.
	lingering = time.Second
)

// signal tells the processes of a database that something changed, and hears it from them. Nothing depends on it: who
// waits looks by itself as well, so a signal that is lost makes it slower and no more.
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

// send tells everybody, soon: a NOTIFY takes a lock that all commits with one wait for, so it is none of a transition's
// transaction, and there are few.
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
		_, _ = s.pool.Exec(ctx, notify, channel, s.schema) // the others look by themselves
	})
}

const notify = "SELECT pg_notify($1, $2)"

// tell tells who waits in this process.
func (s *signal) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.news != nil {
		close(s.news)
		s.news = nil
	}
}

// hear returns what is closed by the next signal.
func (s *signal) hear() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.news == nil {
		s.news = make(chan struct{})
	}
	return s.news
}

// wait makes sure that the other processes are listened to, on one connection for all who wait, until done is called.
func (s *signal) wait() (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting++
	if s.idle != nil {
		s.idle.Stop()
		s.idle = nil
	}
	if s.stop == nil {
		ctx, stop := context.WithCancel(context.Background()) // it is not this caller's
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

// listen hears the other processes until its context ends, and connects again whenever the connection breaks.
func (s *signal) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if conn, err := s.connect(ctx); err == nil {
			s.tell() // of what happened while nobody listened
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
		case <-time.After(lookEvery): // who waits looks by itself meanwhile
		case <-ctx.Done():
		}
	}
}

// connect returns a connection that listens. It is none of the pool's, which could not be closed while somebody waits.
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

package sqlitefile

import (
	"context"
	"database/sql"
	"runtime"
	"sync"
	"weak"
)

// A Queue lets the writers of this process through one at a time. SQLite has one writer at most, and lets the others ask again at
// growing intervals; here they wait in line, and only other processes are asked again for.
type Queue chan struct{}

var queues sync.Map // of weak.Pointer[sql.DB] to Queue

// QueueOf returns the queue that everybody who writes through db shares.
func QueueOf(db *sql.DB) Queue {
	key := weak.Make(db)
	queue, shared := queues.LoadOrStore(key, make(Queue, 1))
	if !shared {
		runtime.AddCleanup(db, func(key weak.Pointer[sql.DB]) { queues.Delete(key) }, key)
	}
	return queue.(Queue)
}

// Enter waits for its turn. Leave must follow if it returns nil, and only then.
func (q Queue) Enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case q <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Leave lets the next one in.
func (q Queue) Leave() { <-q }

// Write runs do in a write transaction, in its turn. An error from do rolls it back; any other leaves open whether it was written.
func Write(ctx context.Context, db *sql.DB, do func(tx *sql.Tx) error) error {
	queue := QueueOf(db)
	if err := queue.Enter(ctx); err != nil {
		return err
	}
	defer queue.Leave()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return Classify(err)
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback()
		return Classify(err)
	}
	return Classify(tx.Commit())
}

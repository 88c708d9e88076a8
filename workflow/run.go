package workflow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqldb"
)

// poll is how often Run looks for work that does not wake it: deadlines, failed steps, and steps of other processes.
const poll = time.Second

// Run takes every step that becomes due, until the context is done: it delivers notifications to the Manager, and
// carries out time-outs within a second of their deadline. Failures are logged and retried. When the context ends it
// finishes the current step and returns.
//
// Run it once in each process that uses the database; several processes may run it at once. It does not redrive: call
// [ordermanager.Manager.Redrive] regularly as well.
func (w *Workflow) Run(ctx context.Context) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		if err := w.Advance(ctx); err != nil && ctx.Err() == nil {
			w.options.Logger.WarnContext(ctx, "workflow steps pending", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-ticker.C:
		}
	}
}

// Advance takes every step that is due, once: [Workflow.Run] calls it repeatedly, and tests that control the clock call
// it directly. It ends each wait whose deadline has passed, after which the token is gone, and tells the Manager. If
// the order has already ended, the final stage is that of its end: a workflow whose order was completed just in time is
// finished. It deletes some of the workflows that ended longer ago than [Options].Retention. A failed step stays due;
// all errors are returned together.
func (w *Workflow) Advance(ctx context.Context) error {
	return errors.Join(w.timeOut(ctx), w.tellAll(ctx), w.prune(ctx))
}

// timeOut ends every wait whose deadline has passed.
func (w *Workflow) timeOut(ctx context.Context) error {
	now := w.options.Now().UnixMilli()
	for {
		n, err := w.timeOutNext(ctx, now)
		if err != nil || n == 0 {
			return err
		}
	}
}

// timeOutNext ends the wait that has been due longest and that no other process is ending. It returns how many it
// ended.
func (w *Workflow) timeOutNext(ctx context.Context, now int64) (ended int64, err error) {
	const next = "SELECT order_id, stage FROM ordermanager_workflows WHERE deadline <= ? ORDER BY deadline LIMIT 1"
	due := notification{action: ordermanager.ActionTimedOut, at: now}
	read := func(row sqldb.Row) (found bool, err error) {
		err = row.Scan(&due.orderID, &due.stage)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		return err == nil, err
	}
	// Look without a transaction first: usually there is nothing.
	if found, err := read(w.db.QueryRow(ctx, next, now)); err != nil || !found {
		return 0, err
	}
	err = w.db.Write(ctx, func(tx sqldb.Conn) error {
		found, err := read(tx.QueryRow(ctx, next+w.db.SkipLocked(), now))
		if err != nil || !found {
			return err
		}
		due.cause = map[Stage]string{StageDrink: "Customer timedout", StageCompletion: "Barista timedout"}[due.stage]
		ended, err = tx.Exec(ctx, `UPDATE ordermanager_workflows SET token = NULL, deadline = NULL, stage = ?, ended = ?
			WHERE order_id = ?`, StageTimedOut, now, due.orderID)
		if err != nil {
			return err
		}
		return due.record(ctx, tx)
	})
	return ended, err
}

// tellAll tells the Manager everything that it has not been told, oldest first. After a failure, later notifications of
// the same order have to wait.
func (w *Workflow) tellAll(ctx context.Context) error {
	var errs []error
	failed := map[string]bool{}
	var after int64
	for ctx.Err() == nil {
		n, err := w.nextAfter(ctx, after)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		after = n.id
		if failed[n.orderID] {
			continue
		}
		// The context's end lets this one finish.
		if _, err := w.tell(context.WithoutCancel(ctx), n); err != nil && !final(err) {
			failed[n.orderID] = true
			errs = append(errs, fmt.Errorf("%s of order %s: %w", n.action, n.orderID, err))
		}
	}
	return errors.Join(append(errs, ctx.Err())...)
}

package workflow

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqldb"
)

// nextAfter reads the oldest notification after the one with this id; [database/sql.ErrNoRows] when there is none.
func (w *Workflow) nextAfter(ctx context.Context, id int64) (notification, error) {
	var n notification
	var token string
	err := w.db.QueryRow(ctx, `
		SELECT n.id, n.notification, n.order_id, n.token, n.cause, n.request_id, n.at, w.customer, w.venue, w.number, w.stage
		FROM ordermanager_notifications n JOIN ordermanager_workflows w USING (order_id)
		WHERE n.id > ? ORDER BY n.id LIMIT 1`, id).
		Scan(&n.id, &n.action, &n.orderID, &token, &n.cause, &n.requestID, &n.at, &n.customer, &n.venue, &n.number, &n.stage)
	n.token = ordermanager.NewTaskToken(token)
	return n, err
}

// tell notifies the Manager, then deletes the notification. The Manager recognises a repeated one by its token, or a
// time-out by its request id. After a final error, which means that the Manager will never accept it, it is deleted
// too.
func (w *Workflow) tell(ctx context.Context, n notification) (ordermanager.Receipt, error) {
	receipt, err := w.notify(ctx, n)
	if err != nil && !final(err) {
		return receipt, err
	}
	if err != nil {
		w.options.Logger.ErrorContext(ctx, "notification refused", "order", n.orderID, "notification", n.action, "error", err)
	}
	if done := w.told(ctx, &n, &receipt, err); done != nil {
		// The Manager has been told, and will be told again, which does no harm.
		w.options.Logger.WarnContext(ctx, "told but not recorded",
			"order", n.orderID, "notification", n.action, "error", done)
	}
	return receipt, err
}

// told deletes a notification, and records the consequence of the Manager's answer.
func (w *Workflow) told(ctx context.Context, n *notification, receipt *ordermanager.Receipt, err error) error {
	const done = "DELETE FROM ordermanager_notifications WHERE id = ?"
	var follow func(tx sqldb.Conn) error
	switch {
	case err != nil && n.action == ordermanager.ActionWorkflowStarted:
		follow = func(tx sqldb.Conn) error { return forget(ctx, tx, n.orderID) }
	case err == nil && n.action == ordermanager.ActionTimedOut:
		follow = func(tx sqldb.Conn) error { return setStage(ctx, tx, n.orderID, ending(&receipt.Order)) }
	default:
		_, err := w.db.Exec(ctx, done, n.id)
		return err
	}
	return w.db.Write(ctx, func(tx sqldb.Conn) error {
		if _, err := tx.Exec(ctx, done, n.id); err != nil {
			return err
		}
		return follow(tx)
	})
}

func (w *Workflow) notify(ctx context.Context, n notification) (ordermanager.Receipt, error) {
	if w.manager == nil {
		return ordermanager.Receipt{}, errNotConnected
	}
	at := time.UnixMilli(n.at)
	switch n.action {
	case ordermanager.ActionWorkflowStarted:
		return w.manager.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
			OrderID: n.orderID, Customer: n.customer, Venue: n.venue, Token: n.token, At: at,
		})
	case ordermanager.ActionWaitingCompletion:
		return w.manager.WaitingCompletion(ctx, ordermanager.WaitingCompletion{
			OrderID: n.orderID, Customer: n.customer, Number: n.number, Token: n.token, At: at,
		})
	default:
		return w.manager.TimedOut(ctx, ordermanager.TimedOut{OrderID: n.orderID, Cause: n.cause, RequestID: n.requestID})
	}
}

var errNotConnected = errors.New("the workflow is not connected to a Manager")

// final reports whether the Manager will never accept what it refused with this error.
func final(err error) bool {
	return !errors.Is(err, ordermanager.ErrStore) && !errors.Is(err, ordermanager.ErrContextDone) &&
		!errors.Is(err, errNotConnected)
}

// forget deletes the workflow of an order that the Manager did not create.
func forget(ctx context.Context, tx sqldb.Conn, orderID string) error {
	for _, statement := range []string{
		"DELETE FROM ordermanager_workflows WHERE order_id = ?", "DELETE FROM ordermanager_notifications WHERE order_id = ?",
	} {
		if _, err := tx.Exec(ctx, statement, orderID); err != nil {
			return err
		}
	}
	return nil
}

// ending is the final stage of a workflow that timed out. The order shows whether something else was faster.
func ending(o *ordermanager.Order) Stage {
	switch {
	case o.SecondWait.Decision == ordermanager.Done:
		return StageFinished
	case slices.ContainsFunc(o.History, func(e ordermanager.Entry) bool {
		return e.Action == ordermanager.ActionTimedOut
	}):
		return StageTimedOut
	}
	return StageCancelled
}

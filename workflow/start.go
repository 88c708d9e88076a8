package workflow

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/internal/sqldb"
)

// start is an order that [Workflow.Start] is about to begin: in the store's transaction that creates the order, if the
// store supports that, and otherwise in a transaction of the workflow's own, before the Manager is told.
type start struct {
	workflow     *Workflow
	notification *notification
	deadline     int64
	// begun says that the workflow has begun.
	begun bool
	// recorded says that it begins with a stored notification, which Run may tell the Manager before Start does.
	recorded atomic.Bool
}

// begin begins the workflow, if the shop takes the order.
func (s *start) begin(ctx context.Context, tx sqldb.Conn) error {
	n := s.notification
	s.begun = false // an attempt that failed may have set it
	begun, err := tx.Exec(ctx, `
		INSERT INTO ordermanager_workflows (order_id, customer, venue, stage, token, deadline, started)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (order_id) DO NOTHING`,
		n.orderID, n.customer, n.venue, StageDrink, n.token.Fingerprint(), s.deadline, n.at)
	if err != nil {
		return err
	}
	if begun == 0 {
		return fmt.Errorf("%w: %s", ordermanager.ErrOrderExists, n.orderID)
	}
	if err := s.workflow.admit(ctx, tx, n.customer, n.venue, n.at); err != nil {
		return err
	}
	s.begun = true
	return nil
}

// admit refuses the order if the shop does not take it. The order is already among those that it counts.
func (w *Workflow) admit(ctx context.Context, tx sqldb.Conn, customer, venue string, now int64) error {
	limits := w.options.Limits
	if limits.Limited() && w.db.SkipLocked() != "" {
		if err := hold(ctx, tx, venue); err != nil {
			return err
		}
	}
	var c counts
	var closed bool
	var taken capacity.Taken
	c.add("coalesce((SELECT closed FROM ordermanager_shops WHERE venue = ?), ?)", &closed, venue, false)
	if limits.MaxInQueue > 0 {
		c.count(&taken.InQueue, venue, "token IS NOT NULL")
	}
	if limits.MaxPerCustomer > 0 {
		c.count(&taken.OfCustomer, venue, "token IS NOT NULL AND customer = ?", customer)
	}
	if limits.MaxPerDay > 0 { // those that were given up do not count
		c.count(&taken.InDay, venue, "customer = ? AND started > ? AND stage NOT IN (?, ?)",
			customer, now-capacity.Day.Milliseconds(), StageCancelled, StageTimedOut)
	}
	if limits.MaxInWindow > 0 {
		c.count(&taken.InWindow, venue, "started > ?", now-limits.Window.Milliseconds())
	}
	switch err := tx.QueryRow(ctx, "SELECT "+strings.Join(c.columns, ", "), c.args...).Scan(c.into...); {
	case err != nil:
		return err
	case closed:
		return ErrShopClosed
	}
	return limits.Refuse(taken)
}

// counts is a statement that counts several things at once.
type counts struct {
	columns []string
	args    []any
	into    []any
}

func (c *counts) add(column string, into any, args ...any) {
	c.columns, c.args, c.into = append(c.columns, column), append(c.args, args...), append(c.into, into)
}

// count counts the workflows of a venue that meet a condition.
func (c *counts) count(into *int, venue, condition string, args ...any) {
	c.add("(SELECT count(*) FROM ordermanager_workflows WHERE venue = ? AND "+condition+")", into,
		append([]any{venue}, args...)...)
}

// begin makes the token of a new wait, which the notification takes to the Manager, and returns the deadline. The
// workflow keeps only the token's fingerprint.
func (w *Workflow) begin(n *notification, timeout time.Duration) (deadline int64) {
	now := w.options.Now()
	n.token, n.at = ordermanager.NewTaskToken(tokenPrefix+rand.Text()), now.UnixMilli()
	return now.Add(timeout).UnixMilli()
}

// Start begins the workflow of a new order, if the shop takes it, and tells the Manager, which creates the order.
//
// After an error the order has not begun, except after a failure of the database, when that is unknown: start the same
// order again to find out. If the workflow has begun and the Manager cannot be told yet, that is not an error: the
// receipt has the order as it will be, [ordermanager.Receipt.Pending] says why, and [Workflow.Run] tells the Manager.
// Where workflow and order begin in one write, neither begins without the other.
//
// Errors: [ErrShopClosed], [ErrQueueFull], [ErrTooManyOrders], [ordermanager.ErrOrderExists],
// [ordermanager.ErrInvalidRequest], [ordermanager.ErrContextDone], [ordermanager.ErrStore], and those of the database.
func (w *Workflow) Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error) {
	if ctx.Err() != nil {
		return ordermanager.Receipt{}, fmt.Errorf("%w: %w", ordermanager.ErrContextDone, context.Cause(ctx))
	}
	n := notification{action: ordermanager.ActionWorkflowStarted, orderID: orderID, customer: customer, venue: venue}
	s := &start{workflow: w, notification: &n, deadline: w.begin(&n, w.options.DrinkTimeout)}
	w.starting.Store(n.token.Fingerprint(), s)
	defer w.starting.Delete(n.token.Fingerprint())
	if w.joins.Load() {
		if receipt, err := w.notify(ctx, n); err != nil || s.begun {
			return receipt, err
		}
	}
	err := w.db.Write(ctx, func(tx sqldb.Conn) error {
		if err := s.begin(ctx, tx); err != nil {
			return err
		}
		s.recorded.Store(true) // before the commit, when others see the notification
		return n.record(ctx, tx)
	})
	if err != nil {
		return ordermanager.Receipt{}, err
	}
	receipt, err := w.tell(ctx, n)
	if err == nil || final(err) {
		return receipt, err
	}
	w.options.Logger.WarnContext(ctx, "notification pending", "order", orderID, "notification", n.action, "error", err)
	var initial ordermanager.State
	if w.manager != nil {
		initial = w.manager.Lifecycle().Initial()
	}
	return ordermanager.Receipt{
		Action:  n.action,
		Order:   ordermanager.Order{ID: orderID, Customer: customer, Venue: venue, State: initial},
		Resume:  ordermanager.ResumeNone,
		Events:  ordermanager.EventsNone,
		Pending: err,
	}, nil
}

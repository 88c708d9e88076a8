package workflow

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqldb"
)

// start is an order that [Workflow.Start] is about to begin: in the transaction of the store that creates the order,
// if the store takes the workflow along, and otherwise in one of the workflow's own, before the Manager is told.
type start struct {
	workflow     *Workflow
	notification *notification
	deadline     int64
	// begun says that the workflow was begun.
	begun bool
	// recorded says that it is begun with a notification of its own, which Run may tell the Manager before Start does.
	recorded atomic.Bool
}

// begin begins the workflow, if the shop takes the order.
func (s *start) begin(ctx context.Context, tx sqldb.Conn) error {
	n := s.notification
	s.begun = false // it may have been, in a transaction that failed
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

// joint is the workflow as a part of the store's transactions.
//
// Whether the Manager's store has it is learned from the first order that begins: its token comes here, and from then
// on the workflow leaves it to the store to begin one.
type joint struct{ w *Workflow }

func (j joint) Begin(ctx context.Context, tx sqldb.Conn, token ordermanager.TaskToken) error {
	found, ok := j.w.starting.Load(token.Fingerprint())
	if !ok {
		return nil // a token of a wait that has begun before
	}
	j.w.joins.Store(true)
	s := found.(*start)
	if s.recorded.Load() {
		return nil
	}
	return s.begin(ctx, tx)
}

func (j joint) Answer(
	ctx context.Context, tx sqldb.Conn, token ordermanager.TaskToken, outcome ordermanager.Outcome,
) (ordermanager.Answer, *ordermanager.WaitingCompletion, error) {
	if !strings.HasPrefix(token.Reveal(), tokenPrefix) {
		return ordermanager.Gone, nil, nil
	}
	answer, n, err := j.w.answer(ctx, tx, token, outcome)
	if err != nil || n == nil {
		return answer, nil, err
	}
	return answer, &ordermanager.WaitingCompletion{
		OrderID: n.orderID, Number: n.number, Token: n.token, At: time.UnixMilli(n.at),
	}, nil
}

func (j joint) Record(ctx context.Context, tx sqldb.Conn, n *ordermanager.WaitingCompletion) error {
	recorded := notification{
		action: ordermanager.ActionWaitingCompletion, orderID: n.OrderID, token: n.Token, at: n.At.UnixMilli(),
	}
	return recorded.record(ctx, tx)
}

func (j joint) Recorded() { j.w.nudge() }

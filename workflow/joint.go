package workflow

import (
	"context"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqldb"
)

// joint runs the workflow inside the store's transactions.
//
// It learns from the first order whether the Manager's store uses it: if that order's token arrives here, the store
// starts the workflows from then on.
type joint struct{ w *Workflow }

func (j joint) Begin(ctx context.Context, tx sqldb.Conn, token ordermanager.TaskToken) error {
	found, ok := j.w.starting.Load(token.Fingerprint())
	if !ok {
		return nil // the token of an earlier wait
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

// In is for stores. It returns the workflow for use inside their transactions if it is in the same place, and nil
// otherwise.
func (w *Workflow) In(place any) sqldb.Workflow {
	if w.db.Place() != place {
		return nil
	}
	return joint{w}
}

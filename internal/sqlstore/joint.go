package sqlstore

import (
	"context"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqldb"
)

// Joint is a transition with the workflow in the same database that takes part in it: see [ordermanager.Joint]. There
// is one for each call of Apply.
type Joint struct {
	dialect    *Dialect
	workflow   sqldb.Workflow
	transition *ordermanager.Transition
	recorded   bool
	apart      bool
}

// Joint returns nil if no workflow in this place takes part in the transition.
func (d *Dialect) Joint(t *ordermanager.Transition, place any) *Joint {
	a := &t.Assign
	if t.Joint == nil || a.First == ordermanager.Undecided && a.Second == ordermanager.Undecided && a.Register == nil {
		return nil
	}
	if w, ok := t.Joint.Workflow.(interface {
		In(place any) sqldb.Workflow
	}); ok {
		if in := w.In(place); in != nil {
			return &Joint{dialect: d, workflow: in, transition: t}
		}
	}
	return nil
}

// Tx is the transaction in which a transition was applied.
type Tx interface {
	sqldb.Conn
	// Run is [sqldb.Conn].Exec for a statement of a [Dialect].
	Run(ctx context.Context, s Statement) (changed int64, err error)
	// RunLater is [sqldb.Conn].ExecLater for a statement of a [Dialect].
	RunLater(ctx context.Context, s Statement) error
}

// Follow carries out what follows from the transition that made this order. After an error roll back the transaction;
// Apart reports whether the transition can be applied without it.
func (j *Joint) Follow(ctx context.Context, tx Tx, o *ordermanager.Order) (ordermanager.Result, error) {
	j.recorded, j.apart = false, false
	result := ordermanager.Result{Applied: true, Order: o}
	if r := j.transition.Assign.Register; r != nil {
		if err := j.workflow.Begin(ctx, tx, r.Token); err != nil {
			return ordermanager.Result{}, err
		}
	}
	for _, wait := range [...]ordermanager.Wait{ordermanager.FirstWait, ordermanager.SecondWait} {
		if err := j.answer(ctx, tx, wait, &result); err != nil {
			j.apart = true
			return ordermanager.Result{}, err
		}
	}
	return result, nil
}

// Apart reports whether Follow failed but the transition can be applied by itself.
func (j *Joint) Apart() bool { return j.apart }

// Committed is called after the commit.
func (j *Joint) Committed() {
	if j.recorded {
		j.workflow.Recorded()
	}
}

// answer answers a wait that the transition decided or registered, if the workflow is waiting. The Manager delivers
// everything else.
func (j *Joint) answer(ctx context.Context, tx Tx, wait ordermanager.Wait, result *ordermanager.Result) error {
	slot, decided := &result.Order.FirstWait, j.transition.Assign.First
	if wait == ordermanager.SecondWait {
		slot, decided = &result.Order.SecondWait, j.transition.Assign.Second
	}
	r := j.transition.Assign.Register
	ours := decided != ordermanager.Undecided || r != nil && r.Wait == wait
	if !ours || slot.Decision == ordermanager.Undecided || slot.Token.IsZero() {
		return nil
	}
	outcome, err := j.transition.Joint.Outcome(result.Order, wait)
	if err != nil {
		return nil //nolint:nilerr // the answer stays owed, and the Manager says why
	}
	answer, waiting, err := j.workflow.Answer(ctx, tx, slot.Token, outcome)
	if err != nil || answer != ordermanager.Accepted {
		return err
	}
	result.Answered = append(result.Answered, wait)
	if waiting != nil {
		if done, err := j.register(ctx, tx, waiting, result); done || err != nil {
			return err
		}
	}
	return j.settle(ctx, tx, wait, slot, result.Order)
}

// register registers the next wait with the order, which removes the answered token. If the order does not accept it as
// it is, or has more to remove, the workflow notifies the Manager later.
func (j *Joint) register(
	ctx context.Context, tx Tx, n *ordermanager.WaitingCompletion, result *ordermanager.Result,
) (registered bool, err error) {
	if result.Order.FirstWait.Spare.IsZero() {
		t, err := j.transition.Joint.Waiting(*n)
		if err == nil {
			statement, err := j.dialect.Apply(&t)
			if err != nil {
				return false, err
			}
			changed, err := tx.Run(ctx, statement)
			if err != nil {
				return false, err
			}
			if changed > 0 {
				result.Order = t.Apply(result.Order)
				return true, nil
			}
		}
	}
	j.recorded = true
	return false, j.workflow.Record(ctx, tx, n)
}

// settle removes the answered token, and the spare one.
func (j *Joint) settle(
	ctx context.Context, tx Tx, wait ordermanager.Wait, slot *ordermanager.WaitSlot, o *ordermanager.Order,
) error {
	s := ordermanager.Settlement{OrderID: o.ID, First: slot.Token, FirstSpare: slot.Spare}
	if wait == ordermanager.SecondWait {
		s = ordermanager.Settlement{OrderID: o.ID, Second: slot.Token, SecondSpare: slot.Spare}
	}
	statement, err := j.dialect.Settle(&s)
	if err != nil {
		return err
	}
	s.Apply(o)
	return tx.RunLater(ctx, statement)
}

package explore

import "github.com/brewline/ordermanager"

// jointly models a store that shares its database with the workflow: the write that decides a wait also answers it, and
// the consequences are recorded. It returns the set of answered waits, and a violation if there is one.
func (e *explorer) jointly(s *state, t *ordermanager.Transition) (answered uint8, v *Violation) {
	for _, w := range waits {
		o := e.orders.copy(s.order)
		slot, decided := &o.FirstWait, t.Assign.First
		if w == ordermanager.SecondWait {
			slot, decided = &o.SecondWait, t.Assign.Second
		}
		registers := t.Assign.Register != nil && t.Assign.Register.Wait == w
		if decided == ordermanager.Undecided && !registers || slot.Decision == ordermanager.Undecided || slot.Token.IsZero() {
			continue
		}
		outcome, err := t.Joint.Outcome(o, w)
		if err != nil {
			return answered, violated(NothingLost, "the joint answer cannot be made out: %v", err)
		}
		live := tokenOf(slot.Token)
		if v := e.checkResume(s, &op{token: live, outcome: outcome}); v != nil {
			return answered, v
		}
		if !s.workflow.resume(live, outcome.Failure()) {
			continue // the workflow is not waiting, which the Manager will notice
		}
		answered |= 1 << w
		settlement := ordermanager.Settlement{OrderID: o.ID, First: slot.Token, FirstSpare: slot.Spare}
		if w == ordermanager.SecondWait {
			settlement = ordermanager.Settlement{OrderID: o.ID, Second: slot.Token, SecondSpare: slot.Spare}
		}
		e.model.Settle(settlement, o)
		if v := e.keep(s, o); v != nil {
			return answered, v
		}
		if s.workflow.stage == stageBetween {
			if v := e.reach(s, t.Joint); v != nil {
				return answered, v
			}
		}
	}
	return answered, nil
}

// reach lets the workflow reach its second wait, and registers that wait. The notification is sent in any case: it
// registers the wait if the order did not accept it here, and is superfluous if it did.
func (e *explorer) reach(s *state, joint *ordermanager.Joint) *Violation {
	if !s.workflow.move(moveReach, e.sc) {
		return nil
	}
	next := s.workflow.live
	t, err := joint.Waiting(ordermanager.WaitingCompletion{
		OrderID: orderID, Number: numberOf(next), Token: tokens[next].value, At: e.sc.at(next),
	})
	if err != nil {
		return violated(NothingLost, "the second wait cannot be registered: %v", err)
	}
	before := e.orders.get(s.order)
	if !e.model.Permits(t, before) {
		return nil
	}
	o := e.model.Apply(t, e.orders.copy(s.order))
	s.listed = s.listed || t.Owing
	return first(func() *Violation { return e.keep(s, o) }, func() *Violation { return checkWrite(before, o) })
}

// keep replaces the record.
func (e *explorer) keep(s *state, o *ordermanager.Order) *Violation {
	var fresh bool
	if s.order, fresh = e.orders.put(o); !fresh {
		return nil
	}
	return e.orders.life(o).violation
}

package explore

import "slices"

// successor is a possible step, and the state that it leads to.
type successor struct {
	choice choice
	// step is the I/O step; nil for the workflow and for giving up. did describes its outcome.
	step      *op
	did       string
	state     state
	violation *Violation
}

// successors calls visit with every possible step from a state, until it returns false.
func (e *explorer) successors(s *state, visit func(*successor) bool) {
	for move := range moveCount {
		next := successor{choice: choice{actor: workflowActor, outcome: move}, did: moveNames[move], state: *s}
		if next.state.workflow.move(move, e.sc) && !visit(&next) {
			return
		}
	}
	full := e.sc.InFlight > 0 && inFlight(s) >= e.sc.InFlight
	for i, a := range e.sc.actors {
		c := choice{actor: uint8(i)}
		if s.at[i] != 0 {
			if !e.outcomes(s, c, s.at[i], visit) {
				return
			}
			continue
		}
		if full || a.notice != 0 && !s.workflow.emitted.has(a.notice) {
			continue
		}
		done := int(s.done[i])
		if done < len(a.calls) && !e.outcomes(s, c, e.tree.root(a.calls[done]), visit) {
			return
		}
		again := c
		again.again = true
		if a.repeats && done > 0 && !e.outcomes(s, again, e.tree.root(a.calls[done-1]), visit) {
			return
		}
		// A caller may give up, without ever learning the outcome, and go on.
		if done < len(a.calls)-1 {
			c.outcome = givesUp
			next := successor{choice: c, did: "gives up", state: *s}
			next.state.done[i]++
			if !visit(&next) {
				return
			}
		}
	}
}

func inFlight(s *state) int {
	n := 0
	for _, at := range s.at {
		if at != 0 {
			n++
		}
	}
	return n
}

// outcomes calls visit with every outcome of a call's next step.
func (e *explorer) outcomes(s *state, c choice, ref nodeRef, visit func(*successor) bool) bool {
	step := e.tree.node(ref).next
	for o := range outcomeCount {
		if o.fault() && e.sc.Faults >= 0 && int(s.faults) >= e.sc.Faults {
			continue
		}
		c.outcome = uint8(o)
		next := successor{choice: c, step: step, state: *s}
		if e.take(&next, ref, o) && !visit(&next) {
			return false
		}
	}
	return true
}

// take takes a call's next step with the given outcome. It reports false for an outcome that is impossible or makes no
// difference.
func (e *explorer) take(next *successor, ref nodeRef, o outcome) bool {
	s, i := &next.state, int(next.choice.actor)
	if o.fault() && e.sc.Faults >= 0 {
		s.faults++
	}
	if o == crashBefore {
		// A call has done nothing before its first step, so crashing there makes no difference.
		next.did = outcomeNames[crashBefore]
		inCall := s.at[i] != 0
		s.at[i] = 0
		return inCall
	}
	effect := o
	if o == crashAfter {
		effect = asAsked
	}
	a, did, ok := e.perform(next, ref, effect)
	if !ok {
		return false
	}
	next.did = did
	if next.violation != nil {
		return true
	}
	child := e.tree.child(ref, a)
	n := e.tree.node(child)
	returned := n.next == nil
	if o == crashAfter {
		// Otherwise this equals a crash before the next step.
		next.did = outcomeNames[crashAfter]
		s.at[i] = 0
		return returned && n.violation == nil
	}
	if n.violation != nil {
		next.violation = n.violation
		return true
	}
	if !returned {
		s.at[i] = child
		return true
	}
	s.at[i] = 0
	seen := check{order: s.order, node: child, live: s.workflow.live, published: s.published}
	next.violation = e.remembered(seen, func() *Violation { return e.checkReturn(s, child) })
	actor := e.sc.actors[i]
	if done := int(s.done[i]); n.err == nil && !actor.forever && done < len(actor.calls) && actor.calls[done] == n.call {
		s.done[i]++
	}
	return true
}

// perform applies the step to the world, and returns the call's answer.
func (e *explorer) perform(next *successor, ref nodeRef, o outcome) (a answer, did string, possible bool) {
	s, step := &next.state, e.tree.node(ref).next
	before := *s
	switch step.kind {
	case opApply:
		w := e.written(s.order, ref)
		next.violation = w.violation
		switch {
		case !w.applied:
			a, did = answer{kind: answerRefused, order: s.order}, "refused"
			if o == retried {
				return a, did, false
			}
		case o != failed:
			s.order = w.order
			s.listed = s.listed || step.transition.Owing
			var answered uint8
			alone := *s
			if e.sc.Joint && next.violation == nil {
				answered, next.violation = e.jointly(s, &step.transition)
			}
			if o == apart {
				if answered == 0 {
					return a, did, false // the workflow had no part in it
				}
				*s, answered = alone, 0
			}
			e.noteLeft(&before, s)
			a, did = answer{kind: answerApplied, order: s.order, answered: answered}, "applied"
			if o == retried {
				return answer{kind: answerRefused, order: s.order}, outcomeNames[retried], true
			}
		}
	case opSettle:
		if o != failed {
			w := e.settled(s.order, ref)
			s.order, next.violation = w.order, w.violation
			version := 0
			if order := e.orders.get(s.order); order != nil {
				version = order.Version
			}
			s.listed = s.listed && !e.model.Unlist(step.settlement, version)
			e.noteLeft(&before, s)
		}
		a, did = answer{kind: answerDone}, "settled"
	case opGet:
		a, did = answer{kind: answerRead, order: s.order}, "read"
	case opList:
		a, did = answer{kind: answerEmpty}, "nothing listed"
		if s.listed {
			a, did = answer{kind: answerListed}, "listed"
		}
	case opResume:
		next.violation = e.remembered(check{order: s.order, node: ref}, func() *Violation { return e.checkResume(s, step) })
		a, did = answer{kind: answerGone}, "gone"
		if o != failed && s.workflow.resume(step.token, step.outcome.Failure()) {
			a, did = answer{kind: answerAccepted}, "accepted"
		}
	case opPublish:
		next.violation = e.remembered(check{order: s.order, node: ref}, func() *Violation { return e.checkPublish(s, ref) })
		events := step.events
		switch {
		case o == failed:
			events = nil
		case (o == partly || o == named) && len(events) < 2:
			return a, did, false
		case o == partly || o == named:
			events = events[:1]
		}
		for _, event := range events {
			s.published |= e.requestBit(owed(step.publisher, event.ID[len(orderID)+1:]))
		}
		a, did = answer{kind: answerDone}, "published"
	case opMenu:
		a, did = answer{kind: answerDone}, "read"
		if o == otherMenu {
			return answer{kind: answerOtherMenu}, outcomeNames[otherMenu], true
		}
	}
	switch o {
	case asAsked:
		return a, did, true
	case apart:
		return a, outcomeNames[apart], a.kind == answerApplied
	case failed:
		return answer{kind: answerError}, outcomeNames[failed], true
	case lost:
		return answer{kind: answerError}, outcomeNames[lost], !sameWorld(&before, s) || next.violation != nil
	case named:
		return answer{kind: answerNamed}, outcomeNames[named], step.kind == opPublish
	case partly:
		return answer{kind: answerError}, outcomeNames[partly], step.kind == opPublish
	}
	return a, did, false
}

// sameWorld reports whether a step changed nothing: then a lost answer equals a failure.
func sameWorld(a, b *state) bool {
	return a.order == b.order && a.listed == b.listed && a.workflow == b.workflow && a.published == b.published
}

// written computes, once, the result of a call's write to a record.
func (e *explorer) written(order orderRef, ref nodeRef) written {
	w, found := e.writes[write{order, ref}]
	if found {
		return w
	}
	t := e.tree.node(ref).next.transition
	before := e.orders.get(order)
	if w.applied = e.model.Permits(t, before); w.applied {
		o := e.model.Apply(t, e.orders.copy(order))
		var fresh bool
		if w.order, fresh = e.orders.put(o); fresh {
			w.violation = e.orders.life(o).violation
		}
		w.violation = first(
			func() *Violation { return w.violation },
			func() *Violation { return checkWrite(before, o) },
			func() *Violation { return e.checkAsked(&t, o) },
		)
	}
	e.writes[write{order, ref}] = w
	return w
}

// settled computes, once, the result of a call's settlement of a record.
func (e *explorer) settled(order orderRef, ref nodeRef) written {
	if order == 0 {
		return written{}
	}
	w, found := e.writes[write{order, ref}]
	if !found {
		o := e.orders.copy(order)
		e.model.Settle(e.tree.node(ref).next.settlement, o)
		w.order, _ = e.orders.put(o)
		w.violation = e.orders.life(e.orders.get(w.order)).violation
		e.writes[write{order, ref}] = w
	}
	return w
}

// noteLeft records the tokens that have left their slots.
func (e *explorer) noteLeft(before, after *state) {
	if before.order == 0 || before.order == after.order {
		return
	}
	o, n := e.orders.get(before.order), e.orders.get(after.order)
	for _, w := range waits {
		for _, was := range kept(o, w) {
			if !slices.Contains(kept(n, w), was) {
				after.left.add(was)
			}
		}
	}
}

// step returns a successor as a step of a trace.
func (e *explorer) step(next *successor) Step {
	if next.choice.actor == workflowActor {
		return Step{Actor: workflowName, Did: next.did}
	}
	step := Step{Actor: e.sc.actors[next.choice.actor].name, Did: next.did}
	if next.choice.again {
		step.Actor += againMark
	}
	if next.step != nil {
		step.Op = next.step.text
	}
	return step
}

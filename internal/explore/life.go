package explore

import (
	"slices"
	"time"

	"github.com/brewline/ordermanager"
)

// life is what an order must be according to its history.
type life struct {
	state ordermanager.State
	// holder holds the claim; barista is the name shown with the order.
	holder, barista string
	number, reason  string
	drink           bool
	waits           [3]lifeWait // by the number of the wait
	// announced has the event of each entry; the type is empty if there is none.
	announced []announcement
	violation *Violation
}

type lifeWait struct {
	decision ordermanager.Decision
	by       ordermanager.Entry
	at       time.Time // of the newest registration
}

type announcement struct {
	kind    ordermanager.EventType
	barista string
}

func (lf *life) decided(w ordermanager.Wait) bool {
	return lf.waits[w].decision != ordermanager.Undecided
}

// decide records a decision, unless there is one.
func (lf *life) decide(w ordermanager.Wait, d ordermanager.Decision, by ordermanager.Entry) {
	if wait := &lf.waits[w]; wait.decision == ordermanager.Undecided && d != ordermanager.Undecided {
		wait.decision, wait.by = d, by
	}
}

// live follows an order's history by the law, and checks that the rest of the order agrees with it.
func (sc *Scenario) live(o *ordermanager.Order) *life {
	lf := &life{}
	for i, e := range o.History {
		if v := sc.follow(lf, o, i, e); v != nil {
			lf.violation = v
			return lf
		}
	}
	lf.violation = sc.compare(lf, o)
	return lf
}

func (sc *Scenario) follow(lf *life, o *ordermanager.Order, i int, e ordermanager.Entry) *Violation {
	if has(&ordermanager.Order{History: o.History[:i]}, e.RequestID) {
		return violated(OncePerRequest, "%s was applied twice", nameOf(e.RequestID))
	}
	said := announcement{}
	switch e.Action {
	case ordermanager.ActionWorkflowStarted, ordermanager.ActionWaitingCompletion:
		if i == 0 {
			lf.state = sc.law.initial()
		}
		if wrong := e.Action != ordermanager.ActionWorkflowStarted || e.From != "" || e.To != lf.state; i == 0 && wrong {
			return violated(LegalPath, "the life begins with %s from %q to %q", e.Action, e.From, e.To)
		}
		if i > 0 && (e.From != lf.state || e.To != lf.state) {
			return violated(LegalPath, "%s leads from %s to %s; the order was %s", e.Action, e.From, e.To, lf.state)
		}
		t := tokenWithID(e.RequestID)
		at, w := sc.recorded(t), tokens[t].wait
		if w == ordermanager.FirstWait && lf.decided(w) {
			at = at.Add(time.Millisecond)
		}
		lost := lf.waits[w].at.After(at)
		if !lost {
			lf.waits[w].at = at
		}
		if e.Action == ordermanager.ActionWaitingCompletion && !lost {
			lf.number = numberOf(t)
			// The workflow of this order has its answer, so it needs nothing more.
			if !lf.decided(ordermanager.SecondWait) {
				said = announcement{kind: "WaitingCompletion"}
			}
		}
	default:
		if i == 0 {
			return violated(LegalPath, "the life begins with %s", e.Action)
		}
		rule, legal := sc.law.rule(e.Action, lf.state)
		if !legal || e.From != lf.state || e.To != rule.To {
			return violated(LegalPath, "%s leads from %s to %s; the order was %s", e.Action, e.From, e.To, lf.state)
		}
		if v := sc.obey(lf, o, &rule, e); v != nil {
			return v
		}
		said = announcement{kind: rule.Event}
		if rule.Claim != ordermanager.ClaimReleases &&
			(e.Actor.Role == ordermanager.RoleBarista || e.Actor.Role == ordermanager.RoleAdmin) {
			said.barista = e.Actor.ID
		}
	}
	if said.kind == "" || sc.NoPublisher {
		said = announcement{}
	}
	lf.announced = append(lf.announced, said)
	return nil
}

// obey applies a rule to a life, and checks that the actor was permitted.
func (sc *Scenario) obey(lf *life, o *ordermanager.Order, rule *ordermanager.Rule, e ordermanager.Entry) *Violation {
	who := e.Actor
	switch {
	case !permits(rule, who.Role):
		return violated(ClearRefusal, "%s by a %s, who may not ask for it", e.Action, who.Role)
	case who.Role == ordermanager.RoleCustomer && who.ID != o.Customer:
		return violated(ClearRefusal, "%s by %v to the order of %s", e.Action, who, o.Customer)
	case who.Role == ordermanager.RoleBarista && lf.holder != "" && lf.holder != who.ID && !sc.law.final(lf.state):
		return violated(OneClaim, "%s by %s to what %s held", e.Action, who.ID, lf.holder)
	}
	switch rule.Drink {
	case ordermanager.DrinkAccepts:
		if lf.drink {
			return violated(OneWinner, "a second drink was accepted")
		}
		lf.drink = true
	case ordermanager.DrinkNeeds:
		if !lf.drink {
			return violated(ClearRefusal, "%s before there was a drink", e.Action)
		}
	}
	switch rule.Claim {
	case ordermanager.ClaimTakes:
		if lf.holder != "" {
			return violated(OneClaim, "%s took the claim of %s", who.ID, lf.holder)
		}
		lf.holder, lf.barista = who.ID, who.ID
	case ordermanager.ClaimNeeds:
		if who.Role == ordermanager.RoleBarista {
			lf.barista = who.ID
		}
	case ordermanager.ClaimReleases:
		if lf.holder == "" {
			return violated(OneClaim, "%s gives up a claim that nobody has", e.Action)
		}
		lf.holder, lf.barista = "", ""
	}
	answer, _ := sc.law.answers(rule.To)
	if answer == ordermanager.Cancelled && !lf.decided(ordermanager.SecondWait) {
		lf.reason = e.Reason
	}
	if rule.Answers == ordermanager.FirstWait {
		lf.decide(ordermanager.FirstWait, ordermanager.Done, e)
	}
	lf.decide(ordermanager.FirstWait, answer, e)
	lf.decide(ordermanager.SecondWait, answer, e)
	lf.state = rule.To
	return nil
}

// compare checks an order against its history.
func (sc *Scenario) compare(lf *life, o *ordermanager.Order) *Violation {
	answer, same := sc.law.answers(lf.state)
	switch {
	case o.State != lf.state:
		return violated(LegalPath, "the order is %s; its history leads to %s", o.State, lf.state)
	case o.Version != len(o.History):
		return violated(LegalPath, "version %d after %d entries", o.Version, len(o.History))
	case (o.Drink != nil) != lf.drink:
		return violated(LegalPath, "the drink does not follow from the history")
	case o.Barista != lf.barista:
		return violated(OneClaim, "the order is %s for %q; by its history it is so for %q", o.State, o.Barista, lf.barista)
	case o.Reason != lf.reason:
		return violated(LegalPath, "the order was cancelled for %q and says %q", lf.reason, o.Reason)
	case o.Number != lf.number:
		return violated(LegalPath, "the order has the %q, it must have the %q", o.Number, lf.number)
	case !same:
		return violated(TokenConservation, "the order is %s, in which the workflow is told one thing and another", o.State)
	case answer != ordermanager.Undecided && answer != ordermanager.Done && answer != ordermanager.Cancelled:
		return violated(TokenConservation, "the order is %s, in which the workflow is told %q", o.State, answer)
	}
	for _, w := range waits {
		slot, want := slotOf(o, w), lf.waits[w]
		if w == ordermanager.SecondWait && want.decision != answer {
			return violated(
				TokenConservation, "the workflow is told %q, and the order is %s, which says %q", want.decision, o.State, answer,
			)
		}
		if slot.Decision != want.decision {
			return violated(
				TokenConservation, "the decision about wait %d is %q, it must be %q", w, slot.Decision, want.decision,
			)
		}
		if !slot.RegisteredAt.Equal(want.at) {
			return violated(TokenConservation, "wait %d was registered at %v, it must be %v", w, slot.RegisteredAt, want.at)
		}
	}
	for i, key := range o.OwedEvents {
		publisher, id := owing(key)
		if !has(o, id) || slices.Contains(o.OwedEvents[:i], key) || !slices.Contains(sc.publishers(), publisher) {
			return violated(NothingLost, "the %s is owed twice, or for nothing", eventOf(key))
		}
	}
	return nil
}

// allowed lists the actions that are possible on an order now.
func (sc *Scenario) allowed(lf *life, o *ordermanager.Order, who ordermanager.Actor) []ordermanager.Action {
	allowed := []ordermanager.Action{}
	for _, action := range sc.law.actions() {
		rule, legal := sc.law.rule(action, lf.state)
		switch {
		case !legal, !permits(&rule, who.Role),
			who.Role == ordermanager.RoleCustomer && who.ID != o.Customer,
			who.Role == ordermanager.RoleBarista && lf.holder != "" && lf.holder != who.ID && !sc.law.final(lf.state),
			rule.Drink == ordermanager.DrinkAccepts && lf.drink,
			rule.Drink == ordermanager.DrinkNeeds && !lf.drink:
		default:
			allowed = append(allowed, action)
		}
	}
	return allowed
}

package explore

import (
	"slices"
	"time"

	om "github.com/brewline/ordermanager"
)

// law is a life-cycle table as the oracle reads it. Those of the scenarios are written out here a second time on purpose: an oracle that
// asked the table under test, or the code that reads it, would agree with every mistake in them.
type law struct {
	states []om.StateRule
	rules  []om.Rule
}

// shopLaw is the life of an ordinary order; with robots, also of one that is completed without a claim.
func shopLaw(robots bool) *law {
	completable := []om.State{"making"}
	if robots {
		completable = append(completable, "pending")
	}
	return &law{
		states: []om.StateRule{
			{State: "pending", Initial: true}, {State: "making"},
			{State: "completed", Answers: om.Done}, {State: "cancelled", Answers: om.Cancelled},
		},
		rules: []om.Rule{
			{Action: "put", From: []om.State{"pending"}, To: "pending", Drink: om.DrinkAccepts, Answers: om.FirstWait},
			{Action: "make", From: []om.State{"pending"}, To: "making", Claim: om.ClaimTakes, Drink: om.DrinkNeeds, Event: "MakeOrder"},
			{Action: "unmake", From: []om.State{"making"}, To: "pending", Claim: om.ClaimReleases, Event: "MakeOrder"},
			{Action: "complete", From: completable, To: "completed", Claim: om.ClaimNeeds, Drink: om.DrinkNeeds, Event: "OrderCompleted"},
			{Action: "cancel", From: []om.State{"pending", "making"}, To: "cancelled", Event: "OrderCancelled"},
			{Action: "timed_out", From: []om.State{"pending", "making"}, To: "cancelled"},
		},
	}
}

// lifecycle is the table as the library takes it.
func (l *law) lifecycle() om.Lifecycle {
	return om.Lifecycle{}.WithStates(l.states...).With(l.rules...)
}

// rule is what an action means in a state.
func (l *law) rule(action om.Action, from om.State) (rule om.Rule, legal bool) {
	for _, r := range l.rules {
		if r.Action == action && slices.Contains(r.From, from) {
			return r, true
		}
	}
	return om.Rule{}, false
}

func (l *law) actions() []om.Action {
	var all []om.Action
	for _, r := range l.rules {
		if r.Action != om.ActionTimedOut && !slices.Contains(all, r.Action) {
			all = append(all, r.Action)
		}
	}
	return all
}

func (l *law) initial() om.State {
	for _, s := range l.states {
		if s.Initial {
			return s.State
		}
	}
	return ""
}

// answers is what a workflow is told in a state. A table that says two things of one state is broken, whichever is done.
func (l *law) answers(state om.State) (answer om.Decision, same bool) {
	same = true
	for i, s := range l.states {
		if s.State != state {
			continue
		}
		if answer != s.Answers && slices.ContainsFunc(l.states[:i], func(other om.StateRule) bool { return other.State == state }) {
			return answer, false
		}
		answer = s.Answers
	}
	return answer, same
}

// final reports whether nothing leaves a state.
func (l *law) final(state om.State) bool {
	for _, r := range l.rules {
		if r.To != state && slices.Contains(r.From, state) {
			return false
		}
	}
	return true
}

// permits reports whether somebody may ask for what a rule says at all: one of its roles or, without roles, whoever does such things
// in a coffee shop.
func permits(r *om.Rule, who om.Role) bool {
	if r.Action == om.ActionTimedOut {
		return who == om.RoleSystem
	}
	if len(r.By) > 0 {
		return slices.Contains(r.By, who)
	}
	switch who {
	case om.RoleCustomer:
		return r.Action == "put" || r.Action == "cancel"
	case om.RoleBarista, om.RoleAdmin:
		return r.Action != "put"
	default:
		return r.Action == "cancel"
	}
}

// life is what its history makes of an order.
type life struct {
	state om.State
	// holder has the claim; barista is the name that the order shows.
	holder, barista string
	number, reason  string
	drink           bool
	waits           [3]lifeWait // by the number of the wait
	// announced has the event of each entry; its type is empty where none is due.
	announced []announcement
	violation *Violation
}

type lifeWait struct {
	decision om.Decision
	by       om.Entry
	at       time.Time // of the newest registration
}

type announcement struct {
	kind    om.EventType
	barista string
}

func (lf *life) decided(w om.Wait) bool { return lf.waits[w].decision != om.Undecided }

// decide puts a decision on record, unless there is one.
func (lf *life) decide(w om.Wait, d om.Decision, by om.Entry) {
	if wait := &lf.waits[w]; wait.decision == om.Undecided && d != om.Undecided {
		wait.decision, wait.by = d, by
	}
}

// live follows the history of an order by the law, and checks that everything else about the order comes from it.
func (sc *Scenario) live(o *om.Order) *life {
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

func (sc *Scenario) follow(lf *life, o *om.Order, i int, e om.Entry) *Violation {
	if has(&om.Order{History: o.History[:i]}, e.RequestID) {
		return violated(OncePerRequest, "%s was applied twice", nameOf(e.RequestID))
	}
	said := announcement{}
	switch e.Action {
	case om.ActionWorkflowStarted, om.ActionWaitingCompletion:
		if i == 0 {
			lf.state = sc.law.initial()
		}
		if wrong := e.Action != om.ActionWorkflowStarted || e.From != "" || e.To != lf.state; i == 0 && wrong {
			return violated(LegalPath, "the life begins with %s from %q to %q", e.Action, e.From, e.To)
		}
		if i > 0 && (e.From != lf.state || e.To != lf.state) {
			return violated(LegalPath, "%s leads from %s to %s; the order was %s", e.Action, e.From, e.To, lf.state)
		}
		t := tokenWithID(e.RequestID)
		at, w := sc.recorded(t), tokens[t].wait
		if w == om.FirstWait && lf.decided(w) {
			at = at.Add(time.Millisecond)
		}
		lost := lf.waits[w].at.After(at)
		if !lost {
			lf.waits[w].at = at
		}
		if e.Action == om.ActionWaitingCompletion && !lost {
			lf.number = numberOf(t)
			// Nobody waits for news of an order whose workflow has its answer.
			if !lf.decided(om.SecondWait) {
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
		if rule.Claim != om.ClaimReleases && (e.Actor.Role == om.RoleBarista || e.Actor.Role == om.RoleAdmin) {
			said.barista = e.Actor.ID
		}
	}
	if said.kind == "" || sc.NoPublisher {
		said = announcement{}
	}
	lf.announced = append(lf.announced, said)
	return nil
}

// obey does to a life what a rule says, and checks who did it.
func (sc *Scenario) obey(lf *life, o *om.Order, rule *om.Rule, e om.Entry) *Violation {
	who := e.Actor
	switch {
	case !permits(rule, who.Role):
		return violated(ClearRefusal, "%s by a %s, who may not ask for it", e.Action, who.Role)
	case who.Role == om.RoleCustomer && who.ID != o.Customer:
		return violated(ClearRefusal, "%s by %v to the order of %s", e.Action, who, o.Customer)
	case who.Role == om.RoleBarista && lf.holder != "" && lf.holder != who.ID && !sc.law.final(lf.state):
		return violated(OneClaim, "%s by %s to what %s held", e.Action, who.ID, lf.holder)
	}
	switch rule.Drink {
	case om.DrinkAccepts:
		if lf.drink {
			return violated(OneWinner, "a second drink was accepted")
		}
		lf.drink = true
	case om.DrinkNeeds:
		if !lf.drink {
			return violated(ClearRefusal, "%s before there was a drink", e.Action)
		}
	}
	switch rule.Claim {
	case om.ClaimTakes:
		if lf.holder != "" {
			return violated(OneClaim, "%s took the claim of %s", who.ID, lf.holder)
		}
		lf.holder, lf.barista = who.ID, who.ID
	case om.ClaimNeeds:
		if who.Role == om.RoleBarista {
			lf.barista = who.ID
		}
	case om.ClaimReleases:
		if lf.holder == "" {
			return violated(OneClaim, "%s gives up a claim that nobody has", e.Action)
		}
		lf.holder, lf.barista = "", ""
	}
	answer, _ := sc.law.answers(rule.To)
	if answer == om.Cancelled && !lf.decided(om.SecondWait) {
		lf.reason = e.Reason
	}
	if rule.Answers == om.FirstWait {
		lf.decide(om.FirstWait, om.Done, e)
	}
	lf.decide(om.FirstWait, answer, e)
	lf.decide(om.SecondWait, answer, e)
	lf.state = rule.To
	return nil
}

// compare checks an order against what its history makes of it.
func (sc *Scenario) compare(lf *life, o *om.Order) *Violation {
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
	case answer != om.Undecided && answer != om.Done && answer != om.Cancelled:
		return violated(TokenConservation, "the order is %s, in which the workflow is told %q", o.State, answer)
	}
	for _, w := range waits {
		slot, want := slotOf(o, w), lf.waits[w]
		if w == om.SecondWait && want.decision != answer {
			return violated(TokenConservation, "the workflow is told %q, and the order is %s, which says %q", want.decision, o.State, answer)
		}
		if slot.Decision != want.decision {
			return violated(TokenConservation, "the decision about wait %d is %q, it must be %q", w, slot.Decision, want.decision)
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

var waits = [...]om.Wait{om.FirstWait, om.SecondWait}

// allowed lists what somebody could do to an order now.
func (sc *Scenario) allowed(lf *life, o *om.Order, who om.Actor) []om.Action {
	allowed := []om.Action{}
	for _, action := range sc.law.actions() {
		rule, legal := sc.law.rule(action, lf.state)
		switch {
		case !legal, !permits(&rule, who.Role),
			who.Role == om.RoleCustomer && who.ID != o.Customer,
			who.Role == om.RoleBarista && lf.holder != "" && lf.holder != who.ID && !sc.law.final(lf.state),
			rule.Drink == om.DrinkAccepts && lf.drink,
			rule.Drink == om.DrinkNeeds && !lf.drink:
		default:
			allowed = append(allowed, action)
		}
	}
	return allowed
}

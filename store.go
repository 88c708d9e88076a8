package ordermanager

import (
	"context"
	"slices"
)

// Store keeps orders, in four methods; everything else (checking requests, explaining refusals, wrapping errors,
// delivering) is done once, above it. Check an implementation with the suite in storetest.
//
// A store keeps states, actions and decisions as given and knows none by name: the [Lifecycle] defines them. One that
// cannot keep every life cycle implements [LifecycleChecker].
//
// An implementation must be safe for concurrent use. What it is given it only reads: transitions share the lists of
// their guards. What it returns belongs to the caller, who may change it, and shares nothing with what it keeps: see
// [Order.Clone]. Times have millisecond precision and come back in UTC. It must
// honour a context that is done by returning its error.
type Store interface {
	// Apply carries out a transition as one atomic conditional write, with no read before it.
	//
	//  - applied: every guard held, and the result has the order as it is now;
	//  - refused: a guard did not hold, nothing was written, and the result has the order as it is, as of the same
	//    instant, or nil when there is none. This is a value and not an error;
	//  - an error: the outcome is unknown.
	//
	// A store that has its own language for conditions translates the guards; any other can use [Transition.Permits] and
	// [Transition.Apply].
	Apply(ctx context.Context, t Transition) (Result, error)

	// Settle removes what was delivered from an order. See [Settlement] for what it must leave alone. Settling what is not
	// there, or an order that does not exist, is not an error.
	Settle(ctx context.Context, s Settlement) error

	// Get returns one order, or nil when it does not exist. It reads its own writes.
	Get(ctx context.Context, orderID string) (*Order, error)

	// List returns one page of the orders that match the query, each order once per listing as long as it does not
	// change, oldest first where the store can, or newest first if that is asked for. Listed orders may come without
	// their History, their waits and their OwedEvents, which no listing needs; everything else is there. A page may be
	// shorter than the limit, even empty, while its cursor says that there is more. It may lag behind writes. The query
	// has been checked: its Limit is between 1 and [MaxPageSize]. A cursor that this store did not make is an error
	// that wraps [ErrInvalidRequest].
	List(ctx context.Context, q Query) (Page, error)
}

// LifecycleChecker is implemented by a [Store] that cannot keep every life cycle, for instance because its table has
// words for a few states only. [New] asks it.
type LifecycleChecker interface {
	// CheckLifecycle returns an error that names the states and actions that the store cannot keep. It does no I/O.
	CheckLifecycle(l Lifecycle) error
}

// Result is the answer of [Store.Apply].
type Result struct {
	// Applied says whether the transition was written.
	Applied bool
	// Order is the order after it, or as it is if it was refused; nil when there is no such order.
	Order *Order
	// Answered are the waits whose workflow got its answer with the write, so that nothing is owed for them: see [Joint].
	Answered []Wait
}

// Query asks for orders. At least one of the first four fields is set; all that are set must match.
type Query struct {
	State    State
	Customer string
	Venue    string
	// Owing asks for orders that owe a delivery: see [Order.Owes]. A listing may also contain orders that no longer
	// do; visiting them with an empty settlement takes them off.
	Owing bool
	// Newest asks for the newest orders first, of a store that lists by age; any other may ignore it. It is part of the
	// query: a cursor goes on in its own direction.
	Newest bool
	// Limit is how many orders a page has at most: 0 means [DefaultPageSize], and [MaxPageSize] is the most.
	Limit int
	// Cursor continues a listing after an earlier page of the same query; empty for the first page.
	Cursor string
}

// Matches reports whether an order belongs to the listing. Stores that filter in Go use it.
func (q Query) Matches(o *Order) bool {
	return (q.State == "" || o.State == q.State) &&
		(q.Customer == "" || o.Customer == q.Customer) &&
		(q.Venue == "" || o.Venue == q.Venue) &&
		(!q.Owing || o.owes())
}

// Page is a part of a listing.
type Page struct {
	Orders []*Order
	// Skipped are orders of this page that cannot be read.
	Skipped []Skipped
	// Cursor continues the listing; empty when this was the last page.
	Cursor string
}

// Skipped is an order that a listing passed over.
type Skipped struct {
	OrderID string
	// Err says why: what of it cannot be read, or that its state is not in the life cycle.
	Err error
}

// Settlement names what was delivered for an order, and only that is removed: a token is removed from its place only if
// it is still the one there, and an event only if it is still owed. A newer registration that has taken the slot stays.
type Settlement struct {
	OrderID string
	// Version is the order's version as the deliverer saw it.
	Version int
	// First and Second are the tokens that were answered, zero where none was.
	First, Second TaskToken
	// FirstSpare and SecondSpare are the spare tokens that are done with, zero where none is.
	FirstSpare, SecondSpare TaskToken
	// Events are those of [Order].OwedEvents that were published.
	Events []string
	// Everything says that the order owed nothing else as the deliverer saw it. If its version is still the same, the
	// order leaves the listing of owing orders; a store that works that out from the order itself can ignore this.
	Everything bool
	// Ended is the state in which the order has ended, as the deliverer saw it; empty while something can still leave
	// its state. A store that files away what is over and owes nothing does so if Everything holds; any other can
	// ignore this.
	Ended State
}

// empty reports whether the settlement changes nothing.
func (s *Settlement) empty() bool {
	return s.First.IsZero() && s.Second.IsZero() && s.FirstSpare.IsZero() && s.SecondSpare.IsZero() &&
		s.Events == nil && !s.Everything
}

// Apply takes what was settled off an order, for stores that keep orders as Go values.
func (s Settlement) Apply(o *Order) {
	take := func(held *TaskToken, answered TaskToken) {
		if !answered.IsZero() && held.Equal(answered) {
			*held = TaskToken{}
		}
	}
	take(&o.FirstWait.Token, s.First)
	take(&o.FirstWait.Spare, s.FirstSpare)
	take(&o.SecondWait.Token, s.Second)
	take(&o.SecondWait.Spare, s.SecondSpare)
	o.OwedEvents = slices.DeleteFunc(o.OwedEvents, func(id string) bool { return slices.Contains(s.Events, id) })
}

// Transition describes one change of one order as data: the guards that must hold, what is assigned when they do, and
// the entry that is added to the history. A store turns it into one native conditional write.
type Transition struct {
	// OrderID is the order to change.
	OrderID string
	// Create is set when the order must not exist yet, and gives it its beginning; Guards are empty then.
	Create *NewOrder
	// Guards must all hold.
	Guards Guards
	// Assign is what changes.
	Assign Assignment
	// Entry is added to the history, and the version grows by one. Its From is not part of the write: it is the state
	// before it, which the store fills in or, where it cannot, derives from the entry before. Its RequestID must not be
	// in the history yet: that is a guard too. Its At becomes UpdatedAt.
	Entry Entry
	// Owing says that the order may owe a delivery after this write, so that it must appear in the listing of owing
	// orders. A store that works that out from the order itself can ignore it.
	Owing bool
	// Joint is what a store may do in the same write if the workflow lives in its database; nil for nothing. Any other
	// store ignores it.
	Joint *Joint
}

// NewOrder is the beginning of an order. It starts at version 1.
type NewOrder struct {
	Customer, Venue string
	Robot           bool
	// State is the one that it begins in; Assign.State is empty.
	State State
}

// Guards are the conditions of a transition, beyond that the order exists. A zero field is no condition.
type Guards struct {
	// States are those that the order must be in one of.
	States []State
	// Customer must be the order's customer.
	Customer string
	// Venue must be the order's venue. A pointer, because the empty venue is one.
	Venue *string
	// Venues are those of which the order's venue must be one.
	Venues []string
	// NoDrink and HasDrink ask whether a drink has been accepted.
	NoDrink, HasDrink bool
	// FreeFor is a barista: in the states of HeldIn, the order's barista must be this one. In any other state it is no
	// condition.
	FreeFor string
	// HeldIn are the states in which a barista holds the order.
	HeldIn []State
	// Undecided is a wait whose decision must not be on record; 0 is no condition.
	Undecided Wait
	// HistoryBelow is what the number of history entries must be below.
	HistoryBelow int
}

// Assignment is what a transition changes. A zero field changes nothing.
type Assignment struct {
	// State is the new state.
	State State
	// Drink is the accepted drink. Nobody changes it any more, so that the order can have it as it is.
	Drink *Drink
	// Barista is the new holder; a pointer, because nobody is one.
	Barista *string
	// Reason is why the order was cancelled.
	Reason string
	// Number is the order number.
	Number string
	// First and Second are the decisions about the waits. A decision that is on record already stays as it is, and that
	// is no reason to refuse.
	First, Second Decision
	// Ends says that nothing leaves the new state: the order has ended. A store that keeps no order for ever may count
	// from here.
	Ends bool
	// Register puts a token into a slot.
	Register *Registration
	// AnswerFirst takes the token out of the slot of the first wait: the workflow reached the second, so the first was
	// answered. A spare token stays, because it may be of a first wait that was begun again. It brings a guard of its
	// own: the first slot was not registered after the second's token, which Register has.
	AnswerFirst bool
	// Events become owed: the store adds them to [Order].OwedEvents as they are.
	Events []string
}

// guard is a set of guards that did not hold.
type guard uint16

const (
	guardMissing guard = 1 << iota
	guardExists
	guardRepeated
	guardCustomer
	guardVenue
	guardClaim
	guardState
	guardNoDrink
	guardHasDrink
	guardHistory
	guardSuperseded
	guardFirstNewer
	guardDecided
)

// failing returns the guards that do not hold for o, which is nil when the order does not exist.
func (t *Transition) failing(o *Order) guard {
	if t.Create != nil {
		if o != nil {
			return guardExists
		}
		return 0
	}
	if o == nil {
		return guardMissing
	}
	failing := t.Guards.failing(o)
	if o.index(t.Entry.RequestID) >= 0 {
		failing |= guardRepeated
	}
	if r := t.Assign.Register; r != nil {
		if o.slot(r.Wait).RegisteredAt.After(r.At) != r.Spare {
			failing |= guardSuperseded
		}
		if t.Assign.AnswerFirst && o.FirstWait.RegisteredAt.After(r.At) {
			failing |= guardFirstNewer
		}
	}
	return failing
}

// failing returns those of these guards that do not hold for o.
func (g *Guards) failing(o *Order) guard {
	var failing guard
	check := func(holds bool, g guard) {
		if !holds {
			failing |= g
		}
	}
	check(len(g.States) == 0 || slices.Contains(g.States, o.State), guardState)
	check(g.Customer == "" || o.Customer == g.Customer, guardCustomer)
	check(g.Venue == nil || o.Venue == *g.Venue, guardVenue)
	check(len(g.Venues) == 0 || slices.Contains(g.Venues, o.Venue), guardVenue)
	check(!g.NoDrink || o.Drink == nil, guardNoDrink)
	check(!g.HasDrink || o.Drink != nil, guardHasDrink)
	check(g.FreeFor == "" || o.Barista == g.FreeFor || !slices.Contains(g.HeldIn, o.State), guardClaim)
	check(g.Undecided == 0 || !o.decided(g.Undecided), guardDecided)
	check(g.HistoryBelow == 0 || len(o.History) < g.HistoryBelow, guardHistory)
	return failing
}

// Permits reports whether every guard holds for o, which is nil when the order does not exist.
func (t *Transition) Permits(o *Order) bool { return t.failing(o) == 0 }

// Apply returns the order that the transition makes of o, which is nil for a new order. It changes o and may return
// it; the result shares no memory with t that anyone can change. It checks nothing: see [Transition.Permits].
func (t *Transition) Apply(o *Order) *Order {
	from := State("")
	if t.Create != nil {
		o = &Order{
			ID:        t.OrderID,
			Customer:  t.Create.Customer,
			Venue:     t.Create.Venue,
			Robot:     t.Create.Robot,
			State:     t.Create.State,
			CreatedAt: t.Entry.At,
			History:   make([]Entry, 0, 8), // enough for an ordinary life
		}
	} else {
		from = o.State
	}
	a := &t.Assign
	if a.State != "" {
		o.State = a.State
	}
	if a.Drink != nil {
		o.Drink = a.Drink
	}
	if a.Barista != nil {
		o.Barista = *a.Barista
	}
	if a.Reason != "" {
		o.Reason = a.Reason
	}
	if a.Number != "" {
		o.Number = a.Number
	}
	o.FirstWait.decide(a.First)
	o.SecondWait.decide(a.Second)
	if r := a.Register; r != nil {
		o.slot(r.Wait).register(r)
	}
	if a.AnswerFirst {
		o.FirstWait.Token = TaskToken{}
	}
	o.OwedEvents = append(o.OwedEvents, a.Events...)
	o.History = append(o.History, t.Entry)
	entry := &o.History[len(o.History)-1]
	entry.From, entry.To = from, o.State
	o.Version++
	o.UpdatedAt = entry.At
	return o
}

// Joint lets a workflow that lives in the store's own database take part in a transition: the wait that it decides is
// answered, what was answered settled, and the wait that begins then registered, all in the one write. Either all of
// that is written or none, so no crash can come in between. A store without such a workflow ignores it, and the
// Manager does these steps one after another, as it does with whatever a store could not do jointly.
type Joint struct {
	// Workflow is the resumer of the Manager. It takes part only if it is in the store's database.
	Workflow Resumer
	// Outcome is what a wait is answered with, for the order as it is after the transition. After an error the answer
	// stays owed.
	Outcome func(o *Order, w Wait) (Outcome, error)
	// Waiting is the transition that registers the wait which an answer led to. If it is refused, or this fails, the
	// workflow notifies the Manager, as it does otherwise.
	Waiting func(n WaitingCompletion) (Transition, error)
}

package ordermanager

import (
	"slices"
	"time"
)

// State is where an order is in its life. The [Lifecycle] defines the states.
type State string

// The states of [StandardLifecycle]. Completed and cancelled are terminal there: nothing leaves them.
const (
	// StatePending is an order that no barista holds. It starts here, without a drink, and comes back here
	// when a barista puts it back.
	StatePending State = "pending"
	// StateMaking is an order that one barista has claimed.
	StateMaking State = "making"
	// StateCompleted is an order that was made. Terminal.
	StateCompleted State = "completed"
	// StateCancelled is an order that a customer, a barista or a time-out ended. Terminal.
	StateCancelled State = "cancelled"
)

// States lists the states of [StandardLifecycle], in the order of a life.
func States() []State {
	return []State{StatePending, StateMaking, StateCompleted, StateCancelled}
}

// Action is what somebody does to an order, or what the workflow reports about it. The [Lifecycle] defines the actions
// of people and their meaning.
type Action string

// The five actions of people in [StandardLifecycle].
const (
	// ActionPut is the customer's choice of a drink.
	ActionPut Action = "put"
	// ActionMake is a barista's claim.
	ActionMake Action = "make"
	// ActionUnmake is a barista's release of a claim.
	ActionUnmake Action = "unmake"
	// ActionComplete is a barista's report that the drink is ready.
	ActionComplete Action = "complete"
	// ActionCancel is the end of an order before it is made.
	ActionCancel Action = "cancel"
)

// The three notifications of the workflow.
const (
	// ActionWorkflowStarted creates the order and registers the token of the first wait.
	ActionWorkflowStarted Action = "workflow_started"
	// ActionWaitingCompletion registers the order number and the token of the second wait.
	ActionWaitingCompletion Action = "waiting_completion"
	// ActionTimedOut ends an order whose workflow stopped waiting.
	ActionTimedOut Action = "timed_out"
)

// The two repairs of an admin, as a history shows them.
const (
	// ActionAbandoned is the decision that what an order still owes is not delivered: see [Manager.Abandon].
	ActionAbandoned Action = "abandoned"
	// ActionResent is the decision that what an order owes is delivered now: see [Manager.Resend].
	ActionResent Action = "resent"
)

// Actions lists the actions of people in [StandardLifecycle].
func Actions() []Action {
	return []Action{ActionPut, ActionMake, ActionUnmake, ActionComplete, ActionCancel}
}

// Order is everything known about an order.
//
// A [Manager] returns orders with masked task tokens: a masked token shows only that there is one. Only a [Store] and a
// [Resumer] ever see the values.
type Order struct {
	// ID names the order; the workflow chose it.
	ID string
	// Customer is the user whose order it is.
	Customer string
	// Venue is the event or shop that the order belongs to; empty where there is only one.
	Venue string
	// Robot marks an order that a program placed.
	Robot bool
	// State is where the order is in its life.
	State State
	// Drink is the accepted drink, nil until a put was accepted. It is set once and never changes; copies of the order
	// share it.
	Drink *Drink
	// Number is the number called out at the counter; empty until the workflow reached the second wait.
	Number string
	// Barista holds the order, or made it; empty while nobody has claimed it.
	Barista string
	// Reason says why the order was cancelled; empty otherwise.
	Reason string
	// CreatedAt is when the order was first recorded, to the millisecond, in UTC.
	CreatedAt time.Time
	// UpdatedAt is when the order last changed, to the millisecond, in UTC.
	UpdatedAt time.Time
	// Version counts the entries that were ever added to the history: it grows by one with every applied transition.
	Version int
	// History is what happened to the order, oldest first. It is complete: see [MaxHistory] for how it stays small. Its
	// entries never change; copies of the order share them.
	History []Entry

	// FirstWait is the workflow's wait for a drink.
	FirstWait WaitSlot
	// SecondWait is the workflow's wait for completion.
	SecondWait WaitSlot
	// OwedEvents are the events that are still to be published, once for each publisher and in no particular order:
	// [SplitOwed] says of which entry, and to whom.
	OwedEvents []string
}

// Entry is one line of an order's history.
type Entry struct {
	// Action is what was done, From and To the states before and after it. From is empty for the first entry.
	Action   Action
	From, To State
	// Actor is who did it.
	Actor Actor
	// RequestID is the identifier under which it was asked for. An order never holds the same one twice.
	RequestID string
	// At is when it was recorded, to the millisecond, in UTC.
	At time.Time
	// Reason is what the actor said about it, if anything.
	Reason string
	// Trace is the trace context of the call that did it, as [Options].Trace returned it: at most [MaxTraceBytes], empty
	// where there is none. What follows from the entry carries it, however much later that is delivered.
	Trace string
}

// Clone returns a copy. The entries of the history and the drink are shared: nobody changes
// them once they are made, so that a copy costs the same however long the history is. Stores use it so that what they
// return never aliases what they keep.
func (o *Order) Clone() *Order {
	c := *o
	c.History = slices.Clip(o.History)
	c.OwedEvents = nil
	if len(o.OwedEvents) > 0 {
		c.OwedEvents = slices.Clone(o.OwedEvents)
	}
	return &c
}

// Entry returns the history entry with this request id, and its version (1 for the first).
func (o *Order) Entry(requestID string) (entry Entry, version int, found bool) {
	i := o.index(requestID)
	if i < 0 {
		return Entry{}, 0, false
	}
	return o.History[i], o.Version - len(o.History) + i + 1, true
}

// index is where in the history the entry with this request id is, or -1.
func (o *Order) index(requestID string) int {
	for i := range o.History {
		if o.History[i].RequestID == requestID {
			return i
		}
	}
	return -1
}

// Owes reports whether something that follows from the order's history has not been delivered yet: an answer to a wait
// that has been decided, or an event.
func (o Order) Owes() bool { return o.owes() }

func (o *Order) owes() bool {
	return len(o.OwedEvents) > 0 || o.answering(FirstWait) || o.answering(SecondWait)
}

// slot returns the slot of a wait.
func (o *Order) slot(w Wait) *WaitSlot {
	if w == SecondWait {
		return &o.SecondWait
	}
	return &o.FirstWait
}

// decided reports whether the answer to a wait is on record. Once it is, it stays.
func (o *Order) decided(w Wait) bool { return o.slot(w).Decision != Undecided }

// answering reports whether the token of a wait is being answered: decided, but not settled yet.
func (o *Order) answering(w Wait) bool { return o.decided(w) && o.slot(w).held() }

// masked returns the order as callers of a Manager see it.
func (o *Order) masked() Order {
	m := *o
	m.mask()
	return m
}

// mask turns an order from the store, which nobody else uses, into what callers of a Manager see.
func (o *Order) mask() {
	for _, slot := range [...]*WaitSlot{&o.FirstWait, &o.SecondWait} {
		slot.Token, slot.Spare = slot.Token.Masked(), slot.Spare.Masked()
	}
}

// Role is the capacity in which somebody acts.
type Role string

const (
	// RoleCustomer is somebody who orders.
	RoleCustomer Role = "customer"
	// RoleBarista is somebody who makes what is ordered.
	RoleBarista Role = "barista"
	// RoleAdmin is a supervisor: a barista not bound by others' claims.
	RoleAdmin Role = "admin"
	// RoleSystem is the workflow, or one of your programs.
	RoleSystem Role = "system"
)

var roles = [...]Role{RoleCustomer, RoleBarista, RoleAdmin, RoleSystem}

// Actor is who acts: a role and an identifier of at most [MaxIDBytes].
type Actor struct {
	Role Role
	ID   string
}

// Customer returns the actor for a customer.
func Customer(id string) Actor { return Actor{RoleCustomer, id} }

// Barista returns the actor for a barista.
func Barista(id string) Actor { return Actor{RoleBarista, id} }

// Admin returns the actor for a supervisor.
func Admin(id string) Actor { return Actor{RoleAdmin, id} }

// System returns the actor for one of your programs.
func System(id string) Actor { return Actor{RoleSystem, id} }

// Drink is an accepted drink, in the menu's own words.
type Drink struct {
	// Name and Icon are those of the menu item.
	Name, Icon string
	// Modifiers are the chosen options as [MenuItem.Word] writes them, in the order of the menu's groups.
	Modifiers []string
}

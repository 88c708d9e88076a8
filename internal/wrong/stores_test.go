package wrong_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

// storeMistake is a wrong store and the case that is there to find it.
type storeMistake struct {
	name  string
	found string
	store func() ordermanager.Store
}

// inside makes a mistake in a part of the plain store.
func inside(mistake func(p *plain)) func() ordermanager.Store {
	return func() ordermanager.Store {
		p := newPlain()
		mistake(p)
		return p
	}
}

// around makes a mistake around the plain store.
func around(mistake func(w *outside)) func() ordermanager.Store {
	return func() ordermanager.Store {
		w := &outside{Store: newPlain()}
		mistake(w)
		return w
	}
}

// ignoring forgets to translate one guard.
func ignoring(forget func(t *transition)) func() ordermanager.Store {
	return inside(func(p *plain) {
		p.permits = func(t *transition, o *order) bool {
			weaker := *t
			forget(&weaker)
			return weaker.Permits(o)
		}
	})
}

// afterwards spoils the order that a transition makes.
func afterwards(spoil func(t *transition, before, after *order)) func() ordermanager.Store {
	return inside(func(p *plain) {
		p.change = func(t *transition, o *order) *order {
			before := clone(o)
			after := t.Apply(o)
			spoil(t, before, after)
			return after
		}
	})
}

// later lets every other caller go first. The tests run in a bubble of testing/synctest, where this takes no time.
func later() { <-time.After(time.Millisecond) }

var storeMistakes = []storeMistake{
	// What is kept and what is handed out.
	{"keeps the caller's pointer", "aliasing/what was passed to Apply can be changed without changing the store",
		inside(func(p *plain) {
			baristas := map[string]*string{}
			p.change = func(t *transition, o *order) *order {
				if t.Assign.Barista != nil {
					baristas[t.OrderID] = t.Assign.Barista
				}
				return t.Apply(o)
			}
			p.found = func(o *order) *order {
				found := clone(o)
				if found != nil && baristas[found.ID] != nil {
					found.Barista = *baristas[found.ID]
				}
				return found
			}
		})},
	{"hands out what it keeps", "aliasing/what Get returned can be changed without changing the store",
		inside(func(p *plain) { p.found = func(o *order) *order { return o } })},
	{"hands out what it keeps when it refuses",
		"aliasing/what a refused Apply returned can be changed without changing the store",
		inside(func(p *plain) { p.refused = func(_ *transition, o *order) *order { return o } })},
	{"copies an order but not what it points to", "aliasing/what List returned can be changed without changing the store",
		inside(func(p *plain) {
			p.found = func(o *order) *order {
				if o == nil {
					return nil
				}
				shallow := *o
				return &shallow
			}
		})},

	// One write, whole and under its condition.
	{"keeps half of a refused write", "guards/FreeFor refuses another barista",
		inside(func(p *plain) {
			p.refused = func(t *transition, o *order) *order {
				if o != nil {
					o.OwedEvents = append(o.OwedEvents, t.Assign.Events...)
				}
				return clone(o)
			}
		})},
	{
		"checks, and then writes without a condition", "races/of 16 baristas one gets the order, and the others learn who",
		checkThenWrite,
	},
	{
		"settles by reading and writing back", "races/a settlement that races a transition loses nothing of it",
		settleByWritingBack,
	},
	{
		"creates by checking first", "races/of 32 creations one applies, and the others learn whose order it is",
		checkThenCreate,
	},
	{"creates an order that has ended anew", "create/a creation of an order that has ended is refused with that order",
		inside(func(p *plain) {
			p.permits = func(t *transition, o *order) bool {
				return t.Permits(o) || t.Create != nil && (o.State == "completed" || o.State == "cancelled")
			}
		})},
	{"creates an order by changing it",
		"create/a transition of a missing order is refused without an order, and creates nothing",
		inside(func(p *plain) {
			p.permits = func(t *transition, o *order) bool { return o == nil || t.Permits(o) }
			p.change = func(t *transition, o *order) *order {
				if o == nil {
					o = &order{ID: t.OrderID}
				}
				return t.Apply(o)
			}
		})},
	{"calls a missing order an error", "create/a missing order is nil and not an error",
		around(func(w *outside) {
			w.get = func(ctx context.Context, orderID string) (*order, error) {
				o, err := w.Store.Get(ctx, orderID)
				if err == nil && o == nil {
					err = ordermanager.ErrOrderNotFound
				}
				return o, err
			}
		})},

	// What a refusal says.
	{"has one answer for missing and for refused", "create/a creation of an order that exists is refused with that order",
		inside(func(p *plain) { p.refused = func(*transition, *order) *order { return nil } })},
	{"calls a refusal an error", "guards/States refuses another state",
		around(func(w *outside) {
			w.apply = func(ctx context.Context, t transition) (result, error) {
				r, err := w.Store.Apply(ctx, t)
				if err == nil && !r.Applied {
					err = errors.New("conditional check failed")
				}
				return r, err
			}
		})},
	{"calls a repetition applied",
		"history/a repetition after a lost answer is refused with the order that has the request",
		around(func(w *outside) {
			w.apply = func(ctx context.Context, t transition) (result, error) {
				r, err := w.Store.Apply(ctx, t)
				if r.Order != nil {
					_, _, found := r.Order.Entry(t.Entry.RequestID)
					r.Applied = r.Applied || found
				}
				return r, err
			}
		})},
	{"refuses with an order of the past", "history/a request id is applied once", refusesWithThePast},
	{
		"refuses with an order that it reads later", "races/a refusal comes with the order as it was in that instant",
		readsLater,
	},

	// Once per request.
	{"forgets the request id", "history/a request id is applied once",
		ignoring(func(t *transition) { t.Entry.RequestID = "" })},
	{"knows the last request id only", "history/a repetition is refused even when its other guards hold again",
		inside(func(p *plain) {
			p.permits = func(t *transition, o *order) bool {
				recent := clone(o)
				if o != nil {
					recent.History = recent.History[len(recent.History)-1:]
				}
				unlimited := *t
				unlimited.Guards.HistoryBelow = 0
				below := o == nil || t.Guards.HistoryBelow == 0 || len(o.History) < t.Guards.HistoryBelow
				return below && unlimited.Permits(recent)
			}
		})},
	{"looks for the request id inside the others", "history/request ids that contain one another are different",
		inside(func(p *plain) {
			p.permits = func(t *transition, o *order) bool {
				var all strings.Builder
				if o != nil {
					for _, entry := range o.History {
						all.WriteString(entry.RequestID + ",")
					}
				}
				return t.Permits(o) && !strings.Contains(all.String(), t.Entry.RequestID)
			}
		})},
	{"keeps the last twenty entries", "history/an order can end after its history is full",
		afterwards(func(_ *transition, _, o *order) {
			if len(o.History) > 20 {
				o.History = o.History[len(o.History)-20:]
			}
		})},

	// Guards.
	{
		"ignores the guard States", "guards/States refuses another state",
		ignoring(func(t *transition) { t.Guards.States = nil }),
	},
	{
		"ignores the guard Customer", "guards/Customer refuses another customer",
		ignoring(func(t *transition) { t.Guards.Customer = "" }),
	},
	{
		"ignores the guard Venue", "guards/Venue refuses another venue",
		ignoring(func(t *transition) { t.Guards.Venue = nil }),
	},
	{"takes the empty venue for no condition", "guards/Venue refuses no venue where there is one",
		ignoring(func(t *transition) {
			if t.Guards.Venue != nil && *t.Guards.Venue == "" {
				t.Guards.Venue = nil
			}
		})},
	{
		"ignores the guard NoDrink", "guards/NoDrink refuses with a drink",
		ignoring(func(t *transition) { t.Guards.NoDrink = false }),
	},
	{
		"ignores the guard HasDrink", "guards/HasDrink refuses without a drink",
		ignoring(func(t *transition) { t.Guards.HasDrink = false }),
	},
	{
		"ignores the guard FreeFor", "guards/FreeFor refuses another barista",
		ignoring(func(t *transition) { t.Guards.FreeFor = "" }),
	},
	{"takes whoever completed an order for its holder", "guards/FreeFor looks at orders that are being made only",
		inside(func(p *plain) {
			p.permits = func(t *transition, o *order) bool {
				free := o == nil || t.Guards.FreeFor == "" || o.Barista == "" || o.Barista == t.Guards.FreeFor
				return free && t.Permits(o)
			}
		})},
	{"ignores the guard HistoryBelow", "guards/HistoryBelow refuses at the limit",
		ignoring(func(t *transition) { t.Guards.HistoryBelow = 0 })},
	{"wants one of the guards to hold", "guards/all guards must hold, not one of them",
		inside(func(p *plain) {
			p.permits = func(t *transition, o *order) bool {
				either := *t
				either.Guards.States = nil
				return t.Permits(o) || len(t.Guards.States) > 0 && t.Guards.FreeFor != "" && either.Permits(o)
			}
		})},

	{"ignores the guard Undecided", "decisions/Undecided refuses when its wait is decided, settled or not",
		ignoring(func(t *transition) { t.Guards.Undecided = 0 })},
	{"takes making for the only state in which an order is held",
		"lifecycles/FreeFor holds in the states of HeldIn, whatever they are called",
		ignoring(func(t *transition) { t.Guards.HeldIn = []ordermanager.State{"making"} })},
	{"takes an order without a barista for free",
		"lifecycles/an order that nobody holds in a state of HeldIn is free for nobody",
		inside(func(p *plain) {
			p.permits = func(t *transition, o *order) bool {
				free := *t
				if o != nil && o.Barista == "" {
					free.Guards.FreeFor = ""
				}
				return free.Permits(o)
			}
		})},

	// States of one's own.
	{"has words for four states",
		"lifecycles/a whole life in states and by actions of one's own comes out as the contract says",
		afterwards(func(_ *transition, _, o *order) {
			if !slices.Contains(ordermanager.States(), o.State) {
				o.State = ordermanager.StateMaking
			}
		})},
	{"cuts the names of states off", "lifecycles/a listing by a state of one's own has exactly the orders in that state",
		afterwards(func(_ *transition, _, o *order) { o.State = o.State[:min(len(o.State), 16)] })},
	{"looks for the beginning of a state",
		"lifecycles/states whose names contain one another, or differ in case, are different",
		inside(func(p *plain) {
			p.matches = func(q query, o *order) bool {
				state := q.State
				q.State = ""
				return q.Matches(o) && strings.HasPrefix(string(o.State), string(state))
			}
		})},
	{"keeps no ordinary life cycle", "lifecycles/the ordinary life cycles can be kept",
		func() ordermanager.Store {
			return choosy{newPlain(), func(ordermanager.Lifecycle) error { return errors.New("no") }}
		}},
	{"refuses a life cycle without a reason",
		"lifecycles/a life cycle that cannot be kept is refused with the names of its states",
		func() ordermanager.Store {
			return choosy{newPlain(), func(l ordermanager.Lifecycle) error {
				if len(l.States()) > 4 {
					return errors.New("too many states")
				}
				return nil
			}}
		}},

	// Decisions.
	{"writes a decision again", "decisions/a decision is written once, and a later one is no reason to refuse",
		afterwards(func(t *transition, _, o *order) {
			if t.Assign.First != "" {
				o.FirstWait.Decision = t.Assign.First
			}
		})},
	{"refuses a decision where there is one",
		"decisions/a decision is written once, and a later one is no reason to refuse",
		inside(func(p *plain) {
			p.permits = func(t *transition, o *order) bool {
				return t.Permits(o) && (o == nil || t.Assign.First == "" || o.FirstWait.Decision == "" ||
					o.FirstWait.Decision == t.Assign.First)
			}
		})},
	{"takes an accepted drink for a decision",
		"decisions/a decision follows from nothing but the transition: not from a drink",
		afterwards(func(t *transition, _, o *order) {
			if t.Assign.Drink != nil && o.FirstWait.Decision == "" {
				o.FirstWait.Decision = ordermanager.Done
			}
		})},
	{"takes an ended order for a decision",
		"decisions/a decision follows from nothing but the transition: not from a state",
		afterwards(func(_ *transition, _, o *order) {
			if o.State == "completed" && o.SecondWait.Decision == "" {
				o.SecondWait.Decision = ordermanager.Done
			}
		})},
	{"has one decision for both waits", "decisions/a cancel after the drink leaves the answer to the first wait",
		afterwards(func(t *transition, _, o *order) {
			if t.Assign.Second != "" {
				o.FirstWait.Decision = t.Assign.Second
			}
		})},
	{"settles the decision with the token", "decisions/a settlement takes tokens off and leaves the decision",
		inside(func(p *plain) {
			p.settled = func(s settlement, o *order) {
				s.Apply(o)
				if o.FirstWait.Token.IsZero() {
					o.FirstWait.Decision = ""
				}
			}
		})},

	// Spare tokens.
	{"drops a token that is replaced", "spares/a token that is replaced becomes the spare one",
		afterwards(func(t *transition, before, o *order) {
			if before != nil && t.Assign.Register != nil && !t.Assign.Register.Spare {
				o.FirstWait.Spare, o.SecondWait.Spare = before.FirstWait.Spare, before.SecondWait.Spare
			}
		})},
	{"keeps the first token that lost", "spares/the latest token that lost is the spare one",
		afterwards(func(_ *transition, before, o *order) {
			if before != nil && !before.FirstWait.Spare.IsZero() {
				o.FirstWait.Spare = before.FirstWait.Spare
			}
		})},
	{"gives a token that lost the place of the one that won",
		"spares/a token that lost leaves the one that won, and its time",
		afterwards(func(t *transition, _, o *order) {
			if r := t.Assign.Register; r != nil && r.Spare {
				slot := map[ordermanager.Wait]*ordermanager.WaitSlot{
					ordermanager.FirstWait: &o.FirstWait, ordermanager.SecondWait: &o.SecondWait,
				}[r.Wait]
				slot.Token, slot.Spare = slot.Spare, slot.Token
			}
		})},
	{"believes that a token lost", "spares/a token that has not lost is not registered as if it had",
		ignoring(func(t *transition) {
			if t.Assign.Register != nil && t.Assign.Register.Spare {
				t.Assign.Register = nil
			}
		})},
	{"makes a spare token of one that was answered",
		"spares/a token that was answered leaves the spare one where it is, and is no spare itself",
		afterwards(func(t *transition, before, o *order) {
			if r := t.Assign.Register; before != nil && r != nil && !r.Spare && before.FirstWait.Token.IsZero() {
				o.FirstWait.Spare = ordermanager.TaskToken{}
			}
		})},
	{"settles a token wherever it is", "spares/a settlement takes the spare token off only from its own place",
		inside(func(p *plain) {
			p.settled = func(s settlement, o *order) {
				s.Apply(o)
				s.First, s.FirstSpare, s.Second, s.SecondSpare = s.FirstSpare, s.First, s.SecondSpare, s.Second
				s.Apply(o)
			}
		})},
	{"settles the spare token with the one that won",
		"spares/a settlement leaves a token that became the spare one in the meantime",
		inside(func(p *plain) {
			p.settled = func(s settlement, o *order) {
				s.Apply(o)
				if !s.First.IsZero() && s.First.Equal(o.FirstWait.Spare) {
					o.FirstWait.Spare = ordermanager.TaskToken{}
				}
			}
		})},
	{"does not list what owes an answer to a spare token", "spares/an order owes an answer to its spare token alone",
		inside(func(p *plain) {
			p.matches = func(q query, o *order) bool {
				spareless := clone(o)
				spareless.FirstWait.Spare, spareless.SecondWait.Spare = ordermanager.TaskToken{}, ordermanager.TaskToken{}
				return q.Matches(spareless)
			}
		})},
	{"takes the spare token for answered with the first wait", "spares/AnswerFirst leaves the spare token",
		afterwards(func(t *transition, _, o *order) {
			if t.Assign.AnswerFirst {
				o.FirstWait.Spare = ordermanager.TaskToken{}
			}
		})},
	{"forgets the request id of a token that lost", "spares/a token that lost never comes back",
		afterwards(func(t *transition, _, o *order) {
			if t.Assign.Register != nil && t.Assign.Register.Spare {
				o.History[len(o.History)-1].RequestID = "a token that lost"
			}
		})},

	// Assignments.
	{"knows who announces an event, and nobody else", "assignments/Events become owed as they are",
		afterwards(func(t *transition, before, o *order) {
			if o.OwedEvents = nil; before != nil {
				o.OwedEvents = before.OwedEvents
			}
			if t.Assign.Events != nil {
				o.OwedEvents = append(o.OwedEvents, t.Entry.RequestID)
			}
		})},
	{"loses the event", "assignments/Events become owed as they are",
		afterwards(func(_ *transition, before, o *order) {
			o.OwedEvents = nil
			if before != nil {
				o.OwedEvents = before.OwedEvents
			}
		})},
	{"assigns what is zero", "assignments/a zero field changes nothing",
		afterwards(func(t *transition, _, o *order) { o.Reason = t.Assign.Reason })},
	{"forgets the trace context", "history/an entry keeps its trace context, and one without has none",
		afterwards(func(_ *transition, _, o *order) { o.History[len(o.History)-1].Trace = "" })},
	{"cannot assign nobody", "assignments/Barista is assigned to nobody",
		afterwards(func(_ *transition, before, o *order) {
			if before != nil && o.Barista == "" {
				o.Barista = before.Barista
			}
		})},
	{"does not record what an entry left",
		"history/the history is complete, in order, with every state that was left and entered",
		afterwards(func(_ *transition, _, o *order) { o.History[len(o.History)-1].From = "" })},
	{"keeps times to the second", "history/times come back to the millisecond and in UTC",
		afterwards(func(_ *transition, _, o *order) { o.UpdatedAt = o.UpdatedAt.Truncate(time.Second) })},
	{"answers with local times", "history/times come back to the millisecond and in UTC",
		inside(func(p *plain) {
			p.found = func(o *order) *order {
				if o = clone(o); o != nil {
					o.CreatedAt = o.CreatedAt.In(time.FixedZone("shop", 3600))
				}
				return o
			}
		})},
	{"cuts a token off", "values/everything can be as long as the limits allow",
		afterwards(func(_ *transition, _, o *order) {
			if value := o.FirstWait.Token.Reveal(); len(value) > 1024 {
				o.FirstWait.Token = ordermanager.NewTaskToken(value[:1024])
			}
		})},
	{"joins the modifiers with commas", "values/a drink has no modifiers, one or many, in their order",
		afterwards(func(_ *transition, _, o *order) {
			if o.Drink != nil && len(o.Drink.Modifiers) > 0 {
				drink := *o.Drink
				drink.Modifiers = strings.Split(strings.Join(drink.Modifiers, ","), ",")
				o.Drink = &drink
			}
		})},
	{"ignores case in identifiers",
		"values/identifiers that begin alike, or differ in case or at their ends, are different",
		inside(func(p *plain) { p.key = strings.ToLower })},
	{"trims identifiers", "values/identifiers that begin alike, or differ in case or at their ends, are different",
		inside(func(p *plain) { p.key = strings.TrimSpace })},
	{"finds a customer by the beginning of a joined key",
		`values/identifiers that are alike when joined with "#" do not meet`,
		inside(func(p *plain) {
			p.matches = func(q query, o *order) bool {
				customer := q.Customer
				q.Customer = ""
				joined := o.ID + "#" + o.Customer
				return q.Matches(o) && (customer == "" || strings.HasSuffix(joined, "#"+customer))
			}
		})},

	// Tokens.
	{"lets an older token replace a newer one", "registrations/an older token is refused",
		ignoring(func(t *transition) {
			if t.Create == nil {
				t.Assign.Register = nil
			}
		})},
	{"refuses a token of the same time", "registrations/a token of the same time replaces the one before",
		inside(func(p *plain) {
			p.permits = func(t *transition, o *order) bool {
				if r := t.Assign.Register; r != nil && o != nil {
					slot := map[ordermanager.Wait]ordermanager.WaitSlot{
						ordermanager.FirstWait: o.FirstWait, ordermanager.SecondWait: o.SecondWait,
					}[r.Wait]
					if slot.RegisteredAt.Equal(r.At) {
						return false
					}
				}
				return t.Permits(o)
			}
		})},
	{"brings a used token back", "registrations/a used token never comes back",
		ignoring(func(t *transition) {
			if t.Assign.Register != nil {
				t.Entry.RequestID = ""
			}
		})},
	{"forgets when an answered token was registered",
		"registrations/an older token is refused even after the newer one was answered",
		inside(func(p *plain) {
			p.settled = func(s settlement, o *order) {
				s.Apply(o)
				if o.FirstWait.Token.IsZero() {
					o.FirstWait = ordermanager.WaitSlot{}
				}
				if o.SecondWait.Token.IsZero() {
					o.SecondWait = ordermanager.WaitSlot{}
				}
			}
		})},
	{"does not answer the first wait",
		"registrations/AnswerFirst empties the first slot, and keeps the time of its registration",
		afterwards(func(_ *transition, before, o *order) {
			if before != nil && o.FirstWait.Token.IsZero() {
				o.FirstWait = before.FirstWait
			}
		})},
	{"answers a first wait that is newer", "registrations/AnswerFirst refuses when the first token is newer",
		ignoring(func(t *transition) { t.Assign.AnswerFirst = false })},

	// Settlements.
	{"settles a newer token", "settlements/a settlement leaves a newer token alone",
		inside(func(p *plain) {
			p.settled = func(s settlement, o *order) {
				if !s.First.IsZero() {
					o.FirstWait.Token = ordermanager.TaskToken{}
				}
				if !s.Second.IsZero() {
					o.SecondWait.Token = ordermanager.TaskToken{}
				}
				s.Apply(o)
			}
		})},
	{"settles every event", "settlements/a settlement takes off the events that it names, and no others",
		inside(func(p *plain) {
			p.settled = func(s settlement, o *order) {
				s.Apply(o)
				if len(s.Events) > 0 {
					o.OwedEvents = nil
				}
			}
		})},
	{"settles an event for everybody", "settlements/what is settled with one publisher is owed to the other",
		inside(func(p *plain) {
			p.settled = func(s settlement, o *order) {
				s.Apply(o)
				o.OwedEvents = slices.DeleteFunc(o.OwedEvents, func(owed string) bool {
					return slices.ContainsFunc(s.Events, func(settled string) bool { return strings.HasSuffix(owed, settled) })
				})
			}
		})},
	{"settles nothing that is out of date", "settlements/a settlement of an older version takes off what it delivered",
		inside(func(p *plain) {
			p.settled = func(s settlement, o *order) {
				if s.Version == o.Version {
					s.Apply(o)
				}
			}
		})},
	{"counts a settlement as a transition", "settlements/a settlement neither counts as a transition nor changes a time",
		inside(func(p *plain) {
			p.settled = func(s settlement, o *order) {
				s.Apply(o)
				o.Version++
			}
		})},
	{"files away what has ended where no listing looks",
		"settlements/an order that has ended and is settled is listed as before",
		inside(func(p *plain) {
			filed := map[string]bool{}
			p.settled = func(s settlement, o *order) {
				s.Apply(o)
				filed[o.ID] = filed[o.ID] || s.Everything && s.Ended != ""
			}
			p.matches = func(q query, o *order) bool { return q.Matches(o) && !filed[o.ID] }
		})},
	{"calls the settlement of a missing order an error",
		"settlements/settling a missing order is not an error and creates nothing",
		around(func(w *outside) {
			w.settle = func(ctx context.Context, s settlement) error {
				if o, err := w.Get(ctx, s.OrderID); err != nil || o == nil {
					return errors.Join(errors.New("no such order"), err)
				}
				return w.Store.Settle(ctx, s)
			}
		})},

	// Listings.
	{"skips an order at each page border", "listings/paging meets each order exactly once, whatever the limit",
		inside(func(p *plain) { p.page = afterTheLast(1) })},
	{"lists an order twice at each page border", "listings/paging meets each order exactly once, whatever the limit",
		inside(func(p *plain) { p.page = afterTheLast(-1) })},
	{"pages by offset", "leaving/orders that leave a listing of a customer and a state between its pages hide no others",
		inside(func(p *plain) { p.page = byOffset })},
	{"always begins with the oldest", "listings/a listing by age begins with the newest if that is asked for",
		inside(func(p *plain) {
			p.place = func(_ query, o *order) string { return byAge(o.CreatedAt.UnixMilli(), o) }
		})},
	{"begins with the newest and goes on from there to older ones and newer ones alike",
		"listings/a listing by age begins with the newest if that is asked for",
		around(func(w *outside) {
			w.list = func(ctx context.Context, q query) (page, error) {
				q.Newest = q.Newest && q.Cursor == ""
				return w.Store.List(ctx, q)
			}
		})},
	{"ends a listing with the first page", "listings/paging meets each order exactly once, whatever the limit",
		around(func(w *outside) {
			w.list = func(ctx context.Context, q query) (page, error) {
				listed, err := w.Store.List(ctx, q)
				listed.Cursor = ""
				return listed, err
			}
		})},
	{"ignores the limit", "listings/paging meets each order exactly once, whatever the limit",
		around(func(w *outside) {
			w.list = func(ctx context.Context, q query) (page, error) {
				q.Limit = ordermanager.MaxPageSize
				return w.Store.List(ctx, q)
			}
		})},
	{"filters by one thing at a time",
		"listings/a listing by state, customer, venue or any of their combinations has exactly the orders that match",
		inside(func(p *plain) {
			p.matches = func(q query, o *order) bool {
				if q.Customer != "" {
					q.State, q.Venue = "", ""
				}
				return q.Matches(o)
			}
		})},
	{"begins again at a foreign cursor", "listings/a cursor that the store did not make is an invalid request",
		around(func(w *outside) {
			w.list = func(ctx context.Context, q query) (page, error) {
				listed, err := w.Store.List(ctx, q)
				if errors.Is(err, ordermanager.ErrInvalidRequest) {
					q.Cursor = ""
					return w.Store.List(ctx, q)
				}
				return listed, err
			}
		})},
	{"calls a foreign cursor its own failure", "listings/a cursor that the store did not make is an invalid request",
		around(func(w *outside) {
			w.list = func(ctx context.Context, q query) (page, error) {
				listed, err := w.Store.List(ctx, q)
				if err != nil && ctx.Err() == nil {
					err = errors.New("invalid character looking for beginning of value")
				}
				return listed, err
			}
		})},
	{"passes over what it cannot read and does not say why",
		"listings/nothing that matches is an empty page and not an error",
		around(func(w *outside) {
			w.list = func(ctx context.Context, q query) (page, error) {
				listed, err := w.Store.List(ctx, q)
				listed.Skipped = []ordermanager.Skipped{{OrderID: "odd"}}
				return listed, err
			}
		})},
	{"calls an empty listing an error", "listings/nothing that matches is an empty page and not an error",
		around(func(w *outside) {
			w.list = func(ctx context.Context, q query) (page, error) {
				listed, err := w.Store.List(ctx, q)
				if err == nil && len(listed.Orders) == 0 {
					err = errors.New("no rows")
				}
				return listed, err
			}
		})},
	{"lists orders without their drinks",
		"listings/a listed order has everything but its history, its waits and its owed events",
		around(func(w *outside) {
			w.list = func(ctx context.Context, q query) (page, error) {
				listed, err := w.Store.List(ctx, q)
				for _, o := range listed.Orders {
					o.Drink = nil
				}
				return listed, err
			}
		})},

	// The listing of what is owed.
	{"drops what is owed", "owing/an order whose drink was accepted owes an answer to the first wait until it is settled",
		inside(func(p *plain) { p.matches = func(q query, o *order) bool { return !q.Owing && q.Matches(o) } })},
	{"lists what owes tokens and forgets what owes events", "owing/an order owes its events until they are settled",
		inside(func(p *plain) {
			p.matches = func(q query, o *order) bool {
				tokens := clone(o)
				tokens.OwedEvents = nil
				return q.Matches(tokens)
			}
		})},
	{"lists every order as owing", "owing/an order that never owed anything is not listed as owing",
		inside(func(p *plain) {
			p.matches = func(q query, o *order) bool {
				q.Owing = false
				return q.Matches(o)
			}
		})},
	{"overwrites the mark of what owes", "owing/a later transition that owes nothing does not hide an order that owes",
		marking(
			func(t *transition, _ bool) bool { return t.Owing },
			func(s settlement, o *order) bool { return s.Everything && s.Version == o.Version },
		)},
	{"takes the mark off by an end that owes nothing",
		"owing/an end that owes nothing does not hide what was owed before it",
		marking(func(t *transition, was bool) bool { return t.Owing || was && !t.Assign.Ends },
			func(s settlement, o *order) bool { return s.Everything && s.Version == o.Version })},
	{"takes the mark off by any settlement of everything",
		"owing/a settlement of everything as of an older version does not hide an order that owes",
		marking(
			func(t *transition, was bool) bool { return was || t.Owing },
			func(s settlement, _ *order) bool { return s.Everything },
		)},
	{"takes the mark off by any settlement", "owing/a partial settlement leaves an order in the listing",
		marking(
			func(t *transition, was bool) bool { return was || t.Owing },
			func(s settlement, o *order) bool { return s.Version == o.Version },
		)},

	// Contexts.
	{"ignores a context that is done", "contexts/Apply writes nothing when its context was cancelled",
		around(func(w *outside) {
			w.apply = func(ctx context.Context, t transition) (result, error) {
				return w.Store.Apply(context.WithoutCancel(ctx), t)
			}
		})},
	{"writes, and then looks at the context", "contexts/Settle writes nothing when its context was cancelled",
		around(func(w *outside) {
			w.settle = func(ctx context.Context, s settlement) error {
				return errors.Join(w.Store.Settle(context.WithoutCancel(ctx), s), ctx.Err())
			}
		})},
	{"hides why it gave up", "contexts/List fails when its context has expired",
		around(func(w *outside) {
			w.list = func(ctx context.Context, q query) (page, error) {
				if ctx.Err() != nil {
					return page{}, errors.New("request cancelled")
				}
				return w.Store.List(ctx, q)
			}
		})},
}

// choosy is a store that does not keep every life cycle.
type choosy struct {
	*plain
	refuse func(l ordermanager.Lifecycle) error
}

func (c choosy) CheckLifecycle(l ordermanager.Lifecycle) error { return c.refuse(l) }

func checkThenWrite() ordermanager.Store {
	p := newPlain()
	return &outside{Store: p, apply: func(ctx context.Context, t transition) (result, error) {
		o, err := p.Get(ctx, t.OrderID)
		if err != nil || !t.Permits(o) {
			return result{Order: o}, err
		}
		later()
		o = t.Apply(o)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.orders[t.OrderID] = o
		return result{Applied: true, Order: o.Clone()}, nil
	}}
}

func checkThenCreate() ordermanager.Store {
	p := newPlain()
	return &outside{Store: p, apply: func(ctx context.Context, t transition) (result, error) {
		if t.Create == nil {
			return p.Apply(ctx, t)
		}
		if o, err := p.Get(ctx, t.OrderID); err != nil || o != nil {
			return result{Order: o}, err
		}
		later()
		o := t.Apply(nil)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.orders[t.OrderID] = o
		return result{Applied: true, Order: o.Clone()}, nil
	}}
}

func settleByWritingBack() ordermanager.Store {
	p := newPlain()
	return &outside{Store: p, settle: func(ctx context.Context, s settlement) error {
		o, err := p.Get(ctx, s.OrderID)
		if err != nil || o == nil {
			return err
		}
		later()
		s.Apply(o)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.orders[s.OrderID] = o
		return nil
	}}
}

// refusesWithThePast has a cache of what was read that writes do not pass through.
func refusesWithThePast() ordermanager.Store {
	var mu sync.Mutex
	past := map[string]*order{}
	p := newPlain()
	p.change = func(t *transition, o *order) *order {
		mu.Lock()
		defer mu.Unlock()
		past[t.OrderID] = clone(o)
		return t.Apply(o)
	}
	p.refused = func(t *transition, o *order) *order {
		mu.Lock()
		defer mu.Unlock()
		if before := past[t.OrderID]; before != nil {
			return clone(before)
		}
		return clone(o)
	}
	return p
}

// readsLater reads the order of a refusal after the refusal, when others may have changed it so that nothing explains
// it any more.
func readsLater() ordermanager.Store {
	s := memory.NewStore()
	return &outside{Store: s, apply: func(ctx context.Context, t transition) (result, error) {
		r, err := s.Apply(ctx, t)
		if err == nil && !r.Applied && r.Order != nil {
			later()
			r.Order, err = s.Get(ctx, t.OrderID)
		}
		return r, err
	}}
}

// marking keeps a mark beside the orders that says which of them owe.
func marking(
	applied func(t *transition, was bool) bool, cleared func(s settlement, o *order) bool,
) func() ordermanager.Store {
	return inside(func(p *plain) {
		marks := map[string]bool{}
		p.change = func(t *transition, o *order) *order {
			marks[t.OrderID] = applied(t, marks[t.OrderID])
			return t.Apply(o)
		}
		p.settled = func(s settlement, o *order) {
			s.Apply(o)
			if cleared(s, o) {
				marks[o.ID] = false
			}
		}
		p.matches = func(q query, o *order) bool {
			owing := q.Owing
			q.Owing = false
			return q.Matches(o) && (!owing || marks[o.ID])
		}
	})
}

package storetest

import (
	"slices"
	"strings"

	"github.com/brewline/ordermanager"
)

// What the contract demands, written out by hand. The suite does not use the functions that stores are built with,
// because it would repeat their mistakes.

// refusal names the guards of a transition that do not hold; empty if it must be applied.
func refusal(t *ordermanager.Transition, o *ordermanager.Order) string {
	switch {
	case t.Create != nil && o != nil:
		return "the order exists"
	case t.Create != nil:
		return ""
	case o == nil:
		return "there is no order"
	}
	var failing []string
	unless := func(holds bool, name string) {
		if !holds {
			failing = append(failing, name)
		}
	}
	g := t.Guards
	for _, e := range o.History {
		unless(e.RequestID != t.Entry.RequestID, "the request id")
	}
	if len(g.States) > 0 {
		unless(slices.Contains(g.States, o.State), "States")
	}
	if g.Customer != "" {
		unless(g.Customer == o.Customer, "Customer")
	}
	if g.Venue != nil {
		unless(*g.Venue == o.Venue, "Venue")
	}
	if len(g.Venues) > 0 {
		unless(slices.Contains(g.Venues, o.Venue), "Venues")
	}
	if g.NoDrink {
		unless(o.Drink == nil, "NoDrink")
	}
	if g.HasDrink {
		unless(o.Drink != nil, "HasDrink")
	}
	if g.FreeFor != "" && slices.Contains(g.HeldIn, o.State) {
		unless(o.Barista == g.FreeFor, "FreeFor")
	}
	if g.Undecided != 0 {
		unless(slotOf(o, g.Undecided).Decision == "", "Undecided")
	}
	if g.HistoryBelow > 0 {
		unless(len(o.History) < g.HistoryBelow, "HistoryBelow")
	}
	if r := t.Assign.Register; r != nil {
		older := r.At.Before(slotOf(o, r.Wait).RegisteredAt)
		unless(older == r.Spare, "the time of the registration")
		if t.Assign.AnswerFirst {
			unless(!r.At.Before(o.FirstWait.RegisteredAt), "the time of the first wait")
		}
	}
	return strings.Join(failing, ", ")
}

// after returns the order as a transition leaves it; before does not change.
func after(t ordermanager.Transition, before *ordermanager.Order) *ordermanager.Order {
	e, a := t.Entry, t.Assign
	var o *ordermanager.Order
	if t.Create != nil {
		o = &ordermanager.Order{
			ID: t.OrderID, Customer: t.Create.Customer, Venue: t.Create.Venue, Robot: t.Create.Robot, State: t.Create.State,
			CreatedAt: e.At,
		}
		e.From = ""
	} else {
		o = clone(before)
		e.From = before.State
	}
	if a.State != "" {
		o.State = a.State
	}
	if a.Drink != nil {
		o.Drink = &ordermanager.Drink{Name: a.Drink.Name, Icon: a.Drink.Icon, Modifiers: slices.Clone(a.Drink.Modifiers)}
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
	if o.FirstWait.Decision == "" {
		o.FirstWait.Decision = a.First
	}
	if o.SecondWait.Decision == "" {
		o.SecondWait.Decision = a.Second
	}
	if r := a.Register; r != nil {
		slot := slotOf(o, r.Wait)
		switch {
		case r.Spare:
			slot.Spare = r.Token
		default:
			if !slot.Token.IsZero() {
				slot.Spare = slot.Token
			}
			slot.Token, slot.RegisteredAt = r.Token, r.At
		}
	}
	if a.AnswerFirst {
		o.FirstWait.Token = ordermanager.TaskToken{}
	}
	o.OwedEvents = append(o.OwedEvents, a.Events...)
	e.To = o.State
	o.History = append(o.History, e)
	o.Version, o.UpdatedAt = o.Version+1, e.At
	return o
}

// settled returns the order as a settlement leaves it; before does not change.
func settled(s ordermanager.Settlement, before *ordermanager.Order) *ordermanager.Order {
	o := clone(before)
	for place, token := range map[*ordermanager.TaskToken]ordermanager.TaskToken{
		&o.FirstWait.Token: s.First, &o.FirstWait.Spare: s.FirstSpare, &o.SecondWait.Token: s.Second,
		&o.SecondWait.Spare: s.SecondSpare,
	} {
		if !token.IsZero() && place.Reveal() == token.Reveal() {
			*place = ordermanager.TaskToken{}
		}
	}
	o.OwedEvents = slices.DeleteFunc(o.OwedEvents, func(id string) bool { return slices.Contains(s.Events, id) })
	return o
}

// owes reports whether an order must be in the listing of owing orders: whether it owes an event, or an answer to a
// token.
func owes(o *ordermanager.Order) bool {
	answer := func(w ordermanager.WaitSlot) bool {
		return w.Decision != "" && (!w.Token.IsZero() || !w.Spare.IsZero())
	}
	return len(o.OwedEvents) > 0 || answer(o.FirstWait) || answer(o.SecondWait)
}

// belongs reports whether an order must be in a listing.
func belongs(o *ordermanager.Order, q ordermanager.Query) bool {
	switch {
	case q.State != "" && q.State != o.State, q.Customer != "" && q.Customer != o.Customer, q.Venue != "" &&
		q.Venue != o.Venue:
		return false
	}
	return !q.Owing || owes(o)
}

func slotOf(o *ordermanager.Order, w ordermanager.Wait) *ordermanager.WaitSlot {
	if w == ordermanager.FirstWait {
		return &o.FirstWait
	}
	return &o.SecondWait
}

// clone returns a copy that shares nothing with the order that can change.
func clone(o *ordermanager.Order) *ordermanager.Order {
	if o == nil {
		return nil
	}
	c := *o
	if o.Drink != nil {
		c.Drink = &ordermanager.Drink{Name: o.Drink.Name, Icon: o.Drink.Icon, Modifiers: slices.Clone(o.Drink.Modifiers)}
	}
	c.History, c.OwedEvents = slices.Clone(o.History), slices.Clone(o.OwedEvents)
	return &c
}

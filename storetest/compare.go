package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
)

// same explains how an order differs from the one that the contract demands; nil if it does not. A nil list equals an
// empty one, and owed events may be in any order.
func same(got, want *ordermanager.Order) error {
	switch {
	case got == nil && want == nil:
		return nil
	case got == nil:
		return fmt.Errorf("there is no order, there must be %q", want.ID)
	case want == nil:
		return fmt.Errorf("there is the order %q, there must be none", got.ID)
	}
	var d differences
	d.summary(got, want)
	d.slot("FirstWait", got.FirstWait, want.FirstWait)
	d.slot("SecondWait", got.SecondWait, want.SecondWait)
	differ(&d, "len(History)", len(got.History), len(want.History))
	for i := range min(len(got.History), len(want.History)) {
		d.entry(i, got.History[i], want.History[i])
	}
	gotOwed, wantOwed := slices.Sorted(slices.Values(got.OwedEvents)), slices.Sorted(slices.Values(want.OwedEvents))
	if !slices.Equal(gotOwed, wantOwed) {
		d.add("OwedEvents", gotOwed, wantOwed)
	}
	return d.err()
}

// sameListed is [same] for a listed order, which may come without its history, waits and owed events.
func sameListed(got, want *ordermanager.Order) error {
	var d differences
	d.summary(got, want)
	return d.err()
}

// differences collects what differs.
type differences []string

func (d *differences) add(field string, got, want any) {
	*d = append(*d, fmt.Sprintf("%s is %v, it must be %v", field, got, want))
}

func differ[T comparable](d *differences, field string, got, want T) {
	if got != want {
		d.add(field, clip(fmt.Sprintf("%#v", got)), clip(fmt.Sprintf("%#v", want)))
	}
}

func (d *differences) time(field string, got, want time.Time) {
	if !got.Equal(want) {
		d.add(field, got, want)
	}
}

func (d *differences) err() error {
	if len(*d) == 0 {
		return nil
	}
	return fmt.Errorf("the order is not what it must be: %s", strings.Join(*d, "; "))
}

// summary compares what every order has, listed or not.
func (d *differences) summary(got, want *ordermanager.Order) {
	differ(d, "ID", got.ID, want.ID)
	differ(d, "Customer", got.Customer, want.Customer)
	differ(d, "Venue", got.Venue, want.Venue)
	differ(d, "Robot", got.Robot, want.Robot)
	differ(d, "State", got.State, want.State)
	differ(d, "Number", got.Number, want.Number)
	differ(d, "Barista", got.Barista, want.Barista)
	differ(d, "Reason", got.Reason, want.Reason)
	differ(d, "Version", got.Version, want.Version)
	d.time("CreatedAt", got.CreatedAt, want.CreatedAt)
	d.time("UpdatedAt", got.UpdatedAt, want.UpdatedAt)
	switch {
	case got.Drink == nil && want.Drink == nil:
	case got.Drink == nil || want.Drink == nil:
		d.add("Drink", got.Drink, want.Drink)
	default:
		differ(d, "Drink.Name", got.Drink.Name, want.Drink.Name)
		differ(d, "Drink.Icon", got.Drink.Icon, want.Drink.Icon)
		if !slices.Equal(got.Drink.Modifiers, want.Drink.Modifiers) {
			d.add("Drink.Modifiers", got.Drink.Modifiers, want.Drink.Modifiers)
		}
	}
}

func (d *differences) slot(field string, got, want ordermanager.WaitSlot) {
	// The values are secret even here; messages show their fingerprints.
	if !got.Token.Equal(want.Token) {
		d.add(field+".Token", nameOf(got.Token), nameOf(want.Token))
	}
	if !got.Spare.Equal(want.Spare) {
		d.add(field+".Spare", nameOf(got.Spare), nameOf(want.Spare))
	}
	differ(d, field+".Decision", got.Decision, want.Decision)
	d.time(field+".RegisteredAt", got.RegisteredAt, want.RegisteredAt)
}

func nameOf(token ordermanager.TaskToken) string {
	if token.IsZero() {
		return "none"
	}
	return token.Fingerprint()
}

func (d *differences) entry(i int, got, want ordermanager.Entry) {
	if got.At.Equal(want.At) {
		got.At = want.At // the same instant in another form
	}
	if got == want {
		return
	}
	prefix := fmt.Sprintf("History[%d].", i)
	differ(d, prefix+"Action", got.Action, want.Action)
	differ(d, prefix+"From", got.From, want.From)
	differ(d, prefix+"To", got.To, want.To)
	differ(d, prefix+"Actor", got.Actor, want.Actor)
	differ(d, prefix+"RequestID", got.RequestID, want.RequestID)
	d.time(prefix+"At", got.At, want.At)
	differ(d, prefix+"Reason", got.Reason, want.Reason)
	differ(d, prefix+"Trace", got.Trace, want.Trace)
}

// clip keeps a message readable.
func clip(text string) string {
	const most = 200
	if len(text) > most {
		return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(text[:most], ""), len(text))
	}
	return text
}

// describe names a transition in a message.
func describe(t ordermanager.Transition) string {
	g := t.Guards
	var guards []string
	add := func(set bool, text string) {
		if set {
			guards = append(guards, text)
		}
	}
	add(t.Create != nil, "must not exist")
	add(len(g.States) > 0, fmt.Sprintf("state in %v", g.States))
	add(g.Customer != "", fmt.Sprintf("customer %q", g.Customer))
	add(g.Venue != nil, "venue")
	add(len(g.Venues) > 0, fmt.Sprintf("one of the venues %q", g.Venues))
	add(g.NoDrink, "no drink")
	add(g.HasDrink, "has a drink")
	add(g.FreeFor != "", fmt.Sprintf("free for %q", g.FreeFor))
	add(g.HistoryBelow > 0, fmt.Sprintf("history below %d", g.HistoryBelow))
	add(t.Assign.Register != nil, "registration not older")
	add(t.Assign.AnswerFirst, "first wait not newer")
	return clip(fmt.Sprintf("%s, guards: %s", t.Entry.Action, strings.Join(guards, ", ")))
}

func describeQuery(q ordermanager.Query) string {
	return fmt.Sprintf("{state %q, customer %q, venue %q, owing %t, newest %t, limit %d}",
		q.State, q.Customer, q.Venue, q.Owing, q.Newest, q.Limit)
}

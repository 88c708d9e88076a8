package dynamostore

import (
	"cmp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// record names the attributes that every layout keeps in the same form. In the tables of the sample, the names have a
// prefix.
type record struct {
	// history lists the entries, and requests their request ids. There are two lists because a condition can search a
	// list for whole elements only, and a set of ids beside complete entries would hold every id twice.
	history, requests string
	// version is the number of entries.
	version string
	// owed is the set of the events that are owed: of request ids, as far as nobody has more than one publisher.
	owed string
	// owing marks an order that may owe a delivery. It is the partition key of the index of those, where there is one.
	owing         string
	first, second slot
	// expires is the time-to-live attribute. An order that owes something has none, and does not expire; a settlement
	// copies ending into it.
	expires, ending string
	// updated is when the order last changed.
	updated string
	// packs says that entries, request ids and tokens are written short: see pack.go.
	packs bool
	// fenced is the set of attempts that were reported as refused although an earlier sending may still arrive.
	fenced string
}

// unlessFenced requires that an attempt has not been fenced.
func (n *record) unlessFenced(u *update, attempt string) {
	u.values[":attempt"] = str(attempt)
	u.require("NOT contains(", n.fenced, ", :attempt)")
}

// slot names the attributes of one wait: the decision that answers it, its token, the spare token, and when the token
// was registered.
type slot struct{ decision, token, spare, at string }

func (n *record) slot(w ordermanager.Wait) *slot {
	if w == ordermanager.SecondWait {
		return &n.second
	}
	return &n.first
}

// The keys of an entry's map.
const (
	entryAction = "a"
	entryTo     = "t"
	entryRole   = "o"
	entryActor  = "w"
	entryAt     = "m"
	entryReason = "r"
	entryTrace  = "c"
)

// apply adds what every transition writes, whatever the layout.
func (n *record) apply(u *update, t *ordermanager.Transition, ttl time.Duration) {
	entry, requests := n.encodeEntry(t), n.forms(t.Entry.RequestID)
	request := requests[0]
	if t.Create != nil {
		u.set(n.history, list(entry))
		u.set(n.requests, list(request))
	} else {
		for _, form := range requests {
			u.require("NOT contains(", n.requests, ", ", u.value(form), ")")
		}
		empty := u.value(list())
		u.setTo(n.history, "list_append(if_not_exists(", n.history, ", ", empty, "), ", u.value(list(entry)), ")")
		u.setTo(n.requests, "list_append(if_not_exists(", n.requests, ", ", empty, "), ", u.value(list(request)), ")")
	}
	u.add(n.version, num(1))
	u.set(n.updated, millis(t.Entry.At))
	if t.Guards.HistoryBelow > 0 {
		most := u.value(num(int64(t.Guards.HistoryBelow)))
		u.require("(attribute_not_exists(", n.version, ") OR ", n.version, " < ", most, ")")
	}
	if len(t.Assign.Events) > 0 {
		u.add(n.owed, set(n.inSet(t.Assign.Events)...))
	}
	if t.Owing && t.Create == nil {
		u.remove(n.expires)
	}
	switch {
	case ttl > 0 && t.Assign.Ends:
		u.set(n.ending, num(t.Entry.At.Add(ttl).Unix()))
	case ttl > 0 && t.Owing && t.Create == nil:
		u.setTo(n.ending, n.end(u))
	}
	if r := t.Assign.Register; r != nil {
		at, registered := u.value(millis(r.At)), n.slot(r.Wait).at
		switch {
		case t.Create != nil:
			u.setTo(registered, at)
		case r.Spare:
			u.require(registered, " > ", at)
		default:
			u.requireAny(append(u.absent(registered), registered+" <= "+at)...)
			u.setTo(registered, at)
		}
		if t.Assign.AnswerFirst && t.Create == nil {
			u.requireAny(append(u.absent(n.first.at), n.first.at+" <= "+at)...)
		}
	}
}

// decide records decisions where there are none yet.
func (n *record) decide(u *update, a *ordermanager.Assignment) {
	n.first.decide(u, a.First)
	n.second.decide(u, a.Second)
}

func (s *slot) decide(u *update, d ordermanager.Decision) {
	if d != ordermanager.Undecided {
		u.setTo(s.decision, "if_not_exists(", s.decision, ", ", u.value(str(string(d))), ")")
	}
}

// decisionsOf works out what was decided about the waits of an order without recorded decisions: one that an earlier
// version wrote, or that the sample's functions changed.
func decisionsOf(o *ordermanager.Order) (first, second ordermanager.Decision) {
	switch o.State {
	case ordermanager.StateCompleted:
		second = ordermanager.Done
	case ordermanager.StateCancelled:
		second = ordermanager.Cancelled
	}
	if o.Drink != nil {
		return ordermanager.Done, second
	}
	return second, second
}

// sound is the record's part of a [soundness].
func (n *record) sound(u *update) {
	u.requireAny(
		allOf(missing(n.version), missing(n.history), missing(n.requests)),
		allOf("size("+n.history+") = "+n.version, "size("+n.requests+") = "+n.version),
	)
	u.requireOptional("SS", n.owed)
	for _, slot := range [...]*slot{&n.first, &n.second} {
		u.requireOptional("S", slot.decision)
		for _, token := range [...]string{slot.token, slot.spare} {
			if n.packs {
				u.requireAny(missing(token), u.kind(token, "S"), u.kind(token, "B"))
			} else {
				u.requireOptional("S", token)
			}
		}
		u.requireOptional("N", slot.at)
	}
}

// endOfTime is the end of the year 9999: the time to live of an order that must not expire.
const endOfTime = 253402300799

// end is when the order expires once it owes nothing. It stays the same however often the order is settled. In an item
// of an earlier version it may be in expires alone.
func (n *record) end(u *update) string {
	return "if_not_exists(" + n.ending + ", if_not_exists(" + n.expires + ", " + u.value(num(endOfTime)) + "))"
}

// settle adds what every settlement writes, whatever the layout, and reports whether the order then owes nothing.
func (n *record) settle(u *update, s *ordermanager.Settlement, seen item, ttl time.Duration) (all bool) {
	if len(s.Events) > 0 {
		ids := slices.Concat(s.Events, n.inSet(s.Events))
		slices.Sort(ids)
		u.take(n.owed, set(slices.Compact(ids)...))
	}
	if !s.Everything || seen != nil && (&reader{item: seen}).number(n.version) != int64(s.Version) {
		return false
	}
	if s.Version == 0 { // an order that only the sample has written
		u.require(missing(n.version))
	} else {
		u.requireEqual(n.version, num(int64(s.Version)))
	}
	u.remove(n.owing)
	if ttl > 0 {
		u.setTo(n.expires, n.end(u))
	}
	return true
}

// forms lists the forms in which a request id may be stored, beginning with the one that is written today.
func (n *record) forms(requestID string) []types.AttributeValue {
	if !n.packs {
		return []types.AttributeValue{str(requestID)}
	}
	forms := []types.AttributeValue{packID(requestID)}
	if _, short := forms[0].(*types.AttributeValueMemberB); short { // earlier versions wrote a short text
		forms = append(forms, str(packIDText(requestID)))
	}
	if packIDText(requestID) != requestID { // and before that, the id itself
		forms = append(forms, str(requestID))
	}
	return forms
}

// inSet returns texts in the form in which a set holds them.
func (n *record) inSet(all []string) []string {
	if !n.packs {
		return all
	}
	packed := make([]string, len(all))
	for i, one := range all {
		packed[i] = packIDText(one)
	}
	return packed
}

func (n *record) encodeEntry(t *ordermanager.Transition) types.AttributeValue {
	e := &t.Entry
	to := t.Assign.State // if empty, the state is still that of the entry before
	if t.Create != nil {
		to = cmp.Or(to, t.Create.State)
	}
	if n.packs {
		customer := t.Guards.Customer
		if t.Create != nil {
			customer = t.Create.Customer
		}
		return &types.AttributeValueMemberB{Value: packEntry(e, to, customer)}
	}
	m := make(item, 6)
	m[entryAction], m[entryAt] = str(string(e.Action)), millis(e.At)
	text := func(key, value string) {
		if value != "" {
			m[key] = str(value)
		}
	}
	text(entryTo, string(to))
	text(entryRole, string(e.Actor.Role))
	text(entryActor, e.Actor.ID)
	text(entryReason, e.Reason)
	text(entryTrace, e.Trace)
	return dict(m)
}

func (s *slot) decode(r *reader) ordermanager.WaitSlot {
	return ordermanager.WaitSlot{
		Decision: ordermanager.Decision(r.text(s.decision)), Token: r.token(s.token), Spare: r.token(s.spare),
		RegisteredAt: r.time(s.at),
	}
}

// decode reads what apply wrote.
func (n *record) decode(r *reader, o *ordermanager.Order, listed bool) {
	o.Version = int(r.number(n.version))
	if listed {
		return
	}
	o.FirstWait, o.SecondWait = n.first.decode(r), n.second.decode(r)
	entries, requests := r.list(n.history), r.list(n.requests)
	if len(entries) != len(requests) || len(entries) != o.Version {
		r.fail(n.history, "does not have as many entries as "+n.requests+" and "+n.version+" say")
		return
	}
	o.History = make([]ordermanager.Entry, len(entries))
	state := ordermanager.StatePending // entries of earlier versions do not say how an order began
	for i, value := range entries {
		e := &o.History[i]
		*e = decodeEntry(value, o.Customer)
		e.RequestID, e.To = plainText(requests[i]), cmp.Or(e.To, state)
		if n.packs {
			e.RequestID = unpackID(requests[i])
		}
		if i > 0 {
			e.From = state
		}
		state = e.To
	}
	o.OwedEvents = slices.Clone(r.set(n.owed))
	if n.packs {
		for i, id := range o.OwedEvents {
			o.OwedEvents[i] = unpackIDText(id)
		}
	}
}

// decodeEntry reads an entry of the history, in any form, except its request id.
func decodeEntry(value types.AttributeValue, customer string) ordermanager.Entry {
	if packed, ok := value.(*types.AttributeValueMemberB); ok {
		return unpackEntry(packed.Value, customer)
	}
	if packed := plainText(value); packed != "" {
		return unpackEntryText(packed)
	}
	r := inside(value)
	return ordermanager.Entry{
		Action: ordermanager.Action(r.shown(entryAction)),
		To:     ordermanager.State(r.shown(entryTo)),
		Actor:  ordermanager.Actor{Role: ordermanager.Role(r.shown(entryRole)), ID: r.shown(entryActor)},
		At:     r.shownTime(entryAt),
		Reason: r.shown(entryReason),
		Trace:  r.shown(entryTrace),
	}
}

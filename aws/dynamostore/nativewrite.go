package dynamostore

import (
	"cmp"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

func (l native) apply(t *ordermanager.Transition, seen item, ttl time.Duration) *update {
	u := newUpdate()
	var before *ordermanager.Order
	if seen != nil {
		before = l.decode(&reader{item: seen}, false)
	}
	a := &t.Assign
	if t.Create != nil {
		nativeCreate(u, t)
	} else {
		nativeGuards(u, &t.Guards, before)
		if old := seen != nil && seen[nativeBoard] == nil; old {
			nativeUpgrade(u, t, before, seen)
		} else {
			u.require(u.kind(nativeBoard, "S"))
			nativeRecord.decide(u, a)
			nativeMove(u, t, seen)
		}
		if a.State != "" {
			u.set(nativeState, str(string(a.State)))
		}
	}
	nativeRecord.apply(u, t, ttl)
	if a.Drink != nil {
		u.set(nativeDrink, encodeDrink(a.Drink))
	}
	switch {
	case a.Barista == nil:
	case *a.Barista == "":
		u.remove(nativeBarista)
	default:
		u.set(nativeBarista, str(*a.Barista))
	}
	if a.Reason != "" {
		u.set(nativeReason, str(a.Reason))
	}
	if a.Number != "" {
		u.set(nativeNumber, str(a.Number))
	}
	if r := a.Register; r != nil {
		nativeRegister(u, r, t.Create != nil)
	}
	if a.AnswerFirst {
		u.remove(nativeRecord.first.token)
	}
	if t.Owing {
		u.set(nativeRecord.owing, num(shardOf(t.OrderID)))
	}
	return u
}

func nativeCreate(u *update, t *ordermanager.Transition) {
	u.require(missing(nativeID))
	state := t.Create.State
	if t.Assign.State != "" {
		state = t.Assign.State
	}
	u.set(nativeCustomer, str(t.Create.Customer))
	u.set(nativeState, str(string(state)))
	u.set(nativeCreated, millis(t.Entry.At))
	u.set(nativeBoard, str(unfinished(t.OrderID)))
	u.set(nativePlace, str(place(t.Create.Venue, t.Entry.At)))
	if t.Create.Venue != "" {
		u.set(nativeVenue, str(t.Create.Venue))
		u.set(nativeVenueShard, str(spread(t.Create.Venue, shardOf(t.OrderID))))
	}
	if t.Create.Robot {
		u.set(nativeRobot, boolean(true))
	}
	nativeRecord.decide(u, &t.Assign)
}

// unfinished is the place on the board of an order that is open or owes something, and finished its place after that.
func unfinished(orderID string) string { return spread("", shardOf(orderID)) }

func finished(orderID string, in ordermanager.State) string {
	return spread(string(in), shardOf(orderID))
}

// nativeMove assigns the place on the board after a transition. Each move costs two write units, so an order moves once
// in its life: it is filed with the unfinished orders, whatever its state, until it has ended and owes nothing. So a
// redrive, too, looks for owed deliveries among the unfinished.
func nativeMove(u *update, t *ordermanager.Transition, seen item) {
	if t.Assign.State == "" && !t.Owing {
		return
	}
	at, owing := unfinished(t.OrderID), nativeRecord.owing
	switch ends := t.Assign.State != "" && t.Assign.Ends; {
	case !ends || t.Owing:
	case seen[owing] == nil:
		// Usually it is not marked. If it is, this write is refused, and the next one has seen the mark.
		u.require(missing(owing))
		at = finished(t.OrderID, t.Assign.State)
	default:
		u.require(exists(owing))
	}
	u.set(nativeBoard, str(at))
}

// nativeUpgrade adds what an item from before decisions were kept lacks, provided that the item is still as it was
// seen.
func nativeUpgrade(u *update, t *ordermanager.Transition, before *ordermanager.Order, seen item) {
	u.require(missing(nativeBoard))
	u.requireEqual(nativeRecord.version, num(int64(before.Version)))
	switch {
	case t.Assign.State != "" || t.Owing:
		nativeMove(u, t, seen)
	case seen[nativeRecord.owing] != nil:
		u.set(nativeBoard, str(unfinished(t.OrderID)))
	default: // whether the state is final is not known here; a listing by state looks in both places
		u.set(nativeBoard, str(finished(t.OrderID, before.State)))
	}
	u.set(nativePlace, str(place(before.Venue, before.CreatedAt)))
	u.remove(oldShard, oldPlace)
	decided := ordermanager.Assignment{
		First: cmp.Or(before.FirstWait.Decision, t.Assign.First), Second: cmp.Or(before.SecondWait.Decision, t.Assign.Second),
	}
	nativeRecord.decide(u, &decided)
}

// nativeRegister assigns a token. The token that it replaces becomes the spare one; an empty text means none.
func nativeRegister(u *update, r *ordermanager.Registration, creates bool) {
	slot, token := nativeRecord.slot(r.Wait), packToken(r.Token)
	if r.Spare {
		u.set(slot.spare, token)
		return
	}
	u.set(slot.token, token)
	if !creates {
		u.setTo(slot.spare, "if_not_exists(", slot.token, ", if_not_exists(", slot.spare, ", ", u.value(str("")), "))")
	}
}

var nativeSound = newSoundness(func(u *update) {
	u.require(u.kind(nativeCustomer, "S"))
	u.require(u.kind(nativeState, "S"))
	u.require(u.kind(nativeCreated, "N"))
	u.requireOptional("S", nativeVenue, nativeBarista)
	nativeRecord.sound(u)
})

func nativeGuards(u *update, g *ordermanager.Guards, before *ordermanager.Order) {
	u.requireSound(nativeSound)
	if len(g.States) > 0 {
		u.require(nativeState, " IN ", u.list(names(g.States)...))
	}
	if g.Customer != "" {
		u.requireEqual(nativeCustomer, str(g.Customer))
	}
	if g.Venue != nil {
		requireText(u, nativeVenue, *g.Venue)
	}
	if len(g.Venues) > 0 {
		requireVenue(u, nativeVenue, g.Venues, before)
	}
	if g.NoDrink {
		u.requireAny(u.absent(nativeDrink)...)
	}
	if g.HasDrink {
		u.require(u.present(nativeDrink))
	}
	if g.FreeFor != "" && len(g.HeldIn) > 0 {
		u.requireAny(nativeBarista+" = "+u.value(str(g.FreeFor)), "NOT "+nativeState+" IN "+u.list(names(g.HeldIn)...))
	}
	if g.Undecided != 0 {
		u.requireAny(u.absent(nativeRecord.slot(g.Undecided).decision)...)
	}
}

func (native) settle(s *ordermanager.Settlement, seen item, ttl time.Duration) *update {
	u := newUpdate()
	u.require(exists(nativeID))
	first, second := &nativeRecord.first, &nativeRecord.second
	u.takeToken(first.token, s.First, packToken, seen)
	u.takeToken(first.spare, s.FirstSpare, packToken, seen)
	u.takeToken(second.token, s.Second, packToken, seen)
	u.takeToken(second.spare, s.SecondSpare, packToken, seen)
	all := nativeRecord.settle(u, s, seen, ttl)
	if current := seen == nil || seen[nativeBoard] != nil; all && current && s.Ended != "" {
		u.require(exists(nativeBoard))
		u.set(nativeBoard, str(finished(s.OrderID, s.Ended)))
	}
	if !u.changes() {
		return nil
	}
	return u
}

func encodeDrink(d *ordermanager.Drink) types.AttributeValue {
	m := item{"n": str(d.Name)}
	if d.Icon != "" {
		m["i"] = str(d.Icon)
	}
	if len(d.Modifiers) > 0 {
		m["m"] = texts(d.Modifiers)
	}
	return dict(m)
}

package dynamostore

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// native is the layout [Native]. Names are short because an item with a token is near the 1 KB that one write unit
// pays for ("DynamoDB on-demand capacity mode" in the Amazon DynamoDB Developer Guide).
type native struct{}

// The attributes of an order.
const (
	nativeID       = "id" // S, the partition key
	nativeCustomer = "cu" // S
	nativeVenue    = "ve" // S, absent if there is none
	nativeRobot    = "ro" // BOOL, absent if false
	nativeState    = "st" // S
	nativeDrink    = "dr" // M of n (S), i (S), m (L of S)
	nativeNumber   = "nr" // S
	nativeBarista  = "ba" // S, absent if nobody
	nativeReason   = "re" // S
	nativeCreated  = "ca" // N, milliseconds

	// nativeBoard (S) and nativeVenueShard (S) are the partition keys of the indexes by state and by venue: where on the
	// board the order stands (see nativeMove) or the venue, and a number from the order's identifier, so that an index
	// spreads over several partitions, each of which takes 1,000 write units per second. A transition knows both, so it
	// can assign nativeBoard without reading the item.
	nativeBoard      = "sb"
	nativeVenueShard = "vs"
	// nativePlace (S) is the sort key of the index by state: the venue and the time of creation, which never change. So
	// the orders of one venue lie side by side, oldest first.
	nativePlace = "vc"

	// oldShard and oldPlace are attributes of an item that no version with decisions has written yet.
	oldShard = "sh"
	oldPlace = "pl"
)

var nativeRecord = record{
	history: "hi", requests: "rq", version: "v", owed: "oe", owing: "ow",
	first: slot{"d1", "t1", "s1", "t1at"}, second: slot{"d2", "t2", "s2", "t2at"},
	expires: "ex", ending: "en", updated: "ua", fenced: "fe", packs: true,
}

// shards is the number of partitions of the indexes that would be hot. It cannot change while there are orders.
const shards = 8

func shardOf(orderID string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(orderID))
	return int64(h.Sum32() % shards)
}

// spread is the partition of an index in which the orders of a state or a venue with this shard are.
func spread(name string, shard int64) string { return name + "#" + strconv.FormatInt(shard, 10) }

// place is where an order of a venue stands. No identifier has a tab in it.
func place(venue string, created time.Time) string {
	return placesOf(venue) + fmt.Sprintf("%013d", created.UnixMilli())
}

// placesOf is what the places of a venue begin with.
func placesOf(venue string) string { return venue + "\t" }

func (native) record() *record { return &nativeRecord }

func (native) checkLifecycle(ordermanager.Lifecycle) error { return nil }

func (native) keeps(ordermanager.State) bool { return true }

func (native) key(orderID string) item { return item{nativeID: str(orderID)} }

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

// unfinished is where on the board an order stands that is open or owes something, and finished is where it stands
// after that.
func unfinished(orderID string) string { return spread("", shardOf(orderID)) }

func finished(orderID string, in ordermanager.State) string {
	return spread(string(in), shardOf(orderID))
}

// nativeMove puts an order where on the board it stands after a transition. Each move of the board costs two write
// units, and a life has one: an order stands with all that are unfinished, in whatever state, until it has ended and
// owes nothing any more. So the unfinished are also where a redrive looks for what is owed.
func nativeMove(u *update, t *ordermanager.Transition, seen item) {
	if t.Assign.State == "" && !t.Owing {
		return
	}
	at, owing := unfinished(t.OrderID), nativeRecord.owing
	switch ends := t.Assign.State != "" && t.Assign.Ends; {
	case !ends || t.Owing:
	case seen[owing] == nil:
		// That it is not marked is the usual case. If it is, the item that refused this says so.
		u.require(missing(owing))
		at = finished(t.OrderID, t.Assign.State)
	default:
		u.require(exists(owing))
	}
	u.set(nativeBoard, str(at))
}

// nativeUpgrade writes what an item lacks that is from before decisions were kept, as long as it is as it was seen.
func nativeUpgrade(u *update, t *ordermanager.Transition, before *ordermanager.Order, seen item) {
	u.require(missing(nativeBoard))
	u.requireEqual(nativeRecord.version, num(int64(before.Version)))
	switch {
	case t.Assign.State != "" || t.Owing:
		nativeMove(u, t, seen)
	case seen[nativeRecord.owing] != nil:
		u.set(nativeBoard, str(unfinished(t.OrderID)))
	default: // whether its state is an end is not known here, and a listing of the state looks in both places
		u.set(nativeBoard, str(finished(t.OrderID, before.State)))
	}
	u.set(nativePlace, str(place(before.Venue, before.CreatedAt)))
	u.remove(oldShard, oldPlace)
	decided := ordermanager.Assignment{
		First: cmp.Or(before.FirstWait.Decision, t.Assign.First), Second: cmp.Or(before.SecondWait.Decision, t.Assign.Second),
	}
	nativeRecord.decide(u, &decided)
}

// nativeRegister puts a token in its place. What it finds there becomes the spare one; an empty text is none.
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

func names(states []ordermanager.State) []string {
	all := make([]string, len(states))
	for i, state := range states {
		all[i] = string(state)
	}
	return all
}

// mostVenues is how many venues a condition lists. Of somebody who is bound to more, the order has to be seen first.
const mostVenues = 20

// requireVenue requires that a venue is one of several, or that it is still the one that was seen.
func requireVenue(u *update, name string, venues []string, before *ordermanager.Order) {
	switch {
	case before != nil:
		requireText(u, name, before.Venue)
	case len(venues) > mostVenues:
		u.require(never(name))
	default:
		either := []string{name + " IN " + u.list(venues...)}
		if slices.Contains(venues, "") {
			either = append(either, u.absent(name)...)
		}
		u.requireAny(either...)
	}
}

// requireText requires a text that is absent when it is empty.
func requireText(u *update, name, text string) {
	if text == "" {
		u.requireAny(u.absent(name)...)
	} else {
		u.requireEqual(name, str(text))
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

func (native) decode(r *reader, listed bool) *ordermanager.Order {
	o := &ordermanager.Order{
		ID:        r.text(nativeID),
		Customer:  r.required(nativeCustomer),
		Venue:     r.text(nativeVenue),
		Robot:     r.flag(nativeRobot),
		State:     ordermanager.State(r.required(nativeState)),
		Drink:     decodeDrink(r.get(nativeDrink)),
		Number:    r.shown(nativeNumber),
		Barista:   r.text(nativeBarista),
		Reason:    r.shown(nativeReason),
		CreatedAt: r.time(nativeCreated),
		UpdatedAt: r.shownTime(nativeRecord.updated),
	}
	if !r.has(nativeCreated) {
		r.fail(nativeCreated, "is missing")
	}
	nativeRecord.decode(r, o, listed)
	if !listed && !r.has(nativeBoard) {
		o.FirstWait.Decision, o.SecondWait.Decision = decisionsOf(o)
	}
	return o
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

func decodeDrink(value types.AttributeValue) *ordermanager.Drink {
	if value == nil {
		return nil
	}
	r := inside(value)
	return &ordermanager.Drink{Name: r.shown("n"), Icon: r.shown("i"), Modifiers: r.shownTexts("m")}
}

// fetched is what a listing needs of an order: neither its tokens nor its history.
var fetched = strings.Join([]string{
	nativeID, nativeCustomer, nativeVenue, nativeRobot, nativeState, nativeDrink, nativeNumber, nativeBarista, nativeReason,
	nativeCreated, nativeRecord.updated, nativeRecord.version, nativeRecord.owing,
}, ", ")

// listed is nothing: the indexes have keys only, and the orders are fetched.
func (native) listed() string { return "" }

func (native) plan(q ordermanager.Query) ([][]stream, error) {
	// each is a part of the listing for each shard of a partition that is spread.
	each := func(index, hash, sort, name, prefix string) []stream {
		all := make([]stream, shards)
		for shard := range all {
			all[shard] = stream{index: index, hash: hash, value: str(spread(name, int64(shard))), sort: sort, prefix: prefix}
		}
		return all
	}
	board := func(name, venue string) []stream {
		if venue == "" {
			return each(boardIndex, nativeBoard, nativePlace, name, "")
		}
		return each(boardIndex, nativeBoard, nativePlace, name, placesOf(venue))
	}
	switch {
	case q.Owing:
		marked := make([]stream, shards)
		for shard := range marked {
			value := num(int64(shard))
			marked[shard] = stream{index: owingIndex, hash: nativeRecord.owing, value: value, sort: nativeCreated}
		}
		// As long as a table has the index of before, only that has what earlier versions wrote.
		return [][]stream{marked, board("", q.Venue)}, nil
	case q.Customer != "":
		return [][]stream{{{index: customerIndex, hash: nativeCustomer, value: str(q.Customer), sort: nativeCreated}}}, nil
	case q.State == "":
		return [][]stream{each(placeIndex, nativeVenueShard, nativeCreated, q.Venue, "")}, nil
	}
	// Earlier versions moved an order whenever its state changed.
	return [][]stream{append(board("", q.Venue), board(string(q.State), q.Venue)...)}, nil
}

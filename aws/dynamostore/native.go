package dynamostore

import (
	"hash/fnv"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// native is the layout [Native]. Names are short because an item with a token is near the 1 KB that one write unit pays for
// ("DynamoDB on-demand capacity mode" in the Amazon DynamoDB Developer Guide).
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
	nativeFirst    = "t1" // S, the token of the first wait
	nativeSecond   = "t2" // S, the token of the second wait

	// nativeShard (N) and nativeVenueShard (S) are the partition keys of the indexes by state and by venue: a number from the order's
	// identifier, so that an index spreads over several partitions, each of which takes 1,000 write units per second.
	nativeShard      = "sh"
	nativeVenueShard = "vs"
	// nativePlace (N) is their sort key: the rank of the state times place, plus the time of creation. So the orders of one
	// state lie side by side, oldest first, and a transition can assign it without knowing either.
	nativePlace = "pl"
)

var nativeRecord = record{
	history: "hi", requests: "rq", version: "v", owed: "oe", owing: "ow", firstAt: "t1at", secondAt: "t2at",
	expires: "ex", ending: "en", updated: "ua",
}

// shards is the number of partitions of the indexes that would be hot. It cannot change while there are orders.
const shards = 8

func shardOf(orderID string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(orderID))
	return int64(h.Sum32() % shards)
}

func venueShard(venue string, shard int64) string { return venue + "#" + strconv.FormatInt(shard, 10) }

// place separates the states in the sort key; it is more than the milliseconds until the year 2286.
const place = 10_000_000_000_000

var rank = map[ordermanager.State]int64{
	ordermanager.StatePending:   1,
	ordermanager.StateMaking:    2,
	ordermanager.StateCompleted: 3,
	ordermanager.StateCancelled: 4,
}

func (native) key(orderID string) item { return item{nativeID: str(orderID)} }

func (native) apply(t *ordermanager.Transition, _ item, ttl time.Duration) *update {
	u := newUpdate()
	if t.Create != nil {
		nativeCreate(u, t)
	} else {
		nativeGuards(u, &t.Guards)
	}
	nativeRecord.apply(u, t, ttl)
	a := &t.Assign
	if a.State != "" && t.Create == nil {
		u.set(nativeState, str(string(a.State)))
		u.setTo(nativePlace, nativeCreated, " + ", u.value(num(rank[a.State]*place)))
	}
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
		u.set(map[ordermanager.Wait]string{ordermanager.FirstWait: nativeFirst, ordermanager.SecondWait: nativeSecond}[r.Wait],
			str(r.Token.Reveal()))
	}
	if a.AnswerFirst {
		u.remove(nativeFirst)
	}
	if t.Owing {
		u.set(nativeRecord.owing, num(shardOf(t.OrderID)))
	}
	return u
}

func nativeCreate(u *update, t *ordermanager.Transition) {
	u.require(missing(nativeID))
	state := ordermanager.StatePending
	if t.Assign.State != "" {
		state = t.Assign.State
	}
	shard := shardOf(t.OrderID)
	u.set(nativeCustomer, str(t.Create.Customer))
	u.set(nativeState, str(string(state)))
	u.set(nativeCreated, millis(t.Entry.At))
	u.set(nativePlace, num(rank[state]*place+t.Entry.At.UnixMilli()))
	u.set(nativeShard, num(shard))
	if t.Create.Venue != "" {
		u.set(nativeVenue, str(t.Create.Venue))
		u.set(nativeVenueShard, str(venueShard(t.Create.Venue, shard)))
	}
	if t.Create.Robot {
		u.set(nativeRobot, boolean(true))
	}
}

var nativeSound = newSoundness(func(u *update) {
	u.require(u.kind(nativeCustomer, "S"))
	u.require(u.kind(nativeState, "S"))
	u.require(u.kind(nativeCreated, "N"))
	u.requireOptional("S", nativeVenue, nativeBarista, nativeFirst, nativeSecond)
	nativeRecord.sound(u)
})

func nativeGuards(u *update, g *ordermanager.Guards) {
	u.requireSound(nativeSound)
	if len(g.States) > 0 {
		names := make([]string, len(g.States))
		for i, state := range g.States {
			names[i] = string(state)
		}
		u.require(nativeState, " IN ", u.list(names...))
	}
	if g.Customer != "" {
		u.requireEqual(nativeCustomer, str(g.Customer))
	}
	if g.Venue != nil {
		requireText(u, nativeVenue, *g.Venue)
	}
	if g.NoDrink {
		u.requireAny(u.absent(nativeDrink)...)
	}
	if g.HasDrink {
		u.require(u.present(nativeDrink))
	}
	if g.FreeFor != "" {
		making, free := u.value(str(string(ordermanager.StateMaking))), u.value(str(g.FreeFor))
		u.require("(", nativeState, " <> ", making, " OR ", nativeBarista, " = ", free, ")")
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
	r := &reader{item: seen}
	for _, slot := range [...]struct {
		name  string
		token ordermanager.TaskToken
	}{{nativeFirst, s.First}, {nativeSecond, s.Second}} {
		if slot.token.IsZero() || seen != nil && !r.token(slot.name).Equal(slot.token) {
			continue
		}
		u.requireEqual(slot.name, str(slot.token.Reveal()))
		u.remove(slot.name)
	}
	nativeRecord.settle(u, s, seen, ttl)
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
	if !o.State.Known() {
		r.fail(nativeState, "is not a state")
	}
	if !r.has(nativeCreated) {
		r.fail(nativeCreated, "is missing")
	}
	nativeRecord.decode(r, o, listed)
	if !listed {
		o.FirstWait.Token, o.SecondWait.Token = r.token(nativeFirst), r.token(nativeSecond)
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

// listedAttributes are what a listing needs of an order, and what the indexes hold beside their keys.
func (native) listedAttributes() []string {
	return []string{
		nativeCustomer, nativeVenue, nativeRobot, nativeState, nativeDrink, nativeNumber, nativeBarista, nativeReason,
		nativeCreated, nativeRecord.updated, nativeRecord.version,
	}
}

func (native) listed() string { return "" }

func (native) plan(q ordermanager.Query) ([]stream, error) {
	var streams []stream
	switch {
	case q.Owing:
		for shard := range int64(shards) {
			streams = append(streams, stream{index: owingIndex, hash: nativeRecord.owing, value: num(shard), sort: nativeCreated})
		}
	case q.Customer != "":
		streams = append(streams, stream{index: customerIndex, hash: nativeCustomer, value: str(q.Customer), sort: nativeCreated})
	case q.Venue != "":
		for shard := range int64(shards) {
			streams = append(streams, places(q.State, stream{
				index: venueIndex, hash: nativeVenueShard, value: str(venueShard(q.Venue, shard)), sort: nativePlace,
			})...)
		}
	default:
		for shard := range int64(shards) {
			streams = append(streams, places(q.State, stream{index: stateIndex, hash: nativeShard, value: num(shard), sort: nativePlace})...)
		}
	}
	return streams, nil
}

// places narrows a stream down to the orders of one state, or divides it into one for each state, so that every one of
// them is oldest first.
func places(state ordermanager.State, s stream) []stream {
	states := []ordermanager.State{state}
	if state == "" {
		states = ordermanager.States()
	}
	divided := make([]stream, len(states))
	for i, state := range states {
		divided[i] = s
		divided[i].from, divided[i].to = rank[state]*place, rank[state]*place+place-1
	}
	return divided
}

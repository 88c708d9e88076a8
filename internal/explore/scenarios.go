package explore

import (
	"time"

	om "github.com/brewline/ordermanager"
)

func put(name, drink string) *call {
	return request(name, om.ActionPut, om.Customer(customer), om.Request{Drink: om.DrinkOrder{Drink: drink}})
}

func act(name string, action om.Action, actor om.Actor) *call {
	return request(name, action, actor, om.Request{})
}

// reused returns a call with the request id of another.
func reused(id string, name string, action om.Action, actor om.Actor, drink string) *call {
	return request(name, action, actor, om.Request{RequestID: id, Drink: om.DrinkOrder{Drink: drink}})
}

// The initial phases of an order's life that have scenarios of their own.
var (
	atFirstWait  = []string{"notice of A1"}
	drinkTaken   = []string{"notice of A1", "ann"}
	atSecondWait = []string{"notice of A1", "ann", "reach the second wait", "notice of B1"}
)

// Scenarios returns every scenario, new each time.
func Scenarios() []*Scenario {
	ann, eve := om.Customer(customer), om.Customer("eve")
	bob, cem, dee := om.Barista("bob"), om.Barista("cem"), om.Admin("dee")
	const anyFaults = -1
	espresso := func() Caller { return Caller{Name: "ann", Calls: []*call{put("put", "Espresso")}} }
	return []*Scenario{
		{
			Name:  "put",
			About: "a put that is repeated, the whole workflow with time-outs, every notification late and again",
			Callers: []Caller{
				{Name: "ann", Calls: []*call{put("put", "Espresso")}, Repeats: true},
			},
			TimeOuts: true, Duplicates: true, Redrivers: 1, Faults: anyFaults, InFlight: 2,
		},
		{
			Name:  "put against cancel",
			About: "the customer puts and cancels from two places, and both are repeated",
			Callers: []Caller{
				{Name: "ann", Calls: []*call{put("put", "Espresso")}, Repeats: true},
				{Name: "ann elsewhere", Calls: []*call{act("cancel", om.ActionCancel, ann)}, Repeats: true},
			},
			TimeOuts: true, Redrivers: 1, Faults: 2, InFlight: 2, Long: true,
		},
		{
			Name:  "two puts",
			About: "two drinks, and the same put from two places at once",
			Callers: func() []Caller {
				same := put("put", "Espresso")
				return []Caller{
					{Name: "ann", Calls: []*call{same}},
					{Name: "ann's retry", Calls: []*call{same}},
					{Name: "ann elsewhere", Calls: []*call{put("other put", "Latte")}},
				}
			}(),
			Prelude:  atFirstWait,
			TimeOuts: true, Redrivers: 1, Faults: 2, InFlight: 3, Long: true,
		},
		{
			Name:  "request id used twice",
			About: "a put, another put and a cancel under one request id",
			Callers: []Caller{
				{Name: "ann", Calls: []*call{put("id", "Espresso")}, Repeats: true},
				{Name: "ann's other put", Calls: []*call{reused("id", "other put", om.ActionPut, ann, "Latte")}, Repeats: true},
				{Name: "ann's cancel", Calls: []*call{reused("id", "cancel", om.ActionCancel, ann, "")}, Repeats: true},
			},
			Prelude:   atFirstWait,
			Redrivers: 1, Faults: anyFaults,
		},
		{
			Name:  "make before put",
			About: "a barista makes and cancels an order that may have no drink yet",
			Callers: []Caller{
				espresso(),
				{Name: "bob", Calls: []*call{
					act("bob makes", om.ActionMake, bob), act("bob cancels", om.ActionCancel, bob),
				}},
			},
			Prelude:   atFirstWait,
			Redrivers: 1, Faults: 2, InFlight: 2, Long: true,
		},
		{
			Name:  "somebody else's order",
			About: "a stranger puts and cancels beside the customer",
			Callers: []Caller{
				espresso(),
				{Name: "eve", Calls: []*call{
					reused("eve puts", "eve puts", om.ActionPut, eve, "Latte"), act("eve cancels", om.ActionCancel, eve),
				}},
			},
			Prelude:   atFirstWait,
			Redrivers: 1, Faults: anyFaults,
		},
		{
			Name:      "menu changes",
			About:     "the menu loses and regains the drink while a put is repeated",
			Callers:   []Caller{{Name: "ann", Calls: []*call{put("put", "Espresso")}, Repeats: true}},
			OtherMenu: true, TimeOuts: true, Redrivers: 1, Faults: anyFaults, InFlight: 2,
		},
		{
			Name:     "first wait begins again",
			About:    "a first wait with a newer token, whose registrations overtake each other",
			Callers:  []Caller{espresso()},
			Redrives: 1, Redrivers: 1, Faults: 1, InFlight: 2, Long: true,
		},
		{
			Name:     "workflow begins again while the order ends",
			About:    "put and cancel while a wait begins again",
			Callers:  []Caller{espresso(), {Name: "ann elsewhere", Calls: []*call{act("cancel", om.ActionCancel, ann)}}},
			Redrives: 1, Redrivers: 1, Faults: 1, InFlight: 2, Long: true,
		},
		{
			Name:  "cancel between the waits",
			About: "the order is cancelled while the workflow is between its waits or begins one again",
			Callers: []Caller{
				espresso(), {Name: "bob", Calls: []*call{act("bob cancels", om.ActionCancel, bob)}, Repeats: true},
			},
			Prelude:  drinkTaken,
			Redrives: 1, Redrivers: 1, Faults: 1, InFlight: 2, Long: true,
		},
		{
			Name:  "make and complete",
			About: "a barista makes and puts back, another completes what the workflow may not wait for yet",
			Callers: []Caller{
				espresso(),
				{Name: "bob", Calls: []*call{
					act("bob makes", om.ActionMake, bob), act("bob puts back", om.ActionUnmake, bob),
				}, Repeats: true},
				{Name: "cem", Calls: []*call{act("cem makes", om.ActionMake, cem), act("cem completes", om.ActionComplete, cem)}},
			},
			Prelude:  drinkTaken,
			TimeOuts: true, Redrivers: 1, Faults: 2, InFlight: 2, Long: true,
		},
		{
			Name:  "two baristas",
			About: "two baristas race for the claim, one completes, the other cancels; the customer cancels too",
			Callers: []Caller{
				espresso(),
				{Name: "bob", Calls: []*call{act("bob makes", om.ActionMake, bob), act("bob completes", om.ActionComplete, bob)}},
				{Name: "cem", Calls: []*call{act("cem makes", om.ActionMake, cem), act("cem cancels", om.ActionCancel, cem)}},
				{Name: "ann elsewhere", Calls: []*call{act("ann cancels", om.ActionCancel, ann)}},
			},
			Prelude:  atSecondWait,
			TimeOuts: true, Redrivers: 1, Faults: 2, InFlight: 3,
		},
		{
			Name:  "claim taken and given back",
			About: "one barista's make and unmake are repeated while another makes",
			Callers: []Caller{
				espresso(),
				{Name: "bob", Calls: []*call{
					act("bob makes", om.ActionMake, bob), act("bob puts back", om.ActionUnmake, bob),
					act("bob makes anew", om.ActionMake, bob),
				}, Repeats: true},
				{
					Name: "cem", Calls: []*call{act("cem makes", om.ActionMake, cem), act("cem puts back", om.ActionUnmake, cem)},
					Repeats: true,
				},
			},
			Prelude:   atSecondWait,
			Redrivers: 1, Faults: anyFaults, InFlight: 2,
		},
		{
			Name:  "admin",
			About: "an admin ends what a barista holds",
			Callers: []Caller{
				espresso(),
				{Name: "bob", Calls: []*call{act("bob makes", om.ActionMake, bob), act("bob completes", om.ActionComplete, bob)}},
				{
					Name:  "dee",
					Calls: []*call{act("dee puts back", om.ActionUnmake, dee), act("dee completes", om.ActionComplete, dee)},
				},
			},
			Prelude:  atSecondWait,
			TimeOuts: true, Redrivers: 1, Faults: anyFaults, InFlight: 2,
		},
		{
			Name:  "robot barista",
			About: "the Serverlesspresso life cycle: a robot completes without a claim, a barista makes",
			Callers: []Caller{
				espresso(),
				{Name: "robot", Calls: []*call{act("robot completes", om.ActionComplete, om.Barista("robot"))}, Repeats: true},
				{Name: "bob", Calls: []*call{act("bob makes", om.ActionMake, bob)}},
			},
			Lifecycle: om.ServerlesspressoLifecycle(), law: shopLaw(true),
			Prelude:  drinkTaken,
			TimeOuts: true, Duplicates: true, Redrivers: 1, Faults: 2, InFlight: 2, Long: true,
		},
		{
			Name:  "two redrivers",
			About: "two redrivers and a completing barista",
			Callers: []Caller{
				espresso(),
				{Name: "bob", Calls: []*call{act("bob makes", om.ActionMake, bob), act("bob completes", om.ActionComplete, bob)}},
			},
			Prelude:  drinkTaken,
			TimeOuts: true, Redrivers: 2, Faults: 1, InFlight: 2, Long: true,
		},
		{
			Name:  "no publisher",
			About: "a Manager without a publisher",
			Callers: []Caller{
				espresso(),
				{Name: "bob", Calls: []*call{act("bob makes", om.ActionMake, bob), act("bob completes", om.ActionComplete, bob)}},
				{Name: "ann elsewhere", Calls: []*call{act("cancel", om.ActionCancel, ann)}},
			},
			NoPublisher: true, TimeOuts: true, Duplicates: true, Redrivers: 1, Faults: 1, InFlight: 2,
		},
		{
			Name:  "the workflow in the store's database",
			About: "a write answers its wait and registers the next one, if the workflow's part does not fail",
			Callers: []Caller{
				{Name: "ann", Calls: []*call{put("put", "Espresso")}, Repeats: true},
				{Name: "ann elsewhere", Calls: []*call{act("cancel", om.ActionCancel, ann)}},
				{Name: "bob", Calls: []*call{act("bob makes", om.ActionMake, bob), act("bob completes", om.ActionComplete, bob)}},
			},
			Prelude: atFirstWait, Joint: true,
			TimeOuts: true, Redrivers: 1, Faults: 1, InFlight: 2,
		},
		{
			Name:  "two publishers",
			About: "every event is owed to two publishers, each of which fails on its own",
			Callers: []Caller{
				espresso(),
				{Name: "ann elsewhere", Calls: []*call{act("ann cancels", om.ActionCancel, ann)}},
				{Name: "bob", Calls: []*call{act("bob makes", om.ActionMake, bob), act("bob completes", om.ActionComplete, bob)}},
			},
			Prelude: atSecondWait, Publishers: []string{"hook"},
			TimeOuts: true, Redrivers: 1, Faults: 2, InFlight: 3, Long: true,
		},
		{
			Name:    "a start from the future",
			About:   "a first wait whose time is an hour ahead, and begins again with the right time",
			Callers: []Caller{espresso(), {Name: "ann elsewhere", Calls: []*call{act("cancel", om.ActionCancel, ann)}}},
			Times:   map[token]time.Duration{tokenA1: time.Hour}, Redrives: 1, Redrivers: 1, Faults: 1, InFlight: 2, Long: true,
		},
		{
			Name:     "a token from the future",
			About:    "a first wait that begins again with a time an hour ahead, so that its token loses",
			Callers:  []Caller{espresso(), {Name: "ann elsewhere", Calls: []*call{act("cancel", om.ActionCancel, ann)}}},
			Times:    map[token]time.Duration{tokenA2: time.Hour, tokenA3: time.Hour},
			Redrives: 1, Redrivers: 1, Faults: 1, InFlight: 2, Long: true,
		},
		{
			Name:    "two tokens in one second",
			About:   "everything that the workflow says has the same time, and waits begin again",
			Callers: []Caller{espresso(), {Name: "bob", Calls: []*call{act("bob cancels", om.ActionCancel, bob)}}},
			Times: map[token]time.Duration{
				tokenA1: time.Minute, tokenA2: time.Minute, tokenA3: time.Minute, tokenB1: time.Minute, tokenB2: time.Minute,
			},
			Redrives: 1, Redrivers: 1, Faults: 1, InFlight: 2, Long: true,
		},
		{
			Name:  "everybody counts from 1",
			About: "the customer and two baristas use the same request ids, and repeat them",
			Callers: []Caller{
				{
					Name: "ann",
					Calls: []*call{
						reused("1", "put", om.ActionPut, ann, "Espresso"), reused("2", "cancel", om.ActionCancel, ann, ""),
					},
					Repeats: true,
				},
				{
					Name: "bob",
					Calls: []*call{
						reused("1", "bob makes", om.ActionMake, bob, ""), reused("2", "bob completes", om.ActionComplete, bob, ""),
					},
					Repeats: true,
				},
				{Name: "cem", Calls: []*call{reused("1", "cem makes", om.ActionMake, cem, "")}, Repeats: true},
			},
			Prelude:   atFirstWait,
			Redrivers: 1, Faults: 1, InFlight: 2, Long: true,
		},
		{
			Name:  "a barista asks twice",
			About: "one barista makes from two places, under two request ids, while another makes and an admin puts back",
			Callers: []Caller{
				espresso(),
				{Name: "bob", Calls: []*call{act("bob makes", om.ActionMake, bob), act("bob makes again", om.ActionMake, bob)}},
				{Name: "bob elsewhere", Calls: []*call{act("bob makes elsewhere", om.ActionMake, bob)}},
				{Name: "cem", Calls: []*call{act("cem makes", om.ActionMake, cem)}},
				{Name: "dee", Calls: []*call{act("dee puts back", om.ActionUnmake, dee)}},
			},
			Prelude:   drinkTaken,
			Redrivers: 1, Faults: 1, InFlight: 2,
		},
		{
			Name:  "a whole life",
			About: "three callers with seven calls, from the start of the workflow to its end",
			Callers: []Caller{
				{Name: "ann", Calls: []*call{put("put", "Espresso"), act("cancel", om.ActionCancel, ann)}},
				{Name: "bob", Calls: []*call{
					act("bob makes", om.ActionMake, bob), act("bob puts back", om.ActionUnmake, bob),
					act("bob completes", om.ActionComplete, bob),
				}},
				{Name: "cem", Calls: []*call{act("cem makes", om.ActionMake, cem), act("cem completes", om.ActionComplete, cem)}},
			},
			TimeOuts: true, Redrivers: 1, Faults: 1, InFlight: 2, Long: true,
		},
	}
}

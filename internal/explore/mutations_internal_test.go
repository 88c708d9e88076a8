package explore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	om "github.com/brewline/ordermanager"
)

// seeded is a bug that must be found, with the invariant that it breaks first.
type seeded struct {
	name     string
	scenario string
	breaks   Invariant
	mutation Mutation
}

// storeWith, resumerWith and publisherWith stand between the Manager and the model.

type storeWith struct {
	om.Store
	apply func(ctx context.Context, t om.Transition) (om.Result, error)
}

func (s storeWith) Apply(ctx context.Context, t om.Transition) (om.Result, error) {
	return s.apply(ctx, t)
}

type settlerWith struct {
	om.Store
	settle func(ctx context.Context, s om.Settlement) error
}

func (w settlerWith) Settle(ctx context.Context, s om.Settlement) error { return w.settle(ctx, s) }

type resumerWith func(ctx context.Context, token om.TaskToken, outcome om.Outcome) (om.Answer, error)

func (r resumerWith) Resume(ctx context.Context, token om.TaskToken, outcome om.Outcome) (om.Answer, error) {
	return r(ctx, token, outcome)
}

type publisherWith func(ctx context.Context, events []om.Event) error

func (p publisherWith) Publish(ctx context.Context, events []om.Event) error { return p(ctx, events) }

type unlisted struct{ om.Store }

func (u unlisted) List(ctx context.Context, q om.Query) (om.Page, error) {
	_, err := u.Store.List(ctx, q)
	return om.Page{}, err
}

// asking makes a store that asks for something else than it was asked.
func asking(change func(t *om.Transition)) Mutation {
	return Mutation{Ports: func(p Ports) Ports {
		store := p.Store
		p.Store = storeWith{store, func(ctx context.Context, t om.Transition) (om.Result, error) {
			change(&t)
			return store.Apply(ctx, t)
		}}
		return p
	}}
}

// settling makes a store that settles something else than it was asked.
func settling(change func(s *om.Settlement)) Mutation {
	return Mutation{Ports: func(p Ports) Ports {
		store := p.Store
		p.Store = settlerWith{store, func(ctx context.Context, s om.Settlement) error {
			change(&s)
			return store.Settle(ctx, s)
		}}
		return p
	}}
}

// resuming makes a resumer that does something else.
func resuming(do func(p Ports, token om.TaskToken, outcome om.Outcome) (om.Answer, error)) Mutation {
	return Mutation{Ports: func(p Ports) Ports {
		inner := p
		p.Resumer = resumerWith(func(_ context.Context, token om.TaskToken, outcome om.Outcome) (om.Answer, error) {
			return do(inner, token, outcome)
		})
		return p
	}}
}

// permitting makes a store that checks other guards than it was given.
func permitting(change func(t *om.Transition)) Mutation {
	return Mutation{Model: Model{Permits: func(t om.Transition, o *om.Order) bool {
		change(&t)
		return t.Permits(o)
	}}}
}

func isRegistration(t *om.Transition) bool { return t.Assign.Register != nil }

var seededBugs = []seeded{
	{
		"the state is not checked", "put against cancel", LegalPath,
		permitting(func(t *om.Transition) {
			if !isRegistration(t) {
				t.Guards.States = nil
			}
		}),
	},
	{
		"a time-out ends what has ended", "put against cancel", LegalPath,
		permitting(func(t *om.Transition) {
			if t.Entry.Action == om.ActionTimedOut {
				t.Guards.States = nil
			}
		}),
	},
	{
		"only the newest entry of the history is kept", "put", LegalPath,
		Mutation{Model: Model{Apply: func(t om.Transition, o *om.Order) *om.Order {
			o = t.Apply(o)
			o.History = o.History[len(o.History)-1:]
			return o
		}}},
	},
	{
		"a second drink replaces the first", "two puts", OneWinner,
		permitting(func(t *om.Transition) { t.Guards.NoDrink = t.Guards.NoDrink && isRegistration(t) }),
	},
	{
		"a loser is shown an old order", "two baristas", OneWinner,
		Mutation{Ports: func(p Ports) Ports {
			store := p.Store
			p.Store = storeWith{store, func(ctx context.Context, t om.Transition) (om.Result, error) {
				result, err := store.Apply(ctx, t)
				if err == nil && !result.Applied && result.Order.State == om.StateMaking {
					result.Order.Version--
				}
				return result, err
			}}
			return p
		}},
	},
	{
		"a token is settled without looking which", "first wait begins again", TokenConservation,
		Mutation{Model: Model{Settle: func(s om.Settlement, o *om.Order) {
			s.Apply(o)
			if !s.First.IsZero() {
				o.FirstWait.Token = om.TaskToken{}
			}
		}}},
	},
	{
		"a token is settled before it is answered", "put", TokenConservation,
		resuming(func(p Ports, token om.TaskToken, outcome om.Outcome) (om.Answer, error) {
			if err := p.Store.Settle(
				context.Background(), om.Settlement{OrderID: orderID, First: token, Second: token},
			); err != nil {
				return "", err
			}
			return p.Resumer.Resume(context.Background(), token, outcome)
		}),
	},
	{
		"a failed answer counts as given", "put", TokenConservation,
		resuming(func(p Ports, token om.TaskToken, outcome om.Outcome) (om.Answer, error) {
			answer, err := p.Resumer.Resume(context.Background(), token, outcome)
			if err != nil {
				return om.Gone, nil
			}
			return answer, nil
		}),
	},
	{
		"a write brings a used token back", "put", TokenConservation,
		Mutation{Model: Model{Apply: func(t om.Transition, o *om.Order) *om.Order {
			o = t.Apply(o)
			if !t.Assign.AnswerFirst && o.FirstWait.Token.IsZero() {
				o.FirstWait.Token = tokens[tokenA1].value
			}
			return o
		}}},
	},
	{
		"an older token replaces a newer one", "first wait begins again", TokenConservation,
		permitting(func(t *om.Transition) {
			if isRegistration(t) {
				r := *t.Assign.Register
				r.At = r.At.AddDate(1, 0, 0)
				t.Assign.Register = &r
			}
		}),
	},
	{
		"the second wait settles a newer first wait", "cancel between the waits", TokenConservation,
		Mutation{Model: Model{Permits: func(t om.Transition, o *om.Order) bool {
			t.Assign.AnswerFirst = false
			return t.Permits(o)
		}}},
	},
	{
		"a cancelled first wait is answered with success", "put against cancel", TokenConservation,
		resuming(func(p Ports, token om.TaskToken, outcome om.Outcome) (om.Answer, error) {
			if outcome.Failure() {
				outcome = om.Outcome{Output: json.RawMessage(`{"orderId":"1","action":"put","state":"cancelled","cancelled":true}`)}
			}
			return p.Resumer.Resume(context.Background(), token, outcome)
		}),
	},
	{
		"the second wait gets the answer of the first", "robot barista", TokenConservation,
		resuming(func(p Ports, token om.TaskToken, outcome om.Outcome) (om.Answer, error) {
			if tokens[tokenOf(token)].wait == om.SecondWait {
				outcome = om.Outcome{Output: json.RawMessage(`{"orderId":"1","action":"put","state":"pending","cancelled":false}`)}
			}
			return p.Resumer.Resume(context.Background(), token, outcome)
		}),
	},
	{
		"the receipt says nothing of what was answered with the write", "the workflow in the store's database", NothingLost,
		Mutation{Ports: func(p Ports) Ports {
			store := p.Store
			p.Store = storeWith{store, func(ctx context.Context, t om.Transition) (om.Result, error) {
				result, err := store.Apply(ctx, t)
				result.Answered = nil
				return result, err
			}}
			return p
		}},
	},
	{
		"a write answers a cancelled order with success", "the workflow in the store's database", TokenConservation,
		asking(func(t *om.Transition) {
			joint := *t.Joint
			joint.Outcome = func(o *om.Order, w om.Wait) (om.Outcome, error) {
				done := json.RawMessage(`{"orderId":"1","action":"put","state":"pending","cancelled":false}`)
				return om.Outcome{Output: done}, nil
			}
			t.Joint = &joint
		}),
	},
	{
		"a registration on an order that has ended is taken for a duplicate", "cancel between the waits", TokenConservation,
		Mutation{Ports: func(p Ports) Ports {
			store := p.Store
			p.Store = storeWith{store, func(ctx context.Context, t om.Transition) (om.Result, error) {
				result, err := store.Apply(ctx, t)
				if err == nil && !result.Applied && t.Entry.Action == om.ActionWaitingCompletion {
					owed := slices.Clone(result.Order.OwedEvents)
					result.Order = t.Apply(result.Order)
					result.Order.SecondWait, result.Order.OwedEvents = om.WaitSlot{}, owed
				}
				return result, err
			}}
			return p
		}},
	},
	{
		"the workflow is resumed before the write", "put", StateBeforeAnswer,
		Mutation{Ports: func(p Ports) Ports {
			store, resumer := p.Store, p.Resumer
			p.Store = storeWith{store, func(ctx context.Context, t om.Transition) (om.Result, error) {
				if t.Entry.Action == om.ActionPut {
					output := json.RawMessage(`{"orderId":"1","action":"put","state":"pending","cancelled":false}`)
					if _, err := resumer.Resume(ctx, tokens[tokenA1].value, om.Outcome{Output: output}); err != nil {
						return om.Result{}, err
					}
				}
				return store.Apply(ctx, t)
			}}
			return p
		}},
	},
	{
		"an event is published before the write", "make and complete", StateBeforeAnswer,
		Mutation{Ports: func(p Ports) Ports {
			store, publisher := p.Store, p.Publishers[""]
			p.Store = storeWith{store, func(ctx context.Context, t om.Transition) (om.Result, error) {
				if t.Assign.Events != nil {
					event := om.Event{
						ID: orderID + "/" + t.Entry.RequestID, Type: om.EventMakeOrder, OrderID: orderID, State: t.Entry.To,
					}
					if err := publisher.Publish(ctx, []om.Event{event}); err != nil {
						return om.Result{}, err
					}
				}
				return store.Apply(ctx, t)
			}}
			return p
		}},
	},
	{
		"a token that is replaced is not kept as the spare one", "two tokens in one second", TokenConservation,
		Mutation{Model: Model{Apply: func(t om.Transition, o *om.Order) *om.Order {
			o = t.Apply(o)
			o.FirstWait.Spare = om.TaskToken{}
			return o
		}}},
	},
	{
		"a token that lost is not kept as the spare one", "a token from the future", TokenConservation,
		Mutation{Model: Model{Apply: func(t om.Transition, o *om.Order) *om.Order {
			o = t.Apply(o)
			if r := t.Assign.Register; r != nil && r.Spare {
				o.FirstWait.Spare = om.TaskToken{}
			}
			return o
		}}},
	},
	{
		"a token that lost takes the place of the one that won", "first wait begins again", TokenConservation,
		Mutation{Model: Model{Apply: func(t om.Transition, o *om.Order) *om.Order {
			o = t.Apply(o)
			if r := t.Assign.Register; r != nil && r.Spare {
				o.FirstWait.Token, o.FirstWait.Spare = r.Token, om.TaskToken{}
			}
			return o
		}}},
	},
	{
		"the second wait settles the spare token of the first", "a token from the future", TokenConservation,
		Mutation{Model: Model{Apply: func(t om.Transition, o *om.Order) *om.Order {
			o = t.Apply(o)
			if t.Assign.AnswerFirst {
				o.FirstWait.Spare = om.TaskToken{}
			}
			return o
		}}},
	},
	{
		"a decision is written over", "put against cancel", TokenConservation,
		Mutation{Model: Model{Apply: func(t om.Transition, o *om.Order) *om.Order {
			o = t.Apply(o)
			if t.Assign.First != om.Undecided {
				o.FirstWait.Decision = t.Assign.First
			}
			return o
		}}},
	},
	{
		"a settlement forgets the decision", "put", TokenConservation,
		Mutation{Model: Model{Settle: func(s om.Settlement, o *om.Order) {
			s.Apply(o)
			o.FirstWait.Decision = om.Undecided
		}}},
	},
	{
		"a spare token is never settled", "a start from the future", NothingLost,
		Mutation{Model: Model{Settle: func(s om.Settlement, o *om.Order) {
			s.FirstSpare, s.SecondSpare = om.TaskToken{}, om.TaskToken{}
			s.Apply(o)
		}}},
	},
	{
		"the order is not listed as owing", "put", NothingLost,
		asking(func(t *om.Transition) { t.Owing = false }),
	},
	{
		"the listing of owing orders is empty", "put", NothingLost,
		Mutation{Ports: func(p Ports) Ports {
			p.Store = unlisted{p.Store}
			return p
		}},
	},
	{
		"the order leaves the listing although it has changed", "two baristas", NothingLost,
		Mutation{Model: Model{Unlist: func(s om.Settlement, _ int) bool { return s.Everything }}},
	},
	{
		"a wait that is decided is registered as if it were not", "no publisher", NothingLost,
		permitting(func(t *om.Transition) {
			if isRegistration(t) {
				t.Guards.Undecided = 0
			}
		}),
	},
	{
		"settling drops every owed event", "two baristas", NothingLost,
		Mutation{Model: Model{Settle: func(s om.Settlement, o *om.Order) {
			s.Apply(o)
			o.OwedEvents = nil
		}}},
	},
	{
		"a failed publication counts as done", "two baristas", NothingLost,
		Mutation{Ports: func(p Ports) Ports {
			publisher := p.Publishers[""]
			p.Publishers[""] = publisherWith(func(ctx context.Context, events []om.Event) error {
				_ = publisher.Publish(ctx, events)
				return nil
			})
			return p
		}},
	},
	{
		"an event that was not accepted counts as published", "two baristas", NothingLost,
		Mutation{Ports: func(p Ports) Ports {
			publisher := p.Publishers[""]
			p.Publishers[""] = publisherWith(func(ctx context.Context, events []om.Event) error {
				err := publisher.Publish(ctx, events)
				if partly, ok := errors.AsType[*om.PublishError](err); ok {
					clear(partly.Failed)
				}
				return err
			})
			return p
		}},
	},
	{
		"what one publisher accepts counts for the other", "two publishers", NothingLost,
		Mutation{Model: Model{Settle: func(s om.Settlement, o *om.Order) {
			s.Apply(o)
			o.OwedEvents = slices.DeleteFunc(o.OwedEvents, func(key string) bool {
				_, id := owing(key)
				return slices.Contains(s.Events, id)
			})
		}}},
	},
	{
		"nothing is settled as long as one publisher fails", "two publishers", NothingLost,
		settling(func(s *om.Settlement) {
			if !s.Everything {
				s.Events = nil
			}
		}),
	},
	{
		"one publisher passes on what it gets to the other", "two publishers", NothingLost,
		Mutation{Ports: func(p Ports) Ports {
			one, other := p.Publishers[""], p.Publishers["hook"]
			p.Publishers[""] = publisherWith(func(ctx context.Context, events []om.Event) error {
				return errors.Join(one.Publish(ctx, events), other.Publish(ctx, events))
			})
			return p
		}},
	},
	{
		"an event is not recorded for every publisher", "two publishers", NothingLost,
		asking(func(t *om.Transition) {
			if t.Entry.Action == om.ActionMake {
				t.Assign.Events = t.Assign.Events[:1]
			}
		}),
	},
	{
		"a write makes a settled event owed again", "two publishers", NothingLost,
		Mutation{Model: Model{Apply: func(t om.Transition, o *om.Order) *om.Order {
			if o = t.Apply(o); t.Entry.Action == om.ActionComplete {
				o.OwedEvents = append(o.OwedEvents, owed("hook", tokens[tokenB1].id))
			}
			return o
		}}},
	},
	{
		"an event is not recorded with its transition", "make and complete", NothingLost,
		asking(func(t *om.Transition) { t.Assign.Events = nil }),
	},
	{
		"the request id is not checked", "claim taken and given back", OncePerRequest,
		permitting(func(t *om.Transition) { t.Entry.RequestID = "never used before" }),
	},
	{
		"a lost race is reported as won", "two baristas", OncePerRequest,
		Mutation{Ports: func(p Ports) Ports {
			store := p.Store
			p.Store = storeWith{store, func(ctx context.Context, t om.Transition) (om.Result, error) {
				result, err := store.Apply(ctx, t)
				if err == nil && !result.Applied && result.Order != nil {
					result = om.Result{Applied: true, Order: t.Apply(result.Order)}
				}
				return result, err
			}}
			return p
		}},
	},
	{
		"somebody else's request is taken for one's own", "everybody counts from 1", OncePerRequest,
		Mutation{Ports: func(p Ports) Ports {
			store := p.Store
			p.Store = storeWith{store, func(ctx context.Context, t om.Transition) (om.Result, error) {
				result, err := store.Apply(ctx, t)
				if err == nil && !result.Applied {
					result.Order.History = slices.Clone(result.Order.History)
					for i := range result.Order.History {
						if e := &result.Order.History[i]; e.RequestID == t.Entry.RequestID {
							e.Actor, e.Action = t.Entry.Actor, t.Entry.Action
						}
					}
				}
				return result, err
			}}
			return p
		}},
	},
	{
		"a second start of the workflow begins the order anew", "put", OncePerRequest,
		Mutation{Model: Model{Permits: func(t om.Transition, o *om.Order) bool { return t.Create != nil || t.Permits(o) }}},
	},
	{
		"the claim is not checked", "make and complete", OneClaim,
		permitting(func(t *om.Transition) { t.Guards.FreeFor = "" }),
	},
	{
		"the claim is checked in no state", "make and complete", OneClaim,
		permitting(func(t *om.Transition) { t.Guards.HeldIn = nil }),
	},
	{
		"putting back leaves the name of the barista", "claim taken and given back", OneClaim,
		asking(func(t *om.Transition) {
			if t.Entry.Action == om.ActionUnmake {
				t.Assign.Barista = nil
			}
		}),
	},
	{
		"an error of the resumer has the token", "put", NoLeak,
		resuming(func(p Ports, token om.TaskToken, outcome om.Outcome) (om.Answer, error) {
			answer, err := p.Resumer.Resume(context.Background(), token, outcome)
			if err != nil {
				err = fmt.Errorf("token %s: %w", token.Reveal(), err)
			}
			return answer, err
		}),
	},
	{
		"the customer is not checked", "somebody else's order", ClearRefusal,
		permitting(func(t *om.Transition) { t.Guards.Customer = "" }),
	},
	{
		"the drink is not asked for", "make before put", ClearRefusal,
		permitting(func(t *om.Transition) { t.Guards.HasDrink = false }),
	},
	{
		"a refusal is answered that nothing explains", "two baristas", ClearRefusal,
		Mutation{Model: Model{Permits: func(t om.Transition, o *om.Order) bool {
			return t.Permits(o) && (t.Entry.Action != om.ActionCancel || o.State != om.StateMaking)
		}}},
	},
}

// find returns a scenario by its name.
func find(t *testing.T, name string) *Scenario {
	t.Helper()
	all := Scenarios()
	i := slices.IndexFunc(all, func(sc *Scenario) bool { return sc.Name == name })
	if i < 0 {
		t.Fatalf("there is no scenario %q", name)
	}
	return all[i]
}

func TestMutations_everySeededBugIsFoundByTheInvariantThatItBreaks(t *testing.T) {
	for _, bug := range seededBugs {
		t.Run(bug.name, func(t *testing.T) {
			t.Parallel()
			sc := find(t, bug.scenario)
			sc.Mutation = &bug.mutation
			result, err := Explore(sc, 50_000)
			if err != nil {
				t.Fatal(err)
			}
			if result.Violation == nil {
				t.Fatalf("not found in scenario %q: %v", bug.scenario, &result)
			}
			t.Logf("found in scenario %q, in %d steps (shortest: %t; %v):\n%v%v",
				bug.scenario, len(result.Trace), result.Complete, &result, result.Trace, result.Violation)
			if result.Violation.Invariant != bug.breaks {
				t.Errorf("breaks %q, want %q", result.Violation.Invariant, bug.breaks)
			}
			trace, err := ParseTrace(result.Trace.String())
			if err != nil {
				t.Fatal(err)
			}
			again, _, err := Replay(sc, trace)
			if err != nil {
				t.Fatal(err)
			}
			if again == nil || *again != *result.Violation {
				t.Errorf("the replay of the printed trace finds %v, want %v", again, result.Violation)
			}
		})
	}
}

package lincheck_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/faulty"
	"github.com/brewline/ordermanager/memory"
)

// The size of a history: small enough to be judged in a moment, large enough that everybody meets everybody.
const (
	orders = 2
	calls  = 12
)

var menu = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{
	{Drink: "Latte"}, {Drink: "Espresso"}, {Drink: "Mocha"},
}})

// people are the callers, each in a process of its own: two hands of one customer, a stranger, two baristas, a
// supervisor, the workflow, and somebody who looks.
var people = []struct {
	actor ordermanager.Actor
	does  []ordermanager.Action
}{
	{
		ordermanager.System("workflow"),
		often(3, ordermanager.ActionWaitingCompletion, 3, ordermanager.ActionWorkflowStarted, 1, ordermanager.ActionTimedOut),
	},
	{ordermanager.Customer(owner), often(9, ordermanager.ActionPut, 1, ordermanager.ActionCancel)},
	{ordermanager.Customer(owner), often(2, ordermanager.ActionPut, 2, read)},
	{ordermanager.Customer("zoe"), often(1, ordermanager.ActionPut, 1, ordermanager.ActionCancel, 3, read)},
	{
		ordermanager.Barista("ben"),
		often(4, ordermanager.ActionMake, 1, ordermanager.ActionUnmake, 2, ordermanager.ActionComplete),
	},
	{
		ordermanager.Barista("cy"),
		often(
			5, ordermanager.ActionMake, 3, ordermanager.ActionUnmake, 2, ordermanager.ActionComplete, 1,
			ordermanager.ActionCancel,
		),
	},
	{
		ordermanager.Admin("eve"),
		often(1, ordermanager.ActionMake, 2, ordermanager.ActionUnmake, 1, ordermanager.ActionComplete, 2, read),
	},
}

// often is a list in which each action is as often as the number before it says.
func often(pairs ...any) (all []ordermanager.Action) {
	for i := 0; i < len(pairs); i += 2 {
		for range pairs[i].(int) {
			all = append(all, pairs[i+1].(ordermanager.Action))
		}
	}
	return all
}

// recorder writes down what everybody asked and was answered. Its clock counts beginnings and ends.
type recorder struct {
	clock atomic.Int64
	mu    sync.Mutex
	ops   []porcupine.Operation
}

func (r *recorder) add(client int, from, to int64, c call, a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, porcupine.Operation{ClientId: client, Input: c, Call: from, Output: a, Return: to})
}

// record lets everybody act at once, on orders that no history with another seed has, and returns the history.
func record(
	ctx context.Context, seed uint64, store ordermanager.Store, network *faulty.Network,
) ([]porcupine.Operation, error) {
	r := &recorder{}
	resumer, publisher := &memory.Resumer{}, &memory.Publisher{}
	var wg sync.WaitGroup
	errs := make([]error, len(people))
	for i := range people {
		manager, err := ordermanager.New(store, menu, faulty.Resumer(resumer), &ordermanager.Options{
			Publisher: faulty.Publisher(publisher), DeliveryTimeout: 24 * time.Hour, // in a bubble, much time passes
		})
		if err != nil {
			return nil, err
		}
		p := &person{
			Manager: manager, number: i, prefix: fmt.Sprintf("%d-", seed), caller: network.Caller(uint64(i)), recorder: r,
		}
		wg.Go(func() { errs[i] = p.live(ctx) })
	}
	wg.Wait()
	network.Calm()
	return r.ops, errors.Join(errors.Join(errs...), r.resolve(ctx, store, fmt.Sprintf("%d-", seed)))
}

// resolve ends a history: it looks at every order once more, and takes out the calls of unknown outcome that never had
// one. Those that had stay open to the end, because they may have taken effect long after their caller gave up. What a
// store has forgotten of a call that others saw the effect of cannot be explained without that call.
func (r *recorder) resolve(ctx context.Context, store ordermanager.Store, prefix string) error {
	written := map[string]bool{}
	for n := range orders {
		id := prefix + strconv.Itoa(n)
		from := r.clock.Add(1)
		o, err := store.Get(ctx, id)
		if err != nil {
			return err
		}
		r.add(len(people), from, r.clock.Add(1), call{action: read, order: id}, answer{kind: looked, seen: see(o)})
		if o == nil {
			continue
		}
		for _, entry := range o.History {
			written[id+"/"+entry.RequestID] = true
		}
	}
	r.ops = slices.DeleteFunc(r.ops, func(op porcupine.Operation) bool {
		c := op.Input.(call)
		id := c.request
		if c.action == ordermanager.ActionWorkflowStarted || c.action == ordermanager.ActionWaitingCompletion {
			id = ordermanager.NewTaskToken(c.request).Fingerprint()
		}
		return op.Output.(answer).kind == unknown && !written[c.order+"/"+id]
	})
	return nil
}

// person is one of people at work.
type person struct {
	*ordermanager.Manager
	number int
	prefix string // of the orders, so that histories can share a store
	caller *faulty.Caller
	*recorder
}

func (p *person) live(ctx context.Context) error {
	var last call
	for n := range calls {
		p.caller.Wait(ctx, time.Millisecond)
		c := p.think(n)
		if last.action != "" && p.caller.IntN(3) > 0 { // what is unknown is repeated
			c = last
		}
		outcome, err := p.act(ctx, c)
		if err != nil {
			return err
		}
		p.caller.Revive()
		last = call{}
		if outcome == unknown {
			last = c
		}
		if p.caller.IntN(8) == 0 {
			// One at a time, so that the seed alone decides the order.
			_, _ = p.Redrive(p.caller.Context(ctx), &ordermanager.RedriveOptions{Concurrency: 1})
			p.caller.Revive()
		}
	}
	return nil
}

// think makes up a request.
func (p *person) think(n int) call {
	me := people[p.number]
	c := call{
		action: me.does[p.caller.IntN(len(me.does))], actor: me.actor,
		order: p.prefix + strconv.Itoa(p.caller.IntN(orders)), request: fmt.Sprintf("%s%d-%d", me.actor.ID, p.number, n),
	}
	if people[p.number].actor.Role == ordermanager.RoleSystem && n < orders { // each order begins sometime
		c.action, c.order = ordermanager.ActionWorkflowStarted, p.prefix+strconv.Itoa(n)
	}
	switch c.action {
	case ordermanager.ActionPut:
		c.detail = []string{"Latte", "Espresso", "Mocha"}[p.caller.IntN(3)]
	case ordermanager.ActionCancel, ordermanager.ActionTimedOut:
		c.detail = "because of " + c.request
	case ordermanager.ActionWorkflowStarted, ordermanager.ActionWaitingCompletion:
		// Now and then one that is older than the one before, and now and then the same one again.
		c.at = int64(100 + 10*n - p.caller.IntN(25))
		if p.caller.IntN(3) == 0 {
			c.request, c.at = fmt.Sprintf("%s again %.7s", c.order, c.action), 105
		}
		if c.action == ordermanager.ActionWaitingCompletion {
			c.detail = "no. " + c.request
		}
	}
	return c
}

// act makes a call and writes down what it and its answer mean.
func (p *person) act(ctx context.Context, c call) (kind, error) {
	ctx = p.caller.Context(ctx)
	if p.caller.IntN(15) == 0 { // somebody who loses patience
		impatient, cancel := context.WithTimeout(ctx, time.Duration(p.caller.IntN(int(time.Millisecond))))
		defer cancel()
		ctx = impatient
	}
	from := p.clock.Add(1)
	receipt, order, err := p.ask(ctx, c)
	to := p.clock.Add(1)
	switch {
	case errors.Is(err, ordermanager.ErrStoreContract):
		return "", err
	case errors.Is(err, ordermanager.ErrContextDone), c.action == read && errors.Is(err, ordermanager.ErrStore):
		return refused, nil // nothing was done, nothing was learnt
	case errors.Is(err, ordermanager.ErrStore):
		p.add(p.number, from, math.MaxInt64, c, answer{kind: unknown})
		return unknown, nil
	case c.action == read:
		p.add(p.number, from, to, c, answer{kind: looked, seen: see(order)})
		return looked, nil
	case err != nil:
		a := answer{kind: refused, code: ordermanager.CodeOf(err)}
		if refusal, ok := errors.AsType[*ordermanager.TransitionError](err); ok {
			a.seen = see(refusal.Order)
		}
		p.add(p.number, from, to, c, a)
		return refused, nil
	case receipt.Replayed || receipt.Unchanged:
		// It has taken effect, and then the order was looked at: two instants within one call.
		p.add(p.number, from, to, c, answer{kind: done})
		p.add(
			p.number, from, to, call{action: read, order: c.order, actor: c.actor},
			answer{kind: looked, seen: see(&receipt.Order)},
		)
		return done, nil
	}
	p.add(p.number, from, to, c, answer{kind: applied, seen: see(&receipt.Order)})
	return applied, nil
}

func (p *person) ask(ctx context.Context, c call) (receipt ordermanager.Receipt, order *ordermanager.Order, err error) {
	at := time.UnixMilli(c.at)
	switch c.action {
	case read:
		o, err := p.Order(ctx, c.order)
		if errors.Is(err, ordermanager.ErrOrderNotFound) {
			return receipt, nil, nil
		}
		return receipt, &o, err
	case ordermanager.ActionWorkflowStarted:
		receipt, err = p.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
			OrderID: c.order, Customer: owner, Venue: faulty.Venue, Token: ordermanager.NewTaskToken(c.request), At: at,
		})
	case ordermanager.ActionWaitingCompletion:
		receipt, err = p.WaitingCompletion(ctx, ordermanager.WaitingCompletion{
			OrderID: c.order, Customer: owner, Number: c.detail, Token: ordermanager.NewTaskToken(c.request), At: at,
		})
	case ordermanager.ActionTimedOut:
		receipt, err = p.TimedOut(ctx, ordermanager.TimedOut{OrderID: c.order, Cause: c.detail, RequestID: c.request})
	default:
		r := ordermanager.Request{
			Action: c.action, OrderID: c.order, Actor: c.actor, Venue: faulty.Venue, RequestID: c.request,
		}
		if c.action == ordermanager.ActionPut {
			r.Drink.Drink = c.detail
		}
		if c.action == ordermanager.ActionCancel {
			r.Reason = c.detail
		}
		receipt, err = p.Handle(ctx, r)
	}
	return receipt, nil, err
}

func see(o *ordermanager.Order) *seen {
	if o == nil {
		return nil
	}
	s := &seen{state: string(o.State), barista: o.Barista, number: o.Number, reason: o.Reason, version: o.Version}
	if o.Drink != nil {
		s.drink = o.Drink.Name
	}
	return s
}

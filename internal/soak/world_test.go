package soak_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/faulty"
	"github.com/brewline/ordermanager/memory"
)

var menu = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{
	{
		Drink: "Latte", Icon: "latte",
		Modifiers: []ordermanager.ModifierGroup{{Name: "Milk", Options: []string{"Oat", "Regular"}}},
	},
	{Drink: "Espresso"},
	{Drink: "Mocha", SoldOut: true},
}})

// figures is what happened in a world, and what must be zero at its end.
type figures struct {
	orders, actions, applied, refused, unknown, faults, crashes, resumes, events, redriven int

	lostResumes, contradictions, doubleClaims, doubleNumbers, unaccounted    int
	lostEvents, forgotten, secretlyWritten, illegalPaths, owing, undelivered int
	untold                                                                   int
}

// bad says what is not zero, or "".
func (f *figures) bad() string {
	text := ""
	for _, zero := range []struct {
		what  string
		count int
	}{
		{"lost resumes", f.lostResumes}, {"contradictory answers", f.contradictions}, {"double claims", f.doubleClaims},
		{"double order numbers", f.doubleNumbers}, {"orders unaccounted for", f.unaccounted}, {"lost events", f.lostEvents},
		{
			"acknowledged and not written", f.forgotten,
		}, {"refused and written", f.secretlyWritten}, {"illegal paths", f.illegalPaths},
		{"orders that owe something at the end", f.owing}, {"messages that cannot be delivered", f.undelivered},
		{"changes that nobody was told of", f.untold},
	} {
		if zero.count != 0 {
			text += fmt.Sprintf("%s: %d\n", zero.what, zero.count)
		}
	}
	return text
}

func (f *figures) String() string {
	return fmt.Sprintf("%d orders, %d actions (%d applied, %d refused, %d of unknown outcome), %d faults, %d of them crashes, "+
		"%d resumes, %d events, %d orders redriven",
		f.orders, f.actions, f.applied, f.refused, f.unknown, f.faults, f.crashes, f.resumes, f.events, f.redriven)
}

// world is everything around one store.
type world struct {
	figures
	store     ordermanager.Store
	network   *faulty.Network
	workflows *workflows
	// publisher has no name, and board has one.
	publisher, board memory.Publisher
	size             int
	// screen is told what changes; nil where the store cannot tell.
	screen *screen

	mu sync.Mutex
	// asked is what became of each request of a person.
	asked map[string]*asked
	wrong []string
}

// asked is a request and the answers to all its repetitions.
type asked struct {
	order                     string
	accepted, unknown, denied bool
}

const (
	workers = 8
	// rate is how many calls meet a fault.
	rate = 0.05
	// perOrder is how many actions there are for each order.
	perOrder = 25
)

func newWorld(store ordermanager.Store, network *faulty.Network, size int) *world {
	return &world{
		store: store, network: network, workflows: newWorkflows(), size: size, asked: map[string]*asked{},
	}
}

// manager starts a process whose clock is off by the given time.
func (w *world) manager(off time.Duration) (*ordermanager.Manager, error) {
	return ordermanager.New(w.store, menu, faulty.Resumer(w.workflows), &ordermanager.Options{
		Publisher:  faulty.Publisher(&w.publisher),
		Publishers: map[string]ordermanager.Publisher{"board": faulty.Publisher(&w.board)},
		Now:        func() time.Time { return time.Now().Add(off) },
	})
}

// live lets the workers loose until everything has been done.
func (w *world) live(ctx context.Context) error {
	var err error
	if w.screen, err = newScreen(ctx, w); err != nil {
		return err
	}
	var wg, watching sync.WaitGroup
	ended := make(chan struct{})
	if w.screen != nil {
		watching.Go(func() { w.screen.watch(ctx, w.network.Caller(workers), ended) })
	}
	errs := make([]error, workers)
	for i := range workers {
		wg.Go(func() {
			p := &worker{world: w, number: i, caller: w.network.Caller(uint64(i))}
			for range w.size * perOrder / workers {
				if errs[i] = p.step(ctx); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	close(ended)
	watching.Wait()
	w.network.Calm()
	for fault, n := range w.network.Met() {
		w.faults += n
		if fault == faulty.Crash {
			w.crashes += n
		}
	}
	return errors.Join(errs...)
}

// worker is a process that serves everybody in turn, until it crashes and another takes its place.
type worker struct {
	*world
	number  int
	caller  *faulty.Caller
	manager *ordermanager.Manager
	made    int
	again   ordermanager.Request
}

func (p *worker) step(ctx context.Context) (err error) {
	if p.caller.Revive() || p.manager == nil || p.caller.IntN(200) == 0 {
		// The new process has another clock, up to an hour off.
		if p.manager, err = p.world.manager(time.Duration(p.caller.IntN(7200)-3600) * time.Second); err != nil {
			return err
		}
	}
	ctx = p.caller.Context(ctx)
	switch n := p.caller.IntN(100); {
	case n < 6:
		p.workflows.start(p.size)
	case n < 30:
		p.postman(ctx)
	case n < 33:
		if r := p.workflows.some(p.caller.IntN); r != nil {
			p.workflows.disturb(r, p.caller.IntN(2) == 0)
		}
	case n < 34 && p.caller.IntN(4) == 0:
		report, _ := p.manager.Redrive(ctx, nil)
		p.count(func(f *figures) { f.redriven += report.Delivered + report.Gone })
	default:
		return p.act(ctx)
	}
	return nil
}

func (p *worker) count(do func(*figures)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do(&p.figures)
}

// postman delivers some message. One that was not taken is delivered again, and so is one in ten that was.
func (p *worker) postman(ctx context.Context) {
	if m, found := p.workflows.take(p.caller.IntN); found {
		err := deliver(ctx, p.manager, m)
		if err != nil || p.caller.IntN(10) == 0 {
			p.workflows.putBack(m)
		}
	}
}

// act lets somebody ask for something, or ask again what was not answered.
func (p *worker) act(ctx context.Context) error {
	request := p.again
	p.again = ordermanager.Request{}
	if request.RequestID == "" || p.caller.IntN(3) == 0 {
		r := p.workflows.some(p.caller.IntN)
		if r == nil {
			return nil
		}
		request = p.think(r)
	}
	if p.caller.IntN(50) == 0 { // somebody who does not wait for the answer
		impatient, cancel := context.WithTimeout(ctx, time.Duration(p.caller.IntN(int(time.Millisecond))))
		defer cancel()
		ctx = impatient
	}
	receipt, err := p.manager.Handle(ctx, request)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.actions++
	a := p.asked[request.RequestID]
	if a == nil {
		a = &asked{order: request.OrderID}
		p.asked[request.RequestID] = a
	}
	switch {
	case errors.Is(err, ordermanager.ErrStoreContract), ordermanager.CodeOf(err) == ordermanager.CodeInternal:
		return err
	case errors.Is(err, ordermanager.ErrStore):
		p.unknown++
		a.unknown = true
		p.again = request
	case err != nil:
		p.refused++
		a.denied = true
	default:
		if !receipt.Replayed {
			p.applied++
		}
		_, _, written := receipt.Order.Entry(request.RequestID)
		has := request.Action == ordermanager.ActionMake && receipt.Replayed &&
			receipt.Order.State == ordermanager.StateMaking &&
			receipt.Order.Barista == request.Actor.ID
		a.accepted = a.accepted || written || !has
	}
	return nil
}

// think makes up a request about an order: what its customer or some barista may want, and now and then nonsense.
func (p *worker) think(r *run) ordermanager.Request {
	p.made++
	request := ordermanager.Request{
		OrderID: r.order, Venue: faulty.Venue, RequestID: fmt.Sprintf("request-%d-%d", p.number, p.made),
		Actor: ordermanager.Barista(fmt.Sprint("barista-", p.caller.IntN(4))),
	}
	switch n := p.caller.IntN(100); {
	case n < 30:
		request.Action, request.Actor = ordermanager.ActionPut, ordermanager.Customer(r.customer)
		request.Drink = []ordermanager.DrinkOrder{
			{
				Drink: "Latte", Modifiers: []string{"Oat"},
			}, {Drink: "Latte"}, {Drink: "Espresso"}, {Drink: "Espresso"}, {Drink: "Mocha"}, {Drink: "Rum"},
		}[p.caller.IntN(6)]
	case n < 58:
		request.Action = ordermanager.ActionMake
	case n < 66:
		request.Action = ordermanager.ActionUnmake
	case n < 90:
		request.Action = ordermanager.ActionComplete
	case n < 93:
		request.Action, request.Reason = ordermanager.ActionCancel, "no milk"
	case n < 95:
		request.Action, request.Actor = ordermanager.ActionCancel, ordermanager.Customer(r.customer)
	case n < 96:
		request.Action, request.Actor = ordermanager.ActionCancel, ordermanager.Customer("stranger")
	default:
		request.Action, request.Actor = ordermanager.ActionComplete, ordermanager.Admin("admin")
	}
	return request
}

func (w *world) complain(count *int, format string, args ...any) {
	*count++
	if len(w.wrong) < 20 {
		w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
	}
}

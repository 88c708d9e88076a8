package workflowtest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqldb"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/workflow"
)

var (
	morning = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	menu    = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
)

// house is a database, with a clock that the test controls.
type house struct {
	*testing.T
	start   func() Process
	another Open

	mu  sync.Mutex
	now time.Time
}

func newHouse(t *testing.T, open Open) *house {
	t.Helper()
	return &house{T: t, start: open(t), another: open, now: morning}
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// process is a running process on it.
type process struct {
	h       *house
	db      sqldb.Database
	store   ordermanager.Store
	flow    *workflow.Workflow
	manager *ordermanager.Manager
}

// open starts a process.
func (h *house) open(options workflow.Options) *process {
	h.Helper()
	started := h.start()
	return h.on(started.Database, started.Store, options)
}

// openMany starts three processes.
func (h *house) openMany(options workflow.Options) []*process {
	h.Helper()
	return []*process{h.open(options), h.open(options), h.open(options)}
}

// apart starts a process whose orders are in a memory store instead.
func (h *house) apart(options workflow.Options) (*process, *memory.Store) {
	h.Helper()
	store := memory.NewStore()
	return h.on(h.start().Database, store, options), store
}

func (h *house) on(db sqldb.Database, store ordermanager.Store, options workflow.Options) *process {
	h.Helper()
	options.Now = h.clock
	flow, err := workflow.New(db, &options)
	h.must(err)
	p := &process{h: h, db: db, store: store, flow: flow}
	p.connect()
	return p
}

// connect gives the workflow a Manager.
func (p *process) connect() {
	p.h.Helper()
	var err error
	p.manager, err = ordermanager.New(p.store, menu, p.flow, &ordermanager.Options{Now: p.h.clock})
	p.h.must(err)
	p.flow.Connect(p.manager)
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// begins starts an order, and expects the error want, or success if it is nil.
func (p *process) begins(id, customer, venue string, want error) ordermanager.Receipt {
	p.h.Helper()
	receipt, err := p.flow.Start(p.h.Context(), id, customer, venue)
	if !errors.Is(err, want) {
		p.h.Errorf("order %s: got %v, want %v", id, err, want)
	}
	return receipt
}

func (p *process) puts(id string) { p.h.Helper(); p.does(id, ordermanager.ActionPut) }

func (p *process) completes(id string) {
	p.h.Helper()
	p.does(id, ordermanager.ActionMake)
	p.does(id, ordermanager.ActionComplete)
}

// does carries out an action, which must succeed.
func (p *process) does(id string, action ordermanager.Action) {
	p.h.Helper()
	if err := p.handle(id, action); err != nil {
		p.h.Errorf("order %s: %v", id, err)
	}
}

// handle asks for an action: a put as the order's customer at its venue, anything else as a barista.
func (p *process) handle(id string, action ordermanager.Action) error {
	request := ordermanager.Request{
		OrderID: id, Action: action, Actor: ordermanager.Barista("bo"), RequestID: string(action),
	}
	if action == ordermanager.ActionPut {
		o, err := p.manager.Order(p.h.Context(), id)
		if err != nil {
			return err
		}
		request.Actor, request.Venue = ordermanager.Customer(o.Customer), o.Venue
		request.Drink = ordermanager.DrinkOrder{Drink: "Latte"}
	}
	_, err := p.manager.Handle(p.h.Context(), request)
	return err
}

func (p *process) advances() {
	p.h.Helper()
	p.h.must(p.flow.Advance(p.h.Context()))
}

func (p *process) status(id string) workflow.Status {
	p.h.Helper()
	status, err := p.flow.Status(p.h.Context(), id)
	p.h.must(err)
	return status
}

func (p *process) order(id string) *ordermanager.Order {
	p.h.Helper()
	o, err := p.store.Get(p.h.Context(), id)
	p.h.must(err)
	if o == nil {
		p.h.Fatalf("there is no order %s", id)
	}
	return o
}

// exec executes a statement on the tables of the workflow.
func (p *process) exec(text string, args ...any) {
	p.h.Helper()
	_, err := p.db.Exec(p.h.Context(), text, args...)
	p.h.must(err)
}

// count returns the number that a SELECT returns.
func (p *process) count(text string, args ...any) (n int) {
	p.h.Helper()
	p.h.must(p.db.QueryRow(p.h.Context(), text, args...).Scan(&n))
	return n
}

// all makes every process do the same at once.
func all(processes []*process, do func(p *process)) {
	var working sync.WaitGroup
	for _, p := range processes {
		working.Go(func() { do(p) })
	}
	working.Wait()
}

// Process is a process's access to a database: its own connections, to tables that exist.
type Process struct {
	Database sqldb.Database
	// Store keeps the orders, in the same database.
	Store ordermanager.Store
}

// Open creates an empty database, and returns a function that starts a process on it.
type Open func(t *testing.T) (start func() Process)

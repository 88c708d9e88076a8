package memory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/capacity"
)

// Stage is where a [Workflow] stands with an order.
type Stage string

const (
	// StageDrink waits for the customer's drink: the first wait.
	StageDrink Stage = "waiting for a drink"
	// StageNumbered has its drink and takes a number next, in [Workflow.Advance].
	StageNumbered Stage = "taking a number"
	// StageCompletion waits for completion: the second wait.
	StageCompletion Stage = "waiting for completion"
	// StageFinished ended with a completed order.
	StageFinished Stage = "finished"
	// StageCancelled ended with a cancelled order.
	StageCancelled Stage = "cancelled"
	// StageTimedOut ended because nobody answered.
	StageTimedOut Stage = "timed out"
)

// open reports whether an order at this stage has not ended.
func (s Stage) open() bool { return s == StageDrink || s == StageNumbered || s == StageCompletion }

// Workflow is the two-wait workflow in its simplest form, for tests of whole orders: it waits for a drink, takes an
// order number, and waits for completion. It is the [ordermanager.Resumer] of its own waits. Nothing happens by itself:
// [Workflow.Advance] takes the steps that are due, and [Workflow.TimeOut] ends a wait. Only the limits of
// [Workflow.Limit] use the clock.
type Workflow struct {
	waits Resumer

	mu      sync.Mutex
	manager *ordermanager.Manager
	orders  map[string]*run
	tokens  map[string]string // fingerprint of the token → order
	due     []string
	number  int
	limits  capacity.Limits
}

type run struct {
	customer, venue string
	began           time.Time
	stage           Stage
	token           ordermanager.TaskToken
}

var _ ordermanager.Resumer = (*Workflow)(nil)

// NewWorkflow returns a workflow without orders. Make a Manager with it, then call [Workflow.Connect].
func NewWorkflow() *Workflow {
	return &Workflow{orders: map[string]*run{}, tokens: map[string]string{}}
}

// Connect sets the Manager to notify. Call it once, before the first order.
func (w *Workflow) Connect(manager *ordermanager.Manager) { w.manager = manager }

// Limit limits how many orders start from now on; before, there is no limit. Each start then looks at every order.
// Errors: [ordermanager.ErrInvalidOptions].
func (w *Workflow) Limit(limits capacity.Limits) error {
	limits, err := limits.Check()
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limits = limits
	return nil
}

// Start starts the workflow of a new order: the Manager gets its token and creates the order. An order that exists is
// [ordermanager.ErrOrderExists]; one beyond a limit is [ordermanager.ErrQueueFull] or [ordermanager.ErrTooManyOrders].
func (w *Workflow) Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error) {
	if w.manager == nil {
		return ordermanager.Receipt{}, fmt.Errorf(
			"%w: the workflow is not connected to a Manager", ordermanager.ErrInvalidOptions,
		)
	}
	token, err := w.begin(orderID, customer, venue)
	if err != nil {
		return ordermanager.Receipt{}, err
	}
	receipt, err := w.manager.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
		OrderID: orderID, Customer: customer, Venue: venue, Token: token,
	})
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.waits.Expire(token)
		delete(w.orders, orderID)
	}
	return receipt, err
}

func (w *Workflow) begin(orderID, customer, venue string) (ordermanager.TaskToken, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.orders[orderID] != nil {
		return ordermanager.TaskToken{}, fmt.Errorf("%w: %s", ordermanager.ErrOrderExists, orderID)
	}
	r := &run{customer: customer, venue: venue, began: time.Now(), stage: StageDrink}
	w.orders[orderID] = r
	if w.limits.Limited() {
		if err := w.limits.Refuse(w.taken(r)); err != nil {
			delete(w.orders, orderID)
			return ordermanager.TaskToken{}, err
		}
	}
	return w.wait(orderID, r), nil
}

// taken counts the orders of the venue. The caller holds the lock.
func (w *Workflow) taken(last *run) (taken capacity.Taken) {
	for _, r := range w.orders {
		if r.venue != last.venue {
			continue
		}
		age := last.began.Sub(r.began)
		if r.stage.open() {
			taken.InQueue++
		}
		if age < w.limits.Window {
			taken.InWindow++
		}
		if r.customer != last.customer {
			continue
		}
		if r.stage.open() {
			taken.OfCustomer++
		}
		if age < capacity.Day && r.stage != StageCancelled && r.stage != StageTimedOut {
			taken.InDay++
		}
	}
	return taken
}

// InQueue returns how many orders of a venue are open.
func (w *Workflow) InQueue(venue string) (orders int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.orders {
		if r.venue == venue && r.stage.open() {
			orders++
		}
	}
	return orders
}

// wait issues the token of a wait. The caller holds the lock.
func (w *Workflow) wait(orderID string, r *run) ordermanager.TaskToken {
	r.token = w.waits.Issue()
	w.tokens[r.token.Fingerprint()] = orderID
	return r.token
}

// Resume implements [ordermanager.Resumer].
func (w *Workflow) Resume(
	ctx context.Context, token ordermanager.TaskToken, outcome ordermanager.Outcome,
) (ordermanager.Answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	answer, err := w.waits.Resume(ctx, token, outcome)
	if err != nil || answer != ordermanager.Accepted {
		return answer, err
	}
	orderID := w.tokens[token.Fingerprint()]
	switch r := w.orders[orderID]; {
	case outcome.Failure() || cancelled(outcome):
		r.stage = StageCancelled
	case r.stage == StageDrink:
		r.stage = StageNumbered
		w.due = append(w.due, orderID)
	default:
		r.stage = StageFinished
	}
	return answer, nil
}

// Advance takes every step that is due: an order whose drink was accepted gets a number and waits for completion. A
// failed step stays due.
func (w *Workflow) Advance(ctx context.Context) error {
	var errs []error
	for _, orderID := range w.takeDue() {
		w.mu.Lock()
		w.number++
		number := strconv.Itoa(w.number)
		r := w.orders[orderID]
		r.stage = StageCompletion
		token := w.wait(orderID, r)
		w.mu.Unlock()
		_, err := w.manager.WaitingCompletion(ctx, ordermanager.WaitingCompletion{
			OrderID: orderID, Number: number, Token: token,
		})
		if err != nil {
			w.mu.Lock()
			r.stage = StageNumbered
			w.due = append(w.due, orderID)
			w.mu.Unlock()
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (w *Workflow) takeDue() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	due := w.due
	w.due = nil
	return due
}

// TimeOut times out the order's open wait, and notifies the Manager. It does nothing if no wait is open.
func (w *Workflow) TimeOut(ctx context.Context, orderID string) (ordermanager.Receipt, error) {
	w.mu.Lock()
	r := w.orders[orderID]
	if r == nil || !w.waits.Expire(r.token) {
		w.mu.Unlock()
		return ordermanager.Receipt{}, nil
	}
	cause := map[Stage]string{StageDrink: "Customer timedout", StageCompletion: "Barista timedout"}[r.stage]
	r.stage = StageTimedOut
	w.mu.Unlock()
	return w.manager.TimedOut(ctx, ordermanager.TimedOut{OrderID: orderID, Cause: cause})
}

// Stage returns the stage of an order; empty for an unknown one.
func (w *Workflow) Stage(orderID string) Stage {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.orders[orderID]; r != nil {
		return r.stage
	}
	return ""
}

func cancelled(outcome ordermanager.Outcome) bool {
	var output ordermanager.WorkflowOutput
	return json.Unmarshal(outcome.Output, &output) == nil && output.Cancelled
}

package soak_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/faulty"
	"github.com/brewline/ordermanager/memory"
)

// workflows runs one OrderProcessor for each order: two waits, an order number in between, time-outs, and now and then
// a step that is begun anew with a new token. It is the resumer of its own waits, and never fails: the faults lie
// before it. What it has to say goes into the post.
type workflows struct {
	tokens memory.Resumer

	mu      sync.Mutex
	runs    []*run
	of      map[string]*run  // by the fingerprint of a token
	times   map[string]int64 // likewise: when it was handed out
	number  int
	clock   int64
	post    []message
	resumed int

	// hear is what the workflow hears when it is told something; nil for just that.
	hear func(ordermanager.Outcome) ordermanager.Outcome
}

// run is the workflow of one order.
type run struct {
	order, customer string
	wait            ordermanager.Wait // 0 when it has ended
	token           ordermanager.TaskToken
	number          string
	// firsts and seconds are all tokens of the two waits.
	firsts, seconds []ordermanager.TaskToken
}

// message is a notification on its way.
type message struct {
	run    *run
	action ordermanager.Action
	token  ordermanager.TaskToken
	at     int64
	id     string
}

func newWorkflows() *workflows { return &workflows{of: map[string]*run{}, times: map[string]int64{}} }

// start begins the workflow of a new order, unless there are enough.
func (w *workflows) start(limit int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.runs); n < limit {
		r := &run{order: "order-" + strconv.Itoa(n), customer: "customer-" + strconv.Itoa(n%50), wait: ordermanager.FirstWait}
		w.runs = append(w.runs, r)
		w.begin(r)
	}
}

// begin begins the run's wait, with a new token. The caller holds the lock.
func (w *workflows) begin(r *run) {
	r.token = w.tokens.Issue()
	w.of[r.token.Fingerprint()] = r
	action := ordermanager.ActionWorkflowStarted
	if r.wait == ordermanager.FirstWait {
		r.firsts = append(r.firsts, r.token)
	} else {
		action = ordermanager.ActionWaitingCompletion
		r.seconds = append(r.seconds, r.token)
	}
	w.send(message{run: r, action: action, token: r.token})
	w.times[r.token.Fingerprint()] = w.clock
}

func (w *workflows) send(m message) {
	w.clock++
	m.at, m.id = w.clock, "message-"+strconv.FormatInt(w.clock, 10)
	w.post = append(w.post, m)
}

// Resume implements [ordermanager.Resumer].
func (w *workflows) Resume(
	ctx context.Context, token ordermanager.TaskToken, outcome ordermanager.Outcome,
) (ordermanager.Answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hear != nil {
		outcome = w.hear(outcome)
	}
	answer, err := w.tokens.Resume(ctx, token, outcome)
	if err != nil || answer != ordermanager.Accepted {
		return answer, err
	}
	w.resumed++
	r := w.of[token.Fingerprint()]
	if r.wait == ordermanager.FirstWait && !outcome.Failure() {
		w.number++
		r.number, r.wait = strconv.Itoa(w.number), ordermanager.SecondWait
		w.begin(r)
	} else {
		r.wait = 0
	}
	return answer, nil
}

// disturb lets the time of a run's wait run out, or begins the wait anew.
func (w *workflows) disturb(r *run, again bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case r.wait == 0 || !w.tokens.Expire(r.token):
	case again:
		w.begin(r)
	default:
		r.wait = 0
		w.send(message{run: r, action: ordermanager.ActionTimedOut})
	}
}

// take takes some message out of the post.
func (w *workflows) take(pick func(int) int) (m message, found bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.post) == 0 {
		return m, false
	}
	i := pick(len(w.post))
	m = w.post[i]
	w.post = slices.Delete(w.post, i, i+1)
	return m, true
}

func (w *workflows) putBack(m message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.post = append(w.post, m)
}

// some returns a run, mostly one of the last that have not ended.
func (w *workflows) some(pick func(int) int) *run {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.runs)
	if n == 0 {
		return nil
	}
	r := w.runs[pick(n)]
	for try := 0; try < 10 && r.wait == 0 && pick(20) > 0; try++ {
		r = w.runs[n-1-pick(min(n, 60))]
	}
	return r
}

// deliver tells a Manager.
func deliver(ctx context.Context, manager *ordermanager.Manager, m message) (err error) {
	at := time.UnixMilli(1_700_000_000_000 + m.at)
	switch m.action {
	case ordermanager.ActionWorkflowStarted:
		_, err = manager.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
			OrderID: m.run.order, Customer: m.run.customer, Venue: faulty.Venue, Token: m.token, At: at,
		})
	case ordermanager.ActionWaitingCompletion:
		_, err = manager.WaitingCompletion(ctx, ordermanager.WaitingCompletion{
			OrderID: m.run.order, Customer: m.run.customer, Number: m.run.number, Token: m.token, At: at,
		})
	default:
		_, err = manager.TimedOut(ctx, ordermanager.TimedOut{OrderID: m.run.order, Cause: "timed out", RequestID: m.id})
	}
	return err
}

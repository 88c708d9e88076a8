package workflowtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/workflow"
)

func goesThroughBothWaits(h *house) {
	processes := h.openMany(workflow.Options{})
	a, b, c := processes[0], processes[1], processes[2]
	want := workflow.Status{
		OrderID: "1", Customer: "ada", Venue: "NYC", Stage: workflow.StageDrink, Deadline: morning.Add(300 * time.Second),
	}
	check := func() {
		h.Helper()
		for _, p := range processes {
			if diff := cmp.Diff(want, p.status("1")); diff != "" {
				h.Error(diff)
			}
		}
	}
	receipt := a.begins("1", "ada", "NYC", nil)
	if receipt.Order.State != ordermanager.StatePending || receipt.Pending != nil {
		h.Errorf("receipt: %+v", receipt)
	}
	check()

	h.pass(time.Minute)
	b.puts("1")
	want.Stage, want.Deadline, want.Number = workflow.StageCompletion, h.clock().Add(900*time.Second), "1"
	want.FirstAnswer = &ordermanager.Outcome{
		Output: []byte(`{"orderId":"1","action":"put","state":"pending","cancelled":false}`),
	}
	check()

	c.does("1", ordermanager.ActionMake)
	a.does("1", ordermanager.ActionComplete)
	want.Stage, want.Deadline = workflow.StageFinished, time.Time{}
	want.SecondAnswer = &ordermanager.Outcome{
		Output: []byte(`{"orderId":"1","action":"complete","state":"completed","cancelled":false,` +
			`"baristaUserId":"bo","orderNumber":"1"}`),
	}
	check()
}

// Invariant 3: nobody waits for ever, and the numbers of a venue have no gaps and no duplicates.
func givesEachANumber(h *house) {
	processes := h.openMany(workflow.Options{})
	ctx, stop := context.WithCancel(h.Context())
	defer stop()
	var running, clients sync.WaitGroup
	for _, p := range processes {
		running.Go(func() { p.flow.Run(ctx) })
	}
	const orders = 60
	for i := range orders {
		clients.Go(func() {
			id, at := fmt.Sprint(i), func(n int) *process { return processes[(i+n)%len(processes)] }
			at(0).begins(id, "ada", "NYC", nil)
			at(1).puts(id)
			at(2).completes(id)
		})
	}
	clients.Wait()
	stop()
	running.Wait()
	processes[0].advances()
	numbers := map[string]bool{}
	for i := range orders {
		status, o := processes[0].status(fmt.Sprint(i)), processes[1].order(fmt.Sprint(i))
		if status.Stage != workflow.StageFinished || o.State != ordermanager.StateCompleted || o.Number != status.Number {
			h.Errorf("order %d: %+v, %s %q", i, status, o.State, o.Number)
		}
		numbers[status.Number] = true
	}
	for i := range orders {
		if !numbers[fmt.Sprint(i+1)] {
			h.Errorf("nobody has number %d", i+1)
		}
	}
}

func beginsOnce(h *house) {
	var begun atomic.Int32
	var asking sync.WaitGroup
	for _, p := range h.openMany(workflow.Options{}) {
		for range 4 {
			asking.Go(func() {
				_, err := p.flow.Start(h.Context(), "the same", "ada", "")
				switch {
				case err == nil:
					begun.Add(1)
				case !errors.Is(err, ordermanager.ErrOrderExists):
					h.Error(err)
				}
			})
		}
	}
	asking.Wait()
	if begun.Load() != 1 {
		h.Errorf("it was begun %d times", begun.Load())
	}
}

func leavesNoWorkflow(h *house) {
	p := h.open(workflow.Options{})
	_, err := p.manager.WorkflowStarted(h.Context(), ordermanager.WorkflowStarted{
		OrderID: "taken", Customer: "cy", Token: ordermanager.NewTaskToken("from elsewhere"),
	})
	h.must(err)
	for id, want := range map[string]error{
		"":                       ordermanager.ErrInvalidRequest,
		strings.Repeat("x", 999): ordermanager.ErrInvalidRequest,
		"taken":                  ordermanager.ErrOrderExists,
	} {
		p.begins(id, "ada", "", want)
		if _, err := p.flow.Status(h.Context(), id); !errors.Is(err, ordermanager.ErrOrderNotFound) {
			h.Errorf("a workflow is left: %v", err)
		}
	}
	done, cancel := context.WithCancel(h.Context())
	cancel()
	if _, err := p.flow.Start(done, "late", "ada", ""); !errors.Is(err, ordermanager.ErrContextDone) {
		h.Errorf("with a context that is done it began with %v", err)
	}
	if shop, err := p.flow.Shop(h.Context(), ""); err != nil || shop.InQueue != 0 {
		h.Errorf("the shop is %+v (%v)", shop, err)
	}
	p.advances()
}

func beginsWithoutItsManager(h *house) {
	p, store := h.apart(workflow.Options{})
	broken := true
	store.Hook = func(string, string, bool) error {
		if broken {
			return errors.New("out of order")
		}
		return nil
	}
	receipt := p.begins("1", "ada", "", nil)
	if !errors.Is(receipt.Pending, ordermanager.ErrStore) || receipt.Order.ID != "1" {
		h.Errorf("receipt: %+v", receipt)
	}
	if err := p.flow.Advance(h.Context()); !errors.Is(err, ordermanager.ErrStore) {
		h.Errorf("advance: %v", err)
	}
	if status := p.status("1"); status.Pending != 1 {
		h.Errorf("%d notifications are pending", status.Pending)
	}
	broken = false
	p.advances()
	p.puts("1")
	if status := p.status("1"); status.Stage != workflow.StageCompletion || status.Number != "1" {
		h.Errorf("status: %+v", status)
	}
}

// Invariant 8: the value of a token is in the database only until the Manager has it.
func keepsNoToken(h *house) {
	p, _ := h.apart(workflow.Options{})
	p.begins("1", "ada", "", nil)
	token := p.order("1").FirstWait.Token.Reveal()
	for _, table := range []string{"ordermanager_workflows", "ordermanager_notifications"} {
		if kept := p.count("SELECT count(*) FROM "+table+" WHERE token = ?", token); kept != 0 {
			h.Errorf("%s has the token", table)
		}
	}
}

package workflowtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqldb"
	"github.com/brewline/ordermanager/workflow"
)

func isInTime(h *house) {
	p := h.open(workflow.Options{})
	p.begins("1", "ada", "", nil)
	h.pass(time.Hour)
	p.puts("1")
	if status := p.status("1"); status.Stage != workflow.StageCompletion {
		h.Errorf("the workflow is %s", status.Stage)
	}
}

// Another process answers between the search for expired waits and the write that ends one.
func isFaster(h *house) {
	other, started := h.open(workflow.Options{}), h.start()
	hurried := &interrupted{Database: started.Database}
	p := h.on(hurried, started.Store, workflow.Options{})
	p.begins("1", "ada", "", nil)
	h.pass(300 * time.Second)
	hurried.before = func() { other.puts("1") }
	p.advances()
	status := p.status("1")
	if hurried.before != nil || status.Stage != workflow.StageCompletion || status.Pending != 0 {
		h.Errorf("status: %+v", status)
	}
}

// interrupted is a database in which something happens just before the next write.
type interrupted struct {
	sqldb.Database
	before func()
}

func (i *interrupted) Write(ctx context.Context, do func(tx sqldb.Conn) error) error {
	if before := i.before; before != nil {
		i.before = nil
		before()
	}
	return i.Database.Write(ctx, do)
}

func timesOutOnce(h *house) {
	processes := h.openMany(workflow.Options{})
	const orders = 40
	for i := range orders {
		processes[0].begins(fmt.Sprint(i), "ada", "", nil)
	}
	h.pass(301 * time.Second)
	all(processes, func(p *process) {
		if err := p.flow.Advance(h.Context()); err != nil {
			h.Error(err)
		}
	})
	processes[0].advances() // what another process had begun to report is reported twice, and recorded once
	for i := range orders {
		o, status := processes[1].order(fmt.Sprint(i)), processes[2].status(fmt.Sprint(i))
		timeOuts := 0
		for _, entry := range o.History {
			if entry.Action == ordermanager.ActionTimedOut {
				timeOuts++
			}
		}
		cancelled := o.State == ordermanager.StateCancelled && o.Reason == "Customer timedout"
		if timeOuts != 1 || !cancelled || status.Stage != workflow.StageTimedOut || status.Pending != 0 {
			h.Errorf("order %d: %d time-outs, %s because of %q, %+v", i, timeOuts, o.State, o.Reason, status)
		}
	}
}

func waitsForTheStart(h *house) {
	p, store := h.apart(workflow.Options{})
	p.flow.Connect(nil)
	if receipt := p.begins("1", "ada", "", nil); receipt.Pending == nil {
		h.Fatalf("nobody was told, and the receipt is %+v", receipt)
	}
	h.pass(time.Hour)
	if err := p.flow.Advance(h.Context()); err == nil {
		h.Error("nobody was told, and that is no error")
	}
	failures := 1
	store.Hook = func(op, _ string, _ bool) error {
		if failures--; failures >= 0 {
			return errors.New(op + " is out of order")
		}
		return nil
	}
	p.connect()
	if err := p.flow.Advance(h.Context()); err == nil {
		h.Error("the start failed, and that is no error")
	}
	if status := p.status("1"); status.Pending != 2 {
		h.Errorf("%d notifications are pending, the time-out must wait for the start", status.Pending)
	}
	p.advances()
	if o := p.order("1"); o.State != ordermanager.StateCancelled || !o.FirstWait.Token.IsZero() {
		h.Errorf("the order is %+v", o)
	}
	if status := p.status("1"); status.Stage != workflow.StageTimedOut || status.Pending != 0 {
		h.Errorf("status: %+v", status)
	}
}

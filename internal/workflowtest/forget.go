package workflowtest

import (
	"errors"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/workflow"
)

func forgets(h *house) {
	const kept = 48 * time.Hour
	p := h.open(workflow.Options{Retention: kept, CompletionTimeout: 1000 * time.Hour})
	ids := []string{"completed", "completed later", "open", "timed out"}
	for _, id := range ids {
		p.begins(id, "ada", "NYC", nil)
	}
	for _, id := range ids[:3] {
		p.puts(id)
	}
	p.completes("completed")
	h.pass(301 * time.Second)
	p.advances()
	h.pass(time.Hour)
	p.completes("completed later")
	for _, step := range []struct {
		at   time.Duration
		want []string
	}{
		{kept, ids},
		{kept + time.Second, ids[1:]},
		{kept + 302*time.Second, ids[1:3]},
		{kept + 400*time.Hour, ids[2:3]},
	} {
		h.pass(morning.Add(step.at).Sub(h.clock()))
		p.advances()
		var got []string
		for _, id := range ids {
			_, err := p.flow.Status(h.Context(), id)
			if err == nil {
				got = append(got, id)
			} else if !errors.Is(err, ordermanager.ErrOrderNotFound) {
				h.Fatal(err)
			}
		}
		if !slices.Equal(got, step.want) {
			h.Errorf("after %s there are %q, want %q", step.at, got, step.want)
		}
	}
	if o := p.order("completed"); o.Number != "1" {
		h.Errorf("its order is %+v", o)
	}
	p.begins("next", "ada", "NYC", nil)
	p.puts("next")
	if status := p.status("next"); status.Number != "4" {
		h.Errorf("the next number is %s", status.Number)
	}
}

// fill adds workflows that ended long ago.
func (p *process) fill(n int) {
	p.h.Helper()
	p.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO ordermanager_workflows (order_id, customer, venue, stage, ended)
		SELECT 'order-' || i, 'ada', 'NYC', 'finished', i FROM n`, n)
}

func (p *process) left() int {
	p.h.Helper()
	return p.count("SELECT count(*) FROM ordermanager_workflows")
}

// Workflows are forgotten a few at a time, so that no order waits meanwhile; and not before the Manager knows.
func forgetsInSteps(h *house) {
	p := h.open(workflow.Options{})
	p.fill(450)
	p.exec(`INSERT INTO ordermanager_notifications (order_id, notification, cause, request_id, at)
		VALUES ('order-3', 'timed_out', 'Barista timedout', 'x', 1)`)
	p.flow.Connect(nil)
	var left []int
	for range 4 {
		if err := p.flow.Advance(h.Context()); err == nil {
			h.Fatal("no Manager is connected, and it was told")
		}
		left = append(left, p.left())
	}
	if diff := cmp.Diff([]int{250, 50, 1, 1}, left); diff != "" {
		h.Errorf("left after each step: %s", diff)
	}
}

func forgetTogether(h *house) {
	processes := h.openMany(workflow.Options{})
	p := processes[0]
	p.begins("open", "ada", "", nil)
	p.fill(450)
	for rounds := 0; p.left() > 1 && rounds < 10; rounds++ {
		all(processes, func(p *process) {
			if err := p.flow.Advance(h.Context()); err != nil {
				h.Error(err)
			}
		})
	}
	if left, status := p.left(), p.status("open"); left != 1 || status.Stage != workflow.StageDrink {
		h.Errorf("%d are left, and the open one is %+v", left, status)
	}
}

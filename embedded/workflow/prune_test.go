package workflow_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/workflow"
)

const kept = 48 * time.Hour

func TestAWorkflowIsForgottenWhenItEndedLongAgo(t *testing.T) {
	now := &clock{morning}
	db := openTemp(t)
	h := newHouse(t, db, &workflow.Options{Now: now.now, Retention: kept, CompletionTimeout: 1000 * time.Hour})
	for _, id := range []string{"completed", "open", "timed out", "completed later"} {
		start(t, h, id, "ada", "NYC")
	}
	put(t, h, "completed", "ada", "NYC")
	put(t, h, "completed later", "ada", "NYC")
	put(t, h, "open", "ada", "NYC")
	makeAndComplete(t, h, "completed")
	now.Time = now.Add(301 * time.Second)
	advance(t, h)
	now.Time = now.Add(time.Hour)
	makeAndComplete(t, h, "completed later")
	all := func(want ...string) {
		t.Helper()
		var got []string
		for _, id := range []string{"completed", "completed later", "open", "timed out"} {
			_, err := h.workflow.Status(t.Context(), id)
			switch {
			case err == nil:
				got = append(got, id)
			case !errors.Is(err, ordermanager.ErrOrderNotFound):
				t.Fatal(err)
			}
		}
		if strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("after %s there are %q, want %q", now.Sub(morning), got, want)
		}
	}
	for _, step := range []struct {
		at   time.Duration
		want []string
	}{
		{kept, []string{"completed", "completed later", "open", "timed out"}},
		{kept + time.Second, []string{"completed later", "open", "timed out"}},
		{kept + 302*time.Second, []string{"completed later", "open"}},
		{kept + 400*time.Hour, []string{"open"}},
	} {
		now.Time = morning.Add(step.at)
		advance(t, h)
		all(step.want...)
	}
	if o, err := h.store.Get(t.Context(), "completed"); err != nil || o == nil || o.Number != "1" {
		t.Errorf("its order is %+v (%v)", o, err)
	}
	start(t, h, "next", "ada", "NYC")
	put(t, h, "next", "ada", "NYC")
	if status := statusOf(t, h, "next"); status.Number != "4" {
		t.Errorf("the next number is %s", status.Number)
	}
}

// A few at a time, so that no order waits while a year is forgotten; and not before the Manager knows.
func TestWhatIsForgottenIsForgottenInSmallSteps(t *testing.T) {
	db := openTemp(t)
	flow, err := workflow.New(t.Context(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450)
		INSERT INTO ordermanager_workflows (order_id, customer, venue, stage, ended)
		SELECT 'order-' || i, 'ada', 'NYC', 'finished', i FROM n`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `INSERT INTO ordermanager_notifications
		(order_id, notification, cause, request_id, at) VALUES ('order-3', 'timed_out', 'Barista timedout', 'x', 1)`)
	if err != nil {
		t.Fatal(err)
	}
	left := func() (n int) {
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM ordermanager_workflows").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var counts []int
	for range 4 {
		if err := flow.Advance(t.Context()); err == nil {
			t.Fatal("no Manager is connected, and it was told")
		}
		counts = append(counts, left())
	}
	if got := fmt.Sprint(counts); got != "[250 50 1 1]" {
		t.Errorf("left after each step: %s", got)
	}
}

func TestTheRetentionIsNotShorterThanWhatLimitsCount(t *testing.T) {
	for _, options := range []workflow.Options{
		{Retention: time.Hour},
		{Retention: -1},
		{Retention: 25 * time.Hour, Limits: ordermanager.Limits{MaxInWindow: 1, Window: 26 * time.Hour}},
	} {
		if _, err := workflow.New(t.Context(), openTemp(t), &options); !errors.Is(err, ordermanager.ErrInvalidOptions) {
			t.Errorf("%+v: %v", options, err)
		}
	}
}

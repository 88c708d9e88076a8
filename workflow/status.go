package workflow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/brewline/ordermanager"
)

// Status is what is known of one workflow.
type Status struct {
	OrderID, Customer, Venue string
	// Stage is where the workflow stands. After a time-out it is final once nothing is pending: see [Workflow.Advance].
	Stage Stage
	// Number is the order number; empty until the first wait was answered.
	Number string
	// Deadline is when the open wait times out, in UTC; zero when none is open.
	Deadline time.Time
	// FirstAnswer and SecondAnswer are what the waits were answered with; nil for a wait without an answer.
	FirstAnswer, SecondAnswer *ordermanager.Outcome
	// Pending is how many notifications the Manager has not been told yet.
	Pending int
}

// Status returns what is known of the workflow of an order. Errors: [ordermanager.ErrOrderNotFound], and those of the
// database.
func (w *Workflow) Status(ctx context.Context, orderID string) (Status, error) {
	var s Status
	var deadline sql.Null[int64]
	var first, second answer
	err := w.db.QueryRow(ctx, `
		SELECT order_id, customer, venue, stage, number, deadline, first_answer, second_answer,
			(SELECT count(*) FROM ordermanager_notifications n WHERE n.order_id = w.order_id)
		FROM ordermanager_workflows w WHERE order_id = ?`, orderID).
		Scan(&s.OrderID, &s.Customer, &s.Venue, &s.Stage, &s.Number, &deadline, &first, &second, &s.Pending)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Status{}, fmt.Errorf("%w: %s", ordermanager.ErrOrderNotFound, orderID)
	case err != nil:
		return Status{}, err
	}
	if deadline.Valid {
		s.Deadline = time.UnixMilli(deadline.V).UTC()
	}
	s.FirstAnswer, s.SecondAnswer = first.outcome, second.outcome
	return s, nil
}

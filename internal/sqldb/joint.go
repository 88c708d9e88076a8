package sqldb

import (
	"context"

	"github.com/brewline/ordermanager"
)

// Workflow is a workflow in the same database as the store of its orders. Its methods are part of the store's
// transaction.
type Workflow interface {
	// Begin starts the workflow with this token, if there is one to start. After an error nothing may be committed.
	Begin(ctx context.Context, tx Conn, token ordermanager.TaskToken) error
	// Answer is like [ordermanager.Resumer.Resume], and returns the notification of the next wait, not yet recorded; nil
	// if there is none.
	Answer(ctx context.Context, tx Conn, token ordermanager.TaskToken, outcome ordermanager.Outcome) (
		ordermanager.Answer, *ordermanager.WaitingCompletion, error)
	// Record records a notification, which the workflow then delivers by itself.
	Record(ctx context.Context, tx Conn, n *ordermanager.WaitingCompletion) error
	// Recorded tells the workflow that what was recorded is committed.
	Recorded()
}

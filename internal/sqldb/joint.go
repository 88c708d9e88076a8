package sqldb

import (
	"context"

	"github.com/brewline/ordermanager"
)

// Workflow is a workflow as the store of the orders sees it that is in the same database. What it does here is part
// of a transaction of the store.
type Workflow interface {
	// Begin begins the workflow that has this token, if there is one to begin. After an error nothing may be committed.
	Begin(ctx context.Context, tx Conn, token ordermanager.TaskToken) error
	// Answer is [ordermanager.Resumer], and returns the notification of the wait that begins then, which is not recorded
	// yet; nil if none begins.
	Answer(ctx context.Context, tx Conn, token ordermanager.TaskToken, outcome ordermanager.Outcome) (
		ordermanager.Answer, *ordermanager.WaitingCompletion, error)
	// Record records a notification, which the workflow then delivers by itself.
	Record(ctx context.Context, tx Conn, n *ordermanager.WaitingCompletion) error
	// Recorded says that what was recorded is committed.
	Recorded()
}

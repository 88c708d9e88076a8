package workflow

import (
	"context"
	"crypto/rand"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqldb"
)

// notification is what the Manager must be told.
type notification struct {
	id      int64
	action  ordermanager.Action
	orderID string
	token   ordermanager.TaskToken // of the wait that began
	cause   string                 // of a time-out
	at      int64                  // milliseconds
	// requestID is random, so that nobody else can use it first.
	requestID string

	// These are columns of the workflow, not of the notification.
	customer, venue, number string
	stage                   Stage
}

// record stores the notification, in the transaction of its step.
func (n *notification) record(ctx context.Context, tx sqldb.Conn) error {
	n.requestID = rand.Text()
	return tx.QueryRow(ctx, `INSERT INTO ordermanager_notifications (order_id, notification, token, cause, request_id, at)
		VALUES (?, ?, ?, ?, ?, ?) RETURNING id`, n.orderID, n.action, n.token.Reveal(), n.cause, n.requestID, n.at).Scan(&n.id)
}

func setStage(ctx context.Context, tx sqldb.Conn, orderID string, stage Stage) error {
	_, err := tx.Exec(ctx, "UPDATE ordermanager_workflows SET stage = ? WHERE order_id = ?", stage, orderID)
	return err
}

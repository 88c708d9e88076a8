package workflow

import (
	"context"
	"database/sql"
	"errors"

	"github.com/brewline/ordermanager/internal/sqldb"
)

// pruneBatch is how many workflows are deleted in one transaction: few enough that nobody waits long for it.
const pruneBatch = 200

// prune deletes some of the workflows whose retention is over, and nudges Run for the rest. Those with a pending
// notification stay.
func (w *Workflow) prune(ctx context.Context) error {
	const old = `SELECT order_id FROM ordermanager_workflows w WHERE ended < ?
		AND NOT EXISTS (SELECT 1 FROM ordermanager_notifications n WHERE n.order_id = w.order_id) ORDER BY ended LIMIT `
	before := w.options.Now().Add(-w.options.Retention).UnixMilli()
	// Look without a transaction first: usually there is nothing.
	var orderID string
	err := w.db.QueryRow(ctx, old+"1", before).Scan(&orderID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var forgotten int64
	err = w.db.Write(ctx, func(tx sqldb.Conn) error {
		forgotten, err = tx.Exec(ctx, `DELETE FROM ordermanager_workflows WHERE order_id IN (`+old+`?`+w.db.SkipLocked()+`)`,
			before, pruneBatch)
		return err
	})
	if err == nil && forgotten == pruneBatch {
		w.nudge()
	}
	return err
}

package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/brewline/ordermanager"
)

type txKey struct{}

// InTx returns a context that makes calls of this package's stores and workflows part of your own transaction: your
// rows and the order commit or roll back together.
//
// A workflow of this package on the store's pool and schema takes part in it too. Nothing uncommitted is announced:
// what a transition owes is recorded, but hidden from the Manager, so the receipt has no pending delivery, no other
// workflow is resumed and no event is published. After the commit, [ordermanager.Manager.Redrive] delivers it, in any
// process. Repeating the request with the same request id delivers it at once.
//
// A refused action leaves the transaction usable. After an error the server accepts nothing more in it: roll it back.
// With an isolation level above read committed a race is [ErrConflict].
func InTx(ctx context.Context, tx pgx.Tx) context.Context {
	return context.WithValue(ctx, txKey{}, tx)
}

func txOf(ctx context.Context) pgx.Tx {
	tx, _ := ctx.Value(txKey{}).(pgx.Tx)
	return tx
}

// told returns the order as the caller may see it: inside the caller's transaction, without what it owes.
func told(ctx context.Context, o *ordermanager.Order) *ordermanager.Order {
	if o != nil && txOf(ctx) != nil {
		o.FirstWait.Token, o.FirstWait.Spare = ordermanager.TaskToken{}, ordermanager.TaskToken{}
		o.SecondWait.Token, o.SecondWait.Spare = ordermanager.TaskToken{}, ordermanager.TaskToken{}
		o.OwedEvents = nil
	}
	return o
}

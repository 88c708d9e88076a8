package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqlstore"
)

// jointly carries a transition out in which the workflow takes part. A refusal is to be found out about by itself.
func jointly(
	ctx context.Context, at place, dialect *sqlstore.Dialect, statement sqlstore.Statement, joint *sqlstore.Joint,
) (ordermanager.Result, error) {
	var result ordermanager.Result
	err := at.write(ctx, func(tx pgx.Tx) error {
		both := transaction{workflowConn{tx, dialect}, tx}
		o, err := both.Run(ctx, statement)
		if err != nil || o == nil {
			return err
		}
		result, err = joint.Follow(ctx, both, o)
		return err
	})
	if err != nil {
		return ordermanager.Result{}, err
	}
	joint.Committed()
	result.Order = told(ctx, result.Order)
	return result, nil
}

// transaction is a [sqlstore.Tx].
type transaction struct {
	workflowConn
	tx pgx.Tx
}

// Run implements [sqlstore.Tx].
func (t transaction) Run(ctx context.Context, s sqlstore.Statement) (*ordermanager.Order, error) {
	rows, err := t.tx.Query(ctx, s.Text, s.Args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return sqlstore.One(rows)
}

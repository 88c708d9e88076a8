package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqlstore"
)

// place is a schema in a database, as this process is connected to it.
type place struct {
	pool   *pgxpool.Pool
	schema string
}

// write runs do in a transaction, or in a part of the caller's.
func (p place) write(ctx context.Context, do func(tx pgx.Tx) error) error {
	var begin interface {
		Begin(ctx context.Context) (pgx.Tx, error)
	} = p.pool
	if tx := txOf(ctx); tx != nil {
		begin = tx
	}
	return classify(ctx, pgx.BeginFunc(ctx, begin, do))
}

// jointly carries a transition out in which the workflow takes part. A refusal is to be found out about by itself.
func (s *Store) jointly(
	ctx context.Context, statement sqlstore.Statement, joint *sqlstore.Joint,
) (ordermanager.Result, error) {
	var result ordermanager.Result
	err := s.write(ctx, func(tx pgx.Tx) error {
		both := transaction{workflowConn{tx, s.dialect}, tx}
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

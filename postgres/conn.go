package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager/internal/sqldb"
	"github.com/brewline/ordermanager/internal/sqlstore"
)

// workflowConn is a pool or a transaction as a [sqldb.Conn].
type workflowConn struct {
	driver interface {
		Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
		QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	}
	dialect *sqlstore.Dialect
}

func (c workflowConn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	tag, err := c.in(ctx).driver.Exec(ctx, c.dialect.Render(text), args...)
	return tag.RowsAffected(), classify(ctx, err)
}

func (c workflowConn) ExecLater(ctx context.Context, text string, args ...any) error {
	_, err := c.Exec(ctx, text, args...)
	return err
}

func (c workflowConn) QueryRow(ctx context.Context, text string, args ...any) sqldb.Row {
	return row{ctx, c.in(ctx).driver.QueryRow(ctx, c.dialect.Render(text), args...)}
}

// in is the caller's transaction, if there is one and c is the pool.
func (c workflowConn) in(ctx context.Context) workflowConn {
	if _, pool := c.driver.(*pgxpool.Pool); pool {
		if tx := txOf(ctx); tx != nil {
			c.driver = tx
		}
	}
	return c
}

type row struct {
	ctx context.Context
	row pgx.Row
}

func (r row) Scan(dest ...any) error { return classify(r.ctx, r.row.Scan(dest...)) }

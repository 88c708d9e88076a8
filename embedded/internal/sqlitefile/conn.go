package sqlitefile

import (
	"context"
	"database/sql/driver"
	"errors"
)

// connector opens connections that keep their prepared statements.
type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{opened.(driverConn), statements{}}, nil
}

// driverConn is a connection of the driver, as database/sql uses it.
type driverConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type conn struct {
	driverConn
	statements statements
}

func (c *conn) Close() error { return errors.Join(c.statements.close(), c.driverConn.Close()) }

// statements are the few prepared statements of a connection, by their text.
type statements map[string]statement

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func (s statements) close() error {
	var errs []error
	for _, one := range s {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

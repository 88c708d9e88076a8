// Package sqlitestore keeps orders in one SQLite file: an [ordermanager.Store] for one machine, without a server and
// without a C compiler.
//
// A transition is one guarded UPDATE, found through the primary key and committed before it is answered. The file is in
// WAL mode with synchronous=FULL, so an acknowledged write survives a power failure ("Write-Ahead Logging" and "PRAGMA
// synchronous" in SQLite's documentation). One writer works at a time, and does not hold up readers. Writers of one
// process queue, and those that wait at the same time share one commit, so the disk is synced less often per write as
// load grows. Writers of several processes wait for each other up to five seconds. Any number of processes on one
// machine can use one file, but not over a network file system.
//
// The file holds task tokens, which are capabilities: a new file can be read by its owner alone.
package sqlitestore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/internal/sqlitefile"
	"github.com/brewline/ordermanager/internal/sqlstore"
	"github.com/brewline/ordermanager/watch"
)

//go:embed migrations
var migrations embed.FS

// Store is an [ordermanager.Store] in a SQLite file. It is safe for concurrent use, also by several processes.
type Store struct {
	file   *sqlitefile.File
	writer *sqlitefile.Writer
}

var (
	_ ordermanager.Store = (*Store)(nil)
	_ watch.Watcher      = (*Store)(nil)
)

// Open opens a file with the settings that the package comment names, and creates it if it is missing; its directory
// must exist. Use the database for [New], for the workflow in the same file and for your own tables; close it yourself.
//
// Errors: [ErrCannotOpen], [ErrReadOnly], [ErrFull], [ErrCorrupt], [ErrLocked]. None of them changes an existing file.
func Open(ctx context.Context, path string) (*sql.DB, error) { return sqlitefile.Open(ctx, path) }

// OpenReadOnly opens a file for a program that only reads: a copy on a read-only medium, or somebody else's file. The
// file must exist, and its tables must be up to date. Nothing is written to it, but SQLite may create its shared index
// beside it; where it cannot, later changes are not seen.
//
// Errors: [ErrCannotOpen], [ErrCorrupt], [ErrLocked], and [ErrReadOnly] if the newest changes are in the -wal file
// beside it and cannot be read without writing. [New] returns ErrReadOnly if the tables are older than this version.
func OpenReadOnly(ctx context.Context, path string) (*sql.DB, error) {
	return sqlitefile.OpenReadOnly(ctx, path)
}

// New returns the store in a database, and brings its tables up to date. The database is one that [Open] returned, or
// your own with the same settings, including "immediate" transactions. Only the database needs closing.
//
// Errors: [ErrNewerSchema], [ErrReadOnly], [ErrFull], [ErrCorrupt], [ErrReplaced], [ErrLocked]. After any of them the
// tables are as they were.
func New(ctx context.Context, db *sql.DB) (*Store, error) {
	if err := sqlitefile.Migrate(ctx, db, "orders", migrations); err != nil {
		return nil, err
	}
	return &Store{file: sqlitefile.FileOf(db), writer: sqlitefile.NewWriter(db)}, nil
}

// The errors of a file, for [errors.Is]. They wrap the error of the driver or the operating system too. None of them
// damages the file; a failed write wrote nothing or everything.
var (
	// ErrCannotOpen: the file cannot be opened, for instance because its directory does not exist, or because it is a
	// directory.
	ErrCannotOpen = sqlitefile.ErrCannotOpen
	// ErrReadOnly: this user may not write to the file or its directory. A file that is up to date can still be read if
	// SQLite can make its -shm file beside it.
	ErrReadOnly = sqlitefile.ErrReadOnly
	// ErrFull: the disk is full, or the file has reached the limit set for it. Reading still works, and writing does
	// once there is room.
	ErrFull = sqlitefile.ErrFull
	// ErrCorrupt: the file is not a SQLite database, or is damaged. It is left as it is, for you to restore.
	ErrCorrupt = sqlitefile.ErrCorrupt
	// ErrNewerSchema: a newer version of this module has changed the tables. Nothing was touched.
	ErrNewerSchema = sqlitefile.ErrNewerSchema
	// ErrReplaced: the file, or the -wal file beside it, was deleted, moved or replaced while the program had it open,
	// and writes would be lost. Nothing more is read or written: stop the program, find out which file is the right
	// one, and start it again.
	ErrReplaced = sqlitefile.ErrReplaced
	// ErrLocked: another process kept the file locked for longer than the busy timeout. Nothing was written; try again.
	ErrLocked = sqlitefile.ErrLocked
)

// query runs a statement and reads its result.
func query[T any](
	ctx context.Context, s *Store, statement sqlstore.Statement, read func(sqlstore.Rows) (T, error),
) (T, error) {
	var none T
	if err := s.file.Check(); err != nil {
		return none, err
	}
	prepared, err := s.writer.Prepared(ctx, statement.Text) //nolint:sqlclosecheck // it stays open for the next one
	if err != nil {
		return none, err
	}
	rows, err := prepared.QueryContext(ctx, statement.Args...)
	return result(rows, err, read)
}

// result reads a result to its end and closes it: only then is the statement committed, or known to have failed.
func result[T any](rows *sql.Rows, err error, read func(sqlstore.Rows) (T, error)) (T, error) {
	var none T
	if err != nil {
		return none, classify(err)
	}
	found, err := read(rows)
	if err := errors.Join(err, rows.Close()); err != nil {
		return none, classify(err)
	}
	return found, nil
}

func classify(err error) error {
	if errors.Is(err, sqlstore.ErrBrokenRow) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return sqlitefile.Classify(err)
}

// Apply implements [ordermanager.Store]. The order that refuses a write is read in the same transaction. A workflow of
// package embedded/workflow on the same [sql.DB] takes part in the transaction: see [ordermanager.Joint].
func (s *Store) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	joint := sqlstore.SQLite.Joint(&t, s.file)
	answer, err := s.apply(ctx, &t, joint)
	if err != nil && joint != nil && joint.Apart() {
		return s.apply(ctx, &t, nil)
	}
	return answer, err
}

func (s *Store) apply(
	ctx context.Context, t *ordermanager.Transition, joint *sqlstore.Joint,
) (ordermanager.Result, error) {
	statement, err := sqlstore.SQLite.Apply(t)
	if err != nil {
		return ordermanager.Result{}, err
	}
	var answer ordermanager.Result
	err = s.writer.Write(ctx, func(own *sqlitefile.Tx) error {
		tx := transaction{own}
		changed, err := tx.Run(ctx, statement)
		if err != nil {
			return err
		}
		answer = ordermanager.Result{Applied: changed > 0}
		if answer.Applied && t.Create != nil {
			answer.Order = t.Apply(nil)
		} else if answer.Order, err = tx.get(t.OrderID); err != nil {
			return err
		}
		if answer.Applied && joint != nil {
			answer, err = joint.Follow(ctx, tx, answer.Order)
		}
		return err
	})
	if err != nil {
		return ordermanager.Result{}, classify(err)
	}
	if joint != nil {
		joint.Committed()
	}
	return answer, nil
}

// transaction is a [sqlstore.Tx].
type transaction struct{ *sqlitefile.Tx }

// Run implements [sqlstore.Tx].
func (t transaction) Run(ctx context.Context, s sqlstore.Statement) (changed int64, err error) {
	return t.Exec(ctx, s.Text, s.Args...)
}

// RunLater implements [sqlstore.Tx].
func (t transaction) RunLater(ctx context.Context, s sqlstore.Statement) error {
	_, err := t.Run(ctx, s)
	return err
}

// get reads an order. It costs less than a RETURNING clause, for which SQLite makes a table of its own each time.
func (t transaction) get(orderID string) (*ordermanager.Order, error) {
	s := sqlstore.SQLite.Get(orderID)
	rows, err := t.Query(s.Text, s.Args...)
	if err != nil {
		return nil, err
	}
	o, err := sqlstore.One(rows)
	return o, errors.Join(err, rows.Close())
}

// Settle implements [ordermanager.Store].
func (s *Store) Settle(ctx context.Context, settlement ordermanager.Settlement) error {
	statement, err := sqlstore.SQLite.Settle(&settlement)
	if err != nil {
		return err
	}
	if statement.Text == "" {
		return ctx.Err()
	}
	return classify(s.writer.Write(ctx, func(tx *sqlitefile.Tx) error {
		_, err := tx.Exec(ctx, statement.Text, statement.Args...)
		return err
	}))
}

// Get implements [ordermanager.Store].
func (s *Store) Get(ctx context.Context, orderID string) (*ordermanager.Order, error) {
	return query(ctx, s, sqlstore.SQLite.Get(orderID), sqlstore.One)
}

// List implements [ordermanager.Store], oldest or newest first. It sees every earlier write. Orders come without their
// history, waits and owed events. A row that cannot be read is skipped, with [ErrCorrupt]. Nothing is held open between
// two pages.
func (s *Store) List(ctx context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	statement, err := sqlstore.SQLite.List(&q)
	if err != nil {
		return ordermanager.Page{}, err
	}
	rows, err := query(ctx, s, statement, sqlstore.Listed)
	if err != nil {
		return ordermanager.Page{}, err
	}
	page := sqlstore.SQLite.Page(&q, rows)
	for i := range page.Skipped {
		page.Skipped[i].Err = classify(page.Skipped[i].Err)
	}
	return page, nil
}

const (
	// changesBatch is the maximum number of changes in an answer.
	changesBatch = 256
	// lookEvery is how often a waiting reader looks for other processes' writes.
	lookEvery = 50 * time.Millisecond
)

// Changes implements [watch.Watcher]. It reports this process's writes at once, and those of others within 50 ms. While
// nobody waits, nothing is read. Deleting an order by hand makes all positions unknown.
func (s *Store) Changes(ctx context.Context, after string, wait time.Duration) (watch.Changes, error) {
	if after == "" {
		wait = 0
	}
	return sqlstore.Await(ctx, wait, lookEvery, s.file.Committed, func() (watch.Changes, error) {
		return s.changes(ctx, after)
	})
}

// changes returns what changed after a position.
func (s *Store) changes(ctx context.Context, after string) (watch.Changes, error) {
	now, err := query(ctx, s, sqlstore.Statement{Text: positionNow}, readPosition)
	if err != nil || after == "" {
		return watch.Changes{Position: now.String()}, err
	}
	from, err := parsePosition(after)
	if err != nil || from.file != now.file || from.number > now.number {
		return watch.Changes{}, fmt.Errorf("%w: %q", watch.ErrPositionUnknown, after)
	}
	if from == now {
		return watch.Changes{Position: after}, nil
	}
	// An order that changes again in the meantime has a number after now, and comes next.
	return query(ctx, s, changedAfter(from.number, now.number), func(rows sqlstore.Rows) (watch.Changes, error) {
		orders, n, last, err := sqlstore.ReadChanged(rows)
		if n == changesBatch {
			now.number = last
		}
		return watch.Changes{Orders: orders, Position: now.String()}, err
	})
}

func changedAfter(from, to int64) sqlstore.Statement {
	return sqlstore.SQLite.Changed("changed > ? AND changed <= ? ORDER BY changed LIMIT ?", from, to, changesBatch)
}

// position is a position in the changes of a file.
type position struct {
	file   string
	number int64
}

const positionNow = `SELECT id, (SELECT coalesce(max(changed), 0) FROM ordermanager_orders
	INDEXED BY ordermanager_orders_changed WHERE changed IS NOT NULL) FROM ordermanager_changes`

func readPosition(rows sqlstore.Rows) (p position, err error) {
	for rows.Next() {
		if err := rows.Scan(&p.file, &p.number); err != nil {
			return position{}, err
		}
	}
	return p, rows.Err()
}

func parsePosition(text string) (p position, err error) {
	file, number, _ := strings.Cut(text, "-")
	n, err := strconv.ParseInt(number, 10, 64)
	return position{file, n}, err
}

func (p position) String() string { return p.file + "-" + strconv.FormatInt(p.number, 10) }

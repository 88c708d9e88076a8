package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager/internal/sqlstore"
	"github.com/brewline/ordermanager/watch"
)

// changesBatch is the number of changes in an answer, plus the others of the last one's transaction.
const changesBatch = 256

var _ watch.Watcher = (*Store)(nil)

// Changes implements [watch.Watcher]. While somebody waits, one connection outside the pool listens to the other
// processes, and the database is polled every second; so a change by a process that crashed before it could notify
// arrives within a second, and nothing is missed while that connection is broken. A position names the visible
// transactions, so a long one is neither missed nor delays others. It is unknown to another server, to restored tables
// and after a failover.
func (s *Store) Changes(ctx context.Context, after string, wait time.Duration) (watch.Changes, error) {
	if after == "" {
		wait = 0
	}
	if wait > 0 {
		defer s.signal.wait()()
	}
	return sqlstore.Await(ctx, wait, lookEvery, s.signal.hear, func() (watch.Changes, error) {
		return s.changes(ctx, after)
	})
}

// position is a position in the changes of a table.
type position struct {
	table string // a fingerprint of the server, its timeline, and the table's OID
	seen  snapshot
}

// mostRunning limits the running transactions in a position. With more, the position is before the first of them, and
// what was committed since is reported again.
const mostRunning = 32

func (p position) String() string {
	if len(p.seen.running) > mostRunning {
		p.seen = p.seen.before(p.seen.min)
	}
	return p.table + "-" + p.seen.String()
}

// changes returns what changed after a position. It runs two queries on one connection, so that the second sees all
// that the first does.
func (s *Store) changes(ctx context.Context, after string) (changes watch.Changes, err error) {
	err = s.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		changes, err = s.changesOn(ctx, conn, after)
		return err
	})
	return changes, classify(ctx, err)
}

func (s *Store) changesOn(ctx context.Context, conn *pgxpool.Conn, after string) (watch.Changes, error) {
	now, err := s.now(ctx, conn)
	if err != nil || after == "" {
		return watch.Changes{Position: now.String()}, err
	}
	table, text, _ := strings.Cut(after, "-")
	from, err := parseSnapshot(text)
	if err != nil || table != now.table || from.max > now.seen.max {
		return watch.Changes{}, fmt.Errorf("%w: %q", watch.ErrPositionUnknown, after)
	}
	if from.String() == now.seen.String() {
		return watch.Changes{Position: after}, nil
	}
	// An order that changes again in the meantime is not visible now, and comes next.
	statement := s.changedBetween(from, now.seen)
	rows, err := conn.Query(ctx, statement.Text, append([]any{s.listMode}, statement.Args...)...)
	if err != nil {
		return watch.Changes{}, err
	}
	defer rows.Close()
	orders, n, last, err := sqlstore.ReadChanged(rows)
	if n >= changesBatch {
		now.seen = now.seen.before(uint64(last) + 1) //nolint:gosec // transaction ids are positive
	}
	return watch.Changes{Orders: orders, Position: now.String()}, err
}

// now returns the current position. Browsers see positions, so it identifies the table by a fingerprint.
func (s *Store) now(ctx context.Context, conn *pgxpool.Conn) (p position, err error) {
	const text = `SELECT left(encode(sha256(concat_ws('.', (SELECT system_identifier FROM pg_control_system()),
		(SELECT timeline_id FROM pg_control_checkpoint()), to_regclass($1)::oid)::bytea), 'hex'), 16),
		pg_current_snapshot()::text`
	var seen string
	if err := conn.QueryRow(ctx, text, s.dialect.Render("ordermanager_orders")).Scan(&p.table, &seen); err != nil {
		return position{}, err
	}
	p.seen, err = parseSnapshot(seen)
	return p, err
}

// changedBetween is the statement for what is visible in the later snapshot and not in the earlier one.
func (s *Store) changedBetween(from, to snapshot) sqlstore.Statement {
	before, after := from.String(), to.String()
	return s.dialect.Changed(`changed >= pg_snapshot_xmin(?::text::pg_snapshot)
		AND NOT pg_visible_in_snapshot(changed, ?::text::pg_snapshot)
		AND pg_visible_in_snapshot(changed, ?::text::pg_snapshot)
		ORDER BY ordermanager_orders.changed FETCH FIRST ? ROWS WITH TIES`, before, before, after, changesBatch)
}

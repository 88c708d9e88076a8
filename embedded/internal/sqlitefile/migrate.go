package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/brewline/ordermanager/internal/sqldb"
)

// Migrate brings the tables of a component up to date. Its migrations are the files of a directory, sorted by name, and
// its version is how many were applied; each component in the file has its own version. Nothing is written if it is up
// to date.
func Migrate(ctx context.Context, db *sql.DB, component string, migrations fs.FS) error {
	scripts, err := fs.Glob(migrations, "*/*.sql")
	if err != nil {
		return err
	}
	if err := FileOf(db).identify(ctx, db); err != nil {
		return err
	}
	todo, err := missing(ctx, rower{db}, component, scripts)
	if err != nil || len(todo) == 0 {
		return Classify(err)
	}
	return NewWriter(db).Write(ctx, func(tx *Tx) error {
		todo, err := missing(ctx, tx, component, scripts) // another process may have been faster
		if err != nil {
			return err
		}
		for _, script := range todo {
			text, err := fs.ReadFile(migrations, script)
			if err != nil {
				return err
			}
			if err := tx.script(string(text)); err != nil {
				return fmt.Errorf("%s: %w", script, unlike(err))
			}
		}
		err = tx.command(`CREATE TABLE IF NOT EXISTS ordermanager_schema (
			component TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT`)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT OR REPLACE INTO ordermanager_schema VALUES (?, ?)", component, len(scripts))
		return err
	})
}

type querier interface {
	QueryRow(ctx context.Context, text string, args ...any) sqldb.Row
}

// rower queries without preparing.
type rower struct{ db *sql.DB }

func (r rower) QueryRow(ctx context.Context, text string, args ...any) sqldb.Row {
	return row{r.db.QueryRowContext(ctx, text, args...)}
}

// missing returns the scripts that have not been applied.
func missing(ctx context.Context, q querier, component string, scripts []string) ([]string, error) {
	current, err := version(ctx, q, component)
	if err != nil {
		return nil, err
	}
	if current > len(scripts) {
		return nil, fmt.Errorf(
			"%w: its %s have version %d, and this one knows %d", ErrNewerSchema, component, current, len(scripts),
		)
	}
	return scripts[current:], nil
}

func version(ctx context.Context, q querier, component string) (int, error) {
	var tables, version int
	err := q.QueryRow(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'ordermanager_schema'").Scan(&tables)
	if err != nil || tables == 0 {
		return 0, err
	}
	err = q.QueryRow(ctx, "SELECT version FROM ordermanager_schema WHERE component = ?", component).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return version, err
}

// mixed is a possible cause for a file that looks damaged.
const mixed = "a backup that was restored beside the -wal and -shm files of another file looks like this: " +
	"remove all three, and put it back again"

// unlike explains a script that does not fit the tables.
func unlike(err error) error {
	const sqliteError = 1 // SQLITE_ERROR: no such table, a table that exists already, and so on
	coded, ok := errors.AsType[interface {
		error
		Code() int
	}](err)
	if !ok || coded.Code()&0xff != sqliteError {
		return err
	}
	return fmt.Errorf("%w: its tables are not those of its version: %w; %s", ErrCorrupt, err, mixed)
}

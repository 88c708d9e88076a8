// Package sqlitefile is what the store and the workflow in a SQLite file share: opening it, its schema versions, the
// queue of its writers, and the meaning of its errors.
package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"modernc.org/sqlite"
)

const (
	// busyTimeout is how long a writer waits for the writer of another process.
	busyTimeout = 5 * time.Second
	// walLimit is the size to which the -wal file shrinks after a reader delayed a checkpoint.
	walLimit = 4 << 20
	// readers limits the open connections: readers work beside the one writer.
	readers = 8
)

// Open opens the file, and creates it if it is missing. See sqlitestore.Open.
func Open(ctx context.Context, path string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCannotOpen, err)
	}
	if err := create(path); err != nil {
		return nil, err
	}
	_, noWAL := os.Stat(path + "-wal")
	opener, err := sqlite.NewConnector(dsn(path))
	if err != nil {
		return nil, Classify(err)
	}
	db := sql.OpenDB(connector{opener})
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers) // connections are expensive: they hold prepared statements and the page cache
	if err := connect(ctx, db); err != nil {
		_ = db.Close()
		if noWAL == nil && errors.Is(err, ErrCorrupt) {
			err = fmt.Errorf("%w; %s", err, mixed)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return db, nil
}

// dsn is a URI, because in a plain file name the driver takes what follows a question mark for parameters.
func dsn(path string) string {
	settings := url.Values{
		"_busy_timeout": {fmt.Sprint(busyTimeout.Milliseconds())},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_txlock":       {"immediate"}, // a reader cannot become a writer once somebody else has written
		"_dqs":          {"0"},
		"_error_rc":     {"1"},
		"_pragma": {
			"secure_delete(on)", // overwrites answered tokens
			"journal_size_limit(" + fmt.Sprint(walLimit) + ")",
		},
	}
	uri := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: settings.Encode()}
	return uri.String()
}

// connect checks that the file can be opened and read. If two processes switch a new file to WAL mode at once, one gets
// "locked" without waiting, so this retries.
func connect(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	for {
		var n int
		err := Classify(db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n))
		if !errors.Is(err, ErrLocked) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

var creating sync.Mutex

// create creates a missing file that only its owner can read, because it will hold task tokens; SQLite gives the files
// beside it the same mode. It does not touch an existing file, and runs in one goroutine at a time: closing a file
// drops the process's locks on it.
func create(path string) error {
	creating.Lock()
	defer creating.Unlock()
	const onlyNew = os.O_CREATE | os.O_EXCL | os.O_WRONLY
	file, err := os.OpenFile(path, onlyNew, 0o600) //nolint:gosec // the path is the caller's choice
	switch {
	case err == nil:
		err = file.Close()
	case errors.Is(err, fs.ErrExist):
		return nil
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return fmt.Errorf("%w: %w", ErrCannotOpen, err)
}

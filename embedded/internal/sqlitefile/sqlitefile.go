// Package sqlitefile is what everything that lives in the one SQLite file has in common: opening it, its schema
// versions, the queue of its writers, and what its failures mean.
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

	_ "modernc.org/sqlite" // the driver called "sqlite"
)

const (
	// busyTimeout is how long a writer waits for the writer of another process.
	busyTimeout = 5 * time.Second
	// walLimit is to what size the -wal file shrinks again after a reader kept it from being moved to the file.
	walLimit = 4 << 20
	// readers is how many connections are open at most: readers go on beside the one writer.
	readers = 8
)

// Open opens the file, and makes it if it is not there. See sqlitestore.Open.
func Open(ctx context.Context, path string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCannotOpen, err)
	}
	if err := create(path); err != nil {
		return nil, err
	}
	_, noWAL := os.Stat(path + "-wal")
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, Classify(err)
	}
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers) // a connection is dear: it holds the prepared statements and the page cache
	if err := connect(ctx, db); err != nil {
		_ = db.Close()
		if noWAL == nil && errors.Is(err, ErrCorrupt) {
			err = fmt.Errorf("%w; %s", err, mixed)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return db, nil
}

// dsn is a URI, because in a plain file name the driver takes everything after a question mark for its own.
func dsn(path string) string {
	settings := url.Values{
		"_busy_timeout": {fmt.Sprint(busyTimeout.Milliseconds())},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_txlock":       {"immediate"}, // a transaction that begins as a reader cannot become a writer once somebody else has written
		"_dqs":          {"0"},
		"_error_rc":     {"1"},
		"_pragma": {
			"secure_delete(on)", // a token that was answered is overwritten
			"journal_size_limit(" + fmt.Sprint(walLimit) + ")",
		},
	}
	uri := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: settings.Encode()}
	return uri.String()
}

// connect makes sure that a connection can be had and that the file can be read. Of two processes that turn a new file
// to WAL at once one is told that it is locked without having waited, so this asks again.
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

// create makes a missing file for its owner alone, because task tokens are kept in it; SQLite gives the files beside it
// the same mode. An existing file is not touched, and no two goroutines are here at once: to close a file drops the
// locks that the process has on it.
func create(path string) error {
	creating.Lock()
	defer creating.Unlock()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the path is the caller's choice
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

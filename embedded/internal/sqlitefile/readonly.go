package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// OpenReadOnly opens an existing file, and writes nothing. See sqlitestore.OpenReadOnly.
func OpenReadOnly(ctx context.Context, path string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCannotOpen, err)
	}
	switch file, err := os.Stat(path); {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrCannotOpen, err)
	case !file.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %s is not a file", ErrCannotOpen, path)
	}
	// Readers of a file in WAL mode share an index beside it. If it cannot be created, the file can only be read as
	// immutable, without what is in the -wal file.
	db, err := openReading(ctx, path, url.Values{"mode": {"ro"}})
	if err == nil || !errors.Is(err, ErrCannotOpen) && !errors.Is(err, ErrReadOnly) {
		return db, err
	}
	if wal, statErr := os.Stat(path + "-wal"); statErr == nil && wal.Size() > 0 {
		return nil, fmt.Errorf(
			"%w: its newest changes are in %s-wal, and to read them a file must be written beside it", ErrReadOnly, path,
		)
	}
	return openReading(ctx, path, url.Values{"mode": {"ro"}, "immutable": {"1"}})
}

func openReading(ctx context.Context, path string, settings url.Values) (*sql.DB, error) {
	settings.Set("_busy_timeout", fmt.Sprint(busyTimeout.Milliseconds()))
	settings.Set("_dqs", "0")
	settings.Set("_error_rc", "1")
	uri := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: settings.Encode()}
	db, err := sql.Open("sqlite", uri.String())
	if err != nil {
		return nil, Classify(err)
	}
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	if err := connect(ctx, db); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return db, nil
}

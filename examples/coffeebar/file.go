package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// defaultFile is in the user's data directory, or in the working directory if there is no home.
func defaultFile() string {
	dir := os.Getenv("XDG_DATA_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "coffeebar.db"
		}
		dir = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(dir, "coffeebar", "coffeebar.db")
}

// prepareFile creates the directory of the default file, and puts an old file aside on --reset. Any other directory
// must exist: its name may be misspelt.
func prepareFile(path string, reset bool) error {
	if path == defaultFile() {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
	}
	if !reset {
		return nil
	}
	// SQLite's files beside the database move with it.
	for _, part := range []string{"", "-wal", "-shm"} {
		err := os.Rename(path+part, path+".old"+part)
		if errors.Is(err, fs.ErrNotExist) {
			err = os.Remove(path + ".old" + part) // it belongs to an older file
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the old file cannot be put aside: %w", err)
		}
	}
	return nil
}

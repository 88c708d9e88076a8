package sqlitefile

import (
	"errors"
	"fmt"
)

// What can go wrong with the file. sqlitestore documents these errors under the same names.
var (
	ErrCannotOpen  = errors.New("the database file cannot be opened")
	ErrReadOnly    = errors.New("the database file or its directory is read-only")
	ErrFull        = errors.New("there is no room for the database file to grow")
	ErrCorrupt     = errors.New("the file is damaged, or not a database")
	ErrNewerSchema = errors.New("the database file was written by a newer version of this program")
	ErrLocked      = errors.New("another program keeps the database file locked")
	ErrReplaced    = errors.New("the database file was deleted or replaced while it was open")
)

// The primary result codes of SQLite that have a meaning here: "Result and Error Codes" in its documentation.
var meanings = map[int]error{
	3:  ErrReadOnly,   // SQLITE_PERM
	5:  ErrLocked,     // SQLITE_BUSY
	6:  ErrLocked,     // SQLITE_LOCKED
	8:  ErrReadOnly,   // SQLITE_READONLY
	11: ErrCorrupt,    // SQLITE_CORRUPT
	13: ErrFull,       // SQLITE_FULL
	14: ErrCannotOpen, // SQLITE_CANTOPEN
	26: ErrCorrupt,    // SQLITE_NOTADB
}

// Classify adds the meaning of a driver's error, if it is known. It works with any driver whose errors have a method
// Code.
func Classify(err error) error {
	coded, ok := errors.AsType[interface {
		error
		Code() int
	}](err)
	if !ok {
		return err
	}
	meaning := meanings[coded.Code()&0xff]
	if meaning == nil || errors.Is(err, meaning) {
		return err
	}
	return fmt.Errorf("%w: %w", meaning, err)
}

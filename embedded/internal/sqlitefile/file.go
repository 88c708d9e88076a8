package sqlitefile

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"
)

// A File is what all users of one [sql.DB] share: the queue of its writers, and the identity of the file.
type File struct {
	// turn is held by the writer. SQLite allows one, and makes the others poll at growing intervals; here they queue, and
	// poll only for other processes.
	turn chan struct{}
	mu   sync.Mutex
	line []*step
	// committed is closed by the next commit; nil while nobody waits.
	committed chan struct{}
	// careful is set if a step failed recently. The holder of the turn owns it.
	careful bool
	// opened is the file that the database works on, with the -wal file beside it; nil while that is not known.
	opened atomic.Pointer[opened]
}

type opened struct {
	path string
	file fs.FileInfo
	// wal is set if commits go to the -wal file first.
	wal bool
}

var files sync.Map // of weak.Pointer[sql.DB] to *File

// FileOf returns the file of a database.
func FileOf(db *sql.DB) *File {
	key := weak.Make(db)
	file, shared := files.LoadOrStore(key, &File{turn: make(chan struct{}, 1)})
	if !shared {
		runtime.AddCleanup(db, func(key weak.Pointer[sql.DB]) { files.Delete(key) }, key)
	}
	return file.(*File)
}

// identify records which file the database has open.
func (f *File) identify(ctx context.Context, db *sql.DB) error {
	var number int
	var name, path, mode string
	err := db.QueryRowContext(ctx, "PRAGMA database_list").Scan(&number, &name, &path) // the main database comes first
	if err != nil || path == "" {                                                      // in memory
		return Classify(err)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return Classify(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return replaced(path, err)
	}
	f.opened.Store(&opened{path, info, mode == "wal"})
	return nil
}

// Check returns [ErrReplaced] if the path now leads to another file, or to none: writes to the open file would be lost
// when it is closed.
func (f *File) Check() error {
	o := f.opened.Load()
	if o == nil {
		return nil
	}
	now, err := os.Stat(o.path)
	if err != nil {
		return replaced(o.path, err)
	}
	if !os.SameFile(o.file, now) {
		return replaced(o.path, nil)
	}
	return nil
}

// checkWritten is Check after a commit, which must be in files that still exist.
func (f *File) checkWritten() error {
	if err := f.Check(); err != nil {
		return err
	}
	if o := f.opened.Load(); o != nil && o.wal {
		if _, err := os.Stat(o.path + "-wal"); err != nil {
			return replaced(o.path, err)
		}
	}
	return nil
}

// Committed returns a channel that this process's next commit closes.
func (f *File) Committed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.committed == nil {
		f.committed = make(chan struct{})
	}
	return f.committed
}

// tell wakes those who wait for a commit.
func (f *File) tell() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.committed != nil {
		close(f.committed)
		f.committed = nil
	}
}

func replaced(path string, err error) error {
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrReplaced, path, err)
	}
	return fmt.Errorf("%w: %s is another file now", ErrReplaced, path)
}

// Writer writes to a file. Writers of one process that wait at the same time share a transaction, and so one sync of
// the disk: the one that gets the turn carries out the steps of all, and a step that fails affects no other. A writer
// that is alone goes at once.
type Writer struct {
	db   *sql.DB
	file *File
	// statements are the few prepared statements of readers, by their text.
	statements sync.Map
}

// NewWriter returns a writer to the file of a database.
func NewWriter(db *sql.DB) *Writer { return &Writer{db: db, file: FileOf(db)} }

// step is a caller's write.
type step struct {
	ctx context.Context
	// do may be called again if its transaction failed.
	do   func(tx *Tx) error
	done chan error
}

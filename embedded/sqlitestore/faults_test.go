package sqlitestore_test

import (
	"bytes"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
)

// wantError checks that the error is the one that is promised, and that it says more than that.
func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	if err.Error() == want.Error() {
		t.Errorf("%v does not say what happened", err)
	}
	if strings.Contains(err.Error(), "out of memory") {
		t.Errorf("%v misleads", err)
	}
}

// openAndUse opens the file, and makes and changes an order in it, until something goes wrong.
func openAndUse(t *testing.T, path string) error {
	t.Helper()
	db, err := sqlitestore.Open(t.Context(), path)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	store, err := sqlitestore.New(t.Context(), db)
	if err != nil {
		return err
	}
	_, err = store.Apply(t.Context(), create("new", "ada", "", start))
	return err
}

func TestADirectoryThatIsMissingIsSaidSo(t *testing.T) {
	err := openAndUse(t, filepath.Join(t.TempDir(), "missing", "orders.db"))
	wantError(t, err, sqlitestore.ErrCannotOpen)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v does not say that it is missing", err)
	}
}

func TestADirectoryIsNotAFile(t *testing.T) {
	wantError(t, openAndUse(t, t.TempDir()), sqlitestore.ErrCannotOpen)
}

func TestAFileThatIsNotADatabaseIsLeftAlone(t *testing.T) {
	for name, content := range map[string][]byte{
		"text":             []byte(strings.Repeat("this is a shopping list\n", 500)),
		"a header at most": append([]byte("SQLite format 3\x00"), bytes.Repeat([]byte{0xff}, 4096)...),
	} {
		t.Run(name, func(t *testing.T) {
			path := tempFile(t)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			wantError(t, openAndUse(t, path), sqlitestore.ErrCorrupt)
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
}

func TestADamagedPageIsAnErrorAndNotAWrongAnswer(t *testing.T) {
	path := tempFile(t)
	db := open(t, path)
	store := newStore(t, db)
	for _, id := range []string{"1", "2", "3"} {
		mustApply(t, store, create(id, "ada", "", start))
	}
	if _, err := db.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	var root, pageSize int64
	for query, into := range map[string]*int64{
		"SELECT rootpage FROM sqlite_schema WHERE name = 'ordermanager_orders'": &root,
		"PRAGMA page_size": &pageSize,
	} {
		if err := db.QueryRowContext(t.Context(), query).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt(bytes.Repeat([]byte{0xa5}, int(pageSize)), (root-1)*pageSize); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	store = newStore(t, open(t, path))
	_, err = store.Get(t.Context(), "1")
	wantError(t, err, sqlitestore.ErrCorrupt)
	_, err = store.Apply(t.Context(), put("1", "ada", "r"))
	wantError(t, err, sqlitestore.ErrCorrupt)
}

func TestAHistoryThatSomebodySpoiledIsAnError(t *testing.T) {
	db := open(t, tempFile(t))
	store := newStore(t, db)
	mustApply(t, store, create("1", "ada", "", start))
	if _, err := db.ExecContext(t.Context(), "UPDATE ordermanager_orders SET history = 'x'"); err != nil {
		t.Fatal(err)
	}
	_, err := store.Get(t.Context(), "1")
	wantError(t, err, sqlitestore.ErrCorrupt)
}

func TestANewerSchemaIsNotTouched(t *testing.T) {
	path := tempFile(t)
	db := open(t, path)
	store := newStore(t, db)
	mustApply(t, store, create("1", "ada", "", start))
	if _, err := db.ExecContext(
		t.Context(), "UPDATE ordermanager_schema SET version = 99 WHERE component = 'orders'",
	); err != nil {
		t.Fatal(err)
	}
	_, err := sqlitestore.New(t.Context(), open(t, path))
	wantError(t, err, sqlitestore.ErrNewerSchema)
	if _, err := store.Get(t.Context(), "1"); err != nil {
		t.Errorf("the order is gone: %v", err)
	}
}

func TestWhenTheFileCannotGrowNothingIsHalfWritten(t *testing.T) {
	db := open(t, tempFile(t))
	db.SetMaxOpenConns(1) // the limit belongs to a connection
	store := newStore(t, db)
	mustApply(t, store, create("1", "ada", "", start))
	limit := func(pages string) {
		if _, err := db.ExecContext(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // SQLite takes the size that the file has as the least
	before, err := store.Get(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	var full error
	entries := len(before.History)
	for full == nil {
		transition := note("1", strings.Repeat("x", 100)+string(rune('a'+entries)))
		_, full = store.Apply(t.Context(), transition)
		if full == nil {
			entries++
		}
	}
	wantError(t, full, sqlitestore.ErrFull)
	after, err := store.Get(t.Context(), "1")
	if err != nil || len(after.History) != entries || after.Version != entries {
		t.Errorf("reading beside a full disk: %d entries, want %d (%v)", len(after.History), entries, err)
	}
	limit("10000")
	mustApply(t, store, note("1", "there is room again"))
	var verdict string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity: %s (%v)", verdict, err)
	}
}

func TestANewFileThatCannotGrowIsSaidSo(t *testing.T) {
	db := open(t, tempFile(t))
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "PRAGMA max_page_count = 2"); err != nil {
		t.Fatal(err)
	}
	_, err := sqlitestore.New(t.Context(), db)
	wantError(t, err, sqlitestore.ErrFull)
	if _, err := db.ExecContext(t.Context(), "PRAGMA max_page_count = 10000"); err != nil {
		t.Fatal(err)
	}
	mustApply(t, newStore(t, db), create("1", "ada", "", start))
}

func TestALockThatIsHeldTooLongIsAnErrorAndNothingIsWritten(t *testing.T) {
	path := tempFile(t)
	owner := open(t, path)
	mustApply(t, newStore(t, owner), create("1", "ada", "", start))
	impatient, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=20&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = impatient.Close() })
	store := newStore(t, impatient)
	tx, err := owner.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Apply(t.Context(), note("1", "r"))
	wantError(t, err, sqlitestore.ErrLocked)
	if err := store.Settle(
		t.Context(), ordermanager.Settlement{OrderID: "1", First: ordermanager.NewTaskToken("x")},
	); !errors.Is(err, sqlitestore.ErrLocked) {
		t.Errorf("settle: %v", err)
	}
	if o, err := store.Get(t.Context(), "1"); err != nil || o.Version != 1 {
		t.Errorf("readers go on beside a writer: %+v, %v", o, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	mustApply(t, store, note("1", "r"))
}

// A file that its user may not write to. Root may write to every file, so root runs this as somebody else.
func TestAReadOnlyFileOrDirectoryIsSaidSo(t *testing.T) {
	if os.Geteuid() == 0 {
		runAsNobody(t)
		return
	}
	t.Run("a file in a directory that is read-only", func(t *testing.T) {
		dir := t.TempDir()
		chmod(t, dir, 0o500)
		wantError(t, openAndUse(t, filepath.Join(dir, "orders.db")), sqlitestore.ErrReadOnly)
	})
	t.Run("a file that is read-only", func(t *testing.T) {
		path := tempFile(t)
		db := open(t, path)
		want := mustApply(t, newStore(t, db), create("1", "ada", "", start))
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		chmod(t, path, 0o400)
		wantError(t, openAndUse(t, path), sqlitestore.ErrReadOnly)
		got, err := newStore(t, open(t, path)).Get(t.Context(), "1")
		if err != nil || got == nil || got.Version != want.Version {
			t.Errorf("an up-to-date file can be read: %+v, %v", got, err)
		}
	})
	readOnly := func(t *testing.T, path string) (*ordermanager.Order, error) {
		t.Helper()
		chmod(t, filepath.Dir(path), 0o500)
		t.Cleanup(func() { chmod(t, filepath.Dir(path), 0o700) })
		db, err := sqlitestore.OpenReadOnly(t.Context(), path)
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { _ = db.Close() })
		return newStore(t, db).Get(t.Context(), "1")
	}
	t.Run("a file in a directory that is read-only is read", func(t *testing.T) {
		path := tempFile(t)
		db := open(t, path)
		mustApply(t, newStore(t, db), create("1", "ada", "", start))
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		chmod(t, path, 0o400)
		if got, err := readOnly(t, path); err != nil || got == nil {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("what a program has only just written is read beside it", func(t *testing.T) {
		path := tempFile(t)
		mustApply(t, newStore(t, open(t, path)), create("1", "ada", "", start))
		if got, err := readOnly(t, path); err != nil || got == nil {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("what is in the -wal file alone is not left out in silence", func(t *testing.T) {
		running, path := tempFile(t), tempFile(t)
		mustApply(t, newStore(t, open(t, running)), create("1", "ada", "", start))
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(running + suffix)
			if err == nil {
				err = os.WriteFile(path+suffix, data, 0o400)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err := readOnly(t, path)
		wantError(t, err, sqlitestore.ErrReadOnly)
	})
	t.Run("an empty file that is read-only", func(t *testing.T) {
		path := tempFile(t)
		if err := os.WriteFile(path, nil, 0o400); err != nil {
			t.Fatal(err)
		}
		wantError(t, openAndUse(t, path), sqlitestore.ErrReadOnly)
	})
	t.Run("a file that may not even be read", func(t *testing.T) {
		path := tempFile(t)
		if err := os.WriteFile(path, nil, 0); err != nil {
			t.Fatal(err)
		}
		wantError(t, openAndUse(t, path), sqlitestore.ErrCannotOpen)
	})
	t.Run("a database in a directory that is read-only", func(t *testing.T) {
		path := tempFile(t)
		if err := openAndUse(t, path); err != nil {
			t.Fatal(err)
		}
		chmod(t, filepath.Dir(path), 0o500)
		err := openAndUse(t, path)
		if !errors.Is(err, sqlitestore.ErrReadOnly) && !errors.Is(err, sqlitestore.ErrCannotOpen) {
			t.Errorf("got %v", err)
		}
		chmod(t, filepath.Dir(path), 0o700)
		if got, err := newStore(t, open(t, path)).Get(t.Context(), "new"); err != nil || got == nil {
			t.Errorf("the order is gone: %v, %v", got, err)
		}
	})
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// runAsNobody runs this test again in a process without root's rights, from a copy of the test binary that it may run.
func runAsNobody(t *testing.T) {
	t.Helper()
	const nobody = 65534
	dir, err := os.MkdirTemp("", "nobody") //nolint:usetesting // the directories above t.TempDir are closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "test")
	if err := os.WriteFile(program, binary, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, program} {
		if err := os.Chown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	again := exec.CommandContext(t.Context(), program, "-test.v", "-test.run=^"+t.Name()+"$")
	again.Dir = dir
	again.Env = []string{"TMPDIR=" + dir}
	again.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	output, err := again.CombinedOutput()
	if err != nil || !bytes.Contains(output, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestANewFileIsItsOwnersAlone(t *testing.T) {
	path := tempFile(t)
	db := open(t, path)
	mustApply(t, newStore(t, db), create("1", "ada", "", start))
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v (%v)", name, info.Mode().Perm(), err)
		}
	}
}

package sqlitestore_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
)

// Invariant 5: what would be lost with the file is not acknowledged.
func TestAFileThatIsReplacedWhileItIsOpenIsNotUsedAnyMore(t *testing.T) {
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, meddle := range map[string]func(t *testing.T, path string){
		"deleted": func(t *testing.T, path string) { must(t, os.Remove(path)) },
		"moved":   func(t *testing.T, path string) { must(t, os.Rename(path, path+".old")) },
		"replaced by a backup": func(t *testing.T, path string) {
			data, err := os.ReadFile(path)
			must(t, err)
			must(t, os.Remove(path))
			must(t, os.WriteFile(path, data, 0o600))
		},
		"deleted with what is beside it": func(t *testing.T, path string) {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				must(t, os.Remove(path+suffix))
			}
		},
		"without the -wal file": func(t *testing.T, path string) { must(t, os.Remove(path+"-wal")) },
	} {
		t.Run(name, func(t *testing.T) {
			path := tempFile(t)
			db := open(t, path)
			store := newStore(t, db)
			mustApply(t, store, create("1", "ada", "", start))
			flow, err := workflow.New(t.Context(), db, nil)
			must(t, err)
			meddle(t, path)
			_, err = store.Apply(t.Context(), note("1", "r"))
			wantError(t, err, sqlitestore.ErrReplaced)
			_, err = store.Apply(t.Context(), create("2", "ada", "", start))
			wantError(t, err, sqlitestore.ErrReplaced)
			err = store.Settle(
				t.Context(), ordermanager.Settlement{OrderID: "1", First: ordermanager.NewTaskToken("first of 1")},
			)
			wantError(t, err, sqlitestore.ErrReplaced)
			wantError(t, flow.SetOpen(t.Context(), "", false), sqlitestore.ErrReplaced)
			if name == "without the -wal file" {
				return // what is there can be read
			}
			_, err = store.Get(t.Context(), "1")
			wantError(t, err, sqlitestore.ErrReplaced)
			_, err = flow.Shop(t.Context(), "")
			wantError(t, err, sqlitestore.ErrReplaced)
			if _, err := sqlitestore.New(t.Context(), open(t, path)); err != nil && !errors.Is(err, sqlitestore.ErrCorrupt) {
				t.Errorf("opening it again: %v", err)
			}
		})
	}
}

// A backup is put in the place of the file, and the -wal file of the one that was there stays beside it: pages of one
// file lie over those of the other.
func TestABackupBesideAnOldWALIsSaidSo(t *testing.T) {
	path := tempFile(t)
	db := open(t, path)
	store := newStore(t, db)
	copyOf := func(suffix string) []byte {
		t.Helper()
		data, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	checkpoint := func() {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
	}
	mustApply(t, store, create("1", "ada", "", start))
	checkpoint()
	backup := copyOf("")
	if _, err := workflow.New(t.Context(), db, nil); err != nil {
		t.Fatal(err)
	}
	checkpoint()
	for n := range 20 { // until the file has grown, which the first page knows
		mustApply(t, store, create(fmt.Sprint("order-", n), strings.Repeat("x", 100), "", start))
	}
	wal := copyOf("-wal")

	path = tempFile(t)
	for suffix, data := range map[string][]byte{"": backup, "-wal": wal} {
		if err := os.WriteFile(path+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := openAndUse(t, path)
	wantError(t, err, sqlitestore.ErrCorrupt)
	if !strings.Contains(err.Error(), "-wal") {
		t.Errorf("%v does not say what is wrong", err)
	}
}

// What a token was is not in the file any more once it was answered.
func TestAnAnsweredTokenIsOverwritten(t *testing.T) {
	path := tempFile(t)
	db := open(t, path)
	store := newStore(t, db)
	token := ordermanager.NewTaskToken("a secret that nobody may find")
	begin := create("1", "ada", "", start)
	begin.Assign.Register.Token = token
	mustApply(t, store, begin)
	in := func() bool {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(data, []byte(token.Reveal()))
	}
	if !in() {
		t.Fatal("the token is not where this test looks for it")
	}
	if err := store.Settle(t.Context(), ordermanager.Settlement{OrderID: "1", First: token}); err != nil {
		t.Fatal(err)
	}
	if in() {
		t.Error("the token can still be read in the file")
	}
}

package sqlitestore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/watch"
)

// changesAfter returns the versions of the orders that changed after a position, and where to go on.
func changesAfter(t *testing.T, store *sqlitestore.Store, position string) (versions map[string]int, next string) {
	t.Helper()
	versions = map[string]int{}
	for {
		changes, err := store.Changes(t.Context(), position, 0)
		if err != nil {
			t.Fatal(err)
		}
		position = changes.Position
		if len(changes.Orders) == 0 {
			return versions, position
		}
		for _, o := range changes.Orders {
			versions[o.ID] = o.Version
		}
	}
}

func now(t *testing.T, store *sqlitestore.Store) (position string) {
	t.Helper()
	_, position = changesAfter(t, store, "")
	return position
}

func TestMoreChangesThanComeAtOnceComeInParts(t *testing.T) {
	path := tempFile(t)
	store, other := newStore(t, open(t, path)), newStore(t, open(t, path))
	begin := now(t, store)
	const orders = 600
	for i := range orders {
		mustApply(t, store, create(fmt.Sprint(i), "ada", "", start))
	}
	mustApply(t, store, put("0", "ada", "r1"))
	versions, _ := changesAfter(t, other, begin)
	if len(versions) != orders || versions["0"] != 2 || versions["599"] != 1 {
		t.Errorf("%d orders, the first at version %d", len(versions), versions["0"])
	}
}

// A number that is given again must not hide what has it now.
func TestADeletionByHandIsAReasonToReadAgain(t *testing.T) {
	db := open(t, tempFile(t))
	store := newStore(t, db)
	mustApply(t, store, create("1", "ada", "", start))
	before := now(t, store)
	if _, err := db.ExecContext(t.Context(), "DELETE FROM ordermanager_orders WHERE id = '1'"); err != nil {
		t.Fatal(err)
	}
	mustApply(t, store, create("2", "ada", "", start))
	if _, err := store.Changes(t.Context(), before, 0); !errors.Is(err, watch.ErrPositionUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestAPositionAfterABackupIsUnknownToIt(t *testing.T) {
	path := tempFile(t)
	db := open(t, path)
	store := newStore(t, db)
	mustApply(t, store, create("1", "ada", "", start))
	atBackup := now(t, store)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := db.ExecContext(t.Context(), "VACUUM INTO ?", backup); err != nil {
		t.Fatal(err)
	}
	mustApply(t, store, put("1", "ada", "r1"))
	afterBackup := now(t, store)
	restored := newStore(t, open(t, backup))
	if _, err := restored.Changes(t.Context(), afterBackup, 0); !errors.Is(err, watch.ErrPositionUnknown) {
		t.Errorf("after the backup: %v", err)
	}
	mustApply(t, restored, put("1", "ada", "r2"))
	if versions, _ := changesAfter(t, restored, atBackup); versions["1"] != 2 {
		t.Errorf("at the backup: %v", versions)
	}
	another := newStore(t, open(t, tempFile(t)))
	if _, err := another.Changes(t.Context(), atBackup, 0); !errors.Is(err, watch.ErrPositionUnknown) {
		t.Errorf("another file: %v", err)
	}
}

// What was in a file before changes were told of is no change.
func TestAFileOfSchema1HasNoChangesYet(t *testing.T) {
	store := newStore(t, fileOfSchema1(t))
	begin := now(t, store)
	mustApply(t, store, put("order-s", "ada", "r1"))
	if versions, _ := changesAfter(t, store, begin); len(versions) != 1 || versions["order-s"] != 2 {
		t.Errorf("%v", versions)
	}
}

// A reader that waits when its file is put away is told so, and does not wait for ever.
func TestWhoWaitsForChangesIsToldThatTheFileWasReplaced(t *testing.T) {
	path := tempFile(t)
	store := newStore(t, open(t, path))
	begin := now(t, store)
	failed := make(chan error, 1)
	go func() {
		_, err := store.Changes(t.Context(), begin, time.Minute)
		failed <- err
	}()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wantError(t, <-failed, sqlitestore.ErrReplaced)
}

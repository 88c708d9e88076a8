package sqlitefile

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// newWriter returns a writer to a new file with a table of names.
func newWriter(t *testing.T) (w *Writer, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "test.db")
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w = NewWriter(db)
	if err := w.file.identify(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), "CREATE TABLE names (name TEXT UNIQUE) STRICT")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return w, path
}

// names are what is in the table.
func names(t *testing.T, w *Writer) (all []string) {
	t.Helper()
	rows, err := w.db.QueryContext(t.Context(), "SELECT name FROM names ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// want is what somebody wants to write.
type want struct {
	ctx context.Context //nolint:containedctx // each has its own
	do  func(tx *Tx) error
}

func insert(ctx context.Context, name string) want {
	return want{ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO names VALUES (?)", name)
		return err
	}}
}

// together lets all wait in line, in this order, before the first has its turn. Meanwhile is done before that.
func together(t *testing.T, w *Writer, meanwhile func(), wants ...want) []error {
	t.Helper()
	w.file.turn <- struct{}{}
	outcomes := make([]error, len(wants))
	var waiting sync.WaitGroup
	for i, want := range wants {
		waiting.Go(func() { outcomes[i] = w.Write(want.ctx, want.do) })
		for inLine := 0; inLine <= i; {
			w.file.mu.Lock()
			inLine = len(w.file.line)
			w.file.mu.Unlock()
		}
	}
	if meanwhile != nil {
		meanwhile()
	}
	<-w.file.turn
	waiting.Wait()
	return outcomes
}

func noErrors(t *testing.T, outcomes []error) {
	t.Helper()
	if err := errors.Join(outcomes...); err != nil {
		t.Error(err)
	}
}

func TestWritersThatWaitShareACommit(t *testing.T) {
	w, _ := newWriter(t)
	var mu sync.Mutex
	transactions := map[driver.Tx]bool{}
	var wants []want
	var written []string
	for i := range 40 {
		name := fmt.Sprintf("%02d", i)
		written = append(written, name)
		one := insert(t.Context(), name)
		wants = append(wants, want{one.ctx, func(tx *Tx) error {
			mu.Lock()
			defer mu.Unlock()
			transactions[tx.tx.Tx] = true
			return one.do(tx)
		}})
	}
	noErrors(t, together(t, w, nil, wants...))
	if len(transactions) != 1 {
		t.Errorf("there were %d transactions", len(transactions))
	}
	if diff := cmp.Diff(written, names(t, w)); diff != "" {
		t.Error(diff)
	}
}

var errOwn = errors.New("a failure of one's own")

func TestAStepThatFailsTouchesNobodyElse(t *testing.T) {
	w, _ := newWriter(t)
	ctx := t.Context()
	fails := want{ctx, func(tx *Tx) error {
		return errors.Join(insert(ctx, "never").do(tx), errOwn)
	}}
	var written []string
	for round := range 3 { // without savepoints, with them, and with them because of the round before
		a, b := fmt.Sprint("a", round), fmt.Sprint("b", round)
		outcomes := together(t, w, nil, insert(ctx, a), fails, insert(ctx, a), insert(ctx, b))
		if outcomes[0] != nil || !errors.Is(outcomes[1], errOwn) || outcomes[2] == nil || outcomes[3] != nil {
			t.Errorf("the outcomes are %v", outcomes)
		}
		if !w.file.careful {
			t.Error("it goes on as if nothing had failed")
		}
		written = append(written, a, b)
	}
	noErrors(t, together(t, w, nil, insert(ctx, "c"), insert(ctx, "d")))
	if w.file.careful {
		t.Error("it stays careful though nothing fails any more")
	}
	written = append(written, "c", "d")
	slices.Sort(written)
	if diff := cmp.Diff(written, names(t, w)); diff != "" {
		t.Error(diff)
	}
}

func TestACallerThatGivesUpInLineWritesNothing(t *testing.T) {
	w, _ := newWriter(t)
	patient := t.Context()
	impatient, giveUp := context.WithCancel(patient)
	outcomes := together(t, w, giveUp, insert(patient, "a"), insert(impatient, "never"), insert(patient, "b"))
	if outcomes[0] != nil || !errors.Is(outcomes[1], context.Canceled) || outcomes[2] != nil {
		t.Errorf("the outcomes are %v", outcomes)
	}
	if diff := cmp.Diff([]string{"a", "b"}, names(t, w)); diff != "" {
		t.Error(diff)
	}
}

// Its turn may have come with that of others, who go first.
func TestACallerThatGivesUpBeforeItsStepBeginsWritesNothing(t *testing.T) {
	w, _ := newWriter(t)
	impatient, giveUp := context.WithCancel(t.Context())
	first := want{t.Context(), func(tx *Tx) error {
		giveUp()
		return insert(t.Context(), "a").do(tx)
	}}
	outcomes := together(t, w, nil, first, insert(impatient, "never"), insert(t.Context(), "b"))
	if outcomes[0] != nil || !errors.Is(outcomes[1], context.Canceled) || outcomes[2] != nil {
		t.Errorf("the outcomes are %v", outcomes)
	}
	if diff := cmp.Diff([]string{"a", "b"}, names(t, w)); diff != "" {
		t.Error(diff)
	}
}

// A context that ends while its step is carried out does not take back what others have written.
func TestACallerThatGivesUpInItsTurnTouchesNobodyElse(t *testing.T) {
	w, _ := newWriter(t)
	ctx, giveUp := context.WithCancel(t.Context())
	impatient := want{ctx, func(tx *Tx) error {
		giveUp()
		return insert(ctx, "begun").do(tx)
	}}
	noErrors(t, together(t, w, nil, insert(t.Context(), "a"), impatient, insert(t.Context(), "b")))
	if diff := cmp.Diff([]string{"a", "b", "begun"}, names(t, w)); diff != "" {
		t.Error(diff)
	}
}

// SQLite takes a whole transaction back when the disk is full. Those who fit in write for themselves then.
func TestAFailureOfTheWholeTransactionIsThatOfOneStepOnly(t *testing.T) {
	w, _ := newWriter(t)
	w.db.SetMaxOpenConns(1) // the limit belongs to a connection
	ctx := t.Context()
	if _, err := w.db.ExecContext(ctx, "PRAGMA max_page_count = 12"); err != nil {
		t.Fatal(err)
	}
	outcomes := together(t, w, nil, insert(ctx, "a"), insert(ctx, strings.Repeat("x", 1<<20)), insert(ctx, "b"))
	if outcomes[0] != nil || !errors.Is(outcomes[1], ErrFull) || outcomes[2] != nil {
		t.Errorf("the outcomes are %v", outcomes)
	}
	if diff := cmp.Diff([]string{"a", "b"}, names(t, w)); diff != "" {
		t.Error(diff)
	}
}

// Invariant 5: nobody is answered before the commit, and one that fails is everybody's.
func TestACommitThatIsLostIsAcknowledgedToNobody(t *testing.T) {
	w, path := newWriter(t)
	ctx := t.Context()
	deletes := want{ctx, func(tx *Tx) error { return errors.Join(insert(ctx, "b").do(tx), os.Remove(path)) }}
	outcomes := together(t, w, nil, insert(ctx, "a"), deletes, insert(ctx, "c"))
	if i := slices.IndexFunc(outcomes, func(err error) bool { return !errors.Is(err, ErrReplaced) }); i >= 0 {
		t.Errorf("outcome %d is %v", i, outcomes[i])
	}
}

func TestWhoWaitsForACommitIsTold(t *testing.T) {
	w, _ := newWriter(t)
	committed := w.file.Committed()
	if err := w.Write(t.Context(), func(*Tx) error { return ErrFull }); !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	select {
	case <-committed:
		t.Error("it is told of what was taken back")
	default:
	}
	if err := w.Write(t.Context(), insert(t.Context(), "a").do); err != nil {
		t.Fatal(err)
	}
	select {
	case <-committed:
	default:
		t.Error("it is not")
	}
}

// A statement is prepared once, also when there is one connection only.
func TestInALongRunEveryStatementIsPrepared(t *testing.T) {
	w, _ := newWriter(t)
	w.db.SetMaxOpenConns(1)
	var first statement
	for i := range 5 {
		if err := w.Write(t.Context(), func(tx *Tx) error {
			err := insert(t.Context(), fmt.Sprint(i)).do(tx)
			now := tx.tx.statements["INSERT INTO names VALUES (?)"]
			if first == nil {
				first = now
			}
			if now == nil || now != first {
				t.Error("it is not")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// SQLite removes the -wal file when the last connection is closed, which one with open statements is not.
func TestStatementsAreClosedWithTheirConnection(t *testing.T) {
	for name, open := range map[string]func(path string) (*sql.DB, error){
		"ours":      func(path string) (*sql.DB, error) { return Open(t.Context(), path) },
		"another's": func(path string) (*sql.DB, error) { return sql.Open("sqlite", dsn(path)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "names.db")
			db, err := open(path)
			if err != nil {
				t.Fatal(err)
			}
			w := NewWriter(db)
			if err := w.Write(t.Context(), func(tx *Tx) error { return tx.command("CREATE TABLE names (name TEXT)") }); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"a", "b"} {
				if err := w.Write(t.Context(), insert(t.Context(), name).do); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := os.Stat(path + "-wal"); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
				t.Error("a connection is still open")
			}
		})
	}
}

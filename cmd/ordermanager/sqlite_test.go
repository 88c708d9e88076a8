package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
)

// newFile returns a sqlite store that does not exist yet.
func newFile(t *testing.T) (store, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "orders.db")
	return "sqlite:" + path, path
}

// execute carries out inputs on a store, each of which must be accepted.
func execute(t *testing.T, store string, inputs ...string) {
	t.Helper()
	code, stdout, stderr := invoke(t, strings.Join(inputs, "\n"), "exec", "--store", store)
	if code != exitAccepted {
		t.Fatalf("exit code %d, stderr %q, stdout:\n%s", code, stderr, stdout)
	}
}

const (
	newOrder1 = `{"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":"ann"}}`
	put1      = `{"action":"put","orderId":"1","requestId":"put-1","body":{"userId":"ann","drink":"Latte","modifiers":[]}}`
	make1     = `{"action":"make","orderId":"1","requestId":"make-1","baristaUserId":"ben"}`
	complete1 = `{"action":"complete","orderId":"1","requestId":"complete-1","baristaUserId":"ben"}`
	newOrder2 = `{"detail-type":"Validator.NewOrder","detail":{"orderId":"2","userId":"cid"}}`
)

func TestExec_goesOnInAFileWhereTheLastRunEnded(t *testing.T) {
	store, _ := newFile(t)
	for _, input := range []string{newOrder1, put1, make1, complete1} {
		execute(t, store, input)
	}
	if got := shown(t, store, "1"); got.State != ordermanager.StateCompleted || got.OrderNumber != "1" || len(got.History) != 5 || got.Owes {
		t.Errorf("got %+v", got)
	}
}

func TestOrders_listsStatesOneAfterAnother(t *testing.T) {
	store, _ := newFile(t)
	execute(t, store, newOrder1, put1, make1, newOrder2)
	for _, c := range []struct {
		args []string
		want []string
		note string
	}{
		{nil, []string{"2 pending", "1 making"}, ""},
		{[]string{"--state", "making"}, []string{"1 making"}, ""},
		{[]string{"--customer", "cid"}, []string{"2 pending"}, ""},
		{[]string{"--customer", "ann", "--state", "pending"}, nil, "no orders\n"},
		{[]string{"--venue", "nowhere"}, nil, "no orders\n"},
		{[]string{"--limit", "1"}, []string{"2 pending"}, "there are more than --limit 1\n"},
		{[]string{"--limit", "2"}, []string{"2 pending", "1 making"}, ""},
		{[]string{"--limit", "0"}, []string{"2 pending", "1 making"}, ""},
	} {
		args := append([]string{"orders", "--store", store}, c.args...)
		code, stdout, stderr := invoke(t, "", append(args, "--json")...)
		var got []string
		for _, line := range lines(t, stdout) {
			got = append(got, line["orderId"].(string)+" "+line["state"].(string))
		}
		if diff := cmp.Diff(c.want, got); diff != "" || code != exitAccepted || stderr != c.note {
			t.Errorf("%v: exit code %d, stderr %q, -want +got:\n%s", c.args, code, stderr, diff)
		}
		_, stdout, _ = invoke(t, "", args...)
		if rows := strings.Count(stdout, "\n"); rows != len(c.want)+min(len(c.want), 1) {
			t.Errorf("%v: %d lines for people:\n%s", c.args, rows, stdout)
		}
	}
}

func TestOrders_alignsColumnsAndQuotesWhatATerminalWouldObey(t *testing.T) {
	var out strings.Builder
	lister := newLister(&out, false)
	for _, o := range []ordermanager.Order{
		{ID: "1", State: ordermanager.StatePending, Customer: "a\tb\x1b[2J"},
		{
			ID: "long-identifier", State: ordermanager.StateMaking, Barista: "ben",
			Drink: &ordermanager.Drink{Name: "Latte", Modifiers: []string{"Oat", "Hot"}},
		},
	} {
		if err := lister.list(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := lister.flush(); err != nil {
		t.Fatal(err)
	}
	want := `ORDER            STATE    NUMBER  CUSTOMER       BARISTA  VENUE  DRINK             CREATED  UPDATED
1                pending  -       "a\tb\x1b[2J"  -        -      -                 -        -
long-identifier  making   -       -              ben      -      Latte (Oat, Hot)  -        -
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestShow_saysHowEachWaitStandsAndWhatIsOwed(t *testing.T) {
	store, _ := newFile(t)
	for _, c := range []struct {
		input         string
		first, second waitStatus
		resume, owes  string
		code          int
	}{
		{newOrder1, waitWaiting, waitNotBegun, "local", "nothing", exitAccepted},
		{put1, waitOwed, waitNotBegun, "none", "the answer to the first wait", exitRefused},
	} {
		if code, _, stderr := invoke(t, c.input, "exec", "--store", store, "--resume", c.resume); code != c.code {
			t.Fatal(stderr)
		}
		got := shown(t, store, "1")
		if got.Waits[0].Status != c.first || got.Waits[1].Status != c.second {
			t.Errorf("after %s: %+v", c.input, got.Waits)
		}
		_, stdout, _ := invoke(t, "", "show", "1", "--store", store)
		if !strings.Contains(stdout, "owes         "+c.owes+"\n") {
			t.Errorf("after %s:\n%s", c.input, stdout)
		}
	}
}

// shown returns what show prints of an order.
func shown(t *testing.T, store, id string) (d details) {
	t.Helper()
	code, stdout, stderr := invoke(t, "", "show", id, "--store", store, "--json")
	if err := json.Unmarshal([]byte(stdout), &d); err != nil || code != exitAccepted {
		t.Fatalf("exit code %d, %v, stderr %q, stdout %q", code, err, stderr, stdout)
	}
	return d
}

func TestShow_ofAnOrderThatIsNotThereIsAClearNo(t *testing.T) {
	store, _ := newFile(t)
	execute(t, store)
	code, stdout, stderr := invoke(t, "", "show", "7", "--store", store)
	if code != exitRefused || stdout != "" ||
		stderr != "ordermanager: there is no order 7 in "+store+"; list them with: ordermanager orders --store "+store+"\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// Invariant 5: what an earlier run left owed is delivered by redrive, and the workflow goes on.
func TestRedrive_deliversWhatWasLeftOwed(t *testing.T) {
	store, _ := newFile(t)
	execute(t, store, newOrder1)
	if code, stdout, _ := invoke(t, put1, "exec", "--store", store, "--resume", "none"); code != exitRefused ||
		!strings.Contains(stdout, `"resume":"pending"`) {
		t.Fatal(code, stdout)
	}
	for _, c := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{
			[]string{"--dry-run"}, exitRefused,
			"order 1, which is pending, owes the answer to the first wait\n1 order owes something; nothing was delivered\n", "",
		},
		{
			[]string{"--resume", "none"}, exitRefused,
			"1 order owed something: 0 answered, 0 whose workflow no longer waits, 0 with events published, 1 still pending\n",
			"order 1: still pending: nothing is resumed (--resume none): will not succeed by being repeated\n",
		},
		{
			nil, exitAccepted,
			"1 order owed something: 1 answered, 0 whose workflow no longer waits, 0 with events published, 0 still pending\n",
			"",
		},
		{nil, exitAccepted, "nothing is owed\n", ""},
		{[]string{"--dry-run"}, exitAccepted, "nothing is owed\n", ""},
	} {
		code, stdout, stderr := invoke(t, "", append([]string{"redrive", "--store", store}, c.args...)...)
		if code != c.code || stdout != c.stdout || stderr != c.stderr {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", c.args, code, stdout, stderr)
		}
	}
	// The workflow was answered, took a number, and waits for completion.
	if got := shown(t, store, "1"); got.OrderNumber != "1" || got.Waits[1].Status != waitWaiting {
		t.Errorf("got %+v", got)
	}
}

func TestWatch_printsEveryChangeOnce(t *testing.T) {
	store, path := newFile(t)
	execute(t, store, newOrder1)
	db, err := sqlitestore.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	opened, err := sqlitestore.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	manager, err := ordermanager.New(opened, ordermanager.NoMenu(), noResumer{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	w := &watcher{manager: manager, known: map[string]ordermanager.Order{}, skipped: newSkippedLog(io.Discard)}
	w.print = func(c change) error {
		_, text, _ := strings.Cut(c.text(), "  ")
		got = append(got, strings.TrimSpace(text))
		return nil
	}
	for i, c := range []struct {
		inputs []string
		want   []string
	}{
		{nil, nil}, // what is there when it begins is no change
		{[]string{put1}, []string{"order 1  put by customer ann", "order 1  waiting_completion by system workflow"}},
		{nil, nil},
		{
			[]string{newOrder2, make1},
			[]string{
				"order 1  make by barista ben: pending → making",
				"order 2  workflow_started by system workflow: pending",
			},
		},
		{[]string{complete1}, []string{"order 1  complete by barista ben: making → completed"}},
		{nil, nil},
		{[]string{`{"action":"cancel","orderId":"2","body":{"userId":"cid"},"reason":"no time"}`}, []string{
			"order 2  cancel by customer cid: pending → cancelled, no time",
		}},
	} {
		execute(t, store, c.inputs...)
		got = nil
		if err := w.look(t.Context(), i == 0); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got, cmp.Transformer("sorted", sorted)); diff != "" {
			t.Errorf("after %v: -want +got:\n%s", c.inputs, diff)
		}
	}
}

func sorted(all []string) map[string]int {
	set := map[string]int{}
	for _, s := range all {
		set[s]++
	}
	return set
}

func TestWatch_saysWhatAProgramWithoutAHistoryChanged(t *testing.T) {
	store := &foreignStore{}
	manager, err := ordermanager.New(store, ordermanager.NoMenu(), noResumer{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	w := &watcher{manager: manager, known: map[string]ordermanager.Order{}, skipped: newSkippedLog(io.Discard)}
	w.print = func(c change) error {
		got = append(got, c.text())
		return nil
	}
	for i, seen := range []struct{ state, listed ordermanager.State }{
		{ordermanager.StatePending, ordermanager.StatePending},
		{ordermanager.StateMaking, ordermanager.StatePending}, // the listing lags behind
		{ordermanager.StateMaking, ordermanager.StateMaking},
		{ordermanager.StateCompleted, ordermanager.StateCompleted},
		{ordermanager.StateCompleted, ordermanager.StateMaking},
		{ordermanager.StateCompleted, ordermanager.StateCompleted},
	} {
		store.order, store.listed = ordermanager.Order{ID: "1", State: seen.state}, seen.listed
		if err := w.look(t.Context(), i == 0); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"  order 1  changed by another program: pending → making\n",
		"  order 1  changed by another program: making → completed\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// foreignStore has one order without a history, which is listed in a state of its own.
type foreignStore struct {
	ordermanager.Store
	order  ordermanager.Order
	listed ordermanager.State
}

func (s *foreignStore) List(_ context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	listed := s.order
	listed.State = s.listed
	if listed.State != q.State {
		return ordermanager.Page{}, nil
	}
	return ordermanager.Page{Orders: []*ordermanager.Order{&listed}}, nil
}

func (s *foreignStore) Get(context.Context, string) (*ordermanager.Order, error) {
	return s.order.Clone(), nil
}

func TestWatch_endsWellWhenItIsInterrupted(t *testing.T) {
	store, _ := newFile(t)
	execute(t, store, newOrder1)
	ctx, interrupt := context.WithCancel(t.Context())
	reader, stderr := io.Pipe()
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"watch", "--store", store, "--interval", "1h"}, nil, io.Discard, stderr)
		_ = stderr.Close()
	}()
	said, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil || said != "watching 1 open order; stop with Ctrl-C\n" {
		t.Errorf("said %q, %v", said, err)
	}
	interrupt()
	if code := <-done; code != exitAccepted {
		t.Errorf("exit code %d", code)
	}
}

// Where the store can tell what changed, nothing is missed, however short it was.
func TestWatch_seesAnOrderThatBeginsAndEndsAtOnce(t *testing.T) {
	store, path := newFile(t)
	execute(t, store, newOrder1)
	ctx, interrupt := context.WithCancel(t.Context())
	said, stderr := io.Pipe()
	printed, stdout := io.Pipe()
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"watch", "--store", store}, nil, stdout, stderr)
		_ = stdout.Close()
	}()
	log, lines := bufio.NewScanner(said), bufio.NewScanner(printed)
	next := func(from *bufio.Scanner) string {
		t.Helper()
		if !from.Scan() {
			t.Fatal("it ended")
		}
		_, text, _ := strings.Cut(from.Text(), "  ")
		return text
	}
	next(log)
	cancel2 := `{"action":"cancel","orderId":"2","body":{"userId":"cid"},"reason":"no time"}`
	execute(t, store, newOrder2, cancel2)
	got := []string{next(lines), next(lines)}
	// What cannot be told is found by looking.
	db, err := sqlitestore.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "DELETE FROM ordermanager_orders WHERE id = '2'"); err != nil {
		t.Fatal(err)
	}
	next(log)
	execute(t, store, put1)
	got = append(got, next(lines))
	if diff := cmp.Diff([]string{
		"order 2  workflow_started by system workflow: pending",
		"order 2  cancel by customer cid: pending → cancelled, no time",
		"order 1  put by customer ann",
	}, got); diff != "" {
		t.Error(diff)
	}
	go func() { _, _ = io.Copy(io.Discard, printed) }()
	interrupt()
	if code := <-done; code != exitAccepted {
		t.Errorf("exit code %d", code)
	}
}

// serve runs the server, and returns its address and what stops it.
func serve(t *testing.T, store string, flags ...string) (url string, stop func()) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	reader, stdout := io.Pipe()
	done := make(chan int)
	go func() {
		done <- run(
			ctx, append([]string{"serve", "--store", store, "--addr", "127.0.0.1:0"}, flags...), nil, stdout, io.Discard,
		)
	}()
	said, err := bufio.NewReader(reader).ReadString('\n')
	_, url, _ = strings.Cut(said, " at ")
	url, _, _ = strings.Cut(url, " ")
	if err != nil || !strings.Contains(said, "demo") || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("said %q, %v", said, err)
	}
	return url, func() {
		interrupt()
		if code := <-done; code != exitAccepted {
			t.Errorf("exit code %d", code)
		}
	}
}

// A page hears of what another program does to the same file, and goes on at another server after its last event.
func TestServe_tellsPagesWhatOthersDo(t *testing.T) {
	store, _ := newFile(t)
	lastID, rereads := "", 0
	listen := func(do func(), until string) {
		t.Helper()
		url, stop := serve(t, store)
		defer stop()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Demo-User", "barista:ben")
		request.Header.Set("Last-Event-ID", lastID)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		do()
		for lines := bufio.NewScanner(response.Body); !strings.Contains(lines.Text(), until); {
			if !lines.Scan() {
				t.Fatalf("the stream ended before %s", until)
			}
			if id, found := strings.CutPrefix(lines.Text(), "id: "); found {
				lastID = id
			}
			if lines.Text() == "event: reread" {
				rereads++
			}
		}
	}
	listen(func() { execute(t, store, newOrder1) }, `"orderId":"1"`)
	execute(t, store, put1) // while nobody listens
	listen(func() {}, `"drink":"Latte"`)
	if rereads != 1 {
		t.Errorf("it was told to read again %d times", rereads)
	}
}

func TestServe_takesAnOrderThroughItsLife(t *testing.T) {
	file, _ := newFile(t)
	for _, store := range []string{"memory", file} {
		t.Run(store[:6], func(t *testing.T) {
			url, stop := serve(t, store)
			for _, c := range []struct {
				method, path, user, body string
				status                   int
			}{
				{"POST", "/demo/orders/1", "", "", http.StatusBadRequest},
				{"POST", "/demo/orders/1?userId=ann", "", "", http.StatusCreated},
				{"POST", "/demo/orders/1?userId=ann", "", "", http.StatusConflict},
				{"PUT", "/orders/1", "", `{"drink":"Latte"}`, http.StatusUnauthorized},
				{"PUT", "/orders/1", "customer:ann", `{"drink":"Latte"}`, http.StatusOK},
				{"PUT", "/orders/1?action=make", "barista:ben", "", http.StatusOK},
				{"PUT", "/orders/1?action=complete", "barista:ben", "", http.StatusOK},
			} {
				request, err := http.NewRequestWithContext(t.Context(), c.method, url+c.path, strings.NewReader(c.body))
				if err != nil {
					t.Fatal(err)
				}
				request.Header.Set("X-Demo-User", c.user)
				if c.body != "" {
					request.Header.Set("Content-Type", "application/json")
				}
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				answer, _ := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if response.StatusCode != c.status {
					t.Errorf("%s %s: %d, want %d: %s", c.method, c.path, response.StatusCode, c.status, answer)
				}
			}
			stop()
		})
	}
	if got := shown(t, file, "1"); got.State != ordermanager.StateCompleted || got.Owes {
		t.Errorf("after the server stopped: %+v", got)
	}
}

func TestServe_namesABusyPortAndMakesNoFile(t *testing.T) {
	store, path := newFile(t)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	addr := listener.Addr().String()
	code, stdout, stderr := invoke(t, "", "serve", "--store", store, "--addr", addr)
	want := "ordermanager: another program listens on " + addr +
		": stop it, or choose another --addr (port 0 is any free one)\n"
	if code != exitFailed || stdout != "" || stderr != want {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file was made: %v", err)
	}
}

func TestFiles_thatCannotBeUsedAreNamedOnOneLine(t *testing.T) {
	for _, c := range []struct {
		about   string
		prepare func(t *testing.T, path string)
		args    []string
		stdin   string
		want    []string
	}{
		{
			about: "no database", prepare: func(t *testing.T, path string) {
				write(
					t, path, strings.Repeat("coffee, not SQL. ", 100),
				)
			},
			args: []string{"orders"}, want: []string{"damaged, or not a database", "restore a backup"},
		},
		{
			about: "damaged", prepare: damage,
			args: []string{"show", "1"}, want: []string{"damaged, or not a database", "restore a backup"},
		},
		{
			about: "of a newer version", prepare: func(t *testing.T, path string) {
				alter(t, path, "UPDATE ordermanager_schema SET version = 99 WHERE component = 'orders'")
			},
			args: []string{"redrive"}, want: []string{"newer version", "99", "use that version"},
		},
		{
			about: "whose workflow is of a newer version", prepare: func(t *testing.T, path string) {
				alter(t, path, "UPDATE ordermanager_schema SET version = 98 WHERE component = 'workflow'")
			},
			args: []string{"serve", "--addr", "127.0.0.1:0"}, want: []string{"newer version", "98", "use that version"},
		},
		{
			about: "a directory", prepare: func(t *testing.T, path string) {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			},
			args: []string{"watch"}, want: []string{"cannot be opened", "check the path"},
		},
		{
			// Half way through the run the table breaks as a full disk or a lost file system would.
			about: "that fails during the run", prepare: func(t *testing.T, path string) {
				alter(t, path, "CREATE TRIGGER full BEFORE UPDATE ON ordermanager_orders BEGIN SELECT RAISE(ABORT, 'no more'); END")
			},
			args: []string{"exec"}, stdin: put1, want: []string{"the store failed", "no more"},
		},
	} {
		t.Run(c.about, func(t *testing.T) {
			store, path := newFile(t)
			execute(t, store, newOrder1)
			c.prepare(t, path)
			code, stdout, stderr := invoke(t, c.stdin, append(c.args, "--store", store)...)
			if code != exitFailed || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			if c.stdin == "" {
				c.want = append(c.want, "file "+path+": ")
			}
			for _, want := range c.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr does not say %q: %s", want, stderr)
				}
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// damage overwrites most of the file.
func damage(t *testing.T, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(data); i++ {
		data[i] = 0xA5
	}
	write(t, path, string(data))
}

// alter carries out a statement on the file.
func alter(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

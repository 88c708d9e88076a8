package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
)

// A start that cannot succeed says what is in its way and what to do, and damages nothing.
func TestRun_saysWhatIsInItsWay(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	dir := t.TempDir()
	damaged := filepath.Join(dir, "damaged.db")
	content := []byte(strings.Repeat("this is a diary and no database\n", 200))
	if err := os.WriteFile(damaged, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"busy port": {
			[]string{"--db", filepath.Join(dir, "a.db"), "--addr", busy.Addr().String()}, "another program listens on",
		},
		"damaged file":        {[]string{"--db", damaged, "--addr", "127.0.0.1:0"}, "damaged, or not a database"},
		"directory is a file": {[]string{"--db", filepath.Join(damaged, "b.db"), "--addr", "127.0.0.1:0"}, "cannot be used"},
		"no directory": {
			[]string{"--db", filepath.Join(dir, "none", "b.db"), "--addr", "127.0.0.1:0"}, "its directory has to exist",
		},
		"unknown argument": {[]string{"please"}, `no argument "please"`},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), time.Minute) // a bar that opens would stay open
			defer stop()
			err := run(ctx, test.args, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("run: %v, want an error with %q", err, test.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "a.db")); err == nil {
		t.Error("a file was made for a bar that could not open")
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Error("a directory was made that nobody asked for")
	}
	if now, err := os.ReadFile(damaged); err != nil || !slices.Equal(now, content) {
		t.Errorf("the damaged file is not as it was: %v", err)
	}
}

func TestExplainFile_namesTheFileAndTheWayOut(t *testing.T) {
	for err, want := range map[error]string{
		sqlitestore.ErrReadOnly:    "may not be written to",
		os.ErrPermission:           "may not be written to",
		sqlitestore.ErrCorrupt:     "--reset",
		sqlitestore.ErrNewerSchema: "newer version",
		sqlitestore.ErrFull:        "disk is full",
		sqlitestore.ErrLocked:      "locked",
		io.ErrUnexpectedEOF:        "unexpected EOF",
	} {
		got := explainFile("bar.db", err)
		if !errors.Is(got, err) || !strings.Contains(got.Error(), want) || !strings.Contains(got.Error(), "bar.db") {
			t.Errorf("%v is explained as %q, which lacks %q", err, got, want)
		}
	}
}

func TestReset_keepsTheOldFileBesideTheNewOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bar.db")
	if err := prepareFile(path, true); err != nil {
		t.Fatalf("the first start: %v", err)
	}
	for _, content := range []string{"first", "second"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".old-wal", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := prepareFile(path, true); err != nil {
			t.Fatal(err)
		}
		if kept, err := os.ReadFile(path + ".old"); err != nil || string(kept) != content {
			t.Errorf("%q was kept as %q, %v", content, kept, err)
		}
		for _, gone := range []string{path, path + ".old-wal"} {
			if _, err := os.Stat(gone); err == nil {
				t.Errorf("%s is still there", gone)
			}
		}
	}
}

// testBar is a bar with demonstration orders and its pages.
func testBar(t *testing.T) (*bar, http.Handler) { return testBarOf(t, "") }

// testBarOf is a bar that works by a life cycle.
func testBarOf(t *testing.T, lifecycle string) (*bar, http.Handler) {
	t.Helper()
	table, err := readTable(lifecycle)
	if err != nil {
		t.Fatal(err)
	}
	b, err := open(t.Context(), settings{
		db: filepath.Join(t.TempDir(), "bar.db"), seed: true,
		drinkTimeout: time.Hour, completionTimeout: time.Hour, shelfTimeout: time.Hour,
	}, table, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	pages, err := newSite(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b, pages
}

// newRequest is a request to the bar by its usual name.
func newRequest(method, path string, body io.Reader) *http.Request {
	request := httptest.NewRequest(method, path, body)
	request.Host = "localhost:8080"
	return request
}

// doorOf is the door that a path is behind.
func doorOf(path string) door { return door(strings.Split(path, "/")[1]) }

// visit sends a request of somebody behind a door.
func visit(pages http.Handler, method, path, name string, form url.Values) *httptest.ResponseRecorder {
	request := newRequest(method, path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if name != "" {
		request.AddCookie(signInCookie(doorOf(path), name))
	}
	return answerOf(pages, request)
}

func answerOf(pages http.Handler, request *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	pages.ServeHTTP(answer, request)
	return answer
}

func TestSite_letsNobodyThroughWithoutASignIn(t *testing.T) {
	_, pages := testBar(t)
	for _, request := range [][2]string{
		{"GET", "/customer"}, {"GET", "/barista"}, {"GET", "/display"}, {"GET", "/manager"},
		{"GET", "/manager/orders/demo-01"}, {"POST", "/barista/orders/demo-23/make"}, {"POST", "/manager/redrive"},
		{"GET", "/customer/api/myOrders"}, {"GET", "/barista/api/events"},
	} {
		if answer := visit(pages, request[0], request[1], "", nil); answer.Code != http.StatusUnauthorized {
			t.Errorf("%s %s: %d", request[0], request[1], answer.Code)
		}
	}
	for _, name := range []string{" ", strings.Repeat("x", 25), "\x00", "a\nb"} {
		answer := visit(pages, http.MethodPost, "/signin", "", url.Values{"door": {"barista"}, "name": {name}})
		if answer.Code != http.StatusUnprocessableEntity || answer.Header().Get("Set-Cookie") != "" {
			t.Errorf("the name %q: %d", name, answer.Code)
		}
	}
	// The demo-21 order is Ada's.
	answer := visit(pages, http.MethodGet, "/customer/orders/demo-21", "Bela", nil)
	if answer.Code != http.StatusForbidden {
		t.Errorf("somebody else's order: %d", answer.Code)
	}
}

func TestDefaultFile_hasItsDirectoryMade(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", filepath.Join(t.TempDir(), "data"))
	if err := prepareFile(defaultFile(), false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(defaultFile())); err != nil {
		t.Error(err)
	}
}

func TestManager_countsOpenOrdersOnce(t *testing.T) {
	_, pages := testBar(t)
	body := visit(pages, http.MethodGet, "/manager", "Lee", nil).Body.String()
	for _, want := range []string{"9 open ·", `Open orders <span class="count">9</span>`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// Who goes on before a page has come has not met with a failure.
func TestSite_callsNoFailureThatACallerWentAway(t *testing.T) {
	for gone, want := range map[bool]bool{true: false, false: true} {
		b, pages := testBar(t)
		var log strings.Builder
		b.log = slog.New(slog.NewTextHandler(&log, nil))
		request := newRequest(http.MethodGet, "/manager", nil)
		request.AddCookie(signInCookie(managerDoor, "Lee"))
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		if gone {
			leave()
		} else {
			b.close() // the file cannot be read
		}
		answerOf(pages, request.WithContext(ctx))
		if got := strings.Contains(log.String(), "page failed"); got != want {
			t.Errorf("gone %t: the log has %q", gone, &log)
		}
	}
}

func TestOrder_endsNoSentenceBeforeItsAge(t *testing.T) {
	_, pages := testBar(t)
	noteEnd := regexp.MustCompile(`(\S)\s*<span class="age">· `)
	for n := range 27 {
		path := fmt.Sprintf("/customer/orders/demo-%02d", n+1)
		body := visit(pages, http.MethodGet, path, seedCustomers[n%len(seedCustomers)], nil).Body.String()
		if end := noteEnd.FindStringSubmatch(body); end == nil || end[1] == "." {
			t.Errorf("%s: %q", path, end)
		}
	}
}

// A button that is pressed again does what it did once: the form carries the version that its reader saw (invariant 6).
func TestButtons_workOnceHoweverOftenTheyArePressed(t *testing.T) {
	b, pages := testBar(t)
	press := func(barista string) *httptest.ResponseRecorder {
		return visit(pages, http.MethodPost, "/barista/orders/demo-23/make", barista, url.Values{"version": {"3"}})
	}
	for _, test := range []struct {
		barista string
		status  int
		said    string
	}{
		{"Mara", http.StatusOK, "Order 23 is yours."},
		{"Mara", http.StatusOK, "Order 23 is yours."},
		{"Noor", http.StatusConflict, "Mara was faster and is making order 23."},
	} {
		answer := press(test.barista)
		if answer.Code != test.status || !strings.Contains(answer.Body.String(), test.said) {
			t.Errorf("%s's: %d, want %d and %q", test.barista, answer.Code, test.status, test.said)
		}
	}
	o, err := b.manager.Order(t.Context(), "demo-23")
	if err != nil || o.Version != 4 || o.Barista != "Mara" {
		t.Errorf("the order has version %d and barista %q (%v)", o.Version, o.Barista, err)
	}
}

func TestSite_refusesFormsOfOtherSites(t *testing.T) {
	_, pages := testBar(t)
	request := newRequest(http.MethodPost, "/manager/shop", strings.NewReader("open=false"))
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	request.AddCookie(signInCookie(managerDoor, "Lee"))
	if answer := answerOf(pages, request); answer.Code != http.StatusForbidden {
		t.Errorf("%d", answer.Code)
	}
}

// The address at which a browser shows the answer to a form leads to the page of the form.
func TestSite_everyAddressOfAFormCanBeLoaded(t *testing.T) {
	_, pages := testBar(t)
	for path, want := range map[string]string{
		"/signin":                         "/",
		"/customer/signout":               "/customer",
		"/customer/orders":                "/customer",
		"/customer/orders/demo-21/put":    "/customer/orders/demo-21",
		"/customer/orders/demo-21/cancel": "/customer/orders/demo-21",
		"/barista/orders/demo-23/make":    "/barista",
		"/barista/orders/demo-23/cancel":  "/barista",
		"/manager/shop":                   "/manager",
		"/manager/menu":                   "/manager",
		"/manager/redrive":                "/manager",
	} {
		answer := visit(pages, http.MethodGet, path, "Ada", nil)
		if got := answer.Header().Get("Location"); answer.Code != http.StatusSeeOther || got != want {
			t.Errorf("%s: %d, to %q", path, answer.Code, got)
		}
	}
	for _, path := range []string{"/nowhere", "/customer/orders/demo-21/dance", "/kitchen/orders"} {
		if answer := visit(pages, http.MethodGet, path, "Ada", nil); answer.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
}

// A sign-in behind one door opens no other, and the visitor is told who they are.
func TestSite_eachDoorHasASignInOfItsOwn(t *testing.T) {
	_, pages := testBar(t)
	for asked := range doors {
		for signedIn := range doors {
			request := newRequest(http.MethodGet, asked.path(), nil)
			request.AddCookie(signInCookie(signedIn, "Ada"))
			answer := answerOf(pages, request)
			switch told := strings.Contains(answer.Body.String(), `<a href="`+signedIn.path()+`">`); {
			case asked == signedIn && answer.Code != http.StatusOK:
				t.Errorf("%s: %d", asked, answer.Code)
			case asked != signedIn && (answer.Code != http.StatusForbidden || !told):
				t.Errorf("%s signed in as %s: %d, told: %v", asked, signedIn, answer.Code, told)
			}
		}
	}
}

// What was switched off stays off when the bar opens again.
func TestMenu_remembersWhatHasRunOut(t *testing.T) {
	b, _ := testBar(t)
	available := func(m *menu) bool {
		found, err := m.Menu(t.Context(), venue)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(found.Items, func(item ordermanager.MenuItem) bool { return item.Drink == "Latte" })
		return !found.Items[at].SoldOut
	}
	for _, want := range []bool{false, true} {
		if err := b.menu.setAvailable(t.Context(), "Latte", want); err != nil {
			t.Fatal(err)
		}
		reopened, err := openMenu(t.Context(), b.db)
		if err != nil {
			t.Fatal(err)
		}
		if available(b.menu) != want || available(reopened) != want {
			t.Errorf("the Latte is available: %v, and after reopening %v; want %v", available(b.menu), available(reopened), want)
		}
	}
}

// The diagram has a name for every line of the table, and no other.
func TestDiagram_showsTheTable(t *testing.T) {
	for _, lifecycle := range []ordermanager.Lifecycle{
		ordermanager.StandardLifecycle(), ordermanager.ServerlesspressoLifecycle(), ownTable(t).Lifecycle,
	} {
		var want, got []string
		for _, rule := range lifecycle.Rules() {
			for range rule.From {
				want = append(want, spoken(rule.Action))
			}
		}
		for _, n := range draw(lifecycle, func(ordermanager.State) int { return 0 }).Names {
			got = append(got, n.Text)
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
	}
}

// The counts follow the transitions, and of the orders that ended last each is there once, whenever news of it comes.
func TestBoard_forgetsNothingAndCountsNothingTwice(t *testing.T) {
	b, at := newBoard(ownTable(t)), time.Now()
	order := func(id string, state ordermanager.State, version int) ordermanager.Order {
		return ordermanager.Order{ID: id, State: state, Version: version, CreatedAt: at, UpdatedAt: at}
	}
	for _, version := range []int{2, 1, 4, 3, 5, 5, 4} { // some of it late, and some twice
		states := []ordermanager.State{
			ordermanager.StatePending, ordermanager.StatePending, ordermanager.StateMaking, stateReady,
			ordermanager.StateCompleted,
		}
		b.see(order("1", states[version-1], version))
	}
	if len(b.ended) != 1 || b.ended[0].Version != 5 {
		t.Errorf("ended: %v", b.ended)
	}
	const many = recalled + 5
	for range 2 { // all of it once more, what it has forgotten too
		for i := range many {
			ended := order(fmt.Sprint("ended ", i), ordermanager.StateCancelled, 2)
			ended.CreatedAt = at.Add(time.Duration(i+1) * time.Second)
			ended.UpdatedAt = ended.CreatedAt
			b.see(ended)
		}
	}
	want := map[ordermanager.State]int{"pending": 0, "ready": 0, "completed": 1, "cancelled": many}
	if diff := cmp.Diff(want, b.counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	latest := b.latest(b.table.Terminal, 2)
	if len(latest) != 2 || latest[0].ID != fmt.Sprint("ended ", many-1) || len(b.ended) != remembered {
		t.Errorf("latest: %v, %d remembered", latest, len(b.ended))
	}
}

// A command on the bar's file, for instance, is another program.
func TestPages_hearWhatAnotherProgramChanges(t *testing.T) {
	b, pages := testBar(t)
	var number int
	var name, path string
	if err := b.db.QueryRowContext(t.Context(), "PRAGMA database_list").Scan(&number, &name, &path); err != nil {
		t.Fatal(err)
	}
	db, err := sqlitestore.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	store, err := sqlitestore.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	options := &ordermanager.Options{Lifecycle: b.table.Lifecycle}
	other, err := ordermanager.New(store, ordermanager.NoMenu(), b.workflow, options)
	if err != nil {
		t.Fatal(err)
	}
	cancel := func(id string) {
		t.Helper()
		request := ordermanager.Request{OrderID: id, Actor: ordermanager.Barista("Mara"), Action: ordermanager.ActionCancel}
		if _, err := other.Handle(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	cancel("demo-23") // while nobody listens

	server := httptest.NewServer(pages)
	defer server.Close()
	defer b.feed.Close() // the server waits for its streams
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/barista/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.AddCookie(signInCookie(baristaDoor, "Mara"))
	stream, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Body.Close() }()
	lines := bufio.NewScanner(stream.Body)
	hear := func(part string, cancelled int) {
		t.Helper()
		for !strings.Contains(lines.Text(), part) {
			if !lines.Scan() {
				t.Fatal("the stream ended")
			}
		}
		if got := b.board.count(ordermanager.StateCancelled); got != cancelled {
			t.Errorf("when a page hears of %q, the board counts %d cancelled orders, not %d", part, got, cancelled)
		}
	}
	hear("reread", 3)
	cancel("demo-24")
	hear("demo-24", 4)
	latest := b.board.latest(b.table.Terminal, 1)
	if len(latest) != 1 || latest[0].ID != "demo-24" || len(latest[0].History) == 0 {
		t.Errorf("the latest is %+v", latest)
	}
}

func TestSpan_isReadByPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 59 * time.Second: "59 s", 61 * time.Second: "1 min", 3725 * time.Second: "1 h 2 min",
		49 * time.Hour: "2 d",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

// The bar opens, answers, and stops when it is told to, open streams or not.
func TestServe_stopsGracefully(t *testing.T) {
	b, _ := testBar(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.serve(ctx, listener, nil) }()
	request, err := http.NewRequest(http.MethodGet, "http://"+listener.Addr().String()+"/barista/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.AddCookie(signInCookie(baristaDoor, "Mara"))
	stream, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Body.Close() }()
	stop()
	if _, err := io.Copy(io.Discard, stream.Body); err != nil {
		t.Errorf("the stream did not end properly: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve: %v", err)
	}
}

package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
)

// The tables of these tests, beside the bar's own.
const (
	standardTable = "testdata/standard.json"
	pickupTable   = "../pickup/lifecycle.json"
)

func ownTable(t *testing.T) table {
	t.Helper()
	own, err := readTable("")
	if err != nil {
		t.Fatal(err)
	}
	return own
}

func mustStore(t testing.TB, b *bar) *sqlitestore.Store {
	t.Helper()
	store, err := sqlitestore.New(t.Context(), b.db)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestTable_theFileOfTheStandardOneIsTheStandardOne(t *testing.T) {
	got, err := os.ReadFile(standardTable)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.MarshalIndent(ordermanager.StandardLifecycle(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want)+"\n", string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", standardTable, diff)
	}
}

// A table that cannot be used is refused before anything is made, and what is wrong is said.
func TestTable_isRefusedWithWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(name, from, to string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(lifecycleJSON), from, to)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "nowhere"):                   "nowhere",
		write("typo", `"to": "ready"`, `"to": "raedy"`): "raedy",
		write("text", `{`, ``):                          "JSON",
		write("put", `"put"`, `"choose"`):               "without the action put",
	} {
		db := filepath.Join(dir, "bar.db")
		err := run(t.Context(), []string{"--lifecycle", path, "--db", db, "--addr", "127.0.0.1:0"}, os.Stderr, os.Stderr)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
		if _, err := os.Stat(db); err == nil {
			t.Fatalf("%s: a file was made", path)
		}
	}
}

// Seeding uses the same rules as everybody, so the board, the workflow and the pages agree about it, whatever the
// table is; and it happens once.
func TestSeed_makesOrdersInEveryState(t *testing.T) {
	for lifecycle, want := range map[string]map[ordermanager.State]int{
		"":            {"pending": 5, "making": 2, "ready": 2, "completed": 16, "cancelled": 2},
		standardTable: {"pending": 5, "making": 2, "completed": 18, "cancelled": 2},
		pickupTable:   {"pending": 5, "making": 2, "ready": 2, "collected": 16, "cancelled": 2},
	} {
		t.Run(filepath.Base(lifecycle), func(t *testing.T) {
			b, pages := testBarOf(t, lifecycle)
			if diff := cmp.Diff(want, b.board.counts); diff != "" {
				t.Errorf("the board (-want +got):\n%s", diff)
			}
			if err := seed(t.Context(), b.db, mustStore(t, b), b.menu, b.table, settings{}); err != nil {
				t.Errorf("seeding again: %v", err)
			}
			for _, path := range []string{"/customer", "/barista", "/display", "/manager", "/manager/orders/demo-03"} {
				if answer := visit(pages, http.MethodGet, path, "Ada", nil); answer.Code != http.StatusOK {
					t.Errorf("%s: %d", path, answer.Code)
				}
			}
		})
	}
}

func TestSeed_keepsToTheSettings(t *testing.T) {
	lifecycle, err := readTable("")
	if err != nil {
		t.Fatal(err)
	}
	for _, within := range []time.Duration{time.Second, 15 * time.Minute, 2 * time.Hour} {
		b, err := open(t.Context(), settings{
			db: filepath.Join(t.TempDir(), "bar.db"), seed: true,
			drinkTimeout: within, completionTimeout: within, shelfTimeout: time.Hour,
		}, lifecycle, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatalf("within %s: %v", within, err)
		}
		t.Cleanup(b.close)
		status, err := b.workflow.Status(t.Context(), "demo-27")
		left := time.Until(status.Deadline)
		if err != nil || status.Deadline.IsZero() || left > within || left < within-10*time.Minute {
			t.Errorf("within %s: %s are left, %v", within, left, err)
		}
	}
}

// The board has a column for every state of orders that have not ended. The standard table looks as it always has.
func TestBoard_hasAColumnForEveryOpenState(t *testing.T) {
	hold := filepath.Join(t.TempDir(), "hold.json")
	data, err := json.Marshal(ordermanager.StandardLifecycle().
		WithStates(ordermanager.StateRule{State: "on_hold"}).
		With(
			ordermanager.Rule{Action: "hold", From: []ordermanager.State{"pending"}, To: "on_hold"},
			ordermanager.Rule{Action: "go_on", From: []ordermanager.State{"on_hold"}, To: "pending"},
			ordermanager.Rule{Action: "timed_out", From: []ordermanager.State{"pending", "making", "on_hold"}, To: "cancelled"},
		))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hold, data, 0o600); err != nil {
		t.Fatal(err)
	}
	title := regexp.MustCompile(`<h2 id="h-[^>]*>([^<]*?) *<`)
	for lifecycle, want := range map[string]map[string][]string{
		standardTable: {"/barista": {"Queue", "Mine", "Pick-up"}, "/display": {"Ready", "Being made", "In the queue"}},
		"":            {"/barista": {"Queue", "Mine", "Pick-up"}, "/display": {"Ready", "Being made", "In the queue"}},
		hold: {
			"/barista": {"Queue", "Mine", "On hold", "Pick-up"},
			"/display": {"Ready", "On hold", "Being made", "In the queue"},
		},
	} {
		_, pages := testBarOf(t, lifecycle)
		for path, want := range want {
			var got []string
			page := visit(pages, http.MethodGet, path, "Mara", nil).Body.String()
			for _, found := range title.FindAllStringSubmatch(page, -1) {
				got = append(got, found[1])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s of %q (-want +got):\n%s", path, lifecycle, diff)
			}
		}
	}
}

// Whoever the table lets act on an order finds a button for it, and nobody finds another.
func TestPages_offerWhatTheTableOffers(t *testing.T) {
	button := regexp.MustCompile(`<form[^>]* action="/(?:barista|customer)/orders/([^/]*)/([^"]*)"`)
	offered := func(pages http.Handler, path, name, order string) map[string]bool {
		found := map[string]bool{}
		for _, form := range button.FindAllStringSubmatch(visit(pages, http.MethodGet, path, name, nil).Body.String(), -1) {
			if form[1] == order {
				found[form[2]] = true
			}
		}
		return found
	}
	b, pages := testBarOf(t, pickupTable)
	for _, test := range []struct {
		door, order, name string
		want              []string
	}{
		{"barista", "demo-23", "Mara", []string{"make", "cancel"}},
		{"barista", "demo-21", "Oskar", []string{"finish", "unmake", "cancel"}},
		{"barista", "demo-21", "Mara", nil},
		{"barista", "demo-19", "Mara", []string{"collect", "give_up"}},
		{"customer", "demo-19", "", []string{"collect"}},
		{"customer", "demo-21", "", []string{"cancel"}},
		{"customer", "demo-03", "", nil},
	} {
		path := "/" + test.door
		if test.door == "customer" {
			o, err := b.manager.Order(t.Context(), test.order)
			if err != nil {
				t.Fatal(err)
			}
			path, test.name = path+"/orders/"+test.order, o.Customer
		}
		want := map[string]bool{}
		for _, action := range test.want {
			want[action] = true
		}
		if diff := cmp.Diff(want, offered(pages, path, test.name, test.order)); diff != "" {
			t.Errorf("%s as %s, of %s (-want +got):\n%s", path, test.name, test.order, diff)
		}
	}
}

// An order goes its way by the forms of the pages, and each station is called by its name.
func TestPages_leadAnOrderThroughATableOfItsOwn(t *testing.T) {
	b, pages := testBarOf(t, pickupTable)
	steps := func() string {
		o, err := b.manager.Order(t.Context(), "demo-23")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range b.table.steps(&o) {
			switch {
			case s.Now:
				names = append(names, "["+s.Name+"]")
			case s.Failed:
				names = append(names, "("+s.Name+")")
			case s.Done:
				names = append(names, s.Name)
			}
		}
		return strings.Join(names, ", ")
	}
	o, err := b.manager.Order(t.Context(), "demo-23")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ door, name, action, said, stands string }{
		{"barista", "Mara", "make", "Order 23 is yours.", "Choose a drink, In the queue, [Being made]"},
		{"barista", "Mara", "finish", "Order 23 is ready.", "Choose a drink, In the queue, Being made, [Ready]"},
		{
			"barista", "Noor", "give_up", "Order 23 has not been collected.",
			"Choose a drink, In the queue, Being made, (Ready)",
		},
		{"customer", o.Customer, "collect", "Too late: order 23 has not been collected.", ""},
	} {
		answer := visit(pages, http.MethodPost, "/"+test.door+"/orders/demo-23/"+test.action, test.name, url.Values{})
		if !strings.Contains(answer.Body.String(), test.said) {
			t.Errorf("%s: %d, without %q", test.action, answer.Code, test.said)
		}
		if got := steps(); test.stands != "" && got != test.stands {
			t.Errorf("after %s: %s", test.action, got)
		}
	}
}

// An order in a state that the table does not have is shown where it can be, and stops nothing.
func TestTable_ordersOfAnotherOneStopNothing(t *testing.T) {
	b, _ := testBarOf(t, pickupTable)
	b.table = ownTable(t) // which has no state collected
	b.board = newBoard(b.table)
	var err error
	b.manager, err = ordermanager.New(b.board.store(mustStore(t, b)), b.menu, b.workflow,
		&ordermanager.Options{Lifecycle: b.table.Lifecycle})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.fillBoard(t.Context(), mustStore(t, b)); err != nil {
		t.Fatal(err)
	}
	pages, err := newSite(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := b.manager.Order(t.Context(), "demo-03")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/customer", "/customer/orders/demo-03", "/barista", "/display", "/manager", "/manager/orders/demo-03",
	} {
		if answer := visit(pages, http.MethodGet, path, o.Customer, nil); answer.Code != http.StatusOK {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
	answer := visit(pages, http.MethodPost, "/barista/orders/demo-03/collect", "Mara", nil)
	if answer.Code != http.StatusConflict || !strings.Contains(answer.Body.String(), "life cycle has changed") {
		t.Errorf("collecting it: %d", answer.Code)
	}
}

// What nobody collects does not stand for ever, and what was put there just now stays.
func TestShelf_isClearedOfWhatHasStoodTooLong(t *testing.T) {
	b, _ := testBar(t)
	stands := func(when string, want int) {
		b.clearShelf(t.Context())
		if got := b.board.count(stateReady); got != want {
			t.Errorf("%s %d are on the shelf, want %d", when, got, want)
		}
	}
	stands("when they are new", 2)
	b.shelfTimeout = -time.Second
	stands("when they are old", 0)
	if got := b.board.count(stateNoShow); got != 2 {
		t.Errorf("%d were cleared away", got)
	}
	o, err := b.manager.Order(t.Context(), "demo-19")
	if err != nil || o.State != stateNoShow || o.History[len(o.History)-1].Actor.Role != ordermanager.RoleSystem {
		t.Errorf("the order is %s (%v)", o.State, err)
	}
}

// Without a shelf, what is ready is shown for as long as it would stand there.
func TestPickUp_showsOnlyWhatWasMadeJustNow(t *testing.T) {
	b, pages := testBarOf(t, standardTable)
	for timeout, want := range map[time.Duration]bool{time.Hour: true, -time.Second: false} {
		b.shelfTimeout = timeout
		for path, card := range map[string]string{"/barista": `id="order-demo-20"`, "/display": `id="shown-demo-20"`} {
			page := visit(pages, http.MethodGet, path, "Mara", nil).Body.String()
			if got := strings.Contains(page, card); got != want {
				t.Errorf("%s shows it after %v: %v", path, timeout, got)
			}
		}
	}
}

// An order for which no drink has been chosen cannot be made, and is nobody's business yet.
func TestQueue_hasNoOrderWithoutADrink(t *testing.T) {
	_, pages := testBar(t)
	answer := visit(pages, http.MethodPost, "/customer/orders", "Zoe", url.Values{"order": {"new"}})
	if answer.Code != http.StatusSeeOther {
		t.Fatalf("beginning an order: %d", answer.Code)
	}
	for _, path := range []string{"/barista", "/display"} {
		if strings.Contains(visit(pages, http.MethodGet, path, "Mara", nil).Body.String(), "Zoe") {
			t.Errorf("%s shows it", path)
		}
	}
}

// One order that cannot be read is missing from the pages, and stops neither them nor the bar from opening.
func TestPages_passOverAnOrderThatCannotBeRead(t *testing.T) {
	b, pages := testBar(t)
	for _, id := range []string{"demo-11", "demo-22", "demo-25"} { // ended, being made, in the queue
		_, err := b.db.ExecContext(t.Context(), "UPDATE ordermanager_orders SET history = 'no JSON' WHERE id = ?", id)
		if err != nil {
			t.Fatal(err)
		}
	}
	b.board = newBoard(b.table)
	if err := b.fillBoard(t.Context(), mustStore(t, b)); err != nil {
		t.Errorf("opening: %v", err)
	}
	for path, shown := range map[string]string{
		"/customer": "demo-21", "/barista": "demo-24", "/display": "demo-26", "/manager": "demo-18",
	} {
		answer := visit(pages, http.MethodGet, path, "Ada", nil)
		if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), shown) {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
	if answer := visit(pages, http.MethodGet, "/customer", "Ada", nil); strings.Contains(answer.Body.String(), "demo-11") {
		t.Error("an order that cannot be read is shown")
	}
}

func TestNewest_beginsWithTheNewest(t *testing.T) {
	b, _ := testBar(t)
	orders, err := b.newest(t.Context(), ordermanager.Query{Customer: "Ada"}, 2)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range orders {
		got = append(got, o.ID)
	}
	if diff := cmp.Diff([]string{"demo-21", "demo-11"}, got); diff != "" {
		t.Errorf("Ada's latest two (-want +got):\n%s", diff)
	}
}

// An order waits from the choice of its drink until the last claim, and is made until it is ready, however long it then
// stands.
func TestChart_measuresWaitingAndMaking(t *testing.T) {
	at := time.Now()
	var o ordermanager.Order
	for _, e := range []struct {
		action   ordermanager.Action
		from, to ordermanager.State
		minute   int
	}{
		{"workflow_started", "", "pending", 0}, {"put", "pending", "pending", 1}, {"make", "pending", "making", 2},
		{"unmake", "making", "pending", 3}, {"make", "pending", "making", 5}, {"complete", "making", "ready", 12},
		{"collect", "ready", "completed", 50},
	} {
		o.History = append(o.History, ordermanager.Entry{
			Action: e.action, From: e.from, To: e.to, At: at.Add(time.Duration(e.minute) * time.Minute),
		})
	}
	if got := ownTable(t).measure(o); got.waited != 4*time.Minute || got.made != 7*time.Minute {
		t.Errorf("it waited %v and was made in %v", got.waited, got.made)
	}
}

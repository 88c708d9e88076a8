package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
)

// What a person at a terminal meets.

// ending is an input that is interrupted in the instant in which it ends.
type ending struct {
	inputs    io.Reader
	interrupt context.CancelFunc
}

func (e ending) Read(p []byte) (int, error) {
	n, err := e.inputs.Read(p)
	if errors.Is(err, io.EOF) {
		e.interrupt()
	}
	return n, err
}

func TestExec_thatIsInterruptedAlwaysSaysHowMuchWasCarriedOut(t *testing.T) {
	for range 50 {
		ctx, interrupt := context.WithCancel(t.Context())
		var stdout, stderr bytes.Buffer
		code := run(
			ctx, []string{"exec"}, ending{strings.NewReader(newOrder1 + "\n" + put1 + "\n"), interrupt}, &stdout, &stderr,
		)
		printed := strings.Count(stdout.String(), "\n")
		want := fmt.Sprintf(
			"ordermanager: interrupted: %s carried out, as printed; run it again with what follows\n",
			count(printed, "input was", "inputs were"),
		)
		if printed == 0 {
			want = "ordermanager: interrupted: no input was carried out; run it again\n"
		}
		if code != exitFailed || stderr.String() != want {
			t.Fatalf("exit code %d after %d inputs, stderr %q", code, printed, &stderr)
		}
	}
}

func TestCommands_thatAreInterruptedSaySo(t *testing.T) {
	store, _ := newFile(t)
	execute(t, store, newOrder1)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	for _, command := range [][]string{{"orders"}, {"show", "1"}, {"stats"}, {"redrive"}} {
		var stdout, stderr bytes.Buffer
		code := run(ctx, append(command, "--store", store), nil, &stdout, &stderr)
		if code != exitFailed || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "ordermanager: interrupted") {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", command, code, &stdout, &stderr)
		}
	}
}

func TestJSON_printsNothingThatATerminalWouldObey(t *testing.T) {
	given := "Ünïcode ☕ 𝄞\u009b31m\u007f\u202e\u2028\U000e0001 \x1b[2J"
	var out bytes.Buffer
	if err := encoder(&out).Encode(given); err != nil {
		t.Fatal(err)
	}
	want := `"Ünïcode ☕ 𝄞\u009b31m\u007f\u202e\u2028\udb40\udc01 \u001b[2J"` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var got string
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got != given {
		t.Errorf("read back as %q, %v", got, err)
	}
}

func TestOutput_isChosenTheSameWayEverywhere(t *testing.T) {
	store, _ := newFile(t)
	execute(t, store, newOrder1, put1)
	for _, command := range [][]string{{"orders"}, {"show", "1"}, {"stats"}, {"redrive"}, {"exec"}} {
		for flags, inJSON := range map[string]bool{"--output json": true, "--json": true, "--output table": false} {
			args := append(append(command, "--store", store), strings.Fields(flags)...)
			code, stdout, stderr := invoke(t, make1, args...)
			if code != exitAccepted || stdout == "" || json.Valid([]byte(stdout)) != inJSON {
				t.Errorf("%v: exit code %d, stderr %q, stdout %q", args, code, stderr, stdout)
			}
		}
	}
}

func TestExec_printsSentencesForPeople(t *testing.T) {
	_, stdout, _ := invoke(t, strings.Join(
		[]string{newOrder1, put1, put1, make1, `{"action":"make","orderId":"1","baristaUserId":"cid"}`, "7"}, "\n",
	),
		"exec", "--output", "table")
	want := `1  new_order: order 1 is pending
2  put: order 1 is pending; its workflow goes on
3  put: order 1 is pending, and was before
4  make: order 1 is making
5  refused, claimed: cannot make order 1, which is making: another barista holds the order (ben); the state of the order does not allow this
6  refused, invalid_request: invalid request: request is not a JSON object
`
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestShow_drawsTheLifeOnEightyColumns(t *testing.T) {
	at := func(clock string) time.Time {
		t.Helper()
		moment, err := time.Parse(time.DateTime, clock)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	pending, making := ordermanager.StatePending, ordermanager.StateMaking
	order := ordermanager.Order{
		ID: "1", Customer: "ann", Barista: "ben", Number: "7", State: making, Version: 4,
		Drink:     &ordermanager.Drink{Name: "Cappuccino", Modifiers: []string{"Oat"}},
		CreatedAt: at("2026-03-01 23:59:58"), UpdatedAt: at("2026-03-02 00:02:05"),
		History: []ordermanager.Entry{
			{Action: "workflow_started", To: pending, Actor: ordermanager.System("workflow"), At: at("2026-03-01 23:59:58")},
			{
				Action: "put", From: pending, To: pending, Actor: ordermanager.Customer("ann"),
				At: at("2026-03-01 23:59:58").Add(125 * time.Millisecond),
			},
			{
				Action: "make", From: pending, To: making, Actor: ordermanager.Barista(strings.Repeat("b", 60)),
				At: at("2026-03-02 00:00:05"),
			},
			{
				Action: "note", From: making, To: making, Actor: ordermanager.Admin("eve"), At: at("2026-03-02 00:02:05"),
				Reason: "ran\nout of milk",
			},
		},
	}
	d := detailsOf(&order)
	var out strings.Builder
	if err := d.print(&out, at("2026-03-02 01:02:06")); err != nil {
		t.Fatal(err)
	}
	_, life, _ := strings.Cut(out.String(), "\n\n")
	want := `2026-03-01 UTC
23:59:58           ● pending  workflow_started by system workflow
23:59:58    +125ms │ pending  put by customer ann
2026-03-02 UTC
00:00:05       +7s ● making   make by barista
                              bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
                              bbbbbbbbbb
00:02:05     +2m0s │ making   note by admin eve: "ran\nout of milk"
01:02:06   +1h0m1s ○ making   now
`
	if diff := cmp.Diff(want, life); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	order.ID, order.Reason = strings.Repeat("i", ordermanager.MaxIDBytes), strings.Repeat("because ", 100)
	d = detailsOf(&order)
	out.Reset()
	if err := d.print(&out, at("2026-03-02 01:02:06")); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if width := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width > 80 {
			t.Errorf("%d columns: %s", width, line)
		}
	}
}

func TestStats_countsWhatIsOpenOwedAndStuck(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	store, clock := memory.NewStore(), noon.Add(-time.Hour)
	resumer := &memory.Resumer{}
	manager, err := ordermanager.New(store, ordermanager.StaticMenu(ordermanager.Menu{
		Items: []ordermanager.MenuItem{{Drink: "Latte"}},
	}),
		resumer, &ordermanager.Options{Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	begin := func(id, venue string) {
		t.Helper()
		if _, err := manager.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
			OrderID: id, Customer: "ann", Venue: venue, Token: ordermanager.NewTaskToken(id), At: clock,
		}); err != nil {
			t.Fatal(err)
		}
	}
	begin("stuck", "NYC")
	clock = noon.Add(-10 * time.Minute)
	begin("owing", "NYC")
	begin("elsewhere", "LON")
	clock = noon.Add(-5 * time.Minute)
	resumer.Hook = func(string, string, bool) error { return errors.New("no network") }
	if _, err := manager.Cancel(
		t.Context(), ordermanager.Request{OrderID: "owing", Actor: ordermanager.Customer("ann")},
	); err != nil {
		t.Fatal(err)
	}
	c := statsCommand{Venue: "NYC", StuckAfter: 20 * time.Minute}
	got, err := c.count(t.Context(), manager, noon, newSkippedLog(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	want := stats{
		At: noon,
		Open: []stateTally{
			{ordermanager.StatePending, tally{1, noon.Add(-time.Hour)}},
			{State: ordermanager.StateMaking},
		},
		Owing: tally{1, noon.Add(-5 * time.Minute)},
		Stuck: tally{1, noon.Add(-time.Hour)},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(stateTally{}, stats{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var out strings.Builder
	if err := c.print(&out, got); err != nil {
		t.Fatal(err)
	}
	page := `ORDERS   COUNT  OLDEST  SINCE
pending  1      1h0m0s  2026-03-01T11:00:00Z
making   0      -       -
owing    1      5m0s    2026-03-01T11:55:00Z
stuck    1      1h0m0s  2026-03-01T11:00:00Z
`
	if diff := cmp.Diff(page, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestStats_countsUntilItIsInterrupted(t *testing.T) {
	store, _ := newFile(t)
	execute(t, store, newOrder1)
	ctx, interrupt := context.WithCancel(t.Context())
	var lines int
	code := run(ctx, []string{
		"stats", "--store", store, "--watch", "--interval", "1ms", "--json",
	}, nil, writerFunc(func(p []byte) (int, error) {
		if lines++; lines == 3 {
			interrupt()
		}
		return len(p), nil
	}), io.Discard)
	if code != exitAccepted || lines < 3 {
		t.Errorf("exit code %d after %d lines", code, lines)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestRedrive_changesOneLineOnATerminalAndAddsLinesElsewhere(t *testing.T) {
	owing := ordermanager.Receipt{Order: ordermanager.Order{ID: "1"}, Pending: errors.New("no\nnetwork")}
	for live, want := range map[bool]string{
		true:  "\r\x1b[Korder 1: still pending: no; network\n\r\x1b[K1 order so far, 1 still pending, 0.2 orders a second\r\x1b[K",
		false: "order 1: still pending: no; network\n1 order so far, 1 still pending, 0.2 orders a second\n",
	} {
		var out strings.Builder
		p := newProgress(&out, eventsFlag{})
		p.live, p.begun, p.last = live, p.begun.Add(-6*time.Second), p.last.Add(-6*time.Second)
		p.visited(owing)
		p.end()
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("live %v: -want +got:\n%s", live, diff)
		}
	}
}

func TestComplete_suggestsWhatCanComeNext(t *testing.T) {
	for words, want := range map[string]string{
		"":                            "exec orders show watch stats redrive repair serve table lifecycle menu schema copy diagram completion help",
		"re":                          "redrive repair",
		"table ":                      "create check add-index migrate",
		"table ch":                    "check",
		"orders --st":                 "--store --state",
		"orders --layout ":            "native workshop core",
		"orders --store x --layout w": "workshop",
		"orders --json --output ":     "table json",
		"orders --output=":            "--output=table --output=json",
		"orders --output=j":           "--output=json",
		"orders --nonsense=":          "",
		"help re":                     "redrive repair",
		"help table c":                "create check",
		"completion ":                 "bash zsh fish",
		"exec ":                       "",
		"orders --store ":             "",
		"nonsense --":                 "--help --version",
	} {
		_, stdout, _ := invoke(t, "", append([]string{completeWord}, strings.Split(words, " ")...)...)
		var got []string
		for line := range strings.Lines(stdout) {
			word, help, tab := strings.Cut(line, "\t")
			if got = append(got, word); !tab ||
				len(help) == 1 && strings.HasPrefix(word, "--") && !strings.Contains(word, "=") {
				t.Errorf("%q: a line without what it means: %q", words, line)
			}
		}
		if diff := cmp.Diff(strings.Fields(want), got, cmp.Transformer("set", sorted)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", words, diff)
		}
	}
}

// The scripts of the shells that this machine has are read by them. bash is everywhere.
func TestCompletion_isAScriptThatTheShellReads(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, script, _ := invoke(t, "", "completion", shell)
		if code != exitAccepted || !strings.Contains(script, "ordermanager __complete") {
			t.Errorf("%s: exit code %d, script %q", shell, code, script)
		}
		if _, err := exec.LookPath(shell); err != nil {
			continue
		}
		command := exec.CommandContext(t.Context(), shell, "-n")
		command.Stdin = strings.NewReader(script)
		if said, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %v, %s", shell, err, said)
		}
	}
}

// bash hands a script the parts of sqlite:FILE and of --output=json, and replaces the last part with what it answers.
func TestCompletion_joinsWhatBashSplits(t *testing.T) {
	_, script, _ := invoke(t, "", "completion", "bash")
	for line, want := range map[string]string{
		`ordermanager st`: "st| stX",
		`ordermanager show --store sqlite : shop.db ''`:                 "show|--store|sqlite:shop.db|| X",
		`ordermanager show --store sqlite : ./shop.db`:                  "show|--store|sqlite:./shop.db| ./shop.dbX",
		`ordermanager show --store sqlite :`:                            "show|--store|sqlite:| X",
		`ordermanager copy postgres : //u @ host : 5432/db?a = b 'x y'`: "copy|postgres://u@host:5432/db?a=b|x y| x yX",
		`ordermanager stats --output =`:                                 "stats|--output=| X",
		`ordermanager stats --output = j`:                               "stats|--output=j| jX",
		`ordermanager stats --output=j`:                                 "stats|--output=j| --output=jX", // with other COMP_WORDBREAKS
	} {
		// This program shows what it is asked, and completes the last word with an X.
		command := exec.CommandContext(t.Context(), "bash", "-c", script+`
			ordermanager() { shift; printf '%s|' "$@" >&3; printf '%sX\t\n' "${@: -1}"; }
			COMP_WORDS=(`+line+`) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			_ordermanager 3>&1
			printf ' %s' "${COMPREPLY[@]}"`)
		got, err := command.CombinedOutput()
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", line, got, err, want)
		}
	}
}

func TestServe_believesATokenHoweverItsSchemeIsWritten(t *testing.T) {
	claims := "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"ann"}`)) + "."
	for _, scheme := range []string{"Bearer", "bearer", "BEARER"} {
		r := httptest.NewRequest(http.MethodGet, "/workshop/orders", nil)
		r.Header.Set("Authorization", scheme+" "+claims)
		if got, err := demoIdentity(r); err != nil || got != ordermanager.Customer("ann") {
			t.Errorf("%s: %+v, %v", scheme, got, err)
		}
	}
}

func TestServe_refusesWhatAPageOfAnotherSiteSends(t *testing.T) {
	manager, err := ordermanager.New(memory.NewStore(), ordermanager.NoMenu(), &memory.Resumer{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpapi.New(manager, ordermanager.NoMenu(), nil)
	if err != nil {
		t.Fatal(err)
	}
	handler := ownPagesOnly(
		"coffee.local:8080", api,
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }),
	)
	app := httptest.NewRequest(http.MethodPut, "/workshop/orders/1", nil)
	app.Host = "localhost"
	app.Header.Set("Sec-Fetch-Site", "same-site")
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, app); w.Code != 200 {
		t.Errorf("the sample's app, which sends a token: %d", w.Code)
	}
	for _, c := range []struct {
		method, host, site string
		want               int
	}{
		{"POST", "127.0.0.1:8080", "", 200},
		{"POST", "localhost:8080", "same-origin", 200},
		{"POST", "[::1]:8080", "none", 200},
		{"POST", "[::1]", "", 200},
		{"POST", "coffee.local", "", 200},
		{"GET", "Coffee.Local:8080", "", 200},
		{"GET", "LOCALHOST:8080", "", 200},
		{"POST", "localhost:8080", "cross-site", 403},
		{"PUT", "localhost:8080", "same-site", 403},
		{"GET", "localhost:8080", "cross-site", 200},
		{"GET", "evil.example:8080", "same-origin", 403},
		{"PUT", "evil.example:8080", "cross-site", 403},
		{"GET", "", "", 403},
	} {
		r := httptest.NewRequest(c.method, "/demo/orders/1", nil)
		r.Host = c.host
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.want || w.Code == 403 && !strings.Contains(w.Body.String(), `"code":"forbidden"`) {
			t.Errorf("%+v: %d %s", c, w.Code, w.Body)
		}
	}
}

//go:build e2e

package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
)

const (
	// kills is how often the server is killed in a run.
	kills = 55
	// clients is how many customers order at once.
	clients = 6
	// patience is how long anything may take on a busy machine.
	patience = 60 * time.Second
)

var seedFlag = flag.Uint64("seed", 0, "the seed of the crash test; 0 is a random one")

// The server is killed under load at random moments, also while it starts. Whatever it acknowledged is there
// afterwards; every workflow ends as its order did; and no request was applied and no number given twice (invariants
// 1, 3, 5 and 6).
func TestKilledAtAnyMoment_nothingAcknowledgedIsLostAndNothingHappensTwice(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d; to repeat it: -args -seed %d", seed, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	house := &house{
		t: t, lifecycle: readLifecycle(t),
		binary: filepath.Join(dir, "coffeebar"), file: filepath.Join(dir, "bar.db"), addr: "127.0.0.1:0",
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", house.binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	house.start()
	t.Cleanup(func() { house.kill() })

	l := &ledger{orders: map[string]*entry{}, compared: map[string]int{}}
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for i := range clients {
		c := &client{house: house, ledger: l, random: rand.New(rand.NewPCG(seed, uint64(i+1))), name: fmt.Sprint("c", i)}
		load.Go(func() { c.run(ctx) })
	}
	inStart := 0
	for n := range kills {
		if n%5 == 4 { // in the middle of a start
			house.kill()
			house.spawn()
			pause(random, 150*time.Millisecond)
			house.kill()
			inStart++
		} else {
			// The load gets somewhere between two kills, and then the moment is random.
			before := l.acknowledged()
			until(t, "actions are acknowledged", func() bool { return l.acknowledged() > before+3 })
			pause(random, 400*time.Millisecond)
			house.kill()
		}
		house.start()
		l.atRest(house.compare)
		if t.Failed() {
			break
		}
	}
	stop()
	load.Wait()

	orders := l.snapshot()
	house.finish()
	house.stop()
	acknowledged, replayed := house.audit(orders)
	t.Logf("%d kills, %d of them during a start; %d orders, %d acknowledged actions, "+
		"%d of them when they were repeated after a crash",
		kills, inStart, len(orders), acknowledged, replayed)
	if replayed == 0 {
		t.Error("no action was repeated after a crash: the kills did not hit any")
	}
}

// pause waits for a random time, which makes the moment random and nothing else.
func pause(random *rand.Rand, most time.Duration) {
	<-time.After(time.Duration(random.Int64N(int64(most))))
}

func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !so() {
		if time.Now().After(deadline) {
			t.Fatalf("it took too long until %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// house is the server as a process.
type house struct {
	lifecycle          ordermanager.Lifecycle
	t                  *testing.T
	binary, file, addr string
	process            *exec.Cmd
	output             io.Reader
	errors             bytes.Buffer
}

// spawn starts the process and waits for nothing.
func (h *house) spawn() {
	h.t.Helper()
	h.errors.Reset()
	h.process = exec.Command(h.binary, "--db", h.file, "--addr", h.addr,
		"--drink-timeout", "1h", "--completion-timeout", "1h", "--shelf-timeout", "1h")
	h.process.Stderr = &h.errors
	output, err := h.process.StdoutPipe()
	if err == nil {
		h.output, err = output, h.process.Start()
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// start starts the process and waits until it is open.
func (h *house) start() {
	h.t.Helper()
	h.spawn()
	line, err := bufio.NewReader(h.output).ReadString('\n')
	_, address, found := strings.Cut(strings.TrimSpace(line), "http://")
	if err != nil || !found {
		_ = h.process.Wait()
		h.t.Fatalf("the bar did not open: %q %v\n%s", line, err, h.errors.String())
	}
	h.addr = address
}

func (h *house) kill() {
	_ = h.process.Process.Kill()
	_ = h.process.Wait()
}

func (h *house) stop() {
	h.t.Helper()
	if err := h.process.Process.Signal(syscall.SIGTERM); err != nil {
		h.t.Fatal(err)
	}
	// The rest of what it says is for nobody.
	_, _ = io.Copy(io.Discard, h.output)
	if err := h.process.Wait(); err != nil {
		h.t.Errorf("the bar did not stop gracefully: %v\n%s", err, h.errors.String())
	}
}

// errUnknown is the outcome of a request that the server died under.
var errUnknown = errors.New("no answer")

// do sends a request as somebody behind a door, and reads the answer. The address never changes after the first start.
func (h *house) do(
	ctx context.Context, method, path, name, key string, body io.Reader, kind string,
) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+h.addr+path, body)
	if err != nil {
		return 0, nil, err
	}
	request.AddCookie(&http.Cookie{Name: "coffeebar-" + strings.Split(path, "/")[1], Value: name})
	request.Header.Set("Content-Type", kind)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	transport := http.DefaultTransport
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, nil, errUnknown
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, errUnknown
	}
	return response.StatusCode, answer, nil
}

// ledger is what the clients know.
type ledger struct {
	mu     sync.Mutex
	orders map[string]*entry
	count  int

	// acting is held for reading while a client acts.
	acting sync.RWMutex
	// compared is how much of each order was acknowledged when it was last compared.
	compared map[string]int
}

// atRest lets compare look at the orders of which something was acknowledged since the last time. Nobody acts
// meanwhile: a fast server would take in more orders than the comparison gets through.
func (l *ledger) atRest(compare func(orders map[string]entry)) {
	l.acting.Lock()
	defer l.acting.Unlock()
	orders := l.snapshot()
	maps.DeleteFunc(orders, func(id string, e entry) bool { return len(e.Acked) == l.compared[id] })
	compare(orders)
	for id, e := range orders {
		l.compared[id] = len(e.Acked)
	}
}

// entry is what a client knows of one order: what was acknowledged, in its order.
type entry struct {
	Customer string
	Acked    []deed
}

type deed struct {
	Action   ordermanager.Action
	Key      string // empty for the start
	Repeated bool
}

func (l *ledger) acknowledge(id, customer string, d deed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.orders[id] == nil {
		l.orders[id] = &entry{Customer: customer}
	}
	l.orders[id].Acked = append(l.orders[id].Acked, d)
	l.count++
}

func (l *ledger) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

func (l *ledger) snapshot() map[string]entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	copied := map[string]entry{}
	for id, e := range l.orders {
		copied[id] = entry{e.Customer, slices.Clone(e.Acked)}
	}
	return copied
}

// client lets one order after the other live, and repeats what it got no answer to until it has one.
type client struct {
	house  *house
	ledger *ledger
	random *rand.Rand
	name   string
	// walkedAway counts the orders that the client left without knowing what became of them.
	walkedAway int
}

// maxLeft is how many orders a client leaves open, and how many it walks away from: the bar takes a hundred.
const maxLeft = 7

// lives are what can become of an order. The last two leave it open.
var lives = [][]ordermanager.Action{
	{ordermanager.ActionPut, ordermanager.ActionMake, ordermanager.ActionComplete},
	{ordermanager.ActionPut, ordermanager.ActionMake, ordermanager.ActionComplete},
	{
		ordermanager.ActionPut, ordermanager.ActionMake, ordermanager.ActionUnmake, ordermanager.ActionMake,
		ordermanager.ActionComplete,
	},
	{ordermanager.ActionCancel},
	{ordermanager.ActionPut, ordermanager.ActionCancel},
	{ordermanager.ActionPut, ordermanager.ActionMake, ordermanager.ActionCancel},
	{ordermanager.ActionPut},
	{ordermanager.ActionPut, ordermanager.ActionMake},
}

func (c *client) run(ctx context.Context) {
	left := 0
	for n := 0; ctx.Err() == nil; n++ {
		// The customers differ, because one may have three open orders only.
		id, customer := fmt.Sprintf("%s-%d", c.name, n), fmt.Sprintf("%s-%d", c.name, n)
		if !c.startOrder(ctx, id, customer) {
			continue
		}
		choice := lives
		if left == maxLeft {
			choice = lives[:len(lives)-2]
		}
		life := c.random.IntN(len(choice))
		if life >= len(lives)-2 {
			left++
		}
		for i, action := range choice[life] {
			if !c.act(ctx, id, customer, action, fmt.Sprintf("%s/%d", id, i)) {
				break
			}
		}
	}
}

// again does something until there is an answer, and says whether it was repeated. It gives up when the load ends. A
// client who is not patient walks away at once: then nobody but the bar itself can finish what was begun.
func (c *client) again(
	ctx context.Context, patient bool, do func() (int, []byte, error),
) (status int, answer []byte, repeated bool) {
	for {
		status, answer, err := do()
		if err == nil && status < http.StatusInternalServerError {
			return status, answer, repeated
		}
		if !patient {
			c.walkedAway++
			return 0, nil, false
		}
		repeated = true
		select {
		case <-ctx.Done():
			return 0, nil, false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (c *client) startOrder(ctx context.Context, id, customer string) bool {
	c.ledger.acting.RLock()
	defer c.ledger.acting.RUnlock()
	form := url.Values{"order": {id}}.Encode()
	status, answer, repeated := c.again(ctx, true, func() (int, []byte, error) {
		return c.house.do(ctx, http.MethodPost, "/customer/orders", customer, "", strings.NewReader(form),
			"application/x-www-form-urlencoded")
	})
	switch {
	case status == http.StatusSeeOther:
		c.ledger.acknowledge(id, customer, deed{ordermanager.ActionWorkflowStarted, "", repeated})
		return true
	case status == http.StatusConflict: // the bar is full
		return false
	case status != 0:
		c.house.t.Errorf("the start of %s was answered with %d: %s", id, status, answer)
	}
	return false
}

func (c *client) act(ctx context.Context, id, customer string, action ordermanager.Action, key string) bool {
	c.ledger.acting.RLock()
	defer c.ledger.acting.RUnlock()
	door, name, body := "barista", "b", ""
	if action == ordermanager.ActionPut || action == ordermanager.ActionCancel {
		door, name = "customer", customer
	}
	if action == ordermanager.ActionPut {
		body = `{"drink":"Latte","modifiers":["Oat"]}`
	}
	path := fmt.Sprintf("/%s/api/orders/%s?action=%s", door, id, action)
	patient := c.walkedAway == maxLeft || c.random.IntN(2) == 0
	status, answer, repeated := c.again(ctx, patient, func() (int, []byte, error) {
		return c.house.do(ctx, http.MethodPut, path, name, key, strings.NewReader(body), "application/json")
	})
	if status == http.StatusOK {
		c.ledger.acknowledge(id, customer, deed{action, key, repeated})
		return true
	}
	if status != 0 {
		// Nobody else touches this order, so nothing stands against it.
		c.house.t.Errorf("%s of %s was answered with %d: %s", action, id, status, answer)
	}
	return false
}

// compare asks the server that has just started for the orders, and finds everything that was acknowledged before.
func (h *house) compare(orders map[string]entry) {
	h.t.Helper()
	for _, id := range slices.Sorted(maps.Keys(orders)) {
		status, answer, err := h.do(h.t.Context(), http.MethodGet, "/manager/api/orders/"+id+"/history", "Lee", "", nil, "")
		var history struct {
			Entries []struct{ Action ordermanager.Action }
		}
		if err != nil || status != http.StatusOK || json.Unmarshal(answer, &history) != nil {
			h.t.Fatalf("order %s after the restart: %d %v %s", id, status, err, answer)
		}
		var found []ordermanager.Action
		for _, e := range history.Entries {
			if e.Action != ordermanager.ActionWaitingCompletion {
				found = append(found, e.Action)
			}
		}
		for i, d := range orders[id].Acked {
			if i >= len(found) || found[i] != d.Action {
				h.t.Errorf("order %s: %v were acknowledged, and its history has %v", id, orders[id].Acked, found)
				break
			}
		}
	}
}

// finish waits until the workflow of every decided order has ended, without anybody doing anything about it.
func (h *house) finish() {
	h.t.Helper()
	manager, flow, closeFile := h.open()
	defer closeFile()
	for _, state := range []ordermanager.State{"ready", ordermanager.StateCancelled} {
		for o, err := range manager.Orders(h.t.Context(), ordermanager.Query{State: state}) {
			if err != nil {
				h.t.Fatal(err)
			}
			until(h.t, "the workflow of "+o.ID+" ends", func() bool {
				status, err := flow.Status(h.t.Context(), o.ID)
				if err != nil {
					h.t.Fatal(err)
				}
				return status.Deadline.IsZero() && status.Pending == 0
			})
		}
	}
	until(h.t, "nothing is owed any more", func() bool {
		page, err := manager.Page(h.t.Context(), ordermanager.Query{Owing: true})
		if err != nil {
			h.t.Fatal(err)
		}
		return len(page.Orders) == 0
	})
}

func (h *house) open() (*ordermanager.Manager, *workflow.Workflow, func()) {
	h.t.Helper()
	ctx := h.t.Context()
	db, err := sqlitestore.Open(ctx, h.file)
	if err != nil {
		h.t.Fatal(err)
	}
	store, err := sqlitestore.New(ctx, db)
	if err != nil {
		h.t.Fatal(err)
	}
	flow, err := workflow.New(ctx, db, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	manager, err := ordermanager.New(store, ordermanager.NoMenu(), flow, &ordermanager.Options{Lifecycle: h.lifecycle})
	if err != nil {
		h.t.Fatal(err)
	}
	return manager, flow, func() { _ = db.Close() }
}

// audit looks into the file that the server left.
func (h *house) audit(orders map[string]entry) (acknowledged, replayed int) {
	h.t.Helper()
	manager, flow, closeFile := h.open()
	defer closeFile()
	numbers := map[string]string{}
	total := 0
	for _, state := range h.lifecycle.States() {
		for listed, err := range manager.Orders(h.t.Context(), ordermanager.Query{State: state.State}) {
			if err != nil {
				h.t.Fatal(err)
			}
			total++
			o, err := manager.Order(h.t.Context(), listed.ID)
			if err != nil {
				h.t.Fatal(err)
			}
			status, err := flow.Status(h.t.Context(), o.ID)
			if err != nil {
				h.t.Fatal(err)
			}
			h.checkOrder(&o, orders[o.ID])
			h.checkWorkflow(&o, status)
			if o.Number != "" {
				if other, twice := numbers[o.Number]; twice {
					h.t.Errorf("the number %s was given to %s and to %s", o.Number, other, o.ID)
				}
				numbers[o.Number] = o.ID
			}
		}
	}
	if total < len(orders) {
		h.t.Errorf("%d orders were acknowledged and %d are there", len(orders), total)
	}
	for _, e := range orders {
		for _, d := range e.Acked {
			acknowledged++
			if d.Repeated {
				replayed++
			}
		}
	}
	return acknowledged, replayed
}

// checkOrder finds every acknowledged request once, in its order, and no request twice; and the path is legal.
func (h *house) checkOrder(o *ordermanager.Order, e entry) {
	at := map[string]int{}
	state := ordermanager.State("")
	actions := map[ordermanager.Action]int{}
	for i, line := range o.History {
		if _, twice := at[line.RequestID]; twice {
			h.t.Errorf("order %s has the request %s twice", o.ID, line.RequestID)
		}
		at[line.RequestID] = i
		actions[line.Action]++
		if i > 0 && (line.From != state || h.lifecycle.Terminal(state) && line.From != line.To) {
			h.t.Errorf("order %s goes from %s to %s by way of %s", o.ID, state, line.To, line.From)
		}
		state = line.To
	}
	last := -1
	for _, d := range e.Acked {
		if d.Key == "" {
			continue
		}
		i, found := at[d.Key]
		if !found || i <= last || o.History[i].Action != d.Action {
			h.t.Errorf("order %s: the acknowledged %s (%s) is not where it was; the history is %+v",
				o.ID, d.Action, d.Key, o.History)
		}
		last = max(last, i)
	}
	for _, once := range []ordermanager.Action{
		ordermanager.ActionWorkflowStarted, ordermanager.ActionPut, ordermanager.ActionWaitingCompletion,
		ordermanager.ActionComplete, ordermanager.ActionCancel, ordermanager.ActionTimedOut,
	} {
		if actions[once] > 1 {
			h.t.Errorf("order %s has %s %d times: %+v", o.ID, once, actions[once], o.History)
		}
	}
	if actions[ordermanager.ActionTimedOut] > 0 {
		h.t.Errorf("order %s timed out, within an hour", o.ID)
	}
	if o.Owes() {
		h.t.Errorf("order %s still owes something", o.ID)
	}
}

// checkWorkflow compares where the workflow stands, and what it was told, with what became of the order.
func (h *house) checkWorkflow(o *ordermanager.Order, w workflow.Status) {
	want := workflow.StageDrink
	switch {
	case h.lifecycle.Answers(o.State) == ordermanager.Done:
		want = workflow.StageFinished
	case h.lifecycle.Answers(o.State) == ordermanager.Cancelled:
		want = workflow.StageCancelled
	case o.Drink != nil:
		want = workflow.StageCompletion
	}
	if w.Stage != want || w.Pending != 0 || w.Number != o.Number && w.Number != "" && o.Number != "" {
		h.t.Errorf("order %s is %s with number %q, and its workflow %s with number %q and %d to tell",
			o.ID, o.State, o.Number, w.Stage, w.Number, w.Pending)
	}
	if w.Stage == workflow.StageCompletion && o.Number != w.Number {
		h.t.Errorf("order %s has number %q, its workflow %q", o.ID, o.Number, w.Number)
	}
	decided := h.lifecycle.Answers(o.State) != ordermanager.Undecided
	h.checkAnswer(o, "first", w.FirstAnswer, o.Drink != nil || decided, o.Drink == nil)
	h.checkAnswer(o, "second", w.SecondAnswer, decided && w.Number != "", false)
}

// checkAnswer compares what a wait was answered with.
func (h *house) checkAnswer(o *ordermanager.Order, wait string, answer *ordermanager.Outcome, answered, failure bool) {
	switch {
	case (answer != nil) != answered:
		h.t.Errorf("order %s is %s; the %s wait was answered with %+v", o.ID, o.State, wait, answer)
	case answer == nil:
	case answer.Failure() != failure:
		h.t.Errorf("order %s is %s; the %s wait was answered with %+v", o.ID, o.State, wait, answer)
	case wait == "second":
		var output ordermanager.WorkflowOutput
		if err := json.Unmarshal(answer.Output, &output); err != nil || output.State != o.State || output.OrderID != o.ID {
			h.t.Errorf("order %s is %s; the second wait was answered with %s", o.ID, o.State, answer.Output)
		}
	}
}

// readLifecycle reads the bar's own life cycle.
func readLifecycle(t *testing.T) ordermanager.Lifecycle {
	t.Helper()
	data, err := os.ReadFile("lifecycle.json")
	if err != nil {
		t.Fatal(err)
	}
	lifecycle, err := ordermanager.ParseLifecycle(data)
	if err != nil {
		t.Fatal(err)
	}
	return lifecycle
}

// TestMain lets the flags be parsed after those of the testing package.
func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}

package httpapi_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
)

// pickup has a state and actions of its own: a drink is ready, and then collected.
var pickup = ordermanager.StandardLifecycle().
	WithStates(
		ordermanager.StateRule{State: "ready", Answers: ordermanager.Done},
		ordermanager.StateRule{State: "collected", Answers: ordermanager.Done},
	).
	WithoutStates(ordermanager.StateCompleted).
	With(
		ordermanager.Rule{
			Action: "finish", From: []ordermanager.State{"making"}, To: "ready", Claim: ordermanager.ClaimReleases,
			Event: "OrderReady",
		},
		ordermanager.Rule{
			Action: "collect", From: []ordermanager.State{"ready"}, To: "collected",
			By: []ordermanager.Role{ordermanager.RoleCustomer},
		},
	)

// with gives the fixture a Manager of another life cycle, on the same store.
func (f *fixture) with(table ordermanager.Lifecycle) *fixture {
	f.t.Helper()
	var err error
	f.manager, err = ordermanager.New(f.feed.Store(f.store), venues{}, f.workflow, &ordermanager.Options{Lifecycle: table})
	if err != nil {
		f.t.Fatal(err)
	}
	f.workflow.Connect(f.manager)
	if f.handler, err = httpapi.New(
		f.manager, venues{}, &httpapi.Options{Identify: demoIdentity, Feed: f.feed},
	); err != nil {
		f.t.Fatal(err)
	}
	return f
}

func TestLifecycle_ofOnesOwnIsServedLikeTheStandardOne(t *testing.T) {
	f := newFixture(t).with(pickup)
	f.start("1", "1", "")
	f.must("customer:1", "PUT", "/orders/1", cappuccino)
	if err := f.workflow.Advance(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ actor, action, state, orderState, resume string }{
		{"barista:3", "make", "making", "CREATED", "none"},
		{"barista:3", "finish", "ready", "Completed", "delivered"},
		{"customer:1", "collect", "collected", "Completed", "none"},
	} {
		allowed := map[string]bool{}
		for _, e := range f.must(step.actor, "GET", "/orders/1/actions", "")["actions"].([]any) {
			allowed[e.(map[string]any)["action"].(string)] = e.(map[string]any)["allowed"].(bool)
		}
		if !allowed[step.action] || len(allowed) != 6 {
			t.Errorf("before %s: %v", step.action, allowed)
		}
		answer := f.must(step.actor, "PUT", "/orders/1?action="+step.action, "")
		o := answer["order"].(map[string]any)
		if o["state"] != step.state || o["orderState"] != step.orderState || answer["resume"] != step.resume {
			t.Errorf("%s: %v, resume %v, want %+v", step.action, o, answer["resume"], step)
		}
		listed := f.must("barista:3", "GET", "/orders?state="+step.state, "")["orders"].([]any)
		if len(listed) != 1 {
			t.Errorf("%s: %d orders are listed", step.state, len(listed))
		}
	}
}

func TestLifecycle_saysWhichActionsAndStatesThereAre(t *testing.T) {
	f := newFixture(t).with(pickup)
	f.start("1", "1", "")
	for _, c := range []call{
		{actor: "barista:3", method: "PUT", path: "/orders/1?action=complete"},
		{actor: "barista:3", method: "GET", path: "/orders?state=completed"},
	} {
		w := f.do(c)
		message, _ := object(t, w)["message"].(string)
		if w.Code != http.StatusBadRequest ||
			!strings.Contains(message, map[string]string{"PUT": "finish", "GET": "collected"}[c.method]) {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, message)
		}
	}
}

func TestLifecycle_isServedAsATableAndADiagram(t *testing.T) {
	f := newFixture(t).with(pickup)
	var answer struct {
		Table        ordermanager.Lifecycle
		Actions      []ordermanager.Action
		Mermaid, DOT string
	}
	w := f.do(call{actor: "customer:1", method: "GET", path: "/lifecycle"})
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(pickup.Rules(), answer.Table.Rules()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(pickup.Actions(), answer.Actions); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if answer.Mermaid != pickup.Mermaid() || answer.DOT != pickup.DOT() {
		t.Errorf("the diagrams are %s and %s", answer.Mermaid, answer.DOT)
	}
}

func TestDocument_namesTheStatesAndActionsOfTheTable(t *testing.T) {
	for name, test := range map[string]struct {
		table ordermanager.Lifecycle
		want  []string
	}{
		"standard": {ordermanager.StandardLifecycle(), []string{
			"States: pending, making, completed, cancelled.", "Actions: put, make, unmake, complete, cancel.",
		}},
		"pickup": {pickup, []string{
			"States: pending, making, cancelled, ready, collected.", "Actions: put, make, unmake, cancel, finish, collect.",
		}},
	} {
		w := newFixture(t).with(test.table).do(call{method: "GET", path: "/openapi.json"})
		for _, want := range append(test.want, `"openapi"`) {
			if !json.Valid(w.Body.Bytes()) || !strings.Contains(w.Body.String(), want) ||
				strings.Contains(w.Body.String(), "the standard one:") {
				t.Errorf("%s: the document does not say %q", name, want)
			}
		}
	}
}

// An order that was left in a state of another table does not hide the others.
func TestLifecycle_passesOverAnOrderOfAnotherTable(t *testing.T) {
	f := newFixture(t).with(pickup)
	f.start("1", "1", "")
	f.start("2", "1", "")
	f.must("customer:1", "PUT", "/orders/1", cappuccino)
	f.must("barista:3", "PUT", "/orders/1?action=make", "")
	f.must("barista:3", "PUT", "/orders/1?action=finish", "")
	f.with(ordermanager.StandardLifecycle())
	page := f.must("customer:1", "GET", "/myOrders", "")
	if diff := cmp.Diff([]any{"1"}, page["skipped"]); diff != "" || len(page["orders"].([]any)) != 1 {
		t.Errorf("%d orders are listed, skipped: %s", len(page["orders"].([]any)), diff)
	}
	w := f.do(call{actor: "barista:3", method: "PUT", path: "/orders/1?action=complete"})
	if w.Code != http.StatusConflict || object(t, w)["code"] != "unknown_state" {
		t.Errorf("an action on it: %d %s", w.Code, w.Body)
	}
}

func TestActions_areExplainedFromOneReading(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	var reads int
	f.store.Hook = func(op, _ string, done bool) error {
		if op == "get" && !done {
			reads++
		}
		return nil
	}
	f.must("barista:3", "GET", "/orders/1/actions", "")
	if reads != 1 {
		t.Errorf("the store was read %d times", reads)
	}
	if w := f.do(call{actor: "customer:2", method: "GET", path: "/orders/1/actions"}); w.Code != http.StatusForbidden {
		t.Errorf("somebody else: %d %s", w.Code, w.Body)
	}
}

// A cursor that somebody made up, or that is from another listing, is the caller's mistake.
func TestList_refusesAForeignCursor(t *testing.T) {
	f := newFixture(t)
	for i := range 3 {
		f.start(fmt.Sprint(i), "1", "NYC")
	}
	mine := f.must("customer:1", "GET", "/myOrders?maxItems=1", "")["cursor"].(string)
	mark, _, _ := strings.Cut(mine, ".")
	for name, c := range map[string]call{
		"of another listing":       {actor: "barista:3", path: "/orders?state=pending&cursor=" + mine},
		"of another customer":      {actor: "customer:2", path: "/myOrders?cursor=" + mine},
		"of this listing, cut":     {actor: "customer:1", path: "/myOrders?cursor=" + mark + "."},
		"of this listing, made up": {actor: "customer:1", path: "/myOrders?cursor=" + mark + ".x"},
		"of this listing, of later": {
			actor: "customer:1",
			path:  "/myOrders?cursor=" + mark + "." + base64.RawURLEncoding.EncodeToString([]byte("memory:x/y")),
		},
		"without a mark": {actor: "customer:1", path: "/myOrders?cursor=bm9uc2Vuc2U"},
	} {
		c.method = "GET"
		w := f.do(c)
		if p := object(t, w); w.Code != http.StatusBadRequest || p["code"] != "invalid_request" || p["field"] != "cursor" {
			t.Errorf("a cursor %s: %d %s", name, w.Code, w.Body)
		}
	}
	if page := f.must("customer:1", "GET", "/myOrders?maxItems=2&cursor="+mine, ""); len(page["orders"].([]any)) != 2 ||
		page["cursor"] != "" {
		t.Errorf("the second page: %v", page)
	}
}

package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
)

func TestAct_answersWithTheOutcome(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	put := f.must("customer:1", "PUT", "/orders/1", cappuccino)
	want := map[string]any{
		"orderId": "1", "state": "pending", "userId": "1", "eventId": "", "orderNumber": "", "baristaUserId": "",
		"drink": "Cappuccino", "modifiers": []any{"Oat"}, "icon": "cappuccino", "reason": "", "version": 2.0,
		"orderState": "CREATED", "TS": "1772366400000",
		"drinkOrder": map[string]any{"S": `{"userId":"1","drink":"Cappuccino","modifiers":["Oat"],"icon":"cappuccino"}`},
	}
	if diff := cmp.Diff(map[string]any{
		"action": "put", "order": want, "resume": "delivered", "events": "none", "replayed": false,
	}, put); diff != "" {
		t.Errorf("the put: %s", diff)
	}
	if err := f.workflow.Advance(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ action, state, resume string }{
		{"make", "making", "none"}, {"unmake", "pending", "none"}, {"make", "making", "none"}, {
			"complete", "completed", "delivered",
		},
	} {
		answer := f.must("barista:3", "PUT", "/orders/1?action="+step.action, "")
		if o := answer["order"].(map[string]any); o["state"] != step.state || answer["resume"] != step.resume {
			t.Errorf("%s: %v", step.action, answer)
		}
	}
}

func TestAct_takesTheReasonOfACancel(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "NYC")
	o := f.must("customer:1", "PUT", "/orders/1?action=cancel", `{"reason":"too late"}`)["order"].(map[string]any)
	if o["state"] != "cancelled" || o["reason"] != "too late" || o["orderState"] != "NYC-CANCELLED" ||
		o["drinkOrder"] != nil {
		t.Errorf("%v", o)
	}
}

func TestAct_appliesOncePerIdempotencyKey(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	c := call{
		actor: "customer:1", method: "PUT", path: "/orders/1", body: cappuccino, header: http.Header{idempotencyKey: {"k1"}},
	}
	first, again := object(t, f.do(c)), object(t, f.do(c))
	if first["replayed"] != false || again["replayed"] != true {
		t.Errorf("invariant 6: replayed is %v and then %v", first["replayed"], again["replayed"])
	}
	if diff := cmp.Diff(first["order"], again["order"]); diff != "" {
		t.Errorf("the repetition has another order: %s", diff)
	}
	c.path, c.body = "/orders/1?action=cancel", ""
	if w := f.do(c); w.Code != http.StatusConflict || object(t, w)["code"] != "request_reused" {
		t.Errorf("another request with the same key: %d %s", w.Code, w.Body)
	}
}

// Every refusal has its status, its code and the field, and writes nothing (invariant 9).
func TestAct_refuses(t *testing.T) {
	json := http.Header{"Content-Type": {"application/json"}}
	tooLarge := `{"drink":"` + strings.Repeat("x", ordermanager.MaxRequestBytes) + `"}`
	for name, test := range map[string]struct {
		call
		status      int
		code, field string
	}{
		"nobody":                      {call{path: "/orders/1", body: cappuccino}, 401, "unauthenticated", ""},
		"a role that does not exist":  {call{actor: "root:1", path: "/orders/1"}, 401, "unauthenticated", ""},
		"somebody without identifier": {call{actor: "customer:", path: "/orders/1"}, 401, "unauthenticated", ""},
		"an identifier too long": {
			call{actor: "customer:" + strings.Repeat("1", 129), path: "/orders/1"}, 400, "invalid_request", "body.userId",
		},
		"an action in other letters": {
			call{actor: "customer:1", path: "/orders/1?Action=cancel", body: cappuccino}, 400, "invalid_request", "Action",
		},
		"two customers": {
			call{actor: "customer:1", path: "/orders/1", body: `{"userId":"1","userId":"2","drink":"Espresso"}`}, 400,
			"invalid_request", "body.userId",
		},
		"two spellings": {
			call{actor: "customer:1", path: "/orders/1", body: `{"userId":"1","UserId":"2","drink":"Espresso"}`}, 400,
			"invalid_request", "body.UserId",
		},
		"half a character": {
			call{actor: "customer:1", path: "/orders/1", body: `{"drink":"\ud800"}`}, 400, "invalid_request", "body",
		},
		"not UTF-8": {
			call{actor: "customer:1", path: "/orders/1", body: "{\"drink\":\"\xff\"}"}, 400, "invalid_request", "body",
		},
		"two drinks in one": {
			call{actor: "customer:1", path: "/orders/1", body: `{"drink":"Espresso","quantity":2}`}, 422, "invalid_order", "",
		},
		"an unseen character": {
			call{actor: "customer:1", path: "/orders/1%E2%80%8B", body: cappuccino}, 400, "invalid_request", "orderId",
		},
		"malformed JSON": {
			call{actor: "customer:1", path: "/orders/1", body: `{"drink":`}, 400, "invalid_request", "body",
		},
		"two values": {
			call{actor: "customer:1", path: "/orders/1", body: `{},"action":{}`}, 400, "invalid_request", "body",
		},
		"a list": {
			call{actor: "customer:1", path: "/orders/1", body: `[]`}, 400, "invalid_request", "body",
		},
		"a user that is not a string": {
			call{actor: "customer:1", path: "/orders/1", body: `{"userId":1}`}, 400, "invalid_request", "body.userId",
		},
		"a reason that is not a string": {
			call{actor: "customer:1", path: "/orders/1?action=cancel", body: `{"reason":1}`}, 400, "invalid_request",
			"body.reason",
		},
		"a form": {
			call{
				actor: "customer:1", path: "/orders/1", body: cappuccino,
				header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
			},
			415, "unsupported_media_type", "",
		},
		"an encoded body": {
			call{actor: "customer:1", path: "/orders/1", body: cappuccino, header: http.Header{"Content-Encoding": {"gzip"}}},
			415, "unsupported_media_type", "",
		},
		"a media type that is none": {
			call{actor: "customer:1", path: "/orders/1", body: cappuccino, header: http.Header{"Content-Type": {"json;;"}}}, 415,
			"unsupported_media_type", "",
		},
		"too much": {
			call{actor: "customer:1", path: "/orders/1", body: tooLarge, header: json}, 413, "request_too_large", "",
		},
		"an unknown action": {
			call{actor: "customer:1", path: "/orders/1?action=steal"}, 400, "unknown_action", "",
		},
		"a notification of a workflow": {
			call{actor: "system:1", path: "/orders/1?action=timed_out"}, 400, "unknown_action", "",
		},
		"two actions": {
			call{actor: "customer:1", path: "/orders/1?action=cancel&action=put"}, 400, "invalid_request", "action",
		},
		"a query that is none": {
			call{actor: "customer:1", path: "/orders/1?action=%zz"}, 400, "invalid_request", "query",
		},
		"an empty key": {
			call{actor: "customer:1", path: "/orders/1?action=cancel", header: http.Header{idempotencyKey: {""}}}, 400,
			"invalid_request", idempotencyKey,
		},
		"two keys": {
			call{actor: "customer:1", path: "/orders/1?action=cancel", header: http.Header{idempotencyKey: {"a", "b"}}}, 400,
			"invalid_request", idempotencyKey,
		},
		"a key too long": {
			call{
				actor: "customer:1", path: "/orders/1?action=cancel",
				header: http.Header{idempotencyKey: {strings.Repeat("k", 129)}},
			},
			400, "invalid_request", idempotencyKey,
		},
		"a reserved key": {
			call{actor: "customer:1", path: "/orders/1?action=cancel", header: http.Header{idempotencyKey: {"token:1"}}}, 400,
			"invalid_request", idempotencyKey,
		},
		"a customer making":     {call{actor: "customer:1", path: "/orders/1?action=make"}, 403, "forbidden", ""},
		"a customer completing": {call{actor: "customer:1", path: "/orders/1?action=complete"}, 403, "forbidden", ""},
		"a barista putting":     {call{actor: "barista:3", path: "/orders/1", body: cappuccino}, 403, "forbidden", ""},
		"another customer":      {call{actor: "customer:2", path: "/orders/1?action=cancel"}, 403, "not_owner", ""},
		"somebody else's name": {
			call{actor: "customer:2", path: "/orders/1", body: cappuccino}, 403, "forbidden", "body.userId",
		},
		"no such order": {
			call{actor: "customer:1", path: "/orders/7?action=cancel"}, 404, "order_not_found", "",
		},
		"making without a drink": {call{actor: "barista:3", path: "/orders/1?action=make"}, 409, "not_ready", ""},
		"releasing what nobody holds": {
			call{actor: "barista:3", path: "/orders/1?action=unmake"}, 409, "illegal_transition", "",
		},
		"another venue": {
			call{actor: "customer:1", path: "/orders/2?eventId=NYC", body: cappuccino}, 409, "wrong_venue", "",
		},
		"a drink that is not there": {
			call{actor: "customer:1", path: "/orders/1", body: `{"drink":"Tea"}`}, 422, "invalid_order", "",
		},
		"a drink of the wrong type": {
			call{actor: "customer:1", path: "/orders/1", body: `{"drink":{}}`}, 422, "invalid_order", "",
		},
		"no drink": {call{actor: "customer:1", path: "/orders/1"}, 422, "invalid_order", ""},
		"a venue without a menu": {
			call{actor: "customer:1", path: "/orders/1?eventId=closed", body: cappuccino}, 503, "menu_unavailable", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.start("1", "1", "")
			f.start("2", "1", "ABC")
			test.method = "PUT"
			w := f.do(test.call)
			p := object(t, w)
			field, _ := p["field"].(string)
			got := fmt.Sprint(w.Code, p["status"], p["code"], field)
			if want := fmt.Sprint(test.status, test.status, test.code, test.field); got != want {
				t.Errorf("got %s, want %s: %s", got, want, w.Body)
			}
			if o, err := f.manager.Order(t.Context(), "1"); err != nil || o.Version != 1 {
				t.Errorf("the order was changed: version %d, %v", o.Version, err)
			}
		})
	}
}

func TestAct_takesJSONHoweverItsHeadersAreWritten(t *testing.T) {
	for _, header := range []http.Header{
		{},
		{"Content-Type": {"Application/JSON; charset=UTF-8"}},
		{"Content-Encoding": {"identity"}},
		{"Content-Encoding": {"Identity"}},
	} {
		f := newFixture(t)
		f.start("1", "1", "")
		w := f.do(call{actor: "customer:1", method: "PUT", path: "/orders/1", body: cappuccino, header: header})
		if w.Code != http.StatusOK {
			t.Errorf("%v: %d %s", header, w.Code, w.Body)
		}
	}
}

func TestAct_tellsTheLoserWhatTheOrderIs(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	f.must("customer:1", "PUT", "/orders/1", cappuccino)
	f.must("barista:3", "PUT", "/orders/1?action=make", "")
	w := f.do(call{actor: "barista:4", method: "PUT", path: "/orders/1?action=make"})
	p := object(t, w)
	if w.Code != http.StatusConflict || p["code"] != "claimed" || p["order"].(map[string]any)["baristaUserId"] != "3" {
		t.Errorf("invariant 2: %d %s", w.Code, w.Body)
	}
	if diff := cmp.Diff([]any{}, p["allowed"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{
		map[string]any{"code": "claimed", "message": ordermanager.ErrClaimed.Error()},
		map[string]any{"code": "illegal_transition", "message": ordermanager.ErrIllegalTransition.Error()},
	}, p["reasons"]); diff != "" {
		t.Error(diff)
	}
}

func TestAct_saysEverythingThatTheMenuObjectsTo(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	w := f.do(call{actor: "customer:1", method: "PUT", path: "/orders/1", body: `{"drink":"Mocha","modifiers":["Oat",1]}`})
	var codes []any
	for _, v := range object(t, w)["violations"].([]any) {
		codes = append(codes, v.(map[string]any)["code"])
	}
	if diff := cmp.Diff([]any{"malformed", "unavailable_drink", "unknown_modifier"}, codes); diff != "" {
		t.Error(diff)
	}
}

func TestAct_ignoresWhoseOrderABaristaNames(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	f.must("customer:1", "PUT", "/orders/1", cappuccino)
	o := f.must("barista:3", "PUT", "/orders/1?action=make", `{"userId":"1"}`)["order"].(map[string]any)
	if o["baristaUserId"] != "3" {
		t.Errorf("the order is %v's", o["baristaUserId"])
	}
}

func TestAct_findsAnOrderWhoseIdentifierHasToBeEscaped(t *testing.T) {
	f := newFixture(t)
	id := "a/b c%?é"
	f.start(id, "1", "")
	if o := f.must("customer:1", "GET", "/orders/"+url.PathEscape(id), ""); o["orderId"] != id {
		t.Errorf("%v", o)
	}
}

func TestReads_showCustomersTheirOwnOrdersOnly(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	for _, path := range []string{"/orders/1", "/orders/1/history", "/orders/1/actions"} {
		for actor, want := range map[string]int{
			"customer:1": 200, "customer:2": 403, "barista:3": 200, "admin:4": 200, "system:5": 200, "": 401,
		} {
			w := f.do(call{actor: actor, method: "GET", path: path})
			if w.Code != want {
				t.Errorf("%s by %q: %d, want %d", path, actor, w.Code, want)
			}
			if want == 403 && (object(t, w)["code"] != "not_owner" || object(t, w)["order"] != nil) {
				t.Errorf("%s by %q: %s", path, actor, w.Body)
			}
		}
	}
}

func TestHistory_hasEveryEntryAndNoRequestIdentifiers(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	f.must("customer:1", "PUT", "/orders/1?action=cancel", `{"reason":"no time"}`)
	got := f.must("customer:1", "GET", "/orders/1/history", "")
	want := map[string]any{"orderId": "1", "version": 2.0, "entries": []any{
		map[string]any{
			"version": 1.0, "at": "2026-03-01T12:00:00Z", "action": "workflow_started", "from": "", "to": "pending",
			"role": "system", "userId": "workflow", "reason": "",
		},
		map[string]any{
			"version": 2.0, "at": "2026-03-01T12:00:00Z", "action": "cancel", "from": "pending", "to": "cancelled",
			"role": "customer", "userId": "1", "reason": "no time",
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestActions_explainToEachCallerWhatTheyCanDo(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "NYC")
	explain := func(actor string) map[string]string {
		found := map[string]string{}
		for _, a := range f.must(actor, "GET", "/orders/1/actions", "")["actions"].([]any) {
			a := a.(map[string]any)
			var codes []string
			for _, r := range a["reasons"].([]any) {
				codes = append(codes, r.(map[string]any)["code"].(string))
			}
			found[a["action"].(string)] = fmt.Sprint(a["allowed"], codes)
		}
		return found
	}
	if diff := cmp.Diff(map[string]string{
		"put": "true []", "cancel": "true []", "make": "false [forbidden not_ready]",
		"unmake": "false [forbidden illegal_transition]", "complete": "false [forbidden illegal_transition not_ready]",
	}, explain("customer:1")); diff != "" {
		t.Errorf("the customer: %s", diff)
	}
	f.must("customer:1", "PUT", "/orders/1?eventId=NYC", cappuccino)
	f.must("barista:3", "PUT", "/orders/1?action=make", "")
	if diff := cmp.Diff(map[string]string{
		"put": "false [forbidden claimed illegal_transition drink_accepted]", "make": "false [claimed illegal_transition]",
		"unmake": "false [claimed]", "complete": "false [claimed]", "cancel": "false [claimed]",
	}, explain("barista:4")); diff != "" {
		t.Errorf("another barista: %s", diff)
	}
}

func ids(page map[string]any) (found []any) {
	for _, o := range page["orders"].([]any) {
		found = append(found, o.(map[string]any)["orderId"])
	}
	return found
}

func TestLists_goPageByPage(t *testing.T) {
	f := newFixture(t)
	for i := range 5 {
		f.start(fmt.Sprint(i), fmt.Sprint(i%2), []string{"NYC", "LAS"}[i%2])
	}
	for path, want := range map[string][]any{
		"/orders?state=pending&maxItems=2":             {"0", "1", "2", "3", "4"},
		"/orders?eventId=LAS&maxItems=1":               {"1", "3"},
		"/orders?state=pending&eventId=NYC&maxItems=9": {"0", "2", "4"},
		"/orders?state=completed":                      nil,
		"/myOrders?maxItems=1":                         {"1", "3"},
	} {
		var got []any
		for cursor := ""; ; {
			page := f.must("barista:1", "GET", path+"&cursor="+url.QueryEscape(cursor), "")
			got = append(got, ids(page)...)
			if cursor = page["cursor"].(string); cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestLists_refuse(t *testing.T) {
	f := newFixture(t)
	for path, want := range map[string]string{
		"/orders":                         "400 query",
		"/orders?state=lost":              "400 state",
		"/orders?state=pending&state=x":   "400 state",
		"/orders?state=pending&cursor=x":  "400 cursor",
		"/orders?eventId=%00":             "400 eventId",
		"/orders?state=pending;maxItems":  "400 query",
		"/orders?eventId=A&maxItems=0":    "400 maxItems",
		"/orders?eventId=A&maxItems=1001": "400 maxItems",
		"/orders?eventId=A&maxItems=":     "400 maxItems",
		"/orders?eventId=A&maxItems=ten":  "400 maxItems",
		"/myOrders?maxItems=-1":           "400 maxItems",
		"/myOrders?cursor=!":              "400 cursor",
		"/menu?eventId=%ff":               "400 eventId",
		"/menu?eventId=a&eventId=b":       "400 eventId",
		"/menu?eventId=%07":               "400 eventId",
		"/menu?eventid=a":                 "400 eventid",
		"/menu?eventId=a%E2%80%8B":        "400 eventId",
	} {
		w := f.do(call{actor: "barista:3", method: "GET", path: path})
		if got := fmt.Sprint(w.Code, " ", object(t, w)["field"]); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for _, path := range []string{"/orders", "/orders?userId=ben"} {
		got := f.do(call{actor: "barista:3", method: "GET", path: path}).Body.String()
		if !strings.Contains(got, "name a state in state, a venue in eventId, or both") {
			t.Errorf("%s does not say what there is: %s", path, got)
		}
	}
	if w := f.do(call{actor: "customer:1", method: "GET", path: "/orders?state=pending"}); w.Code != http.StatusForbidden {
		t.Errorf("a customer listed all orders: %d", w.Code)
	}
}

func TestMenu_isShownWithListsEverywhere(t *testing.T) {
	f := newFixture(t)
	want := []any{
		map[string]any{"drink": "Cappuccino", "icon": "cappuccino", "available": true,
			"modifiers": []any{map[string]any{"Name": "Milk", "Options": []any{"Regular", "Oat"}}}},
		map[string]any{"drink": "Espresso", "icon": "espresso", "available": true, "modifiers": []any{}},
		map[string]any{"drink": "Mocha", "icon": "mocha", "available": false, "modifiers": []any{}},
	}
	if diff := cmp.Diff(want, f.must("customer:1", "GET", "/menu", "")["items"]); diff != "" {
		t.Error(diff)
	}
	if coffeeMenu.Items[1].Modifiers != nil {
		t.Error("the menu of the source was changed")
	}
}

func TestHealth_tellsProcessAndStoreApart(t *testing.T) {
	f := newFixture(t)
	f.must("", "GET", "/health", "")
	f.breakStore()
	f.must("", "GET", "/health/live", "")
	if w := f.do(call{method: "GET", path: "/health"}); w.Code != http.StatusServiceUnavailable {
		t.Errorf("ready with a broken store: %d", w.Code)
	}
}

func TestRouting_refusesWhatIsNotThere(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/", 404, ""},
		{"GET", "/orders/", 404, ""},
		{"GET", "/orders/1/", 404, ""},
		{"GET", "/orders/1/secrets", 404, ""},
		{"OPTIONS", "/nothing", 404, ""},
		{"POST", "/menu", 405, "GET, HEAD, OPTIONS"},
		{"DELETE", "/orders/1", 405, "GET, HEAD, OPTIONS, PUT"},
		{"BREW", "/menu", 405, "GET, HEAD, OPTIONS"},
		{"HEAD", "/orders/1/resend", 405, "OPTIONS, POST"},
	} {
		w := f.do(call{actor: "admin:1", method: test.method, path: test.path})
		if w.Code != test.status || w.Header().Get("Allow") != test.allow ||
			w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d, Allow %q, %s", test.method, test.path, w.Code, w.Header().Get("Allow"), w.Body)
		}
	}
	without := newFixture(t, func(o *httpapi.Options) { o.Feed, o.Starter, o.Shop = nil, nil, nil })
	if w := without.do(call{actor: "admin:1", method: "POST", path: "/orders"}); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("beginning an order without a starter: %d", w.Code)
	}
	if w := without.do(call{actor: "admin:1", method: "GET", path: "/shop"}); w.Code != http.StatusNotFound {
		t.Errorf("a shop that nobody knows: %d", w.Code)
	}
	if w := without.do(call{actor: "admin:1", method: "GET", path: "/events"}); w.Code != http.StatusNotFound {
		t.Errorf("events without a feed: %d", w.Code)
	}
}

func TestRouting_answersHEADWithTheHeadersOfGET(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	for _, path := range []string{"/orders/1", "/menu", "/health", "/openapi.json", "/orders/7"} {
		get := f.do(call{actor: "customer:1", method: "GET", path: path})
		head := f.do(call{actor: "customer:1", method: "HEAD", path: path})
		if head.Code != get.Code || head.Body.Len() > 0 {
			t.Errorf("HEAD %s: %d with %d bytes", path, head.Code, head.Body.Len())
		}
		if diff := cmp.Diff(get.Header(), head.Header()); diff != "" {
			t.Errorf("HEAD %s: %s", path, diff)
		}
	}
	if w := f.do(call{actor: "customer:1", method: "HEAD", path: "/events"}); w.Code != 200 || w.Body.Len() > 0 {
		t.Errorf("HEAD /events: %d %s", w.Code, w.Body)
	}
}

func TestCORS_letsAllowedOriginsIn(t *testing.T) {
	ask := func(c call, allowed ...string) *httptest.ResponseRecorder {
		return newFixture(t, func(o *httpapi.Options) { o.AllowedOrigins = allowed }).do(c)
	}
	preflight := func(origin string) call {
		return call{method: "OPTIONS", path: "/orders/1", header: http.Header{
			"Origin": {origin}, "Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {
				"authorization,idempotency-key",
			},
		}}
	}
	const shop, other = "https://shop.example", "https://other.example"
	w := ask(preflight(shop), shop)
	if diff := cmp.Diff(http.Header{
		"Allow":                         {"GET, HEAD, OPTIONS, PUT"},
		"Vary":                          {"Origin"},
		"Access-Control-Allow-Origin":   {shop},
		"Access-Control-Allow-Methods":  {"GET, HEAD, OPTIONS, PUT"},
		"Access-Control-Allow-Headers":  {"authorization,idempotency-key"},
		"Access-Control-Expose-Headers": {"Allow, Retry-After"},
		"Access-Control-Max-Age":        {"600"},
	}, w.Header()); diff != "" || w.Code != http.StatusNoContent {
		t.Errorf("the shop: %d %s", w.Code, diff)
	}
	if got := ask(preflight(shop), "HTTPS://Shop.example").Header().Get("Access-Control-Allow-Origin"); got != shop {
		t.Errorf("the shop, in another case: %q", got)
	}
	if header := ask(preflight(other), shop).Header(); header.Get("Access-Control-Allow-Origin") != "" ||
		header.Get("Vary") != "Origin" {
		t.Errorf("another origin: %v", header)
	}
	w = ask(call{method: "GET", path: "/menu", header: http.Header{"Origin": {shop}}}, other, shop)
	if w.Code != http.StatusUnauthorized || w.Header().Get("Access-Control-Allow-Origin") != shop {
		t.Errorf("a refusal cannot be read by the page: %d %v", w.Code, w.Header())
	}
	if got := ask(preflight(other), "*").Header().Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("every origin: %q", got)
	}
	if header := ask(preflight(shop)).Header(); header.Get("Access-Control-Allow-Origin") != "" ||
		header.Get("Vary") != "" {
		t.Errorf("no origins: %v", header)
	}
}

// stuckStore never answers a read.
type stuckStore struct{ ordermanager.Store }

func (stuckStore) Get(ctx context.Context, _ string) (*ordermanager.Order, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestHealth_doesNotWaitForAStoreThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		manager, err := ordermanager.New(stuckStore{}, venues{}, new(memory.Resumer), nil)
		if err != nil {
			t.Fatal(err)
		}
		handler, err := httpapi.New(manager, venues{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, call{method: http.MethodGet, path: "/health"}.request())
		if waited := time.Since(started); w.Code != http.StatusServiceUnavailable || waited > 5*time.Second {
			t.Errorf("answered %d after %v", w.Code, waited)
		}
	})
}

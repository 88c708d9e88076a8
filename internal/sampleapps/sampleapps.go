// Package sampleapps is what the three web apps of the Serverlesspresso sample ask of their API, call by call, and what
// they read in the answers: a contract for every door that serves them. The calls follow the apps' behaviour; the
// values are our own.
package sampleapps

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager/serverlesspresso"
)

// Bar is the API under test, with the workflow behind it. Its menu has Latte, with the milk Oat or Whole, and with the
// icon "latte".
type Bar struct {
	// Dialect is the version of the sample that the API speaks. The core's orders are of the venue [Venue].
	Dialect serverlesspresso.Dialect
	// Do sends a call and returns the answer.
	Do func(t *testing.T, c Call) Answer
	// Begin starts the workflow of an order, and Step runs it until the order has its number.
	Begin func(t *testing.T, orderID, customer, venue string)
	Step  func(t *testing.T, orderID string)
}

// Call is a call of an app, with the claims of the user; nil if nobody is signed in.
type Call struct {
	Claims             map[string]any
	Method, Path, Body string
	Header             http.Header
}

// Answer is the answer to a call.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

const (
	// Venue is the venue of the core's orders, in a form that needs no escaping in a query.
	Venue = "expo-7"
	// Origin is where the apps' pages come from.
	Origin = "https://app.example"
)

var (
	ann = map[string]any{"sub": "ann", "username": "ann"}
	eve = map[string]any{"sub": "eve", "username": "eve"}
	bob = map[string]any{"sub": "bob", "cognito:groups": []any{"admin"}}
	joe = map[string]any{"sub": "joe", "cognito:groups": []any{"admin"}}
)

// venue returns the venue of an order, and with adds it to a path.
func (b *Bar) venue() string {
	if b.Dialect == serverlesspresso.Core {
		return Venue
	}
	return ""
}

func (b *Bar) with(path string) string {
	if b.Dialect != serverlesspresso.Core {
		return path
	}
	if strings.Contains(path, "?") {
		return path + "&eventId=" + Venue
	}
	return path + "?eventId=" + Venue
}

// send makes a call of an app, and checks the status.
func (b *Bar) send(t *testing.T, claims map[string]any, method, path, body string, status int) Answer {
	t.Helper()
	answer := b.Do(t, Call{
		Claims: claims, Method: method, Path: path, Body: body, Header: http.Header{"Origin": {Origin}},
	})
	if answer.Status != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, answer.Status, status, answer.Body)
	}
	if !readable(answer) {
		t.Errorf("%s %s: no page may read the answer", method, path)
	}
	return answer
}

// readable reports whether a browser lets the app's page read the answer.
func readable(answer Answer) bool {
	allowed := answer.Header.Get("Access-Control-Allow-Origin")
	return allowed == "*" || allowed == Origin
}

func (b *Bar) put(t *testing.T, claims map[string]any, path, body string) {
	t.Helper()
	if answer := b.send(t, claims, http.MethodPut, path, body, http.StatusOK); !json.Valid(answer.Body) {
		t.Errorf("PUT %s: the answer is not JSON: %s", path, answer.Body)
	}
}

// order brings an order into the queue: started, with a drink and a number.
func (b *Bar) order(t *testing.T, id string) {
	t.Helper()
	b.Begin(t, id, "ann", b.venue())
	b.put(t, ann, b.with("/orders/"+id), `{"drink":"Latte","modifiers":["Oat"],"icon":"mug"}`)
	b.Step(t, id)
}

// Barista is the barista's board: it loads both lists once, then claims, releases, completes and cancels.
func Barista(t *testing.T, b *Bar) {
	b.order(t, "first")
	b.order(t, "second")
	b.Begin(t, "undecided", "eve", b.venue())

	open := b.orders(t, bob, "CREATED")
	if len(open) != 3 {
		t.Fatalf("%d orders are open", len(open))
	}
	want := shown{ID: "first", Number: open["first"].Number, Drink: "Latte", Modifiers: []string{"Oat"}, Icon: "latte"}
	if diff := cmp.Diff(want, open["first"]); diff != "" {
		t.Errorf("an open order (-want +got):\n%s", diff)
	}
	if open["first"].Number == "" || open["first"].Number == open["second"].Number {
		t.Errorf("the numbers are %q and %q", open["first"].Number, open["second"].Number)
	}
	if open["undecided"].Number != "" {
		t.Error("an order without a drink is on the board: it has a number")
	}

	b.act(t, bob, "claim", "first", "make")
	if got := b.orders(t, joe, "CREATED")["first"].Barista; got != "bob" {
		t.Errorf("the other baristas see that %q makes it", got)
	}
	b.refused(t, joe, "claim", "first", "make", http.StatusConflict, "claimed")
	b.act(t, bob, "claim", "first", "unmake")
	if got := b.orders(t, bob, "CREATED")["first"].Barista; got != "" {
		t.Errorf("given back, and %q still makes it", got)
	}
	b.act(t, joe, "claim", "first", "make")
	b.act(t, joe, "complete", "first", "")
	b.act(t, bob, "cancel", "second", "")
	b.refused(t, bob, "complete", "second", "", http.StatusConflict, "illegal_transition")

	done := b.orders(t, bob, "COMPLETED&maxItems=10")
	if len(done) != 1 || done["first"].Drink != "Latte" {
		t.Errorf("completed orders: %v", done)
	}
	if open := b.orders(t, bob, "CREATED"); len(open) != 1 {
		t.Errorf("still open: %v", open)
	}
	for _, action := range []string{"claim", "complete"} {
		b.refused(t, ann, action, "undecided", "", http.StatusForbidden, "forbidden")
	}
}

// Display is the screen above the counter: it shows numbers and drinks of what is made and what is ready.
func Display(t *testing.T, b *Bar) {
	b.order(t, "first")
	b.order(t, "second")
	b.Begin(t, "undecided", "eve", b.venue())
	b.act(t, bob, "claim", "second", "make")
	b.act(t, bob, "complete", "second", "")

	preparing, ready := b.orders(t, bob, "CREATED"), b.orders(t, bob, "COMPLETED")
	if len(preparing) != 2 || preparing["first"].Number == "" || preparing["first"].Drink != "Latte" {
		t.Errorf("preparing: %v", preparing)
	}
	if len(ready) != 1 || ready["second"].Number == "" || ready["second"].Drink != "Latte" {
		t.Errorf("ready: %v", ready)
	}
	// It asks only for the latest ready orders.
	b.order(t, "third")
	b.act(t, bob, "claim", "third", "make")
	b.act(t, bob, "complete", "third", "")
	if latest := b.orders(t, bob, "COMPLETED&maxItems=1"); len(latest) != 1 || latest["third"].Drink != "Latte" {
		t.Errorf("the latest: %v", latest)
	}
	b.send(t, ann, http.MethodGet, b.with("/orders?state=CREATED"), "", http.StatusForbidden)
}

// Customer is the customer's app: it looks for an order of today that is not finished, sends the drink, can cancel, and
// at the end asks for the order once more.
func Customer(t *testing.T, b *Bar) {
	if got := b.mine(t, ann); len(got) != 0 {
		t.Errorf("the orders of somebody new: %v", got)
	}
	b.Begin(t, "first", "ann", b.venue())
	if got := b.mine(t, ann)["first"]; got.State != b.word("CREATED") || got.Drink != "" {
		t.Errorf("an order without a drink: %+v", got)
	}
	b.put(t, ann, b.with("/orders/first"), `{"drink":"Latte","modifiers":["Oat"],"icon":"mug"}`)
	b.Step(t, "first")
	want := shown{
		ID: "first", State: b.word("CREATED"), Number: b.mine(t, ann)["first"].Number, Drink: "Latte",
		Modifiers: []string{"Oat"}, Icon: "latte",
	}
	if diff := cmp.Diff(want, b.mine(t, ann)["first"]); diff != "" {
		t.Errorf("an order in the queue (-want +got):\n%s", diff)
	}
	b.refused(t, eve, "cancel", "first", "", http.StatusForbidden, "not_owner")
	b.act(t, bob, "complete", "first", "")
	if got := b.mine(t, ann)["first"].State; got != b.word("COMPLETED") {
		t.Errorf("a finished order is %q", got)
	}
	if id := b.summary(t, ann, "first"); id != "first" {
		t.Errorf("the receipt is of order %q", id)
	}
	b.send(t, eve, http.MethodGet, "/orders/first", "", http.StatusForbidden)

	b.Begin(t, "second", "ann", b.venue())
	b.put(t, ann, b.with("/orders/second"), `{"userId":"ann","drink":"Latte","modifiers":[],"icon":"mug"}`)
	// The two versions of the app cancel in different ways, both with a useless body.
	if b.Dialect == serverlesspresso.Core {
		b.put(t, ann, b.with("/orders/second?action=cancel"), `{"status":"cancel"}`)
	} else {
		b.put(t, ann, "/orders/cancel/second", `{"status":"cancel"}`)
	}
	if got := b.mine(t, ann)["second"].State; got != b.word("CANCELLED") {
		t.Errorf("a cancelled order is %q", got)
	}

	// Baristas drink coffee too.
	b.Begin(t, "third", "bob", b.venue())
	b.put(t, bob, b.with("/orders/third"), `{"drink":"Latte","modifiers":[]}`)
}

// word returns ORDERSTATE as the apps compare it.
func (b *Bar) word(state string) string {
	if b.Dialect == serverlesspresso.Core {
		return Venue + "-" + state
	}
	return state
}

// act sends an action as the apps of this version do.
func (b *Bar) act(t *testing.T, claims map[string]any, verb, id, action string) {
	t.Helper()
	b.put(t, claims, b.path(verb, id, action), "")
}

// refused sends an action, and expects a refusal that an app can show.
func (b *Bar) refused(t *testing.T, claims map[string]any, verb, id, action string, status int, code string) {
	t.Helper()
	answer := b.send(t, claims, http.MethodPut, b.path(verb, id, action), "", status)
	problem(t, answer, code)
}

func problem(t *testing.T, answer Answer, code string) {
	t.Helper()
	var p struct{ Code, Message string }
	if err := json.Unmarshal(answer.Body, &p); err != nil || p.Code != code || p.Message == "" {
		t.Errorf("refused with %s, want the code %s and a message", answer.Body, code)
	}
}

func (b *Bar) path(verb, id, action string) string {
	if b.Dialect == serverlesspresso.Core {
		if verb != "claim" {
			action = verb
		} else if action == "" {
			action = "make"
		}
		return b.with("/orders/" + id + "?action=" + action)
	}
	path := "/orders/" + verb + "/" + id
	if action != "" {
		path += "?action=" + action
	}
	return path
}

// shown is what the apps use of an order in a list. Its time is only checked.
type shown struct {
	ID, State, Number, Barista, Drink, Icon string
	Modifiers                               []string
}

// orders returns the orders of a state, as the board and the display read them.
func (b *Bar) orders(t *testing.T, claims map[string]any, state string) map[string]shown {
	t.Helper()
	answer := b.send(t, claims, http.MethodGet, b.with("/orders?state="+state), "", http.StatusOK)
	all := b.read(t, answer.Body, func(o plain) bool { return o.DrinkOrder != nil })
	for id, o := range all {
		o.State = ""
		all[id] = o
	}
	return all
}

// mine returns the caller's orders.
func (b *Bar) mine(t *testing.T, claims map[string]any) map[string]shown {
	t.Helper()
	answer := b.send(t, claims, http.MethodGet, "/myOrders", "", http.StatusOK)
	// The app concludes from a missing drink that it is still to be chosen.
	return b.read(t, answer.Body, func(o plain) bool { return o.DrinkOrder == nil || o.DrinkOrder.Drink != "" })
}

// plain is an order in the workshop's API, and raw one in the core's.
type plain struct {
	PK, SK, ORDERSTATE, OrderNumber, BaristaUserID string
	Robot                                          *bool
	TS                                             int64
	DrinkOrder                                     *drink
}

func (p plain) drink() drink {
	if p.DrinkOrder == nil {
		return drink{}
	}
	return *p.DrinkOrder
}

type drink struct {
	UserID, Drink, Icon string
	Modifiers           []string
}

type raw struct {
	PK, SK, ORDERSTATE, OrderNumber, BaristaUserID, DrinkOrder struct{ S string }
	Robot                                                      struct{ BOOL *bool }
	TS                                                         struct{ N json.Number }
}

// read reads a list in the form of the dialect, and checks that every order has what the apps need.
func (b *Bar) read(t *testing.T, body []byte, sound func(plain) bool) map[string]shown {
	t.Helper()
	var list []plain
	if b.Dialect == serverlesspresso.Core {
		list = readRaw(t, body)
	} else {
		var answer struct{ Result *[]plain }
		if err := json.Unmarshal(body, &answer); err != nil || answer.Result == nil {
			t.Fatalf("there is no list in result: %v: %s", err, body)
		}
		list = *answer.Result
		for _, o := range list {
			if !sound(o) {
				t.Errorf("the app cannot read the drink of %s: %s", o.SK, body)
			}
		}
	}
	all := map[string]shown{}
	for _, o := range list {
		if age := time.Since(time.UnixMilli(o.TS)); o.PK != "orders" || o.Robot == nil || age < -time.Minute ||
			age > time.Hour {
			t.Errorf("order %s has the partition %q, the robot %v and the age %v", o.SK, o.PK, o.Robot, age)
		}
		d := o.drink()
		all[o.SK] = shown{o.SK, o.ORDERSTATE, o.OrderNumber, o.BaristaUserID, d.Drink, d.Icon, d.Modifiers}
	}
	return all
}

func readRaw(t *testing.T, body []byte) []plain {
	t.Helper()
	var items []raw
	if err := json.Unmarshal(body, &items); err != nil || items == nil {
		t.Fatalf("there is no list: %v: %s", err, body)
	}
	var list []plain
	for _, i := range items {
		at, err := i.TS.N.Int64()
		if err != nil {
			t.Errorf("the time of %s is %q", i.SK.S, i.TS.N)
		}
		o := plain{i.PK.S, i.SK.S, i.ORDERSTATE.S, i.OrderNumber.S, i.BaristaUserID.S, i.Robot.BOOL, at, nil}
		if i.DrinkOrder.S != "" {
			o.DrinkOrder = &drink{}
			if err := json.Unmarshal([]byte(i.DrinkOrder.S), o.DrinkOrder); err != nil {
				t.Errorf("the drink of %s is %q", o.SK, i.DrinkOrder.S)
			}
		}
		list = append(list, o)
	}
	return list
}

// summary asks for an order, and returns the identifier that the app finds.
func (b *Bar) summary(t *testing.T, claims map[string]any, id string) string {
	t.Helper()
	answer := b.send(t, claims, http.MethodGet, "/orders/"+id, "", http.StatusOK)
	var order struct {
		OrderID    string
		OrderState string
		TS         any
		DrinkOrder any
		Result     *struct {
			OrderID    string
			OrderState string
			TS         any
			DrinkOrder any
		}
	}
	if err := json.Unmarshal(answer.Body, &order); err != nil {
		t.Fatal(err)
	}
	if b.Dialect == serverlesspresso.Core {
		attribute, _ := order.DrinkOrder.(map[string]any)
		if _, ok := attribute["S"].(string); !ok || order.OrderState == "" {
			t.Errorf("the order is %s", answer.Body)
		}
		return order.OrderID
	}
	if order.Result == nil {
		t.Fatalf("there is no result: %s", answer.Body)
	}
	if fields, _ := order.Result.DrinkOrder.(map[string]any); fields["drink"] != "Latte" || order.Result.OrderState == "" {
		t.Errorf("the order is %s", answer.Body)
	}
	return order.Result.OrderID
}

// Preflight is a browser's preflight request.
func Preflight(t *testing.T, b *Bar) {
	for path, method := range map[string]string{
		"/orders?state=CREATED": "GET", "/myOrders": "GET", "/orders/x": "PUT", "/orders/claim/x?action=make": "PUT",
		"/orders/complete/x": "PUT", "/orders/cancel/x": "PUT",
	} {
		answer := b.Do(t, Call{Method: http.MethodOptions, Path: path, Header: http.Header{
			"Origin":                         {Origin},
			"Access-Control-Request-Method":  {method},
			"Access-Control-Request-Headers": {"authorization,content-type"},
		}})
		header := answer.Header
		if answer.Status/100 != 2 || !readable(answer) ||
			!strings.Contains(header.Get("Access-Control-Allow-Methods"), method) ||
			!strings.Contains(header.Get("Access-Control-Allow-Headers"), "authorization") {
			t.Errorf("OPTIONS %s: %d %v", path, answer.Status, header)
		}
	}
}

// BadInput is what no app sends, or somebody else in its place: each call is refused with a message that can be shown,
// and changes nothing.
func BadInput(t *testing.T, b *Bar) {
	b.order(t, "taken")
	b.Begin(t, "first", "ann", b.venue())
	long := strings.Repeat("x", 200)
	for name, c := range map[string]struct {
		claims             map[string]any
		method, path, body string
		status             int
		code               string
	}{
		"nobody": {nil, "GET", "/myOrders", "", 401, "unauthenticated"},
		"a token without a subject": {
			map[string]any{"cognito:groups": []any{"admin"}}, "GET", b.with("/orders?state=CREATED"), "", 401, "unauthenticated",
		},
		"a customer on the board":   {ann, "GET", b.with("/orders?state=CREATED"), "", 403, "forbidden"},
		"an unknown state":          {bob, "GET", b.with("/orders?state=MAKING"), "", 400, "invalid_request"},
		"no state":                  {bob, "GET", b.with("/orders"), "", 400, "invalid_request"},
		"a limit that is no number": {bob, "GET", b.with("/orders?state=CREATED&maxItems=all"), "", 400, "invalid_request"},
		"no such order":             {bob, "GET", "/orders/none", "", 404, "order_not_found"},
		"no such path":              {bob, "PUT", "/orders/refund/first", "", 404, "not_found"},
		"no such method":            {bob, "DELETE", "/orders/first", "", 405, "method_not_allowed"},
		"an action of no meaning":   {bob, "PUT", b.with("/orders/first?action=refund"), "", 400, "unknown_action"},
		"a claim that cancels":      {bob, "PUT", "/orders/claim/taken?action=cancel", "", 400, "invalid_request"},
		"somebody else's order": {
			eve, "PUT", b.with("/orders/first"), `{"drink":"Latte","modifiers":[]}`, 403, "not_owner",
		},
		"somebody else's name": {
			eve, "PUT", b.with("/orders/first"), `{"userId":"ann","drink":"Latte","modifiers":[]}`, 403, "forbidden",
		},
		"a drink that is a number": {ann, "PUT", b.with("/orders/first"), `{"drink":5}`, 422, "invalid_order"},
		"a drink that is not there": {
			ann, "PUT", b.with("/orders/first"), `{"drink":"Soup","modifiers":[]}`, 422, "invalid_order",
		},
		"a body that is a list":  {ann, "PUT", b.with("/orders/first"), `[]`, 400, "invalid_request"},
		"a body that is no JSON": {ann, "PUT", b.with("/orders/first"), `{"drink":`, 400, "invalid_request"},
		"a user that is a number": {
			ann, "PUT", b.with("/orders/first"), `{"userId":1,"drink":"Latte"}`, 400, "invalid_request",
		},
		"an identifier too long": {bob, "PUT", "/orders/complete/" + long, "", 400, "invalid_request"},
		"a second drink": {
			ann, "PUT", b.with("/orders/taken"), `{"drink":"Latte","modifiers":[]}`, 409, "drink_accepted",
		},
	} {
		t.Run(name, func(t *testing.T) { problem(t, b.send(t, c.claims, c.method, c.path, c.body, c.status), c.code) })
	}
	if b.Dialect == serverlesspresso.Core {
		problem(t, b.send(t, bob, "GET", "/orders?state=CREATED", "", 400), "invalid_request")
		problem(t, b.send(t, bob, "GET", "/orders?state=CREATED&eventId="+long, "", 400), "invalid_request")
		problem(
			t, b.send(t, ann, "PUT", "/orders/first?eventId=elsewhere", `{"drink":"Latte","modifiers":[]}`, 409), "wrong_venue",
		)
	}
	want := map[string]shown{
		"first": {ID: "first"},
		"taken": {
			ID: "taken", Number: b.mine(t, ann)["taken"].Number, Drink: "Latte", Icon: "latte", Modifiers: []string{"Oat"},
		},
	}
	if diff := cmp.Diff(want, b.orders(t, bob, "CREATED")); diff != "" {
		t.Errorf("something was written (-want +got):\n%s", diff)
	}
}

// Apps are the contracts by name.
func Apps() map[string]func(*testing.T, *Bar) {
	return map[string]func(*testing.T, *Bar){
		"barista": Barista, "customer": Customer, "display": Display, "preflight": Preflight, "bad input": BadInput,
	}
}

// Queue brings an order to where a barista can make it.
func Queue(t *testing.T, b *Bar, id string) { b.order(t, id) }

// Listed returns the identifiers of the orders that the board gets for a state.
func Listed(t *testing.T, b *Bar, word string) []string {
	t.Helper()
	return slices.Sorted(maps.Keys(b.orders(t, bob, word)))
}

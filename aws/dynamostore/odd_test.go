package dynamostore_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/serverlesspresso"
)

func null() types.AttributeValue             { return &types.AttributeValueMemberNULL{Value: true} }
func boolean(b bool) types.AttributeValue    { return &types.AttributeValueMemberBOOL{Value: b} }
func set(all ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: all} }

// puts writes an item of an order o1, whatever was there, with some attributes changed; nil leaves one out.
func (n *neighbour) puts(changes attributes) {
	n.t.Helper()
	i := started("")
	i["ORDERSTATE"] = n.state("CREATED", "CREATED")
	for name, value := range changes {
		if i[name] = value; value == nil {
			delete(i, name)
		}
	}
	if _, err := n.client.PutItem(n.t.Context(), &dynamodb.PutItemInput{TableName: &n.table, Item: i}); err != nil {
		n.t.Fatal(err)
	}
}

// drink is the JSON of a drink as the state machine of the sample writes it.
const drink = `{"userId":"c1","drink":"Espresso","modifiers":["Oat"],"icon":"cup"}`

// The shapes of rows that functions of the public sample wrote in the course of its history, each in the dialect's own
// words.
func TestRows_thatAnyFunctionOfTheSampleEverWroteAreRead(t *testing.T) {
	espresso := &ordermanager.Drink{Name: "Espresso", Icon: "cup", Modifiers: []string{"Oat"}}
	bare := &ordermanager.Drink{Name: "Espresso"}
	type want struct {
		State           ordermanager.State
		Drink           *ordermanager.Drink
		Number, Barista string
		Reason          string
		Robot           bool
	}
	pending := want{State: ordermanager.StatePending}
	with := func(w want, change func(*want)) want { change(&w); return w }
	having := func(d *ordermanager.Drink) want { return with(pending, func(w *want) { w.Drink = d }) }
	list := func(all ...string) types.AttributeValue {
		l := &types.AttributeValueMemberL{}
		for _, text := range all {
			l.Value = append(l.Value, str(text))
		}
		return l
	}
	shapes := []struct {
		name    string
		changes func(n *neighbour) attributes
		want    want
	}{
		{"a start", func(*neighbour) attributes { return nil }, pending},
		{"a start of a robot", func(*neighbour) attributes { return attributes{"robot": boolean(true)} },
			with(pending, func(w *want) { w.Robot = true })},
		{"a start without a token, with a bucket", func(*neighbour) attributes {
			return attributes{"TaskToken": nil, "bucketState": mapValue(attributes{"last_id": num("7")})}
		}, pending},
		{"a token that was taken back", func(*neighbour) attributes { return attributes{"TaskToken": null()} }, pending},
		{"the JSON of a put", func(*neighbour) attributes { return attributes{"drinkOrder": str(drink)} }, having(espresso)},
		{"the JSON of a put with a number as icon", func(*neighbour) attributes {
			return attributes{"drinkOrder": str(`{"drink":"Espresso","icon":7,"modifiers":["Oat"],"extra":{"a":[1,null]}}`)}
		}, having(&ordermanager.Drink{Name: "Espresso", Icon: "7", Modifiers: []string{"Oat"}})},
		{"the JSON of a put with nothing but a drink", func(*neighbour) attributes {
			return attributes{"drinkOrder": str(`{"drink":"Espresso","icon":null,"modifiers":null}`)}
		}, having(bare)},
		{"a drink that is a map", func(*neighbour) attributes {
			return attributes{
				"drinkOrder": mapValue(attributes{"drink": str("Espresso"), "icon": str("cup"), "modifiers": list("Oat")}),
			}
		}, having(espresso)},
		{"a drink that is a map, with a set of modifiers", func(*neighbour) attributes {
			return attributes{
				"drinkOrder": mapValue(attributes{"drink": str("Espresso"), "icon": str("cup"), "modifiers": set("Oat")}),
			}
		}, having(espresso)},
		{
			"a drink that is its name", func(*neighbour) attributes { return attributes{"drinkOrder": str("Espresso")} },
			having(bare),
		},
		{
			"a drink that is its name in JSON",
			func(*neighbour) attributes { return attributes{"drinkOrder": str(`"Espresso"`)} }, having(bare),
		},
		{"a drink that is half a JSON", func(*neighbour) attributes { return attributes{"drinkOrder": str(`{"drink":`)} },
			having(&ordermanager.Drink{Name: `{"drink":`})},
		{"a drink without a name", func(*neighbour) attributes {
			return attributes{
				"drinkOrder": str(`{"modifiers":["Oat"]}`),
			}
		},
			having(&ordermanager.Drink{Modifiers: []string{"Oat"}})},
		{"no drink, said so", func(*neighbour) attributes { return attributes{"drinkOrder": null()} }, pending},
		{"a number that is a text", func(*neighbour) attributes { return attributes{"orderNumber": str("7")} },
			with(pending, func(w *want) { w.Number = "7" })},
		{"a number of 38 digits", func(*neighbour) attributes {
			return attributes{
				"orderNumber": num(strings.Repeat("9", 38)),
			}
		},
			with(pending, func(w *want) { w.Number = strings.Repeat("9", 38) })},
		{"a claim", func(*neighbour) attributes { return attributes{"baristaUserId": str("ben")} },
			want{State: ordermanager.StateMaking, Barista: "ben"}},
		{"a claim that was given back", func(*neighbour) attributes { return attributes{"baristaUserId": str("")} }, pending},
		{
			"a claim that was given back as NULL", func(*neighbour) attributes { return attributes{"baristaUserId": null()} },
			pending,
		},
		{"a completion", func(n *neighbour) attributes { return attributes{"ORDERSTATE": n.state("Completed", "COMPLETED")} },
			want{State: ordermanager.StateCompleted}},
		{"a completion in the words of before there were venues", func(*neighbour) attributes {
			return attributes{
				"ORDERSTATE": str("COMPLETED"),
			}
		},
			want{State: ordermanager.StateCompleted}},
		{"a cancellation", func(n *neighbour) attributes {
			return attributes{
				"ORDERSTATE": n.state("Cancelled", "CANCELLED"),
			}
		},
			want{State: ordermanager.StateCancelled}},
		{"a time-out", func(n *neighbour) attributes {
			return attributes{"ORDERSTATE": n.state("CANCELLED", "CANCELLED"), "reason": str("Barista timedout")}
		}, want{State: ordermanager.StateCancelled, Reason: "Barista timedout"}},
		{"a time-out without a cause, with a text as flag and no time", func(n *neighbour) attributes {
			return attributes{"ORDERSTATE": n.state("CANCELLED", "CANCELLED"), "reason": null(), "robot": str("true"), "TS": nil}
		}, want{State: ordermanager.StateCancelled, Robot: true}},
	}
	mixed(t, func(t *testing.T, h *house, n *neighbour, _ *transport) {
		for _, shape := range shapes {
			t.Run(shape.name, func(t *testing.T) {
				n.puts(shape.changes(n))
				o, err := h.Order(t.Context(), "o1")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(shape.want, want{o.State, o.Drink, o.Number, o.Barista, o.Reason, o.Robot}); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				page, err := h.Page(t.Context(), ordermanager.Query{Customer: "c1"})
				if err != nil || len(page.Orders) != 1 {
					t.Errorf("a listing has %d orders, %v", len(page.Orders), err)
				}
			})
		}
	})
}

func TestRows_whoseDrinkIsWrittenInAnotherWayCanBeMadeAndEnded(t *testing.T) {
	mixed(t, func(t *testing.T, h *house, n *neighbour, _ *transport) {
		for name, drinkOrder := range map[string]types.AttributeValue{
			"a map": mapValue(attributes{
				"drink": str("Espresso"), "modifiers": listValue(),
			}), "no JSON": str("{"), "no name": str(`{"icon":7}`),
		} {
			t.Run(name, func(t *testing.T) {
				answered := len(h.resumer.Answered())
				ctx := t.Context()
				second := h.resumer.Issue()
				n.puts(attributes{"TaskToken": str(second.Reveal()), "orderNumber": str("7"), "drinkOrder": drinkOrder})
				ok(t, ordermanager.ResumeNone)(h.Make(ctx, by(anna)))
				ok(t, ordermanager.ResumeDelivered)(h.Complete(ctx, by(anna)))
				n.puts(attributes{"TaskToken": str(h.resumer.Issue().Reveal()), "orderNumber": str("7"), "drinkOrder": drinkOrder})
				o := ok(t, ordermanager.ResumeDelivered)(h.Cancel(ctx, by(ordermanager.Customer("c1"))))
				if answered = len(h.resumer.Answered()) - answered; o.State != ordermanager.StateCancelled || answered != 2 {
					t.Errorf("invariant 3: %s, %d answers", o.State, answered)
				}
			})
		}
	})
}

func TestRows_nullIsAbsentWhereverItDecides(t *testing.T) {
	mixed(t, func(t *testing.T, h *house, n *neighbour, _ *transport) {
		ctx := t.Context()
		n.puts(attributes{
			"TaskToken": null(), "drinkOrder": null(), "baristaUserId": null(), "orderNumber": null(), "reason": null(), "robot": null(),
		})
		first, second := h.resumer.Issue(), h.resumer.Issue()
		ok(t, ordermanager.ResumeNone)(h.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
			OrderID: "o1", Customer: "c1", Venue: n.venue(), Token: first,
		}))
		if _, err := h.Make(ctx, by(anna)); ordermanager.CodeOf(err) != "not_ready" {
			t.Errorf("a drink that is NULL is one: %v", err)
		}
		ok(t, ordermanager.ResumeDelivered)(h.Put(ctx, n.put()))
		ok(t, ordermanager.ResumeNone)(h.WaitingCompletion(
			ctx, ordermanager.WaitingCompletion{OrderID: "o1", Number: "7", Token: second},
		))
		n.sets(attributes{"baristaUserId": null()})
		ok(t, ordermanager.ResumeNone)(h.Make(ctx, by(anna)))
		if _, err := h.Make(ctx, by(ben)); ordermanager.CodeOf(err) != "claimed" {
			t.Errorf("invariant 7: %v", err)
		}
		ok(t, ordermanager.ResumeDelivered)(h.Complete(ctx, by(anna)))
		if len(h.resumer.Answered()) != 2 {
			t.Errorf("invariant 3: %d answers", len(h.resumer.Answered()))
		}
	})
}

// A row that is broken where it matters is the same after every action as before.
func TestRows_thatAreBrokenWhereItMattersAreNotWrittenOver(t *testing.T) {
	brokenRows := map[string]attributes{
		"an unknown state":    {"ORDERSTATE": str("BREWING")},
		"a state and a space": {"ORDERSTATE": str("NEW-YORK-CREATED ")},
		"more than a state":   {"ORDERSTATE": str("NEW-YORK-CREATED-AGAIN")},
		"a list as token":     {"TaskToken": listValue()},
		"bytes as token":      {"TaskToken": &types.AttributeValueMemberB{Value: []byte("abc")}},
		"a map as barista":    {"baristaUserId": mapValue(nil)},
		"a number as venue":   {"om_ve": num("7")},
		"a time that is text": {"om_t1at": str("yesterday")},
		"half a record":       {"om_v": num("2"), "om_hi": listValue(mapValue(nil)), "om_rq": listValue(str("r1"))},
		"no customer":         {"USERID": nil},
	}
	mixed(t, func(t *testing.T, h *house, n *neighbour, _ *transport) {
		for name, broken := range brokenRows {
			t.Run(name, func(t *testing.T) {
				ctx := t.Context()
				n.puts(broken)
				before := raw(t, n.client, n.table, keyOf(n.layout, "o1"))
				_, errPut := h.Put(ctx, n.put())
				_, errMake := h.Make(ctx, by(anna))
				_, errUnmake := h.Unmake(ctx, by(anna))
				_, errComplete := h.Complete(ctx, by(anna))
				_, errCancel := h.Cancel(ctx, by(ordermanager.Admin("root")))
				_, errTimedOut := h.TimedOut(ctx, ordermanager.TimedOut{OrderID: "o1", Cause: "too late"})
				_, errStarted := h.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
					OrderID: "o1", Customer: "c1", Venue: n.venue(), Token: h.resumer.Issue(),
				})
				_, errWaiting := h.WaitingCompletion(
					ctx, ordermanager.WaitingCompletion{OrderID: "o1", Number: "7", Token: h.resumer.Issue()},
				)
				for action, err := range map[string]error{
					"put": errPut, "make": errMake, "unmake": errUnmake, "complete": errComplete, "cancel": errCancel,
					"time-out": errTimedOut, "start": errStarted, "wait": errWaiting,
				} {
					if err == nil || !strings.Contains(err.Error(), dynamostore.ErrBrokenItem.Error()) {
						t.Errorf("%s: %v", action, err)
					}
				}
				if diff := cmp.Diff(wire(before), wire(raw(t, n.client, n.table, keyOf(n.layout, "o1")))); diff != "" {
					t.Errorf("it was written over, -before +after:\n%s", diff)
				}
			})
		}
	})
}

func TestRows_thatAreNoOrderDoNotKeepOneFromBeginning(t *testing.T) {
	phantoms := map[string]attributes{
		"of a make":       {"baristaUserId": str("b9")},
		"of an unmake":    {"baristaUserId": null()},
		"of a completion": {"ORDERSTATE": str("NEW-YORK-COMPLETED")},
		"of a time-out":   {"ORDERSTATE": str("CANCELLED"), "reason": str("Customer timedout"), "TS": num("1")},
		"of a put":        {"drinkOrder": str(drink), "orderNumber": num("7")},
	}
	mixed(t, func(t *testing.T, h *house, n *neighbour, requests *transport) {
		for name, left := range phantoms {
			t.Run(name, func(t *testing.T) {
				ctx := t.Context()
				i := keyOf(n.layout, "o1")
				maps.Copy(i, left)
				if _, err := n.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &n.table, Item: i}); err != nil {
					t.Fatal(err)
				}
				if _, err := h.Make(ctx, by(anna)); ordermanager.CodeOf(err) != "order_not_found" {
					t.Errorf("it is an order: %v", err)
				}
				requests.taken()
				o := ok(t, ordermanager.ResumeNone)(h.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
					OrderID: "o1", Customer: "c1", Venue: n.venue(), Token: h.resumer.Issue(),
				}))
				requests.only(t, "UpdateItem", 1)
				if o.State != ordermanager.StatePending || o.Barista != "" || o.Drink != nil || o.Reason != "" || o.Number != "" ||
					o.Version != 1 {
					t.Errorf("something of it is left: %+v", o)
				}
				ok(t, ordermanager.ResumeDelivered)(h.Put(ctx, n.put()))
			})
		}
	})
}

func TestSettle_ofAnOrderThatOnlyTheSampleHasWritten(t *testing.T) {
	mixed(t, func(t *testing.T, h *house, n *neighbour, requests *transport) {
		ctx := t.Context()
		n.puts(attributes{"drinkOrder": str(drink)})
		store := newStore(t, n.client, n.table, dynamostore.Options{Layout: n.layout})
		o, err := store.Get(ctx, "o1")
		if err != nil || o.Version != 0 {
			t.Fatalf("%+v, %v", o, err)
		}
		for range 2 {
			if err := store.Settle(
				ctx, ordermanager.Settlement{OrderID: "o1", First: o.FirstWait.Token, Everything: true},
			); err != nil {
				t.Fatal(err)
			}
		}
		if o, err = store.Get(ctx, "o1"); err != nil || !o.FirstWait.Token.IsZero() {
			t.Errorf("its token is still there: %+v, %v", o, err)
		}
	})
}

// expiry is when an order expires; zero if it does not.
func expiry(t *testing.T, c *dynamodb.Client, table string, layout dynamostore.Layout) string {
	t.Helper()
	name := map[dynamostore.Layout]string{dynamostore.Native: "ex"}[layout]
	if name == "" {
		name = "om_ex"
	}
	value, _ := raw(t, c, table, keyOf(layout, "o1"))[name].(*types.AttributeValueMemberN)
	if value == nil {
		return ""
	}
	return value.Value
}

func TestSettle_asOftenAsOneLikesKeepsTheTimeOfExpiry(t *testing.T) {
	eachLayout(t, func(t *testing.T, layout dynamostore.Layout) {
		ctx, c := t.Context(), emulator(t)
		name := table(t, c, layout)
		store := newStore(t, c, name, dynamostore.Options{Layout: layout, TTL: time.Hour})
		h := newHouse(t, store)
		if _, err := h.WorkflowStarted(
			ctx, ordermanager.WorkflowStarted{OrderID: "o1", Customer: "c1", Token: h.resumer.Issue()},
		); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Cancel(ctx, by(ordermanager.Customer("c1"))); err != nil {
			t.Fatal(err)
		}
		want := expiry(t, c, name, layout)
		if want == "" || want == "253402300799" {
			t.Fatalf("an order that has ended expires at %q", want)
		}
		settleAgain := func() {
			t.Helper()
			o, err := store.Get(ctx, "o1")
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Settle(
				ctx, ordermanager.Settlement{OrderID: "o1", Version: o.Version, Everything: true},
			); err != nil {
				t.Fatal(err)
			}
		}
		settleAgain()
		if got := expiry(t, c, name, layout); got != want {
			t.Errorf("settled twice, it expires at %s, not at %s", got, want)
		}
		// A wait that begins only now is answered, and settled.
		if _, err := h.WaitingCompletion(
			ctx, ordermanager.WaitingCompletion{OrderID: "o1", Number: "7", Token: h.resumer.Issue()},
		); err != nil {
			t.Fatal(err)
		}
		if got := expiry(t, c, name, layout); got != want {
			t.Errorf("settled after another wait, it expires at %s, not at %s", got, want)
		}
		// As an earlier version left it: without the time at which it is to expire once it owes nothing.
		ending := map[dynamostore.Layout]string{dynamostore.Native: "en"}[layout]
		if ending == "" {
			ending = "om_en"
		}
		update := "REMOVE " + ending
		if _, err := c.UpdateItem(
			ctx, &dynamodb.UpdateItemInput{TableName: &name, Key: keyOf(layout, "o1"), UpdateExpression: &update},
		); err != nil {
			t.Fatal(err)
		}
		settleAgain()
		if _, err := h.WaitingCompletion(
			ctx, ordermanager.WaitingCompletion{OrderID: "o1", Number: "7", Token: h.resumer.Issue()},
		); err != nil {
			t.Fatal(err)
		}
		if got := expiry(t, c, name, layout); got != want {
			t.Errorf("an item of an earlier version expires at %s, not at %s", got, want)
		}
	})
}

func TestList_endsWithAnEmptyKey(t *testing.T) {
	i := started("CREATED")
	body, err := json.Marshal(map[string]any{"Items": []any{wire(i)}, "Count": 1, "LastEvaluatedKey": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	tr := always(func() *http.Response { return response(http.StatusOK, string(body)) })
	page, err := newStore(t, tr.alone(), "orders", dynamostore.Options{Layout: serverlesspresso.Workshop}).
		List(t.Context(), ordermanager.Query{Customer: "c1", Limit: 10})
	if err != nil || len(page.Orders) != 1 || page.Cursor != "" {
		t.Errorf("%d orders, cursor %q, %v", len(page.Orders), page.Cursor, err)
	}
	tr.only(t, "Query", 1)
}

// Some emulators refuse without the item that refused.
func TestApply_asksForTheItemThatARefusalDoesNotShow(t *testing.T) {
	i := started("Completed")
	refuse := refusing(t, i)
	tr := &transport{answer: func(n int, op string, body []byte) (*http.Response, error) {
		if op == "UpdateItem" {
			return failure(http.StatusBadRequest, "ConditionalCheckFailedException", "refused"), nil
		}
		return refuse.answer(n, op, body)
	}}
	h := newHouse(t, newStore(t, tr.alone(), "orders", dynamostore.Options{Layout: serverlesspresso.Workshop}))
	if _, err := h.Cancel(t.Context(), by(ordermanager.Customer("c1"))); ordermanager.CodeOf(err) != "illegal_transition" {
		t.Errorf("a completed order: %v", err)
	}
	if ops := tr.taken(); ops != "UpdateItem, GetItem" {
		t.Errorf("it took %s", ops)
	}
}

// recode changes what a cursor says.
func recode(t *testing.T, cursor string, change func(string) string) string {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(change(string(data))))
}

func TestList_takesACursorThatDynamoDBRefusesForTheCallersError(t *testing.T) {
	eachLayout(t, func(t *testing.T, layout dynamostore.Layout) {
		c := emulator(t)
		name := table(t, c, layout)
		store := newStore(t, c, name, dynamostore.Options{Layout: layout})
		h := newHouse(t, store)
		for _, id := range []string{"o1", "o2"} {
			if _, err := h.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
				OrderID: id, Customer: "c1", Venue: "ABC", Token: h.resumer.Issue(),
			}); err != nil {
				t.Fatal(err)
			}
		}
		q := ordermanager.Query{Customer: "c1", Limit: 1}
		page, err := store.List(t.Context(), q)
		if err != nil || page.Cursor == "" {
			t.Fatal(page.Cursor, err)
		}
		for _, forge := range []func(string) string{
			func(text string) string { return strings.ReplaceAll(text, `"i":"`, `"s":"17","x":"`) },
			func(text string) string { return strings.ReplaceAll(text, `"i":"`, `"i":"`+strings.Repeat("x", 200)) },
			func(text string) string { return strings.ReplaceAll(text, `"i":"`, `"s":"1","i":"`) },
			func(text string) string { return strings.ReplaceAll(text, `"s":"`, `"t":"`) },
			func(text string) string { return text[:len(text)/2] },
		} {
			q.Cursor = recode(t, page.Cursor, forge)
			if got, err := store.List(t.Context(), q); err != nil && ordermanager.CodeOf(err) != "invalid_request" {
				t.Errorf("%s: %d orders, %v", q.Cursor, len(got.Orders), err)
			}
		}
	})
}

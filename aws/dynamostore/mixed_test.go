package dynamostore_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// The sample's functions, as data: what each of them writes to the item of an order.

type neighbour struct {
	t      *testing.T
	client *dynamodb.Client
	table  string
	layout dynamostore.Layout
}

func (n *neighbour) state(workshop, core string) types.AttributeValue {
	if n.layout == serverlesspresso.Core {
		return str("NEW-YORK-" + core)
	}
	return str(workshop)
}

// starts puts the item, whatever was there.
func (n *neighbour) starts(token string) {
	n.t.Helper()
	i := started("")
	i["ORDERSTATE"], i["TaskToken"] = n.state("CREATED", "CREATED"), str(token)
	if _, err := n.client.PutItem(n.t.Context(), &dynamodb.PutItemInput{TableName: &n.table, Item: i}); err != nil {
		n.t.Fatal(err)
	}
}

func (n *neighbour) sets(attributes map[string]types.AttributeValue) {
	n.t.Helper()
	updates := map[string]types.AttributeValueUpdate{}
	for name, value := range attributes {
		updates[name] = types.AttributeValueUpdate{Action: types.AttributeActionPut, Value: value}
	}
	if _, err := n.client.UpdateItem(n.t.Context(), &dynamodb.UpdateItemInput{
		TableName: &n.table, Key: keyOf(n.layout, "o1"), AttributeUpdates: updates,
	}); err != nil {
		n.t.Fatal(err)
	}
}

func (n *neighbour) accepts() {
	n.t.Helper()
	n.sets(map[string]types.AttributeValue{
		"drinkOrder": str(`{"userId":"c1","drink":"Latte","modifiers":["Oat"],"icon":"latte-icon","extra":{"a":1}}`),
	})
}

func (n *neighbour) waits(token string) {
	n.t.Helper()
	n.sets(map[string]types.AttributeValue{"TaskToken": str(token), "orderNumber": num("7"), "TS": num("1700000009000")})
}

func (n *neighbour) claims(barista string) {
	n.t.Helper()
	n.sets(map[string]types.AttributeValue{"baristaUserId": str(barista)})
}

func (n *neighbour) completes() {
	n.t.Helper()
	n.sets(map[string]types.AttributeValue{"ORDERSTATE": n.state("Completed", "COMPLETED")})
}

func (n *neighbour) timesOut() {
	n.t.Helper()
	n.sets(map[string]types.AttributeValue{
		"ORDERSTATE": n.state("CANCELLED", "CANCELLED"), "reason": str("Barista timedout"),
	})
}

// mixed runs a test in both dialects with the sample's functions next to a Manager.
func mixed(t *testing.T, test func(t *testing.T, h *house, n *neighbour, requests *transport)) {
	for _, layout := range []dynamostore.Layout{serverlesspresso.Workshop, serverlesspresso.Core} {
		t.Run(string(layout), func(t *testing.T) {
			c := emulator(t)
			name := table(t, c, layout)
			requests := &transport{}
			h := newHouse(t, newStore(t, emulator(t, requests.use), name, dynamostore.Options{Layout: layout}))
			test(t, h, &neighbour{t, c, name, layout}, requests)
		})
	}
}

func (n *neighbour) venue() string {
	if n.layout == serverlesspresso.Core {
		return "NEW-YORK"
	}
	return ""
}

func (n *neighbour) put() ordermanager.Request {
	return ordermanager.Request{OrderID: "o1", Actor: ordermanager.Customer("c1"), Venue: n.venue(), Drink: latte}
}

func by(actor ordermanager.Actor) ordermanager.Request {
	return ordermanager.Request{OrderID: "o1", Actor: actor}
}

// ok fails unless an action was accepted and its answer reached the workflow as expected.
func ok(t *testing.T, want ordermanager.ResumeStatus) func(ordermanager.Receipt, error) ordermanager.Order {
	t.Helper()
	return func(receipt ordermanager.Receipt, err error) ordermanager.Order {
		t.Helper()
		if err != nil || receipt.Resume != want || receipt.Pending != nil {
			t.Fatalf("%s: resume %s (%s), %v, pending %v", receipt.Action, receipt.Resume, receipt.Gone, err, receipt.Pending)
		}
		return receipt.Order
	}
}

var anna, ben = ordermanager.Barista("anna"), ordermanager.Barista("ben")

func TestMixed_theSamplesFunctionsNotifyAndWeAct(t *testing.T) {
	mixed(t, func(t *testing.T, h *house, n *neighbour, requests *transport) {
		ctx := t.Context()
		first, second := h.resumer.Issue(), h.resumer.Issue()
		n.starts(first.Reveal())
		o, err := h.Order(ctx, "o1")
		requests.taken()
		if err != nil || o.State != ordermanager.StatePending || o.Customer != "c1" || o.Venue != n.venue() ||
			o.Version != 0 {
			t.Fatalf("%+v, %v", o, err)
		}
		ok(t, ordermanager.ResumeDelivered)(h.Put(ctx, n.put()))
		n.waits(second.Reveal())
		ok(t, ordermanager.ResumeNone)(h.Make(ctx, by(anna)))
		o = ok(t, ordermanager.ResumeDelivered)(h.Complete(ctx, by(anna)))
		if o.Number != "7" || o.State != ordermanager.StateCompleted || o.Barista != "anna" || o.Drink.Name != "Latte" {
			t.Errorf("%+v", o)
		}
		if answered := len(h.resumer.Answered()); answered != 2 {
			t.Errorf("invariant 3: %d tokens were answered", answered)
		}
		// Each of put, make and complete is one write, and each delivery one settlement, on items that the sample began.
		requests.only(t, "UpdateItem", 6)
		i := raw(t, n.client, n.table, keyOf(n.layout, "o1"))
		want := map[bool]string{false: "Completed", true: "NEW-YORK-COMPLETED"}[n.layout == serverlesspresso.Core]
		if state := i["ORDERSTATE"].(*types.AttributeValueMemberS).Value; state != want {
			t.Errorf("ORDERSTATE is %s", state)
		}
		if _, found := i["TaskToken"]; found {
			t.Error("a used token is kept")
		}
	})
}

func TestMixed_theSampleActsAndWeFollow(t *testing.T) {
	mixed(t, func(t *testing.T, h *house, n *neighbour, _ *transport) {
		ctx := t.Context()
		first, second := h.resumer.Issue(), h.resumer.Issue()
		ok(t, ordermanager.ResumeNone)(h.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
			OrderID: "o1", Customer: "c1", Venue: n.venue(), Token: first,
		}))
		n.accepts() // and it resumes the first wait itself
		if _, err := h.Put(ctx, n.put()); ordermanager.CodeOf(err) != "drink_accepted" {
			t.Errorf("a second put: %v", err)
		}
		ok(t, ordermanager.ResumeNone)(h.WaitingCompletion(
			ctx, ordermanager.WaitingCompletion{OrderID: "o1", Number: "7", Token: second},
		))
		n.claims("ben")
		if _, err := h.Make(ctx, by(anna)); ordermanager.CodeOf(err) != "claimed" {
			t.Errorf("a claim of the sample's does not hold: %v", err)
		}
		n.claims("")
		ok(t, ordermanager.ResumeNone)(h.Make(ctx, by(anna)))
		n.completes()
		if _, err := h.Cancel(ctx, by(anna)); ordermanager.CodeOf(err) != "illegal_transition" {
			t.Errorf("a completed order: %v", err)
		}
	})
}

func TestMixed_aWriteOfTheSamplesBetweenAnswerAndSettlementLosesNothing(t *testing.T) {
	mixed(t, func(t *testing.T, h *house, n *neighbour, _ *transport) {
		ctx := t.Context()
		first, second := h.resumer.Issue(), h.resumer.Issue()
		n.starts(first.Reveal())
		h.resumer.Hook = func(_, _ string, done bool) error {
			if done {
				n.waits(second.Reveal()) // the workflow goes on before the settlement
			}
			return nil
		}
		ok(t, ordermanager.ResumeDelivered)(h.Put(ctx, n.put()))
		h.resumer.Hook = nil
		ok(t, ordermanager.ResumeNone)(h.Make(ctx, by(anna)))
		ok(t, ordermanager.ResumeDelivered)(h.Complete(ctx, by(anna)))
		if _, err := h.Redrive(ctx, nil); err != nil || len(h.resumer.Answered()) != 2 {
			t.Errorf("invariant 3: %d answers, %v", len(h.resumer.Answered()), err)
		}
	})
}

func TestMixed_anOrderThatTheSamplePutAnewIsANewOrder(t *testing.T) {
	mixed(t, func(t *testing.T, h *house, n *neighbour, _ *transport) {
		ctx := t.Context()
		n.starts(h.resumer.Issue().Reveal())
		ok(t, ordermanager.ResumeDelivered)(h.Put(ctx, n.put()))
		n.starts(h.resumer.Issue().Reveal())
		o := ok(t, ordermanager.ResumeDelivered)(h.Put(ctx, n.put()))
		if o.Version != 1 {
			t.Errorf("%+v", o)
		}
	})
}

// The state before an action of ours may be one that only the sample's functions know of.
func TestMixed_eventsOfAnOrderThatTheSampleMovedArePublished(t *testing.T) {
	mixed(t, func(t *testing.T, h *house, n *neighbour, _ *transport) {
		ctx := t.Context()
		n.starts(h.resumer.Issue().Reveal())
		n.accepts()
		n.claims("anna")
		ok(t, ordermanager.ResumeDelivered)(h.Unmake(ctx, by(anna))) // what the sample accepted
		n.claims("anna")
		ok(t, ordermanager.ResumeNone)(h.Unmake(ctx, by(anna)))
		ok(t, ordermanager.ResumeNone)(h.Make(ctx, by(anna)))
		var types []ordermanager.EventType
		for _, event := range h.publisher.Events() {
			types = append(types, event.Type)
		}
		if len(types) != 3 || types[1] != ordermanager.EventMakeOrder {
			t.Errorf("published: %v", types)
		}
	})
}

func TestMixed_cancelledInEveryWindow(t *testing.T) {
	for name, window := range map[string]struct {
		begin    func(n *neighbour, first, second string)
		writes   int // the dialect with venues has to see an item of the sample's before it can end it
		answered int
	}{
		"before a drink": {func(n *neighbour, first, _ string) { n.starts(first) }, 2, 1},
		// What the first wait was answered with has to be seen too.
		"while waiting for a number": {func(n *neighbour, first, _ string) { n.starts(first); n.accepts() }, 3, 1},
		"while waiting for a barista": {func(n *neighbour, first, second string) {
			n.starts(first)
			n.accepts()
			n.waits(second)
		}, 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			mixed(t, func(t *testing.T, h *house, n *neighbour, requests *transport) {
				window.begin(n, h.resumer.Issue().Reveal(), h.resumer.Issue().Reveal())
				o := ok(t, ordermanager.ResumeDelivered)(h.Cancel(t.Context(), ordermanager.Request{
					OrderID: "o1", Actor: ordermanager.Customer("c1"), Reason: "too long",
				}))
				if o.State != ordermanager.StateCancelled || o.Reason != "too long" ||
					len(h.resumer.Answered()) != window.answered {
					t.Errorf("%+v, %d answers", o, len(h.resumer.Answered()))
				}
				want := window.writes
				if n.layout == serverlesspresso.Core {
					want = 3
				}
				requests.only(t, "UpdateItem", want)
				i := raw(t, n.client, n.table, keyOf(n.layout, "o1"))
				state := map[bool]string{false: "Cancelled", true: "NEW-YORK-CANCELLED"}[n.layout == serverlesspresso.Core]
				if got := i["ORDERSTATE"].(*types.AttributeValueMemberS).Value; got != state {
					t.Errorf("ORDERSTATE is %s", got)
				}
			})
		})
	}
}

func TestMixed_aTimeOutWritesWhatTheSampleWrites(t *testing.T) {
	mixed(t, func(t *testing.T, h *house, n *neighbour, _ *transport) {
		n.starts(h.resumer.Issue().Reveal())
		if _, err := h.TimedOut(t.Context(), ordermanager.TimedOut{OrderID: "o1", Cause: "Customer timedout"}); err != nil {
			t.Fatal(err)
		}
		i := raw(t, n.client, n.table, keyOf(n.layout, "o1"))
		want := map[bool]string{false: "CANCELLED", true: "NEW-YORK-CANCELLED"}[n.layout == serverlesspresso.Core]
		if got := i["ORDERSTATE"].(*types.AttributeValueMemberS).Value; got != want {
			t.Errorf("ORDERSTATE is %s", got)
		}
		n.starts(h.resumer.Issue().Reveal())
		n.timesOut()
		o, err := h.Order(t.Context(), "o1")
		if err != nil || o.State != ordermanager.StateCancelled || o.Reason != "Barista timedout" {
			t.Errorf("%+v, %v", o, err)
		}
	})
}

func TestMixed_aRedrivenWorkflowDoesNotTakeTheSamplesSecondTokenAway(t *testing.T) {
	mixed(t, func(t *testing.T, h *house, n *neighbour, _ *transport) {
		ctx := t.Context()
		first, second, again := h.resumer.Issue(), h.resumer.Issue(), h.resumer.Issue()
		n.starts(first.Reveal())
		n.accepts()
		n.waits(second.Reveal())
		// A first wait that comes again is answered at once, because the drink was accepted.
		ok(t, ordermanager.ResumeDelivered)(h.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
			OrderID: "o1", Customer: "c1", Venue: n.venue(), Token: again,
		}))
		ok(t, ordermanager.ResumeNone)(h.Make(ctx, by(anna)))
		ok(t, ordermanager.ResumeDelivered)(h.Complete(ctx, by(anna)))
		answers := h.resumer.Answered()
		if len(answers) != 2 || answers[1].Token.Reveal() != second.Reveal() {
			t.Errorf("invariant 3: %d answers", len(answers))
		}
	})
}

func TestMixed_venuesWithTheWordsOfAStateInTheirNames(t *testing.T) {
	c := emulator(t)
	name := table(t, c, serverlesspresso.Core)
	store := newStore(t, c, name, dynamostore.Options{Layout: serverlesspresso.Core})
	for i, venue := range []string{"A-B-C", "X-CREATED", "X-COMPLETED", "-CANCELLED-CREATED", "", "-"} {
		h := newHouse(t, store)
		ctx, id := t.Context(), string(rune('a'+i))
		if _, err := h.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
			OrderID: id, Customer: "c1", Venue: venue, Token: h.resumer.Issue(),
		}); err != nil {
			t.Fatal(err)
		}
		customer := ordermanager.Customer("c1")
		_, put := h.Put(ctx, ordermanager.Request{OrderID: id, Actor: customer, Venue: venue, Drink: latte})
		_, claim := h.Make(ctx, ordermanager.Request{OrderID: id, Actor: anna})
		_, other := h.Complete(ctx, ordermanager.Request{OrderID: id, Actor: ben})
		_, end := h.Complete(ctx, ordermanager.Request{OrderID: id, Actor: anna})
		_, late := h.Cancel(ctx, ordermanager.Request{OrderID: id, Actor: customer})
		if put != nil || claim != nil || end != nil || ordermanager.CodeOf(other) != "claimed" ||
			ordermanager.CodeOf(late) != "illegal_transition" {
			t.Errorf("venue %q: %v, %v, %v, %v, %v", venue, put, claim, other, end, late)
		}
		if o, err := h.Order(ctx, id); err != nil || o.Venue != venue || o.State != ordermanager.StateCompleted {
			t.Errorf("venue %q: %+v, %v", venue, o, err)
		}
	}
}

// The display shows what was finished last. The sample's index by time knows.
func TestList_ofTheSampleBeginsWithTheNewestIfThatIsAskedFor(t *testing.T) {
	mixed(t, func(t *testing.T, _ *house, n *neighbour, _ *transport) {
		now := time.UnixMilli(1_700_000_000_000)
		h := newHouseAt(t, newStore(t, n.client, n.table, dynamostore.Options{Layout: n.layout}), func() time.Time {
			now = now.Add(time.Millisecond) // which is as fine as TS is
			return now
		})
		ctx := t.Context()
		var want []string
		for _, id := range []string{"o5", "o1", "o4", "o2", "o3"} {
			for _, err := range []error{
				errOf(h.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
					OrderID: id, Customer: "c1", Venue: n.venue(), Token: h.resumer.Issue(),
				})),
				errOf(h.Cancel(ctx, ordermanager.Request{OrderID: id, Actor: ordermanager.Customer("c1")})),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			want = append([]string{id}, want...)
		}
		q := ordermanager.Query{State: ordermanager.StateCancelled, Venue: n.venue(), Newest: true, Limit: 2}
		var got []string
		for o, err := range h.Orders(ctx, q) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, o.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the listing has %v, want %v", got, want)
		}
	})
}

func errOf(_ ordermanager.Receipt, err error) error { return err }

func TestList_findsWhatTheSampleWrote(t *testing.T) {
	mixed(t, func(t *testing.T, h *house, n *neighbour, _ *transport) {
		ctx := t.Context()
		count := func(q ordermanager.Query) int {
			t.Helper()
			if q.Venue = n.venue(); q.Customer != "" {
				q.Venue = ""
			}
			var found int
			for _, err := range h.Orders(ctx, q) {
				if err != nil {
					t.Fatal(err)
				}
				found++
			}
			return found
		}
		expect := func(when string, state ordermanager.State) {
			t.Helper()
			for _, s := range ordermanager.States() {
				want := map[bool]int{true: 1}[s == state]
				if got := count(ordermanager.Query{State: s}); got != want {
					t.Errorf("%s: %d orders are %s", when, got, s)
				}
				if got := count(ordermanager.Query{State: s, Customer: "c1"}); got != want {
					t.Errorf("%s: %d orders of the customer are %s", when, got, s)
				}
			}
		}
		n.starts("t1")
		expect("started", ordermanager.StatePending)
		n.claims("ben")
		expect("claimed", ordermanager.StateMaking)
		n.completes()
		expect("completed", ordermanager.StateCompleted)
		n.timesOut()
		expect("timed out", ordermanager.StateCancelled)
		if n.layout == serverlesspresso.Workshop {
			for word, state := range map[string]ordermanager.State{
				"COMPLETED": ordermanager.StateCompleted, "Cancelled": ordermanager.StateCancelled,
			} {
				n.sets(map[string]types.AttributeValue{"ORDERSTATE": str(word)})
				expect(word, state)
			}
		}
		o, err := h.Order(ctx, "o1")
		if err != nil || !o.CreatedAt.Equal(time.UnixMilli(1_700_000_000_000)) {
			t.Errorf("%+v, %v", o, err)
		}
	})
}

func TestSettle_secondTryHoldsOnlyForTheTokenThatItSaw(t *testing.T) {
	i := started("CREATED")
	i["TaskToken"], i["om_t1"], i["orderNumber"] = str("second"), str("first"), num("7")
	var bodies []string
	refuse := refusing(t, i)
	tr := &transport{answer: func(n int, op string, body []byte) (*http.Response, error) {
		bodies = append(bodies, string(body))
		if n == 1 {
			return refuse.answer(n, op, body)
		}
		return response(http.StatusOK, "{}"), nil
	}}
	store := newStore(t, tr.alone(), "orders", dynamostore.Options{Layout: serverlesspresso.Workshop})
	if err := store.Settle(t.Context(), ordermanager.Settlement{OrderID: "o1", First: token("first")}); err != nil {
		t.Fatal(err)
	}
	if len(bodies) != 2 || !strings.Contains(bodies[1], "TaskToken = :") ||
		strings.Contains(bodies[1], "REMOVE om_t1, TaskToken") {
		t.Errorf("%d requests, the second is %s", len(bodies), bodies[len(bodies)-1])
	}
}

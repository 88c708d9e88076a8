package dynamostore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// pickup is a life cycle with a state and an action of its own: a drink that is ready answers the workflow, and is then
// collected.
var pickup = ordermanager.StandardLifecycle().
	WithStates(
		ordermanager.StateRule{State: "ready", Answers: ordermanager.Done},
		ordermanager.StateRule{State: "collected", Answers: ordermanager.Done},
	).
	WithoutStates(ordermanager.StateCompleted).
	With(
		ordermanager.Rule{
			Action: "finish", From: []ordermanager.State{ordermanager.StateMaking}, To: "ready",
			Claim: ordermanager.ClaimNeeds, Drink: ordermanager.DrinkNeeds, Event: "OrderReady",
		},
		ordermanager.Rule{Action: "collect", From: []ordermanager.State{"ready"}, To: "collected"},
	)

func TestNative_keepsALifeCycleOfOnesOwn(t *testing.T) {
	ctx, c := t.Context(), emulator(t)
	store := newStore(t, c, table(t, c, dynamostore.Native), dynamostore.Options{TTL: time.Hour})
	h := &house{resumer: &memory.Resumer{}, publisher: &memory.Publisher{}}
	var err error
	h.Manager, err = ordermanager.New(
		store, menu, h.resumer, &ordermanager.Options{Publisher: h.publisher, Lifecycle: pickup},
	)
	if err != nil {
		t.Fatal(err)
	}
	first, second := h.resumer.Issue(), h.resumer.Issue()
	ok(t, ordermanager.ResumeNone)(h.WorkflowStarted(
		ctx, ordermanager.WorkflowStarted{OrderID: "o1", Customer: "c1", Venue: "ABC", Token: first},
	))
	ok(t, ordermanager.ResumeDelivered)(h.Put(ctx, ordermanager.Request{
		OrderID: "o1", Actor: ordermanager.Customer("c1"), Venue: "ABC", Drink: latte,
	}))
	ok(t, ordermanager.ResumeNone)(h.WaitingCompletion(
		ctx, ordermanager.WaitingCompletion{OrderID: "o1", Number: "7", Token: second},
	))
	ok(t, ordermanager.ResumeNone)(h.Make(ctx, by(anna)))
	ok(t, ordermanager.ResumeDelivered)(h.Do(ctx, "finish", by(anna)))
	for _, q := range []ordermanager.Query{{State: "ready"}, {State: "ready", Venue: "ABC"}} {
		if page, err := h.Page(ctx, q); err != nil || len(page.Orders) != 1 {
			t.Errorf("%+v: %d orders, %v", q, len(page.Orders), err)
		}
	}
	o := ok(t, ordermanager.ResumeNone)(h.Do(ctx, "collect", by(ordermanager.Admin("root"))))
	if o.State != "collected" || o.SecondWait.Decision != ordermanager.Done || len(h.resumer.Answered()) != 2 {
		t.Errorf("%+v, %d answers", o, len(h.resumer.Answered()))
	}
	if page, err := h.Page(ctx, ordermanager.Query{State: "ready"}); err != nil || len(page.Orders) != 0 {
		t.Errorf("a collected order is ready: %v, %v", page, err)
	}
}

func TestSampleLayouts_refuseALifeCycleThatTheyCannotKeepByStateAndAction(t *testing.T) {
	pending, making := ordermanager.StatePending, ordermanager.StateMaking
	standard := ordermanager.StandardLifecycle()
	for name, c := range map[string]struct {
		lifecycle ordermanager.Lifecycle
		words     []string
	}{
		"states of one's own": {pickup, []string{`"ready"`, `"collected"`}},
		"an order without a barista that is being made": {
			standard.With(ordermanager.Rule{
				Action: ordermanager.ActionMake, From: []ordermanager.State{pending}, To: making, Drink: ordermanager.DrinkNeeds,
			}).
				Without(ordermanager.ActionUnmake, ordermanager.ActionComplete).
				With(ordermanager.Rule{
					Action: ordermanager.ActionComplete, From: []ordermanager.State{making}, To: ordermanager.StateCompleted,
				}),
			[]string{`"make"`, `"making"`},
		},
		"a drink that does not answer the first wait": {
			standard.With(
				ordermanager.Rule{
					Action: ordermanager.ActionPut, From: []ordermanager.State{pending}, To: pending, Drink: ordermanager.DrinkAccepts,
				},
				ordermanager.Rule{
					Action: ordermanager.ActionMake, From: []ordermanager.State{pending}, To: making, Claim: ordermanager.ClaimTakes,
					Drink: ordermanager.DrinkNeeds, Answers: ordermanager.FirstWait,
				},
			),
			[]string{`"put"`},
		},
		"another answer": {
			standard.WithStates(ordermanager.StateRule{State: ordermanager.StateCancelled, Answers: ordermanager.Done}),
			[]string{`"cancelled"`},
		},
	} {
		for _, layout := range []dynamostore.Layout{serverlesspresso.Workshop, serverlesspresso.Core} {
			store := newStore(t, (&transport{}).alone(), "orders", dynamostore.Options{Layout: layout})
			_, err := ordermanager.New(store, menu, &memory.Resumer{}, &ordermanager.Options{Lifecycle: c.lifecycle})
			if !errors.Is(err, ordermanager.ErrInvalidLifecycle) {
				t.Errorf("%s: %v", name, err)
				continue
			}
			for _, word := range append(c.words, "the store cannot keep it") {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%s: %v does not mention %s", name, err, word)
				}
			}
		}
	}
	for _, lifecycle := range []ordermanager.Lifecycle{
		ordermanager.StandardLifecycle(), ordermanager.ServerlesspressoLifecycle(),
	} {
		store := newStore(t, (&transport{}).alone(), "orders", dynamostore.Options{Layout: serverlesspresso.Workshop})
		if err := store.CheckLifecycle(lifecycle); err != nil {
			t.Error(err)
		}
	}
}

// oldTable is a table as the version before decisions were kept created it, with one order in every place of its life.
func oldTable(t *testing.T, c *dynamodb.Client, also ...types.GlobalSecondaryIndex) string {
	t.Helper()
	name := "test-old-" + rand.Text()
	projected := &types.Projection{
		ProjectionType:   types.ProjectionTypeInclude,
		NonKeyAttributes: []string{"ve", "ro", "st", "dr", "nr", "ba", "re", "ua", "v"},
	}
	index := func(name, hash, sort string) types.GlobalSecondaryIndex {
		return types.GlobalSecondaryIndex{
			IndexName: &name, Projection: projected, KeySchema: []types.KeySchemaElement{
				{AttributeName: &hash, KeyType: types.KeyTypeHash}, {AttributeName: &sort, KeyType: types.KeyTypeRange},
			},
		}
	}
	input := &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			index("state", "sh", "pl"), index("customer", "cu", "ca"), index("venue", "vs", "pl"), index("owing", "ow", "ca"),
		},
	}
	kinds := map[string]types.ScalarAttributeType{
		"id": "S", "sh": "N", "pl": "N", "cu": "S", "ca": "N", "vs": "S", "ow": "N",
	}
	if len(also) > 0 {
		kinds["sb"], kinds["vc"] = "S", "S"
		input.GlobalSecondaryIndexes = append(input.GlobalSecondaryIndexes, also...)
	}
	for attribute, kind := range kinds {
		input.AttributeDefinitions = append(input.AttributeDefinitions, types.AttributeDefinition{
			AttributeName: aws.String(attribute), AttributeType: kind,
		})
	}
	if _, err := c.CreateTable(t.Context(), input); err != nil {
		t.Fatal(err)
	}
	drop(t, c, name)
	for id, change := range oldItems {
		i := attributes{
			"id": str(id), "cu": str("c1"), "ve": str("ABC"), "ca": num("1700000000000"), "sh": num("5"), "vs": str("ABC#5"), "st": str("pending"),
			"pl": num("11700000000000"), "t1": str("first of " +
				id), "t1at": num("1700000000000"), "ua": num("1700000000000"), "v": num("1"),
			"rq": listValue(str("r0")), "hi": listValue(mapValue(attributes{
				"a": str("workflow_started"), "m": num("1700000000000"), "o": str("system"),
			})),
		}
		for attribute, value := range change {
			i[attribute] = value
		}
		if _, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: i}); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// oldItems are the places of a life in which an old item can be, as what differs from one that began.
var oldItems = map[string]attributes{
	"begun":    {},
	"accepted": {"dr": mapValue(attributes{"n": str("Latte")}), "ow": num("5")},
	"making": {
		"st": str("making"), "pl": num("21700000000000"), "ba": str("anna"), "dr": mapValue(attributes{"n": str("Latte")}),
	},
	"completed": {
		"st": str("completed"), "pl": num("31700000000000"), "dr": mapValue(attributes{"n": str("Latte")}),
		"t2": str("second"), "ow": num("5"),
	},
	"cancelled": {"st": str("cancelled"), "pl": num("41700000000000"), "ow": num("5")},
}

func TestNative_itemsOfBeforeAreReadAndChangeOnTheirNextWrite(t *testing.T) {
	ctx, c := t.Context(), emulator(t)
	name := oldTable(t, c)
	requests := &transport{}
	h := newHouse(t, newStore(t, emulator(t, requests.use), name, dynamostore.Options{}))
	const undecided, done, cancelled = ordermanager.Undecided, ordermanager.Done, ordermanager.Cancelled
	for id, want := range map[string][2]ordermanager.Decision{
		"begun": {
			undecided, undecided,
		}, "accepted": {done, undecided}, "making": {done, undecided}, "completed": {done, done},
		"cancelled": {cancelled, cancelled},
	} {
		o, err := h.Order(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]ordermanager.Decision{o.FirstWait.Decision, o.SecondWait.Decision}; got != want {
			t.Errorf("%s: the waits are decided as %q", id, got)
		}
	}
	request := func(id string, actor ordermanager.Actor) ordermanager.Request {
		return ordermanager.Request{OrderID: id, Actor: actor, Venue: "ABC", Drink: latte}
	}
	requests.taken()
	o := ok(t, ordermanager.ResumeGone)(h.Put(
		ctx, request("begun", ordermanager.Customer("c1")),
	)) // nobody issued the token of an old item
	requests.only(t, "UpdateItem", 3) // refused once, written, settled
	if o.Version != 2 || o.FirstWait.Decision != done {
		t.Errorf("%+v", o)
	}
	ok(t, ordermanager.ResumeNone)(h.Make(ctx, request("begun", anna)))
	requests.only(t, "UpdateItem", 2) // as ever
	if i := raw(t, c, name, keyOf(dynamostore.Native, "begun")); i["sh"] != nil || i["pl"] != nil || i["sb"] == nil ||
		i["vc"] == nil {
		t.Errorf("it is not as new items are: %v", i)
	}
	o = ok(t, ordermanager.ResumeGone)(h.Complete(ctx, request("making", anna)))
	if o.State != ordermanager.StateCompleted || o.SecondWait.Decision != done {
		t.Errorf("%+v", o)
	}
	o = ok(t, ordermanager.ResumeDelivered)(h.WaitingCompletion(ctx, ordermanager.WaitingCompletion{
		OrderID: "cancelled", Number: "7", Token: h.resumer.Issue(),
	}))
	if o.SecondWait.Decision != cancelled {
		t.Errorf("invariant 3: %+v", o)
	}
	if _, err := h.Cancel(ctx, request("completed", anna)); ordermanager.CodeOf(err) != "illegal_transition" {
		t.Error(err)
	}
	report, err := h.Redrive(ctx, nil)
	if err != nil || report.Pending != 0 || report.Orders != 2 { // accepted and completed
		t.Errorf("%+v, %v", report, err)
	}
}

// newIndexes are those that a table of before lacks.
func newIndexes() []types.GlobalSecondaryIndex {
	return slices.DeleteFunc(dynamostore.Schema(
		dynamostore.Native, "t",
	).GlobalSecondaryIndexes, func(i types.GlobalSecondaryIndex) bool {
		return *i.IndexName != "board" && *i.IndexName != "venues"
	})
}

// indexes are the names of a table's indexes, but for those that are being deleted.
func indexes(t *testing.T, c *dynamodb.Client, table string) string {
	t.Helper()
	described, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range described.Table.GlobalSecondaryIndexes {
		if i.IndexStatus != types.IndexStatusDeleting {
			names = append(names, *i.IndexName)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// migrate migrates a table, but not for ever: DynamoDB Local 3.3 sometimes never finishes an index that is added to a
// table or taken off. What it has accepted is looked at then.
func migrate(t *testing.T, c *dynamodb.Client, table string, progress func(dynamostore.Progress)) error {
	t.Helper()
	short, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := dynamostore.Migrate(short, c, table, progress)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

func TestMigrate_addsTheIndexesThatATableLacks(t *testing.T) {
	c := emulator(t)
	name := oldTable(t, c)
	h := newHouse(t, newStore(t, c, name, dynamostore.Options{}))
	if _, err := h.Page(
		t.Context(), ordermanager.Query{State: ordermanager.StatePending},
	); !errors.Is(err, dynamostore.ErrNoIndex) ||
		!strings.Contains(err.Error(), "migrate") {
		t.Errorf("a listing before it: %v", err)
	}
	if err := migrate(t, c, name, nil); err != nil {
		t.Fatal(err)
	}
	if got := indexes(t, c, name); !strings.HasPrefix(got, "board") {
		t.Errorf("the table has %s", got)
	}
}

func TestMigrate_bringsEveryItemUpToDateHoweverOftenItIsStopped(t *testing.T) {
	ctx, c := t.Context(), emulator(t)
	name := oldTable(t, c, newIndexes()...)
	if _, err := c.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &name, Item: attributes{"id": str("broken"), "cu": str("c1"), "ca": num("1")},
	}); err != nil {
		t.Fatal(err)
	}
	stopped := errors.New("stopped")
	var skipped []string
	for stop := 1; ; stop++ {
		left := stop
		err := func() (err error) {
			defer func() {
				if r := recover(); r != nil {
					err = stopped
				}
			}()
			return migrate(t, c, name, func(p dynamostore.Progress) {
				if p.Skipped != "" {
					skipped = append(skipped, p.Skipped)
				}
				if left--; left == 0 {
					panic(stopped)
				}
			})
		}()
		if err == nil {
			break
		}
		if !errors.Is(err, stopped) || stop > 20 {
			t.Fatal(err)
		}
	}
	if len(skipped) == 0 || slices.ContainsFunc(skipped, func(id string) bool { return id != "broken" }) {
		t.Errorf("%v was skipped", skipped)
	}
	for id := range oldItems {
		if i := raw(t, c, name, keyOf(dynamostore.Native, id)); i["sb"] == nil || i["vc"] == nil || i["pl"] != nil {
			t.Errorf("%s is as it was: %v", id, i)
		}
	}
	h := newHouse(t, newStore(t, c, name, dynamostore.Options{}))
	for _, q := range []struct {
		query ordermanager.Query
		want  int
	}{
		{ordermanager.Query{State: ordermanager.StatePending}, 2}, {
			ordermanager.Query{State: ordermanager.StateMaking, Venue: "ABC"}, 1,
		},
		{ordermanager.Query{Venue: "ABC"}, 5}, {ordermanager.Query{Customer: "c1"}, 5}, {
			ordermanager.Query{State: ordermanager.StateCancelled}, 1,
		},
	} {
		if page, err := h.Page(ctx, q.query); err != nil || len(page.Orders) != q.want {
			t.Errorf("%+v: %d orders, %v", q.query, len(page.Orders), err)
		}
	}
	if got := indexes(t, c, name); strings.Contains(got, " state") {
		t.Errorf("the table still has an index that nothing reads: %s", got)
	}
}

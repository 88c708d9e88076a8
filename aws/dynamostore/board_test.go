package dynamostore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
)

// Each move on the board costs two write units.
func TestNative_anOrderMovesOnTheBoardOnceInItsLife(t *testing.T) {
	ctx, c := t.Context(), emulator(t)
	name := table(t, c, dynamostore.Native)
	h := newHouse(t, newStore(t, c, name, dynamostore.Options{}))
	down := func(string, string, bool) error { return errors.New("no connection") }
	request := ordermanager.Request{OrderID: "o1", Actor: ordermanager.Customer("c1"), Drink: latte}
	barista := ordermanager.Request{OrderID: "o1", Actor: anna}
	start := func() (ordermanager.Receipt, error) {
		return h.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
			OrderID: "o1", Customer: "c1", Token: h.resumer.Issue(),
		})
	}
	wait := func() (ordermanager.Receipt, error) {
		return h.WaitingCompletion(ctx, ordermanager.WaitingCompletion{
			OrderID: "o1", Number: "7", Token: h.resumer.Issue(),
		})
	}
	makeIt := func() (ordermanager.Receipt, error) { return h.Make(ctx, barista) }
	for _, step := range []struct {
		name, place string
		down        bool
		do          func() (ordermanager.Receipt, error)
	}{
		{"start", "#", false, start},
		{"put", "#", false, func() (ordermanager.Receipt, error) { return h.Put(ctx, request) }},
		{"wait", "#", false, wait},
		{"make", "#", false, makeIt},
		{"unmake", "#", false, func() (ordermanager.Receipt, error) { return h.Unmake(ctx, barista) }},
		{"make again", "#", false, makeIt},
		{"complete, and the workflow is not reached", "#", true, func() (ordermanager.Receipt, error) {
			return h.Complete(ctx, barista)
		}},
		{"redrive", "completed#", false, func() (ordermanager.Receipt, error) {
			report, err := h.Redrive(ctx, nil)
			if report.Delivered != 1 {
				t.Errorf("the redrive finds %+v", report)
			}
			return ordermanager.Receipt{}, err
		}},
		{"a workflow that was begun again, and is not reached", "#", true, wait},
		{"the redrive of that", "completed#", false, func() (ordermanager.Receipt, error) {
			receipt, err := h.RedriveOrder(ctx, "o1")
			return ordermanager.Receipt{}, errors.Join(err, receipt.Pending)
		}},
	} {
		h.resumer.Hook = nil
		if step.down {
			h.resumer.Hook = down
		}
		if receipt, err := step.do(); err != nil || step.down != (receipt.Pending != nil) {
			t.Fatalf("%s: %+v, %v", step.name, receipt, err)
		}
		i := raw(t, c, name, keyOf(dynamostore.Native, "o1"))
		place := text(i, "sb")
		if _, marked := i["ow"]; !strings.HasPrefix(place, step.place) || marked != step.down {
			t.Errorf("%s: it stands at %q, and that it owes is marked: %t", step.name, place, marked)
		}
	}
}

func TestList_findsTheFewOrdersOfAStateAmongManyOthers(t *testing.T) {
	ctx, c := t.Context(), emulator(t)
	store := newStore(t, c, table(t, c, dynamostore.Native), dynamostore.Options{})
	for i := range 90 {
		create := registration(fmt.Sprintf("o%02d", i))
		create.Entry.At = time.UnixMilli(1_700_000_000_000 + int64(i))
		if create.Create.State = "on_hold"; i >= 87 {
			create.Create.State = ordermanager.StatePending
		}
		if _, err := store.Apply(ctx, create); err != nil {
			t.Fatal(err)
		}
	}
	page, err := store.List(ctx, ordermanager.Query{State: ordermanager.StatePending, Limit: 2})
	if err != nil || len(page.Orders) != 2 || page.Orders[0].ID != "o87" || page.Orders[1].ID != "o88" {
		t.Fatalf("the first page has %+v, %v", page, err)
	}
	page, err = store.List(ctx, ordermanager.Query{State: ordermanager.StatePending, Limit: 2, Cursor: page.Cursor})
	if err != nil || len(page.Orders) != 1 || page.Orders[0].ID != "o89" || page.Cursor != "" {
		t.Fatalf("the second page has %+v, %v", page, err)
	}
}

// An order moves from one place of the board to another while somebody pages; it did not change, and is met once.
func TestList_meetsAnOrderOnceThatIsSettledMeanwhile(t *testing.T) {
	ctx, c := t.Context(), emulator(t)
	store := newStore(t, c, table(t, c, dynamostore.Native), dynamostore.Options{})
	var all []string
	for i := range 12 {
		id := fmt.Sprintf("o%02d", i)
		create := registration(id)
		create.Entry.At = time.UnixMilli(1_700_000_000_000 + int64(i))
		end := ordermanager.Transition{
			OrderID: id, Assign: ordermanager.Assignment{State: ordermanager.StateCancelled, Ends: true}, Owing: true,
			Entry: ordermanager.Entry{RequestID: "end", At: create.Entry.At},
		}
		for _, transition := range []ordermanager.Transition{create, end} {
			if result, err := store.Apply(ctx, transition); err != nil || !result.Applied {
				t.Fatal(result, err)
			}
		}
		all = append(all, id)
	}
	for settled := range all {
		q := ordermanager.Query{State: ordermanager.StateCancelled, Limit: 3}
		var met []string
		for more := true; more; more = q.Cursor != "" {
			page, err := store.List(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page.Orders {
				met = append(met, o.ID)
			}
			if len(met) == 6 {
				if err := store.Settle(ctx, ordermanager.Settlement{
					OrderID: all[settled], Version: 2, Everything: true, Ended: ordermanager.StateCancelled,
				}); err != nil {
					t.Fatal(err)
				}
			}
			q.Cursor = page.Cursor
		}
		if !slices.Equal(met, all) {
			t.Errorf("while %s was settled, the listing met %v", all[settled], met)
		}
	}
}

// A table from before the unfinished stood together has an index of what owes, and items that stand elsewhere.
func TestMigrate_losesNothingThatIsOwedInATableOfBefore(t *testing.T) {
	ctx, c := t.Context(), emulator(t)
	name := oldTable(t, c, newIndexes()...)
	for _, item := range []attributes{
		{"id": str("open"), "st": str("pending"), "sb": str("pending#1"), "ow": num("1")},
		{"id": str("ended"), "st": str("completed"), "sb": str("completed#1"), "ow": num("1"), "t2": str("second")},
		{"id": str("settled"), "st": str("completed"), "sb": str("completed#1")},
	} {
		item["cu"], item["ca"], item["vc"] = str("c1"), num("1700000000000"), str("\t1700000000000")
		item["d1"], item["d2"], item["t1"], item["v"] = str("done"), str("done"), str("first"), num("1")
		if text(item, "st") == "pending" {
			delete(item, "d2")
		}
		if item["ow"] == nil {
			delete(item, "t1")
		}
		item["rq"], item["hi"] = listValue(str("r0")), listValue(str("~a\t~j\t~q\t~d\tloyw3v28"))
		if _, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: &name, Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	owed := func() string {
		t.Helper()
		page, err := newStore(t, c, name, dynamostore.Options{}).List(ctx, ordermanager.Query{Owing: true, Limit: 100})
		if err != nil || page.Cursor != "" {
			t.Fatal(page, err)
		}
		var ids []string
		for _, o := range page.Orders {
			ids = append(ids, o.ID)
		}
		slices.Sort(ids)
		return strings.Join(ids, " ")
	}
	placeOf := func(id string) string { return text(raw(t, c, name, keyOf(dynamostore.Native, id)), "sb") }
	const want = "accepted cancelled completed ended open"
	if got := owed(); got != want {
		t.Errorf("before it, %s are owed", got)
	}
	if err := migrate(t, c, name, nil); err != nil {
		t.Fatal(err)
	}
	if got := owed(); got != want {
		t.Errorf("after it, %s are owed", got)
	}
	for _, id := range strings.Fields(want) {
		if place := placeOf(id); !strings.HasPrefix(place, "#") {
			t.Errorf("%s stands at %q", id, place)
		}
	}
	if indexes(t, c, name) != "board customer venues" {
		t.Log("DynamoDB Local did not finish deleting an index, and takes no writes meanwhile")
		return
	}
	h := newHouse(t, newStore(t, c, name, dynamostore.Options{}))
	if report, err := h.Redrive(ctx, nil); err != nil || report.Orders != 5 || report.Pending != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if got := owed(); got != "" {
		t.Errorf("in the end, %s are owed", got)
	}
	for id, want := range map[string]string{"open": "#", "ended": "completed#", "cancelled": "cancelled#"} {
		if place := placeOf(id); !strings.HasPrefix(place, want) {
			t.Errorf("%s stands at %q", id, place)
		}
	}
}

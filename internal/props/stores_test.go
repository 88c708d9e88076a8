package props_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/faulty"
	"github.com/brewline/ordermanager/memory"
)

// texts are what an identifier, a reason or a number may be made of, the characters included that mean something to
// some store.
var texts = rapid.SampledFrom([]string{
	"a", "ABC-CREATED", "é ü 漢 🙂", `"quoted" \ and 'so'`, "{}[],:", "%_*?", "#name :value", "-CANCELLED", " ", "0",
	"null", "a/b\u00a0c",
})

// twin is the same life on the store in memory and on another one.
type twin struct {
	model, other *ordermanager.Manager
	stores       [2]ordermanager.Store
	now          time.Time
}

func newTwin(t *testing.T, other ordermanager.Store) *twin {
	t.Helper()
	w := &twin{stores: [2]ordermanager.Store{memory.NewStore(), other}}
	var managers [2]*ordermanager.Manager
	for i, store := range w.stores {
		var err error
		managers[i], err = ordermanager.New(store, ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{
			{
				Drink: "Caffè Latte", Icon: `an "icon"`,
				Modifiers: []ordermanager.ModifierGroup{{Options: []string{"Oat, please", "Größe {L}"}}},
			},
			{Drink: "Espresso"},
		}}), deaf{}, &ordermanager.Options{
			Publisher: &memory.Publisher{Hook: func(string, string, bool) error { return errors.New("nobody listens") }},
			Now:       func() time.Time { return w.now },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.model, w.other = managers[0], managers[1]
	return w
}

// deaf never takes an answer, so that everything that is owed stays on record to be compared.
type deaf struct{}

func (deaf) Resume(context.Context, ordermanager.TaskToken, ordermanager.Outcome) (ordermanager.Answer, error) {
	return "", errors.New("nobody listens")
}

// owedInAnyOrder compares orders as their comment says.
var owedInAnyOrder = cmp.FilterPath(func(path cmp.Path) bool { return path.Last().String() == ".OwedEvents" },
	cmpopts.SortSlices(strings.Compare))

// Codecs: whatever a life leaves on record comes back from every store as it does from memory.
func TestStores_giveBackWhatALifeLeavesOnRecord(t *testing.T) {
	for _, home := range faulty.Homes()[1:] {
		t.Run(string(home), func(t *testing.T) {
			store := faulty.Open(t, home, true)
			w, lives, deadline := newTwin(t, store), 0, time.Now().Add(5*time.Second)
			rapid.Check(t, func(t *rapid.T) {
				if lives >= 10 && time.Now().After(deadline) {
					return // a slow machine shows less, not nothing
				}
				lives++
				w.live(t, fmt.Sprintf("%d %s", lives, texts.Draw(t, "id")))
			})
			t.Logf("%d lives", lives)
		})
	}
}

// live lets one order live on both stores.
func (w *twin) live(t *rapid.T, id string) {
	ctx := context.Background()
	customer, requests := texts.Draw(t, "customer"), 0
	w.now = time.UnixMilli(1_700_000_000_000)
	do := func(what string, attempt func(*ordermanager.Manager) (ordermanager.Receipt, error)) {
		w.now = w.now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "pause")) * time.Millisecond)
		model, modelErr := attempt(w.model)
		other, otherErr := attempt(w.other)
		if ordermanager.CodeOf(modelErr) != ordermanager.CodeOf(otherErr) || model.Replayed != other.Replayed ||
			model.Unchanged != other.Unchanged {
			t.Fatalf("%s: %+v, %v in memory; %+v, %v here", what, model, modelErr, other, otherErr)
		}
		var found [2]*ordermanager.Order
		for i, store := range w.stores {
			var err error
			if found[i], err = store.Get(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(found[0], found[1], cmpopts.EquateEmpty(), owedInAnyOrder); diff != "" {
			t.Fatalf("after %s (-memory +here):\n%s", what, diff)
		}
	}
	request := func(action ordermanager.Action, actor ordermanager.Actor) ordermanager.Request {
		requests++
		return ordermanager.Request{
			Action: action, OrderID: id, Actor: actor, Venue: faulty.Venue, RequestID: fmt.Sprintf(
				"%d %s", rapid.IntRange(max(1, requests-1), requests).Draw(t, "request"), action,
			),
			Reason: texts.Draw(t, "reason"),
		}
	}
	token := func() (ordermanager.TaskToken, time.Time) {
		return ordermanager.NewTaskToken(fmt.Sprintf(
				"%s %d %s", id, rapid.IntRange(0, 5).Draw(t, "token"), texts.Draw(t, "text"),
			)),
			w.now.Add(time.Duration(rapid.IntRange(-3000, 3000).Draw(t, "age")) * time.Millisecond)
	}
	for range rapid.IntRange(3, 12).Draw(t, "length") {
		actor := rapid.SampledFrom([]ordermanager.Actor{
			ordermanager.Barista("ben {é}"), ordermanager.Barista("cy"), ordermanager.Admin(`"eve"`),
		}).Draw(t, "actor")
		action := rapid.SampledFrom([]ordermanager.Action{
			"workflow_started", "workflow_started", "put", "put", "waiting_completion", "make", "make", "unmake",
			"complete", "cancel", "timed_out",
		}).Draw(t, "action")
		var r ordermanager.Request
		switch action {
		case "workflow_started":
			n := ordermanager.WorkflowStarted{
				OrderID: id, Customer: customer, Venue: faulty.Venue, Robot: rapid.Bool().Draw(t, "robot"),
			}
			n.Token, n.At = token()
			do(
				"workflow started",
				func(m *ordermanager.Manager) (ordermanager.Receipt, error) { return m.WorkflowStarted(ctx, n) },
			)
			continue
		case "waiting_completion":
			n := ordermanager.WaitingCompletion{OrderID: id, Number: texts.Draw(t, "number")}
			n.Token, n.At = token()
			do(
				"waiting completion",
				func(m *ordermanager.Manager) (ordermanager.Receipt, error) { return m.WaitingCompletion(ctx, n) },
			)
			continue
		case "timed_out":
			n := ordermanager.TimedOut{OrderID: id, Cause: texts.Draw(t, "cause"), RequestID: "time-out"}
			do("timed out", func(m *ordermanager.Manager) (ordermanager.Receipt, error) { return m.TimedOut(ctx, n) })
			continue
		case "put":
			r = request(action, ordermanager.Customer(customer))
			r.Drink = rapid.SampledFrom([]ordermanager.DrinkOrder{
				{Drink: "Espresso"}, {Drink: "Caffè Latte"}, {Drink: "Caffè Latte", Modifiers: []string{"Größe {L}"}},
			}).Draw(t, "drink")
		default:
			r = request(action, actor)
		}
		do(string(action), func(m *ordermanager.Manager) (ordermanager.Receipt, error) { return m.Handle(ctx, r) })
	}
}

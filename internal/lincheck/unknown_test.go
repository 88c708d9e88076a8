package lincheck_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/faulty"
	"github.com/brewline/ordermanager/memory"
)

// Invariant 6, and the row of ErrStore in the table of what a caller knows after each error: whatever became of the
// first attempt, the repetition under the same request id succeeds, and the request is on record once.
func TestUnknown_isMadeCertainByRepeatingTheRequest(t *testing.T) {
	ann, ben := ordermanager.Customer(owner), ordermanager.Barista("ben")
	latte := ordermanager.DrinkOrder{Drink: "Latte"}
	for _, home := range faulty.Homes() {
		t.Run(string(home), func(t *testing.T) {
			store := faulty.Open(t, home, false)
			manager, err := ordermanager.New(store, menu, &memory.Resumer{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for fault, written := range map[faulty.Fault]bool{faulty.Lost: false, faulty.Unanswered: true} {
				id := "order, " + string(fault)
				request := func(action ordermanager.Action, actor ordermanager.Actor) ordermanager.Request {
					return ordermanager.Request{
						Action: action, OrderID: id, Actor: actor, Venue: faulty.Venue, RequestID: "request " + string(action),
					}
				}
				put := request(ordermanager.ActionPut, ann)
				put.Drink = latte
				handle := func(r ordermanager.Request) func(context.Context) (ordermanager.Receipt, error) {
					return func(ctx context.Context) (ordermanager.Receipt, error) { return manager.Handle(ctx, r) }
				}
				start := ordermanager.WorkflowStarted{
					OrderID: id, Customer: owner, Venue: faulty.Venue, Token: ordermanager.NewTaskToken("1" + id),
				}
				waiting := ordermanager.WaitingCompletion{OrderID: id, Number: "7", Token: ordermanager.NewTaskToken("2" + id)}
				for i, attempt := range []func(context.Context) (ordermanager.Receipt, error){
					func(ctx context.Context) (ordermanager.Receipt, error) { return manager.WorkflowStarted(ctx, start) },
					handle(put),
					func(ctx context.Context) (ordermanager.Receipt, error) {
						return manager.WaitingCompletion(ctx, waiting)
					},
					handle(request(ordermanager.ActionMake, ben)), handle(request(
						ordermanager.ActionUnmake, ben,
					)), handle(request(ordermanager.ActionCancel, ann)),
				} {
					step := fmt.Sprintf("%s, step %d", fault, i)
					ctx := faulty.NewNetwork(1, 1, fault).Caller(0).Context(t.Context()) // every call meets the fault
					if _, err := attempt(ctx); !errors.Is(err, ordermanager.ErrStore) {
						t.Fatalf("%s: %v", step, err)
					}
					receipt, err := attempt(t.Context())
					if err != nil {
						t.Fatalf("%s, repeated: %v", step, err)
					}
					if again := receipt.Replayed || receipt.Unchanged; again != written {
						t.Errorf("%s, repeated: called a repetition: %v", step, again)
					}
					if receipt.Order.Version != i+1 {
						t.Errorf("%s, repeated: version %d", step, receipt.Order.Version)
					}
				}
			}
		})
	}
}

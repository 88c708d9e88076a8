package serverlesspresso_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// venueMenus has a menu for the core's venue; the workshop's has no name.
type venueMenus struct{ venue string }

func (m venueMenus) Menu(_ context.Context, venue string) (*ordermanager.Menu, error) {
	if m.venue != "" && venue != m.venue {
		return nil, ordermanager.ErrUnknownVenue
	}
	return &ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte", Icon: "latte"}}}, nil
}

// The table of docs/compatibility.md: which field of the input each action requires, ignores or records, in both
// dialects. A field is taken away, or filled with something else than it should be, and the request is accepted or
// refused.
func TestInput_requiresIgnoresAndRecords(t *testing.T) {
	const accepted = ordermanager.Code("")
	for _, test := range []struct {
		action, field       string
		value               any // nil takes the field away
		workshop, core      ordermanager.Code
		recordedBarista     string
		recordedIconOrCause string
	}{
		{action: "put", field: "action", workshop: accepted, core: accepted, recordedIconOrCause: "latte"},
		{action: "put", field: "orderId", workshop: "invalid_request", core: "invalid_request"},
		{action: "put", field: "userId", workshop: "invalid_request", core: "invalid_request"},
		{action: "put", field: "userId", value: "eve", workshop: "not_owner", core: "not_owner"},
		{action: "put", field: "drink", workshop: "invalid_order", core: "invalid_order"},
		{action: "put", field: "modifiers", workshop: accepted, core: accepted, recordedIconOrCause: "latte"},
		{action: "put", field: "icon", value: "mug", workshop: accepted, core: accepted, recordedIconOrCause: "latte"},
		{
			action: "put", field: "baristaUserId", value: "bob", workshop: accepted, core: accepted,
			recordedIconOrCause: "latte",
		},
		{action: "put", field: "eventId", workshop: accepted, core: "unknown_venue", recordedIconOrCause: "latte"},
		{
			action: "put", field: "eventId", value: "XYZ", workshop: accepted, core: "unknown_venue",
			recordedIconOrCause: "latte",
		},
		{action: "make", field: "baristaUserId", workshop: "invalid_request", core: "invalid_request"},
		{action: "make", field: "eventId", workshop: accepted, core: accepted, recordedBarista: "bob"},
		{action: "make", field: "eventId", value: "XYZ", workshop: accepted, core: accepted, recordedBarista: "bob"},
		{action: "make", field: "userId", workshop: accepted, core: accepted, recordedBarista: "bob"},
		{action: "unmake", field: "baristaUserId", workshop: "invalid_request", core: "invalid_request"},
		{action: "unmake", field: "eventId", workshop: accepted, core: accepted},
		{action: "complete", field: "baristaUserId", workshop: "invalid_request", core: "invalid_request"},
		{action: "complete", field: "eventId", workshop: accepted, core: accepted, recordedBarista: "bob"},
		{action: "cancel", field: "eventId", workshop: accepted, core: accepted, recordedIconOrCause: "too late"},
		{
			action: "cancel", field: "userId", workshop: accepted, core: accepted, recordedIconOrCause: "too late",
		}, // the barista's then
		{action: "cancel", field: "baristaUserId", workshop: accepted, core: accepted, recordedIconOrCause: "too late"},
		{action: "cancel", field: "userId", value: "eve", workshop: "not_owner", core: "not_owner"},
	} {
		for dialect, want := range map[serverlesspresso.Dialect]ordermanager.Code{
			serverlesspresso.Workshop: test.workshop, serverlesspresso.Core: test.core,
		} {
			t.Run(fmt.Sprintf("%s/%s/%s %v", dialect, test.action, test.field, test.value), func(t *testing.T) {
				o, err := sendInput(t, dialect, test.action, test.field, test.value)
				if got := ordermanager.CodeOf(err); got != want {
					t.Fatalf("refused with %q, want %q: %v", got, want, err)
				}
				if err != nil {
					return
				}
				recorded := o.Reason
				if test.action == "put" {
					recorded = o.Drink.Icon
				}
				if o.Barista != test.recordedBarista || recorded != test.recordedIconOrCause {
					t.Errorf("recorded are the barista %q and %q", o.Barista, recorded)
				}
			})
		}
	}
}

// sendInput brings an order to where the action is legal, and sends the sample's input with one field changed.
func sendInput(
	t *testing.T, dialect serverlesspresso.Dialect, action, field string, value any,
) (ordermanager.Order, error) {
	t.Helper()
	venue := map[serverlesspresso.Dialect]string{serverlesspresso.Core: "ABC"}[dialect]
	manager, err := ordermanager.New(memory.NewStore(), venueMenus{venue}, &memory.Resumer{},
		&ordermanager.Options{Lifecycle: ordermanager.ServerlesspressoLifecycle()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = manager.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
		OrderID: "1", Customer: "ann", Venue: venue, Token: ordermanager.NewTaskToken("t"),
	})
	if err != nil {
		t.Fatal(err)
	}
	before := map[string][]ordermanager.Action{
		"make": {"put"}, "complete": {"put"}, "cancel": {}, "unmake": {"put", "make"},
	}[action]
	for _, step := range before {
		request := ordermanager.Request{Action: step, OrderID: "1", Actor: ordermanager.Barista("bob"), Venue: venue}
		if step == ordermanager.ActionPut {
			request.Actor, request.Drink = ordermanager.Customer("ann"), ordermanager.DrinkOrder{Drink: "Latte"}
		}
		if _, err := manager.Handle(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	body := map[string]any{"userId": "ann", "drink": "Latte", "modifiers": []string{}, "icon": "latte"}
	input := map[string]any{
		"action": action, "orderId": "1", "baristaUserId": "bob", "eventId": venue, "reason": "too late", "body": body,
	}
	changed := input
	if _, inBody := body[field]; inBody {
		changed = body
	}
	if changed[field] = value; value == nil {
		delete(changed, field)
	}
	data, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	request, err := serverlesspresso.ParseRequest(data)
	if err != nil {
		return ordermanager.Order{}, err
	}
	receipt, err := manager.Handle(t.Context(), request)
	return receipt.Order, err
}

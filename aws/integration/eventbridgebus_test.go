package integration_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/eventbridgebus"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/serverlesspresso"
)

func TestEventBridgeBus_eventsArriveAtARuleWithTheirNamesSourceAndFields(t *testing.T) {
	e := emulators(t)
	bus, err := eventbridgebus.New(e.events, &eventbridgebus.Options{Bus: e.bus, Dialect: serverlesspresso.Core})
	if err != nil {
		t.Fatal(err)
	}
	id, at := testenv.Unique("order"), time.Now().UTC().Truncate(time.Second)
	base := ordermanager.Event{
		OrderID: id, Customer: "anna", Venue: "NYC", Number: "42", Robot: true, At: at,
		Drink: &ordermanager.Drink{Name: "Latte", Icon: "latte", Modifiers: []string{"Oat"}},
	}
	with := func(kind ordermanager.EventType, state ordermanager.State, barista, reason string) ordermanager.Event {
		event := base
		event.ID, event.Type, event.State, event.Version = id+"/"+string(kind), kind, state, 3
		event.Barista, event.Reason = barista, reason
		return event
	}
	events := []ordermanager.Event{
		with(ordermanager.EventWaitingCompletion, ordermanager.StatePending, "", ""),
		with(ordermanager.EventMakeOrder, ordermanager.StateMaking, "ben", ""),
		with(ordermanager.EventOrderCompleted, ordermanager.StateCompleted, "", ""),
		with(ordermanager.EventOrderCancelled, ordermanager.StateCancelled, "", "no milk"),
	}
	if err := bus.Publish(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	for i, test := range []struct {
		name   string
		fields map[string]any
	}{
		{"OrderManager.WaitingCompletion", map[string]any{
			"orderNumber": "42", "state": "NYC-CREATED", "robot": true, "TS": float64(at.UnixMilli()),
			"drinkOrder": map[string]any{"userId": "anna", "drink": "Latte", "modifiers": []any{"Oat"}, "icon": "latte"},
		}},
		{"OrderManager.MakeOrder", map[string]any{"baristaUserId": "ben"}},
		{"OrderManager.OrderCompleted", map[string]any{"ORDERSTATE": "NYC-COMPLETED"}},
		{"OrderManager.OrderCancelled", map[string]any{"ORDERSTATE": "NYC-CANCELLED", "reason": "no milk"}},
	} {
		got, err := e.inbox.await(t.Context(), id, test.name)
		if err != nil {
			t.Fatal(err)
		}
		var envelope struct{ Time time.Time }
		if err := json.Unmarshal(got.raw, &envelope); err != nil {
			t.Fatal(err)
		}
		if got.Source != "awsserverlessda.serverlesspresso" || !envelope.Time.Equal(at) {
			t.Errorf("%s comes from %s, at %v; want %v", test.name, got.Source, envelope.Time, at)
		}
		if message, _ := got.Detail["Message"].(string); message == "" {
			t.Errorf("%s has no Message", test.name)
		}
		delete(got.Detail, "Message")
		want := test.fields
		want["id"], want["version"], want["orderId"], want["userId"], want["eventId"] = events[i].ID, 3.0, id, "anna", "NYC"
		if diff := cmp.Diff(want, got.Detail); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/view"
)

// contentType is the media type of a CloudEvent in structured mode.
const contentType = "application/cloudevents+json; charset=utf-8"

// typePrefix begins the type of every event, as in the Serverlesspresso sample.
const typePrefix = "OrderManager."

// cloudEvent is an event in the JSON event format of CloudEvents 1.0.
type cloudEvent struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	// TraceParent is from the distributed tracing extension.
	TraceParent string `json:"traceparent,omitempty"`
	Data        data   `json:"data"`
}

// data is the order after the event, in the form that every door uses.
type data struct {
	view.Order
	Robot bool `json:"robot"`
}

// encode writes an event.
func encode(e *ordermanager.Event, source string) ([]byte, error) {
	out := cloudEvent{
		SpecVersion: "1.0", ID: e.ID, Source: source, Type: typePrefix + string(e.Type), Subject: e.OrderID, Time: e.At.UTC(),
		DataContentType: "application/json", Data: data{Robot: e.Robot},
	}
	if traceparent.MatchString(e.Trace) {
		out.TraceParent = e.Trace
	}
	out.Data.Order = view.OrderOf(&ordermanager.Order{
		ID: e.OrderID, State: e.State, Customer: e.Customer, Venue: e.Venue, Number: e.Number, Barista: e.Barista,
		Drink: e.Drink, Reason: e.Reason, Version: e.Version,
	})
	return json.Marshal(out)
}

// traceparent matches a W3C trace context.
var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

var errNoEvent = fmt.Errorf("%w: the body is not a CloudEvent about an order", ordermanager.ErrInvalidRequest)

// decode reads what encode wrote.
func decode(body []byte) (ordermanager.Event, error) {
	var in cloudEvent
	if err := json.Unmarshal(body, &in); err != nil {
		return ordermanager.Event{}, errNoEvent
	}
	kind, ours := strings.CutPrefix(in.Type, typePrefix)
	if in.SpecVersion != "1.0" || !ours || in.ID == "" || in.Data.OrderID == "" {
		return ordermanager.Event{}, errNoEvent
	}
	order := &in.Data
	e := ordermanager.Event{
		ID: in.ID, Type: ordermanager.EventType(kind), OrderID: order.OrderID, Customer: order.UserID, Venue: order.EventID,
		Robot: order.Robot, Version: order.Version, At: in.Time.UTC(), State: order.State, Barista: order.BaristaUserID,
		Number: order.OrderNumber, Reason: order.Reason, Trace: in.TraceParent,
	}
	if order.Drink != "" {
		e.Drink = &ordermanager.Drink{Name: order.Drink, Icon: order.Icon, Modifiers: order.Modifiers}
	}
	return e, nil
}

// deliveryID is the webhook-id of an event, the same each time. It is a fingerprint: the signature covers the id, the
// time and the body joined by dots, and an id chosen by a customer could contain dots, which would shift where the body
// begins.
func deliveryID(e *ordermanager.Event) string {
	sum := sha256.Sum256([]byte(e.ID))
	return "evt_" + hex.EncodeToString(sum[:16])
}

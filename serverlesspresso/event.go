package serverlesspresso

import (
	"fmt"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/strictjson"
	"github.com/brewline/ordermanager/internal/texts"
)

// The known values of "detail-type".
const (
	typeNewOrder          = "Validator.NewOrder"
	typeWorkflowStarted   = "OrderProcessor.WorkflowStarted"
	typeWaitingCompletion = "OrderProcessor.WaitingCompletion"
	typeTimedOut          = "OrderProcessor.OrderTimeOut"
)

// ActionNewOrder is the [Event.Action] of a [NewOrder]. No Manager knows it: a new order concerns the workflow.
const ActionNewOrder ordermanager.Action = "new_order"

// NewOrder asks for a workflow to be started for an order.
type NewOrder struct {
	// OrderID and Customer are always set; Venue is set if there is more than one.
	OrderID, Customer, Venue string
}

// Event is a parsed event.
type Event struct {
	// Action is the kind of event; empty if the kind is unknown.
	Action ordermanager.Action
	// News is a [NewOrder], [ordermanager.WorkflowStarted], [ordermanager.WaitingCompletion] or [ordermanager.TimedOut].
	News any
}

// UnknownEventError is the error for an event of an unknown kind. It wraps [ordermanager.ErrInvalidRequest].
type UnknownEventError struct {
	// Type is the event's "detail-type", cut to [ordermanager.MaxNameBytes].
	Type string
}

func (e *UnknownEventError) Error() string {
	known := []string{typeNewOrder, typeWorkflowStarted, typeWaitingCompletion, typeTimedOut}
	return fmt.Sprintf(
		"%v: detail-type %q is none of %s", ordermanager.ErrInvalidRequest, e.Type, strings.Join(known, ", "),
	)
}

// Unwrap returns [ordermanager.ErrInvalidRequest].
func (e *UnknownEventError) Unwrap() error { return ordermanager.ErrInvalidRequest }

// maxEventBytes is EventBridge's own limit: nobody could send an event again that was refused for its long cause.
const maxEventBytes = 1 << 20

// ParseEvent reads an event of the OrderProcessor workflow, or the one that starts it, of at most 1 MiB. It checks
// required fields and types, but not those of what is only shown (robot and cause); the Manager checks the values, once
// for every door. After an error the event still has its Action, if that could be read.
//
// Unlike in a request, a known name in the wrong case is ignored like any unknown name: the sender of an event cannot
// correct it.
//
// Errors: [*ordermanager.RequestError], whose field is a path in the event's JSON, and [*UnknownEventError]. They
// never contain a task token.
func ParseEvent(data []byte) (Event, error) {
	fields, err := parseObject("event", data, maxEventBytes)
	if err != nil {
		return Event{}, err
	}
	envelope := &reader{fields: fields}
	detailType := envelope.required("detail-type")
	if envelope.err != nil {
		return Event{}, refusal(envelope.err)
	}
	read, known := readers[detailType]
	if !known {
		return Event{}, &UnknownEventError{texts.Clip(detailType, ordermanager.MaxNameBytes)}
	}
	id, at := envelope.text("id"), envelope.time("time")
	detail := envelope.object("detail")
	event := Event{Action: read.action}
	if envelope.err != nil {
		return event, refusal(envelope.err)
	}
	news := read.news(detail, id, at)
	if detail.err != nil {
		return event, refusal(detail.err)
	}
	event.News = news
	return event, nil
}

// readers read each kind of event, in both dialects of the sample: the workshop's has no eventId.
var readers = map[string]struct {
	action ordermanager.Action
	news   func(detail *reader, id string, at time.Time) any
}{
	typeNewOrder: {ActionNewOrder, func(d *reader, _ string, _ time.Time) any {
		n := NewOrder{OrderID: d.required("orderId"), Customer: d.required("userId"), Venue: d.text("eventId")}
		// The sample's validator sends the bucket that the order counts against, with the venue in it.
		if n.Venue == "" {
			bucket := d.object("bucket")
			n.Venue = bucket.text("eventId")
			d.fail(bucket.err)
		}
		return n
	}},
	typeWorkflowStarted: {ordermanager.ActionWorkflowStarted, func(d *reader, _ string, at time.Time) any {
		return ordermanager.WorkflowStarted{
			OrderID:  d.required("orderId"),
			Customer: d.required("userId"),
			Venue:    d.text("eventId"),
			Robot:    d.flag("robot"),
			Token:    ordermanager.NewTaskToken(d.required("TaskToken")),
			At:       at,
		}
	}},
	typeWaitingCompletion: {ordermanager.ActionWaitingCompletion, func(d *reader, _ string, at time.Time) any {
		return ordermanager.WaitingCompletion{
			OrderID:  d.required("orderId"),
			Customer: d.text("userId"),
			Number:   d.number("orderNumber"),
			Token:    ordermanager.NewTaskToken(d.required("TaskToken")),
			At:       at,
		}
	}},
	typeTimedOut: {ordermanager.ActionTimedOut, func(d *reader, id string, _ time.Time) any {
		return ordermanager.TimedOut{OrderID: d.required("orderId"), Cause: d.shown("cause"), RequestID: id}
	}},
}

// IsEvent reports whether JSON text is an event rather than a request. It does not validate it.
func IsEvent(data []byte) bool {
	v, err := strictjson.Parse("", data)
	if err != nil {
		return false
	}
	fields, err := v.Object()
	return err == nil && (!fields.Get("detail-type").Absent() || !fields.Get("detail").Absent())
}

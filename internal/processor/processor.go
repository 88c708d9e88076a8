// Package processor reads what the workflow that waits for us says: the EventBridge events of the Serverlesspresso
// sample's OrderProcessor, and the one that starts it.
package processor

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/strictjson"
)

// The values of "detail-type" that are understood.
const (
	typeNewOrder          = "Validator.NewOrder"
	typeWorkflowStarted   = "OrderProcessor.WorkflowStarted"
	typeWaitingCompletion = "OrderProcessor.WaitingCompletion"
	typeTimedOut          = "OrderProcessor.OrderTimeOut"
)

// ActionNewOrder is the [Event.Action] of a [NewOrder]. No Manager knows it: a new order is news for the workflow.
const ActionNewOrder ordermanager.Action = "new_order"

// NewOrder asks for a workflow to be started for an order.
type NewOrder struct {
	// OrderID and Customer are always there; the venue where there is more than one.
	OrderID, Customer, Venue string
}

// Event is one event.
type Event struct {
	// Action says what kind of event it is; empty when it is of an unknown kind.
	Action ordermanager.Action
	// News is a [NewOrder], [ordermanager.WorkflowStarted], [ordermanager.WaitingCompletion] or [ordermanager.TimedOut].
	News any
}

// UnknownTypeError is the error for an event of a kind that is not understood. It is an
// [ordermanager.ErrInvalidRequest].
type UnknownTypeError struct {
	// Type is the event's "detail-type", cut to [ordermanager.MaxNameBytes].
	Type string
}

func (e *UnknownTypeError) Error() string {
	known := []string{typeNewOrder, typeWorkflowStarted, typeWaitingCompletion, typeTimedOut}
	return fmt.Sprintf("%v: detail-type %q is none of %s", ordermanager.ErrInvalidRequest, e.Type, strings.Join(known, ", "))
}

// Unwrap returns [ordermanager.ErrInvalidRequest].
func (e *UnknownTypeError) Unwrap() error { return ordermanager.ErrInvalidRequest }

// Parse reads an event of at most [ordermanager.MaxRequestBytes]. It checks that what is required is there and that
// everything has the right type; what the values may be is checked by the Manager, once for every door. After an
// error the event still has its Action, if that could be read.
//
// The JSON is read exactly: see [strictjson]. A field that is not known is ignored, one that is spelt nearly like a
// known one too: who sent an event cannot be asked to send it again.
//
// Errors: [*ordermanager.RequestError], whose field is a path in the event's JSON, and [*UnknownTypeError]. They
// never contain a task token.
func Parse(data []byte) (Event, error) {
	if len(data) > ordermanager.MaxRequestBytes {
		return Event{}, invalid("event", fmt.Sprintf("is longer than %d bytes", ordermanager.MaxRequestBytes))
	}
	v, err := strictjson.Parse("event", data)
	switch {
	case err != nil:
		return Event{}, refusal(err)
	case v.Raw()[0] != '{':
		return Event{}, refusal(v.Error("is not a JSON object"))
	}
	v.Path = "" // its fields are named without it
	envelope, err := open(v)
	if err != nil {
		return Event{}, err
	}
	detailType := envelope.required("detail-type")
	if envelope.err != nil {
		return Event{}, envelope.err
	}
	read, known := readers[detailType]
	if !known {
		return Event{}, &UnknownTypeError{clip(detailType)}
	}
	id, at := envelope.text("id"), envelope.time("time")
	detail := envelope.object("detail")
	event := Event{Action: read.action}
	if envelope.err != nil {
		return event, envelope.err
	}
	news := read.news(detail, id, at)
	if detail.err != nil {
		return event, detail.err
	}
	event.News = news
	return event, nil
}

// readers has what to make of each kind of event. Both dialects of the sample are read: the workshop's has no
// eventId.
var readers = map[string]struct {
	action ordermanager.Action
	news   func(detail *object, id string, at time.Time) any
}{
	typeNewOrder: {ActionNewOrder, func(d *object, _ string, _ time.Time) any {
		n := NewOrder{OrderID: d.required("orderId"), Customer: d.required("userId"), Venue: d.text("eventId")}
		// The sample's validator sends the whole bucket that the order counts against, and the venue is inside it.
		if n.Venue == "" {
			bucket := d.object("bucket")
			n.Venue = bucket.text("eventId")
			d.fail(bucket.err)
		}
		return n
	}},
	typeWorkflowStarted: {ordermanager.ActionWorkflowStarted, func(d *object, _ string, at time.Time) any {
		return ordermanager.WorkflowStarted{
			OrderID:  d.required("orderId"),
			Customer: d.required("userId"),
			Venue:    d.text("eventId"),
			Robot:    d.truth("robot"),
			Token:    ordermanager.NewTaskToken(d.required("TaskToken")),
			At:       at,
		}
	}},
	typeWaitingCompletion: {ordermanager.ActionWaitingCompletion, func(d *object, _ string, at time.Time) any {
		return ordermanager.WaitingCompletion{
			OrderID:  d.required("orderId"),
			Customer: d.text("userId"),
			Number:   d.number("orderNumber"),
			Token:    ordermanager.NewTaskToken(d.required("TaskToken")),
			At:       at,
		}
	}},
	typeTimedOut: {ordermanager.ActionTimedOut, func(d *object, id string, _ time.Time) any {
		return ordermanager.TimedOut{OrderID: d.required("orderId"), Cause: d.text("cause"), RequestID: id}
	}},
}

// IsEvent reports whether a JSON text is meant as an event, and not as a request. What is wrong with it, if anything,
// is said by who reads it in earnest.
func IsEvent(data []byte) bool {
	v, err := strictjson.Parse("", data)
	if err != nil {
		return false
	}
	fields, err := v.Object()
	return err == nil && !(fields.Get("detail-type").Absent() && fields.Get("detail").Absent())
}

// object reads the fields of a JSON object and keeps the first thing that is wrong. A field that is null is one that
// is absent.
type object struct {
	fields *strictjson.Object
	err    error
}

// open opens an object. The error is a [*ordermanager.RequestError].
func open(v strictjson.Value) (*object, error) {
	fields, err := v.Object()
	return &object{fields: fields}, refusal(err)
}

func (o *object) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

// wrong keeps that a field breaks a rule.
func (o *object) wrong(name, rule string) { o.fail(refusal(o.fields.Get(name).Error(rule))) }

func (o *object) text(name string) string {
	v := o.fields.Get(name)
	text, ok := v.Text()
	if !ok && !v.Absent() {
		o.wrong(name, "is not a text")
	}
	return text
}

func (o *object) required(name string) string {
	value := o.text(name)
	if value == "" {
		o.wrong(name, "is required")
	}
	return value
}

func (o *object) truth(name string) bool {
	v := o.fields.Get(name)
	truth, ok := v.Bool()
	if !ok && !v.Absent() {
		o.wrong(name, "is not true or false")
	}
	return truth
}

// number reads what one dialect writes as a text and the other as a number, which DynamoDB keeps to 38 digits.
func (o *object) number(name string) string {
	v := o.fields.Get(name)
	if text, ok := v.Text(); ok || v.Absent() {
		return text
	}
	number, _ := v.Number()
	digits, ok := wholeNumber(number.String())
	if !ok {
		o.wrong(name, "is neither a text nor a whole number of at most 38 digits")
	}
	return digits
}

// wholeNumber writes the digits of a whole number out, however JSON has it: 7, 7.0, 7e3.
func wholeNumber(number string) (digits string, ok bool) {
	const most, bits = 38, 160 // 48 digits are exact
	if len(number) > most+10 {
		return "", false
	}
	f, _, err := big.ParseFloat(number, 10, bits, big.ToNearestEven)
	if err != nil || !f.IsInt() || f.MantExp(nil) > bits {
		return "", false
	}
	digits = f.Text('f', 0)
	return digits, len(digits) <= most
}

func (o *object) time(name string) time.Time {
	text := o.text(name)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		o.wrong(name, "is not a time in the form of RFC 3339")
	}
	return at
}

// object opens an object inside; one that is absent is empty.
func (o *object) object(name string) *object {
	v := o.fields.Get(name)
	if v.Absent() {
		return &object{fields: v.None()}
	}
	inner, err := open(v)
	if err != nil {
		o.fail(err)
		return &object{fields: v.None()}
	}
	return inner
}

// refusal is an error of the reader in the words of a door.
func refusal(err error) error {
	if bad, ok := errors.AsType[*strictjson.Error](err); ok {
		return invalid(bad.Path, bad.Rule)
	}
	return err
}

func invalid(field, rule string) error { return &ordermanager.RequestError{Field: field, Rule: rule} }

// clip cuts a value for a message without cutting a character in two.
func clip(value string) string {
	if len(value) <= ordermanager.MaxNameBytes {
		return value
	}
	end := ordermanager.MaxNameBytes
	for end > 0 && !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}

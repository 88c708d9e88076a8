package eventbridgebus

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/brewline/ordermanager"
)

// The names that rules match on.
const (
	// Source is the source of every event.
	Source = "awsserverlessda.serverlesspresso"
	// DefaultBus is the name of the sample's event bus.
	DefaultBus = "Serverlesspresso"

	// DetailTypeMakeOrder announces a claim, and with an empty baristaUserId that it was given up.
	DetailTypeMakeOrder = detailTypePrefix + string(ordermanager.EventMakeOrder)
	// DetailTypeOrderCompleted announces a drink that is ready.
	DetailTypeOrderCompleted = detailTypePrefix + string(ordermanager.EventOrderCompleted)
	// DetailTypeOrderCancelled announces an order that a customer or a barista ended.
	DetailTypeOrderCancelled = detailTypePrefix + string(ordermanager.EventOrderCancelled)
	// DetailTypeWaitingCompletion announces an order that has its number and waits for a barista.
	DetailTypeWaitingCompletion = detailTypePrefix + string(ordermanager.EventWaitingCompletion)

	detailTypePrefix = "OrderManager."
)

// Dialect is how ORDERSTATE and state are spelt in a detail: the two versions of the sample differ. The names of the events do not
// contain the venue in either, so that a rule on them matches whatever the venue.
type Dialect int

const (
	// Workshop spells CREATED, Completed and Cancelled.
	Workshop Dialect = iota
	// Core spells the same as <venue>-CREATED, <venue>-COMPLETED and <venue>-CANCELLED.
	Core
)

// orderState spells a state as the sample's table does, where an order in the making is still a created one.
func (d Dialect) orderState(state ordermanager.State, venue string) string {
	created, completed, cancelled := "CREATED", "Completed", "Cancelled"
	if d == Core {
		created, completed, cancelled = venue+"-CREATED", venue+"-COMPLETED", venue+"-CANCELLED"
	}
	switch state {
	case ordermanager.StateCompleted:
		return completed
	case ordermanager.StateCancelled:
		return cancelled
	default:
		return created
	}
}

// common is what every detail has. The id and the version are ours, the rest is the sample's.
type common struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	OrderID string `json:"orderId"`
	UserID  string `json:"userId"`
	EventID string `json:"eventId,omitempty"`
}

type makeOrder struct {
	common
	BaristaUserID string `json:"baristaUserId"`
	Message       string
}

type ended struct {
	common
	OrderState string `json:"ORDERSTATE"`
	Message    string
	Reason     string `json:"reason,omitempty"`
}

type waitingCompletion struct {
	common
	OrderNumber string      `json:"orderNumber"`
	State       string      `json:"state"`
	DrinkOrder  *drinkOrder `json:"drinkOrder"`
	Robot       bool        `json:"robot"`
	TS          int64       `json:"TS"` // epoch milliseconds
	Message     string
}

// own is the detail of an event of the house's own, which a rule of its life cycle names.
type own struct {
	common
	State         ordermanager.State `json:"state"`
	BaristaUserID string             `json:"baristaUserId"`
	OrderNumber   string             `json:"orderNumber"`
	DrinkOrder    *drinkOrder        `json:"drinkOrder"`
	Reason        string             `json:"reason,omitempty"`
	TS            int64              `json:"TS"` // epoch milliseconds
}

type drinkOrder struct {
	UserID    string   `json:"userId"`
	Drink     string   `json:"drink"`
	Modifiers []string `json:"modifiers"`
	Icon      string   `json:"icon"`
}

// entry puts an event into the form of the service.
func (p *Publisher) entry(e *ordermanager.Event) (types.PutEventsRequestEntry, error) {
	detail, err := p.detail(e)
	if err != nil {
		return types.PutEventsRequestEntry{}, err
	}
	data, err := json.Marshal(detail)
	if err != nil {
		return types.PutEventsRequestEntry{}, err
	}
	return types.PutEventsRequestEntry{
		TraceHeader:  traceHeader(e.Trace),
		EventBusName: &p.bus,
		Source:       aws.String(Source),
		DetailType:   aws.String(detailTypePrefix + string(e.Type)),
		Time:         &e.At,
		Detail:       aws.String(string(data)),
	}, nil
}

var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-([0-9a-f]{8})([0-9a-f]{24})-([0-9a-f]{16})-[0-9a-f]([0-9a-f])$`)

// traceHeader puts a W3C traceparent into the form of AWS X-Ray ("Tracing header" in the AWS X-Ray Developer Guide), which EventBridge
// hands on to the targets. It returns nil for anything else.
func traceHeader(trace string) *string {
	m := traceparent.FindStringSubmatch(trace)
	if m == nil {
		return nil
	}
	sampled := "0"
	if strings.Contains("13579bdf", m[4]) {
		sampled = "1"
	}
	return aws.String("Root=1-" + m[1] + "-" + m[2] + ";Parent=" + m[3] + ";Sampled=" + sampled)
}

func (p *Publisher) detail(e *ordermanager.Event) (any, error) {
	c := common{ID: e.ID, Version: e.Version, OrderID: e.OrderID, UserID: e.Customer, EventID: e.Venue}
	switch e.Type {
	case ordermanager.EventMakeOrder:
		message := "A barista has claimed the order."
		if e.Barista == "" {
			message = "The order waits for a barista again."
		}
		return makeOrder{c, e.Barista, message}, nil
	case ordermanager.EventOrderCompleted:
		return ended{common: c, OrderState: p.dialect.orderState(e.State, e.Venue), Message: "The order is ready."}, nil
	case ordermanager.EventOrderCancelled:
		return ended{c, p.dialect.orderState(e.State, e.Venue), "The order was cancelled.", e.Reason}, nil
	case ordermanager.EventWaitingCompletion:
		return waitingCompletion{
			c, e.Number, p.dialect.orderState(e.State, e.Venue), drinkOf(e), e.Robot, e.At.UnixMilli(),
			"The order waits for a barista.",
		}, nil
	case "":
		return nil, fmt.Errorf("eventbridgebus: %w: the event has no type", ordermanager.ErrUndeliverable)
	}
	return own{c, e.State, e.Barista, e.Number, drinkOf(e), e.Reason, e.At.UnixMilli()}, nil
}

// drinkOf is the drink as the customer's app shows it, nil when there is none.
func drinkOf(e *ordermanager.Event) *drinkOrder {
	if e.Drink == nil {
		return nil
	}
	return &drinkOrder{e.Customer, e.Drink.Name, append([]string{}, e.Drink.Modifiers...), e.Drink.Icon}
}

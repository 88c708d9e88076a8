package serverlesspresso

import (
	"fmt"

	"github.com/brewline/ordermanager"
)

// The names that EventBridge rules match. They never contain the venue, so a rule matches every venue.
const (
	// EventSource is the source of every event.
	EventSource = "awsserverlessda.serverlesspresso"
	// EventBus is the name of the sample's event bus.
	EventBus = "Serverlesspresso"

	// DetailTypeMakeOrder announces a claim or, with an empty baristaUserId, its release.
	DetailTypeMakeOrder = detailTypePrefix + string(ordermanager.EventMakeOrder)
	// DetailTypeOrderCompleted announces a drink that is ready.
	DetailTypeOrderCompleted = detailTypePrefix + string(ordermanager.EventOrderCompleted)
	// DetailTypeOrderCancelled announces an order that a customer or a barista ended.
	DetailTypeOrderCancelled = detailTypePrefix + string(ordermanager.EventOrderCancelled)
	// DetailTypeWaitingCompletion announces an order that has its number and waits for a barista.
	DetailTypeWaitingCompletion = detailTypePrefix + string(ordermanager.EventWaitingCompletion)

	detailTypePrefix = "OrderManager."
)

// DetailType returns the name by which rules match an event.
func DetailType(e *ordermanager.Event) string { return detailTypePrefix + string(e.Type) }

// common has the fields of every detail. The id and the version are additions to the sample's.
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

// own is the detail of a custom event, named by a rule of the life cycle.
type own struct {
	common
	State         ordermanager.State `json:"state"`
	BaristaUserID string             `json:"baristaUserId"`
	OrderNumber   string             `json:"orderNumber"`
	DrinkOrder    *drinkOrder        `json:"drinkOrder"`
	Reason        string             `json:"reason,omitempty"`
	TS            int64              `json:"TS"` // epoch milliseconds
}

// Detail returns the detail of an event, to be marshalled. An event without a type is an
// [ordermanager.ErrUndeliverable].
func (d Dialect) Detail(e *ordermanager.Event) (any, error) {
	c := common{ID: e.ID, Version: e.Version, OrderID: e.OrderID, UserID: e.Customer, EventID: e.Venue}
	state := d.tableState(phaseOf(e.State, ordermanager.Undecided), e.Venue)
	switch e.Type {
	case ordermanager.EventMakeOrder:
		message := "A barista has claimed the order."
		if e.Barista == "" {
			message = "The order waits for a barista again."
		}
		return makeOrder{c, e.Barista, message}, nil
	case ordermanager.EventOrderCompleted:
		return ended{common: c, OrderState: state, Message: "The order is ready."}, nil
	case ordermanager.EventOrderCancelled:
		return ended{c, state, "The order was cancelled.", e.Reason}, nil
	case ordermanager.EventWaitingCompletion:
		return waitingCompletion{
			c, e.Number, state, drinkIn(e), e.Robot, e.At.UnixMilli(),
			"The order waits for a barista.",
		}, nil
	case "":
		return nil, fmt.Errorf("%w: the event has no type", ordermanager.ErrUndeliverable)
	}
	return own{c, e.State, e.Barista, e.Number, drinkIn(e), e.Reason, e.At.UnixMilli()}, nil
}

// drinkIn returns nil for an event without a drink.
func drinkIn(e *ordermanager.Event) *drinkOrder {
	return drinkOf(&ordermanager.Order{Customer: e.Customer, Drink: e.Drink})
}

package serverlesspresso

import (
	"strconv"

	"github.com/brewline/ordermanager"
)

// timestamp is TS, in Unix milliseconds: when an open order began, from which the apps compute its age, or when a
// closed one ended.
func timestamp(o *ordermanager.Order) int64 {
	if phaseOf(o.State, o.SecondWait.Decision) == Open {
		return o.CreatedAt.UnixMilli()
	}
	return o.UpdatedAt.UnixMilli()
}

// The workshop answers in plain JSON under "result".

type result struct {
	Result any `json:"result"`
}

type plainOrder struct {
	PK            string `json:"PK"`
	SK            string `json:"SK"`
	OrderState    string `json:"ORDERSTATE"`
	OrderNumber   string `json:"orderNumber,omitempty"`
	Robot         bool   `json:"robot"`
	DrinkOrder    any    `json:"drinkOrder,omitempty"`
	BaristaUserID string `json:"baristaUserId,omitempty"`
	TS            int64  `json:"TS"`
}

type plainSummary struct {
	OrderID    string      `json:"orderId"`
	DrinkOrder *drinkOrder `json:"drinkOrder"`
	OrderState string      `json:"orderState"`
	TS         int64       `json:"TS"`
}

func (d Dialect) plain(o *ordermanager.Order) plainOrder {
	p := plainOrder{
		PK: "orders", SK: o.ID, OrderState: d.state(o), OrderNumber: o.Number, Robot: o.Robot,
		BaristaUserID: o.Barista, TS: timestamp(o),
	}
	if drink := drinkOf(o); drink != nil {
		p.DrinkOrder = drink
	}
	return p
}

// The core answers what DynamoDB answered its API: a bare list of items in DynamoDB JSON.

type rawOrder struct {
	PK            text  `json:"PK"`
	SK            text  `json:"SK"`
	OrderState    text  `json:"ORDERSTATE"`
	OrderNumber   *text `json:"orderNumber,omitempty"`
	Robot         truth `json:"robot"`
	DrinkOrder    *text `json:"drinkOrder,omitempty"`
	BaristaUserID *text `json:"baristaUserId,omitempty"`
	TS            count `json:"TS"`
}

type rawSummary struct {
	OrderID    string `json:"orderId"`
	DrinkOrder *text  `json:"drinkOrder"`
	OrderState string `json:"orderState"`
	TS         string `json:"TS"`
}

type (
	text  struct{ S string }
	truth struct{ BOOL bool }
	count struct{ N string }
)

// textOf returns nil for an empty attribute.
func textOf(s string) *text {
	if s == "" {
		return nil
	}
	return &text{s}
}

func rawDrink(o *ordermanager.Order) *text { return textOf(DrinkOrder(o)) }

func (d Dialect) raw(o *ordermanager.Order) rawOrder {
	return rawOrder{
		PK: text{"orders"}, SK: text{o.ID}, OrderState: text{d.state(o)},
		OrderNumber: textOf(o.Number), Robot: truth{o.Robot},
		DrinkOrder: rawDrink(o), BaristaUserID: textOf(o.Barista), TS: count{strconv.FormatInt(timestamp(o), 10)},
	}
}

// Orders is the answer to GET /orders, for the barista's board and the display. Marshal what it returns. In the
// workshop an order without a drink has an empty one, because the display reads its fields.
func (d Dialect) Orders(orders []ordermanager.Order) any {
	if d == Core {
		return d.rawList(orders)
	}
	list := make([]plainOrder, len(orders))
	for i := range orders {
		list[i] = d.plain(&orders[i])
		if list[i].DrinkOrder == nil {
			list[i].DrinkOrder = struct{}{}
		}
	}
	return result{list}
}

// MyOrders is the answer to GET /myOrders, for the customer's app. Marshal what it returns. An order without a drink
// has none, so the app knows that it is still to be chosen.
func (d Dialect) MyOrders(orders []ordermanager.Order) any {
	if d == Core {
		return d.rawList(orders)
	}
	list := make([]plainOrder, len(orders))
	for i := range orders {
		list[i] = d.plain(&orders[i])
	}
	return result{list}
}

func (d Dialect) rawList(orders []ordermanager.Order) []rawOrder {
	list := make([]rawOrder, len(orders))
	for i := range orders {
		list[i] = d.raw(&orders[i])
	}
	return list
}

// Order is the answer to GET /orders/{id}. Marshal what it returns.
func (d Dialect) Order(o *ordermanager.Order) any {
	if d == Core {
		return rawSummary{o.ID, rawDrink(o), d.state(o), strconv.FormatInt(timestamp(o), 10)}
	}
	return result{plainSummary{o.ID, drinkOf(o), d.state(o), timestamp(o)}}
}

// Package view has the JSON forms of orders, histories, receipts and errors. They are the same everywhere: in the
// command, the HTTP API, the Lambda handlers and the webhooks. Names are those of the Serverlesspresso sample, where it
// has one. No form contains a task token.
package view

import (
	"time"

	"github.com/brewline/ordermanager"
)

// Order is the JSON form of an order.
type Order struct {
	OrderID       string             `json:"orderId"`
	State         ordermanager.State `json:"state"`
	UserID        string             `json:"userId"`
	EventID       string             `json:"eventId"`
	OrderNumber   string             `json:"orderNumber"`
	BaristaUserID string             `json:"baristaUserId"`
	Drink         string             `json:"drink"`
	Modifiers     []string           `json:"modifiers"`
	Icon          string             `json:"icon"`
	Reason        string             `json:"reason"`
	Version       int                `json:"version"`
}

// OrderOf returns the JSON form of an order. Modifiers is never nil.
func OrderOf(o *ordermanager.Order) Order {
	view := Order{
		OrderID:       o.ID,
		State:         o.State,
		UserID:        o.Customer,
		EventID:       o.Venue,
		OrderNumber:   o.Number,
		BaristaUserID: o.Barista,
		Modifiers:     []string{},
		Reason:        o.Reason,
		Version:       o.Version,
	}
	if o.Drink != nil {
		view.Drink, view.Icon = o.Drink.Name, o.Drink.Icon
		view.Modifiers = append(view.Modifiers, o.Drink.Modifiers...)
	}
	return view
}

// Entry is the JSON form of an entry of an order's history.
type Entry struct {
	// Version is the version of the order that the entry made; 1 is the first.
	Version int                 `json:"version"`
	At      time.Time           `json:"at"`
	Action  ordermanager.Action `json:"action"`
	// From is empty for the first entry.
	From ordermanager.State `json:"from"`
	To   ordermanager.State `json:"to"`
	// Role and UserID are who did it.
	Role   ordermanager.Role `json:"role"`
	UserID string            `json:"userId"`
	// RequestID is not for customers: the HTTP API omits it.
	RequestID string `json:"requestId,omitempty"`
	Reason    string `json:"reason"`
}

// HistoryOf returns the JSON form of an order's history, oldest first. It is never nil.
func HistoryOf(o *ordermanager.Order) []Entry {
	views := make([]Entry, len(o.History))
	for i, e := range o.History {
		views[i] = Entry{
			Version: o.Version - len(o.History) + i + 1, At: e.At, Action: e.Action, From: e.From, To: e.To,
			Role: e.Actor.Role, UserID: e.Actor.ID, RequestID: e.RequestID, Reason: e.Reason,
		}
	}
	return views
}

// Receipt is the JSON form of a receipt.
type Receipt struct {
	Action   ordermanager.Action       `json:"action"`
	Order    Order                     `json:"order"`
	Resume   ordermanager.ResumeStatus `json:"resume"`
	Events   ordermanager.EventStatus  `json:"events"`
	Replayed bool                      `json:"replayed"`
	// Unchanged is present for a notification that brought nothing new.
	Unchanged bool `json:"unchanged,omitempty"`
	// Gone is present if the workflow no longer waits.
	Gone ordermanager.GoneReason `json:"gone,omitempty"`
	// Pending says why something is still owed. It may name tables, hosts and accounts, so it is not for customers.
	Pending string `json:"pending,omitempty"`
}

// ReceiptOf returns the JSON form of a receipt.
func ReceiptOf(r *ordermanager.Receipt) Receipt {
	view := Receipt{
		Action:    r.Action,
		Order:     OrderOf(&r.Order),
		Resume:    r.Resume,
		Events:    r.Events,
		Replayed:  r.Replayed,
		Unchanged: r.Unchanged,
		Gone:      r.Gone,
	}
	if r.Pending != nil {
		view.Pending = r.Pending.Error()
	}
	return view
}

package ordermanager

import "time"

// View is the JSON form of an order, the same at every door: the command, the HTTP API and the Lambda handlers. Names
// are those of the Serverlesspresso sample where it has one. It has no task tokens.
type View struct {
	OrderID       string   `json:"orderId"`
	State         State    `json:"state"`
	UserID        string   `json:"userId"`
	EventID       string   `json:"eventId"`
	OrderNumber   string   `json:"orderNumber"`
	BaristaUserID string   `json:"baristaUserId"`
	Drink         string   `json:"drink"`
	Modifiers     []string `json:"modifiers"`
	Icon          string   `json:"icon"`
	Reason        string   `json:"reason"`
	Version       int      `json:"version"`
}

// View returns the JSON form of the order. Modifiers is never nil.
func (o Order) View() View {
	view := View{
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

// EntryView is the JSON form of an entry of an order's history, the same at every door.
type EntryView struct {
	// Version is the version of the order that the entry made; 1 is the first.
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	Action  Action    `json:"action"`
	// From is empty for the first entry.
	From State `json:"from"`
	To   State `json:"to"`
	// Role and UserID are who did it.
	Role   Role   `json:"role"`
	UserID string `json:"userId"`
	// RequestID is not for customers: the HTTP API omits it.
	RequestID string `json:"requestId,omitempty"`
	Reason    string `json:"reason"`
}

// HistoryView returns the JSON form of the order's history, oldest first. It is never nil.
func (o Order) HistoryView() []EntryView {
	views := make([]EntryView, len(o.History))
	for i, e := range o.History {
		views[i] = EntryView{
			Version: o.Version - len(o.History) + i + 1, At: e.At, Action: e.Action, From: e.From, To: e.To,
			Role: e.Actor.Role, UserID: e.Actor.ID, RequestID: e.RequestID, Reason: e.Reason,
		}
	}
	return views
}

// ReceiptView is the JSON form of a receipt, the same at every door.
type ReceiptView struct {
	Action   Action       `json:"action"`
	Order    View         `json:"order"`
	Resume   ResumeStatus `json:"resume"`
	Events   EventStatus  `json:"events"`
	Replayed bool         `json:"replayed"`
	// Unchanged is there for a notification that brought nothing new.
	Unchanged bool `json:"unchanged,omitempty"`
	// Gone is there when the workflow does not wait any more.
	Gone GoneReason `json:"gone,omitempty"`
	// Pending says why something is still owed. It may name tables, hosts and accounts, so it is not for customers.
	Pending string `json:"pending,omitempty"`
}

// View returns the JSON form of the receipt.
func (r Receipt) View() ReceiptView {
	view := ReceiptView{
		Action:    r.Action,
		Order:     r.Order.View(),
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

package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/jsonform"
	"github.com/brewline/ordermanager/serverlesspresso"
	"github.com/brewline/ordermanager/view"
)

// order is the form of an order in every answer: the common view, and the three fields that the Serverlesspresso
// sample's apps read, in the form of its API.
type order struct {
	view.Order
	// OrderState is the state as the sample names it: in its core version with a venue, in its workshop version without.
	OrderState string `json:"orderState"`
	// DrinkOrder is the accepted drink as a DynamoDB attribute; null until there is one.
	DrinkOrder *attribute `json:"drinkOrder"`
	// TS is when the order was created, in Unix milliseconds, as a string.
	TS string `json:"TS"`
}

// attribute is a string in DynamoDB JSON.
type attribute struct {
	S string `json:"S"`
}

func orderOf(o *ordermanager.Order) order {
	v := order{Order: view.OrderOf(o), OrderState: orderState(o), TS: strconv.FormatInt(o.CreatedAt.UnixMilli(), 10)}
	if text := serverlesspresso.DrinkOrder(o); text != "" {
		v.DrinkOrder = &attribute{text}
	}
	return v
}

func orderState(o *ordermanager.Order) string {
	if o.Venue != "" {
		return serverlesspresso.Core.OrderState(o)
	}
	return serverlesspresso.Workshop.OrderState(o)
}

// writeOrder writes the fields of the order's JSON as [json.Marshal] writes those of orderOf, only faster: nearly every
// answer has an order.
func writeOrder(f *jsonform.Form, o *ordermanager.Order) {
	var drink ordermanager.Drink
	if o.Drink != nil {
		drink = *o.Drink
	}
	f.Text("orderId", o.ID)
	f.Text("state", string(o.State))
	f.Text("userId", o.Customer)
	f.Text("eventId", o.Venue)
	f.Text("orderNumber", o.Number)
	f.Text("baristaUserId", o.Barista)
	f.Text("drink", drink.Name)
	f.Texts("modifiers", drink.Modifiers)
	f.Text("icon", drink.Icon)
	f.Text("reason", o.Reason)
	f.Number("version", o.Version)
	f.Text("orderState", orderState(o))
	if o.Drink == nil {
		f.Null("drinkOrder")
	} else {
		f.Begin("drinkOrder")
		f.Text("S", serverlesspresso.DrinkOrder(o))
		f.End()
	}
	f.NumberText("TS", o.CreatedAt.UnixMilli())
}

func orderOrNil(o *ordermanager.Order) *order {
	if o == nil {
		return nil
	}
	v := orderOf(o)
	return &v
}

// writeReceipt writes the fields of the answer to an accepted action: the receipt as at every door, with the order in
// this interface's form. It omits why something is pending: the message of a resumer or publisher is only logged.
func writeReceipt(f *jsonform.Form, r *ordermanager.Receipt) {
	f.Text("action", string(r.Action))
	f.Text("resume", string(r.Resume))
	f.Text("events", string(r.Events))
	f.Bool("replayed", r.Replayed)
	if r.Unchanged {
		f.Bool("unchanged", true)
	}
	f.Optional("gone", string(r.Gone))
	f.Begin("order")
	writeOrder(f, &r.Order)
	f.End()
}

// listing is one page of orders.
type listing struct {
	Orders []order `json:"orders"`
	// Skipped are the orders that cannot be shown; the log has the reasons.
	Skipped []string `json:"skipped"`
	Cursor  string   `json:"cursor"`
}

// history is what happened to an order, oldest first.
type history struct {
	OrderID string       `json:"orderId"`
	Version int          `json:"version"`
	Entries []view.Entry `json:"entries"`
}

func historyView(o *ordermanager.Order) history {
	answer := history{OrderID: o.ID, Version: o.Version, Entries: view.HistoryOf(o)}
	for i := range answer.Entries {
		answer.Entries[i].RequestID = ""
	}
	return answer
}

// menu is what a venue offers. Its lists are never null.
type menu struct {
	Items []menuItem `json:"items"`
}

type menuItem struct {
	Drink     string          `json:"drink"`
	Icon      string          `json:"icon"`
	Available bool            `json:"available"`
	Modifiers []modifierGroup `json:"modifiers"`
}

// modifierGroup has the sample's field names. Min and Max are absent if they are the defaults, none and one.
type modifierGroup struct {
	Name    string   `json:"Name"`
	Options []string `json:"Options"`
	Min     int      `json:"Min,omitempty"`
	Max     int      `json:"Max,omitempty"`
}

func menuView(m *ordermanager.Menu) menu {
	view := menu{Items: make([]menuItem, len(m.Items))}
	for i, item := range m.Items {
		groups := make([]modifierGroup, len(item.Modifiers))
		for j, group := range item.Modifiers {
			groups[j] = modifierGroup{group.Name, append([]string{}, group.Options...), group.Min, group.Max}
		}
		view.Items[i] = menuItem{item.Drink, item.Icon, !item.SoldOut, groups}
	}
	return view
}

// explanations say for every action whether the caller may do it now.
type explanations struct {
	Order   order         `json:"order"`
	Actions []explanation `json:"actions"`
}

type explanation struct {
	Action  ordermanager.Action   `json:"action"`
	Allowed bool                  `json:"allowed"`
	Reasons []ordermanager.Reason `json:"reasons"`
}

// lifecycle is the Manager's life cycle and what follows from it.
type lifecycle struct {
	Table   ordermanager.Lifecycle `json:"table"`
	Actions []ordermanager.Action  `json:"actions"`
	Mermaid string                 `json:"mermaid"`
	DOT     string                 `json:"dot"`
}

// write answers with a value in JSON.
func write(w http.ResponseWriter, r *http.Request, contentType string, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // the forms of this package can always be marshalled
	}
	writeBytes(w, r, contentType, status, append(body, '\n'))
}

func writeJSON(w http.ResponseWriter, r *http.Request, value any) {
	write(w, r, "application/json", http.StatusOK, value)
}

// formSize is the size of a receipt whose order has UUIDs for names.
const formSize = 704

func writeForm(w http.ResponseWriter, r *http.Request, f *jsonform.Form) {
	writeBytes(w, r, "application/json", http.StatusOK, append(f.Bytes(), '\n'))
}

func writeBytes(w http.ResponseWriter, r *http.Request, contentType string, status int, body []byte) {
	header := w.Header()
	values := [...]string{contentType, strconv.Itoa(len(body)), "no-store", "nosniff"} // one allocation
	header["Content-Type"] = values[0:1:1]
	header["Content-Length"] = values[1:2:2]
	header["Cache-Control"] = values[2:3:3]
	header["X-Content-Type-Options"] = values[3:4:4]
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // nothing to do if the caller is gone
	}
}

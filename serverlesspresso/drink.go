package serverlesspresso

import (
	"encoding/json"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/jsonform"
)

// drinkOrder is an accepted drink, with the fields that the sample's apps read.
type drinkOrder struct {
	UserID    string   `json:"userId,omitempty"`
	Drink     string   `json:"drink"`
	Modifiers []string `json:"modifiers"`
	Icon      string   `json:"icon"`
}

// drinkOf returns nil for an order without a drink.
func drinkOf(o *ordermanager.Order) *drinkOrder {
	if o.Drink == nil {
		return nil
	}
	return &drinkOrder{o.Customer, o.Drink.Name, append([]string{}, o.Drink.Modifiers...), o.Drink.Icon}
}

// DrinkOrder returns the attribute drinkOrder of an order: the drink as JSON; empty if there is none.
func DrinkOrder(o *ordermanager.Order) string {
	if o.Drink == nil {
		return ""
	}
	f := jsonform.New(128)
	f.Optional("userId", o.Customer)
	f.Text("drink", o.Drink.Name)
	f.Texts("modifiers", o.Drink.Modifiers)
	f.Text("icon", o.Drink.Icon)
	return string(f.Bytes())
}

// ReadDrinkOrder reads the attribute drinkOrder in every form that the sample ever wrote: the body of a put as JSON
// text or as a map, or just the name of the drink. The value is as encoding/json decodes it, with [json.Number]s. It
// reads what it can and never fails: the contents are only shown, but that there is a drink matters.
func ReadDrinkOrder(value any) *ordermanager.Drink {
	if text, ok := value.(string); ok {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var inside any
		if decoder.Decode(&inside) == nil {
			value = inside
		}
	}
	if name := shown(value); name != "" {
		return &ordermanager.Drink{Name: name}
	}
	fields, _ := value.(map[string]any)
	drink := &ordermanager.Drink{Name: shown(fields["drink"]), Icon: shown(fields["icon"])}
	modifiers, _ := fields["modifiers"].([]any)
	for _, modifier := range modifiers {
		if text := shown(modifier); text != "" {
			drink.Modifiers = append(drink.Modifiers, text)
		}
	}
	return drink
}

// shown returns a string or the digits of a number; empty for anything else.
func shown(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

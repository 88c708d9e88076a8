package sqlstore

import (
	"encoding/json"

	"github.com/brewline/ordermanager"
)

// drink is the JSON of the column "drink".
type drink struct {
	Name      string   `json:"name"`
	Icon      string   `json:"icon"`
	Modifiers []string `json:"modifiers"`
}

func encodeDrink(d *ordermanager.Drink) (string, error) {
	data, err := json.Marshal(drink{d.Name, d.Icon, d.Modifiers})
	return string(data), err
}

func decodeDrink(text string) (*ordermanager.Drink, error) {
	d, ok := quickDrink(text)
	if !ok {
		d = drink{}
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return nil, err
		}
	}
	return &ordermanager.Drink{Name: d.Name, Icon: d.Icon, Modifiers: d.Modifiers}, nil
}

// quickDrink decodes what encodeDrink writes, as long as nothing in it is escaped. It tells if it cannot.
func quickDrink(text string) (d drink, ok bool) {
	r := quick{text, true}
	d.Name = r.text(`{"name":"`)
	d.Icon = r.text(`,"icon":"`)
	if r.has(`,"modifiers":null`) {
		r.skip(`,"modifiers":null`)
	} else {
		d.Modifiers = r.texts(`,"modifiers":[`)
	}
	r.skip("}")
	return d, r.ok && r.rest == ""
}

package serverlesspresso

import (
	"bytes"
	"fmt"
	"os"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/strictjson"
)

// MenuFile reads a menu from a file, once, and serves it for every venue. See [ParseMenu] for the forms.
func MenuFile(path string) (ordermanager.MenuSource, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the caller names the file
	if err != nil {
		return nil, fmt.Errorf("menu: %w", err)
	}
	menu, err := ParseMenu(data)
	if err != nil {
		return nil, fmt.Errorf("menu %s: %w", path, err)
	}
	return ordermanager.StaticMenu(*menu), nil
}

// ParseMenu parses a menu written by hand or printed by a DynamoDB tool, in one of these forms:
//
//   - plain: {"items":[…]}, or just the list. An entry is {"drink":"Latte","icon":"…","available":true,
//     "modifiers":[{"Name":"Milk","Options":["Regular","Oat"],"Min":1,"Max":1}]}, with only the drink required; Min and
//     Max are as in [ordermanager.ModifierGroup].
//   - an item of the sample's configuration table, in DynamoDB JSON or plain, with the entries in the attribute "value"
//     (workshop) or "menu" (core); also as get-item prints it, or among other items, as in the output of scan and query
//     and in a seed file.
//
// A byte-order mark is skipped.
//
// It is strict: the error is an [*ordermanager.InvalidMenuError] with every fault and its place, including unknown
// names, several menus in one document, and whatever [ordermanager.Menu.Validate] refuses. In DynamoDB JSON an unknown
// attribute is taken to be another program's, unless it looks like a misspelt name.
func ParseMenu(data []byte) (*ordermanager.Menu, error) {
	v, err := strictjson.Parse("", bytes.TrimPrefix(data, []byte("\ufeff")))
	var r menuReader
	if err != nil {
		r.fail(err)
		return nil, r.invalid()
	}
	list, path, typed := r.locate(v)
	if len(r.faults) > 0 {
		return nil, r.invalid()
	}
	r.strict = !typed
	menu := r.menu(list, path)
	if len(r.faults) > 0 {
		return nil, r.invalid()
	}
	return menu, nil
}

// DecodeMenu reads the entries of a configuration item as encoding/json or an SDK unmarshals them (maps, lists,
// strings, [json.Number]s, booleans and nil), found under the attribute named by path.
//
// It is for a live table: what cannot be served is left out and reported, and the rest is the menu, so that one bad
// entry does not close the shop. The menu is never nil; if it has no drinks, every order is for an unknown drink.
func DecodeMenu(list []any, path string) (*ordermanager.Menu, []ordermanager.MenuFault) {
	var r menuReader
	menu := r.menu(list, path)
	return menu, r.faults
}

package serverlesspresso_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

func parsed(t testing.TB, data string) *ordermanager.Menu {
	t.Helper()
	menu, err := serverlesspresso.ParseMenu([]byte(data))
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return menu
}

// faults are what is wrong with a menu, one a line.
func faults(t testing.TB, data string) []string {
	t.Helper()
	_, err := serverlesspresso.ParseMenu([]byte(data))
	bad, ok := errors.AsType[*ordermanager.InvalidMenuError](err)
	if !ok || len(bad.Faults) == 0 {
		t.Fatalf("%s: %v", data, err)
	}
	lines := make([]string, len(bad.Faults))
	for i, fault := range bad.Faults {
		lines[i] = fault.String()
	}
	return lines
}

// A menu is taken in every form in which people have one.
func TestParseMenu_readsEveryForm(t *testing.T) {
	const (
		latte = `{"drink":"Latte","icon":"latte","modifiers":[{"Name":"Milk","Options":["Oat","Whole"],"Min":1,"Max":2}]}`
		mocha = `{"drink":"Mocha","available":false,"icon":null,"modifiers":null}`
		typed = `{"L":[{"M":{"drink":{"S":"Latte"},"icon":{"S":"latte"},"modifiers":{"L":[{"M":{"Name":{"S":"Milk"},` +
			`"Options":{"L":[{"S":"Oat"},{"S":"Whole"}]},"Min":{"N":"1"},"Max":{"N":"2"}}}]}}},` +
			`{"M":{"drink":{"S":"Mocha"},"available":{"BOOL":false},"icon":{"NULL":true},"modifiers":{"NULL":true},"price":{"N":"3"}}}]}`
		config = `{"PK":{"S":"config"},"storeOpen":{"BOOL":true}}`
	)
	want := &ordermanager.Menu{Items: []ordermanager.MenuItem{
		{
			Drink: "Latte", Icon: "latte",
			Modifiers: []ordermanager.ModifierGroup{{Name: "Milk", Options: []string{"Oat", "Whole"}, Min: 1, Max: 2}},
		},
		{Drink: "Mocha", SoldOut: true},
	}}
	for name, data := range map[string]string{
		"plain":                             `{"items":[` + latte + `,` + mocha + `]}`,
		"the list alone":                    `[` + latte + `,` + mocha + `]`,
		"with a byte-order mark":            "\ufeff" + `[` + latte + `,` + mocha + `]`,
		"an item, workshop":                 `{"PK":{"S":"menu"},"value":` + typed + `}`,
		"an item, core":                     `{"PK":{"S":"config-ABC"},"menu":` + typed + `,"storeOpen":{"BOOL":false}}`,
		"beside a value of another program": `{"value":{"N":"3"},"menu":` + typed + `}`,
		"an item whose list is plain":       `{"storeOpen":true,"menu":[` + latte + `,` + mocha + `]}`,
		"as get-item prints it":             `{"Item":{"PK":{"S":"menu"},"value":` + typed + `}}`,
		"as scan prints it": `{"Items":[` + config + `,{"PK":{"S":"menu"},"value":` + typed +
			`}],"Count":2,"ScannedCount":2,"ConsumedCapacity":null}`,
		"as a table is seeded": `[{"PK":{"S":"menu"},"value":` + typed + `},` + config + `]`,
		"seeded by CloudFormation": strings.ReplaceAll(
			`[{"pk":{"S":"menu"},"value":`+typed+`}]`, `{"BOOL":false}`, `{"BOOL":"false"}`,
		),
		"options as a set of texts": strings.ReplaceAll(
			`{"value":`+typed+`}`, `{"L":[{"S":"Oat"},{"S":"Whole"}]}`, `{"SS":["Oat","Whole"]}`,
		),
		"with names that look the same": strings.ReplaceAll(`[`+latte+`,`+mocha+`]`, `Latte`, `\u004catte`),
	} {
		if diff := cmp.Diff(want, parsed(t, data)); diff != "" {
			t.Errorf("%s, -want +got:\n%s", name, diff)
		}
	}
}

// The example of the documentation is a menu.
func TestParseMenu_readsTheExampleOfItsPage(t *testing.T) {
	page, err := os.ReadFile("../docs/menus.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```json\n")
	example, _, found := strings.Cut(example, "```")
	menu := parsed(t, example)
	if !found || len(menu.Items) != 3 || !menu.Items[2].SoldOut || menu.Items[1].Modifiers[0].Min != 1 {
		t.Errorf("%+v", menu)
	}
	drink, err := menu.Sanitize(ordermanager.DrinkOrder{
		Drink: "Caffè Latte", Modifiers: []string{"Milk: Oat", "Sugar: 1", "Decaf"},
	})
	if err != nil || strings.Join(drink.Modifiers, ",") != "Oat,Sugar: 1,Decaf" {
		t.Errorf("%v, %v", drink, err)
	}
}

func TestMenuFile_readsTheMenusOfTheSample(t *testing.T) {
	for name, drinks := range map[string][]string{
		"menu.workshop.json": {"Espresso", "Cappuccino", "Latte", "Flat White", "Americano", "Coffee of the day"},
		"menu.core.json":     {"Americano", "Flat White", "-Cappuccino", "Singe Espresso", "Double Espresso"},
	} {
		source, err := serverlesspresso.MenuFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		menu, err := source.Menu(t.Context(), "any")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, item := range menu.Items {
			got = append(got, map[bool]string{false: "", true: "-"}[item.SoldOut]+item.Drink)
			if item.Icon == "" {
				t.Errorf("%s: %s has no icon", name, item.Drink)
			}
		}
		if diff := cmp.Diff(drinks, got); diff != "" {
			t.Errorf("%s, -want +got:\n%s", name, diff)
		}
		if name == "menu.core.json" {
			want := []ordermanager.ModifierGroup{{Name: "Milk", Options: []string{"Regular", "Oat"}}}
			if diff := cmp.Diff(want, menu.Items[0].Modifiers); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		}
	}
	if _, err := serverlesspresso.MenuFile("testdata/no such file"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gave %v", err)
	}
	if _, err := serverlesspresso.MenuFile("menu_test.go"); err == nil || !strings.Contains(err.Error(), "menu_test.go") {
		t.Errorf("the error does not name the file: %v", err)
	}
}

// Whoever writes a menu is told everything that is wrong with it, and where.
func TestParseMenu_namesEveryFaultAndItsPlace(t *testing.T) {
	long := strings.Repeat("x", ordermanager.MaxNameBytes+1)
	for _, tt := range []struct {
		data string
		want []string
	}{
		{
			"[\n{\"drink\":\n}]",
			[]string{"the document is not valid JSON (line 3: invalid character '}' looking for beginning of value)"},
		},
		{"[{\"drink\":\"a\xff\"}]", []string{"the document is not valid UTF-8"}},
		{`5`, []string{"the document is not an object"}},
		{`{"drinks":[]}`, []string{"the document is not a menu: it has none of items, value, menu, Item and Items"}},
		{`{"Item":{}}`, []string{"Item is not a menu: it has none of items, value, menu, Item and Items"}},
		{`{"Items":[{"PK":{"S":"config"}}]}`, []string{"the document has no item with a menu"}},
		{
			`{"Items":[{"menu":{"L":[]}},{"PK":{"S":"config"}},{"menu":{"L":[]}}]}`,
			[]string{"the document has several menus, in Items[0] and Items[2]: keep the one that is meant"},
		},
		{
			`{"PK":{"S":"menu"},"value":{"L":[]},"menu":{"L":[]}}`,
			[]string{"the document has several menus, in value and menu: keep the one that is meant"},
		},
		{
			`{"Items":[{"value":[],"menu":[]}]}`,
			[]string{"Items[0] has several menus, in value and menu: keep the one that is meant"},
		},
		{
			`{"Item":{"menu":[]},"items":[],"value":[]}`,
			[]string{"the document has several menus, in Item and items and value: keep the one that is meant"},
		},
		{`{"Items":{"L":[]}}`, []string{"Items is not a list"}},
		{`{"items":5}`, []string{`items is neither a list nor an attribute of DynamoDB, like {"S":"Latte"}`}},
		{`{"value":{"S":"x"}}`, []string{"value is not a list"}},
		{`{"value":{"B":"eA=="}}`, []string{`value has the type "B", which a menu does not use`}},
		{`[]`, []string{"the document has no drinks"}},
		{`{"value":{"L":[]}}`, []string{"value has no drinks"}},
		{`{"items":[{"drink":"a"}],"itmes":[]}`, []string{`itmes is not known: do you mean "items"?`}},
		{`{"items":[{"drink":"a"}],"items":[]}`, []string{"items appears twice"}},
		{
			`[5,{"icon":"x"},{"drink":5},{"drink":"` + long + `"},{"drink":"a","icon":5},{"drink":"a"},{"drink":" a\u00a0"}]`,
			[]string{
				"[0] is not an object", "[1].drink has no name", "[2].drink is not a string", "[3].drink is longer than 100 bytes",
				"[4].icon is not a string", "[5].drink is on the menu already, as [4]", "[6].drink is on the menu already, as [4]",
			},
		},
		{
			`{"items":[{"drink":"a","avaliable":false,"Icon":"x","price":3},{"drink":"b","available":"no"}]}`,
			[]string{
				`items[0].Icon is not known: do you mean "icon"?`, `items[0].avaliable is not known: do you mean "available"?`,
				"items[0].price is not known", "items[1].available is neither true nor false",
			},
		},
		{
			`{"value":{"L":[{"M":{"drink":{"S":"a"},"avaliable":{"BOOL":false},"price":{"N":"3"}}},{"S":"b"}]}}`,
			[]string{`value[0].avaliable is not known: do you mean "available"?`, "value[1] is not an object"},
		},
		{
			`[{"drink":"a","modifiers":[5,{"Name":"M","Options":"x"},{"Name":"N","Options":["b","b",1,""],"Min":"1"},{"name":"O","Options":["c"]}]}]`,
			[]string{
				"[0].modifiers[0] is not an object", "[0].modifiers[1].Options is not a list",
				"[0].modifiers[2].Min is not a whole number",
				"[0].modifiers[2].Options[2] is not a string", `[0].modifiers[3].name is not known: do you mean "Name"?`,
			},
		},
		{
			`[{"drink":"a","modifiers":[{"Name":"M","Options":["b","b\u200b",""]},{"Name":"N","Options":["c"],"Min":2},{"Name":"O","Options":["d"],"Min":1.5}]}]`,
			[]string{"[0].modifiers[2].Min is not a whole number"},
		},
		{
			`[{"drink":"a","modifiers":[{"Name":"M","Options":["b","b\u200b",""]},{"Name":"N","Options":["c"],"Min":2},{"Name":"O","Options":["d"],"Min":2,"Max":1}]},
			  {"drink":"b","modifiers":[{"Options":["b"]},{"Options":["b"]}]},
			  {"drink":"c","modifiers":[{"Name":"M","Options":["x"]},{"Name":"M","Options":["x"]}]},
			  {"drink":"d","modifiers":[{"Name":"M","Options":["x"]},{"Name":"N","Options":["x","M: x"]}]},
			  {"drink":"e","modifiers":[{"Name":"M","Options":["x"],"Min":-1}]},
			  {"drink":"f","modifiers":[{"Name":"` + long + `","Options":["x"]}]}]`,
			[]string{
				"[0].modifiers[0].Options[1] is in the group already", "[0].modifiers[0].Options[2] has no name",
				"[0].modifiers[1] needs 2 choices and has 1", "[0].modifiers[2] needs 2 choices and allows 1",
				`[1].modifiers[0] has an option "b" that is in another group too, and this one has no name`,
				`[2].modifiers[1] has an option "x" that is in another group of the same name too`,
				`[3].modifiers[0] has an option "x" that reads together with its group like another option`,
				"[4].modifiers[0] has a negative number of choices", "[5].modifiers[0].Name is longer than 100 bytes",
			},
		},
	} {
		if diff := cmp.Diff(tt.want, faults(t, tt.data)); diff != "" {
			t.Errorf("%s, -want +got:\n%s", tt.data, diff)
		}
	}
}

// A table that a shop works with is served without what cannot be, whatever its entries are.
func FuzzParseMenu(f *testing.F) {
	for _, name := range []string{"menu.workshop.json", "menu.core.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"value":{"L":[{"M":{"drink":{"S":"x"},"modifiers":{"L":[{"M":{"Options":{"SS":["y"]}}}]}}}]}}`))
	f.Add(
		[]byte(`[{"drink":"a","modifiers":[{"Name":"S","Options":["x","y"],"Min":1},{"Name":"T","Options":["x"],"Max":2}]}]`),
	)
	f.Fuzz(func(t *testing.T, data []byte) {
		menu, err := serverlesspresso.ParseMenu(data)
		if err != nil {
			if bad, ok := errors.AsType[*ordermanager.InvalidMenuError](err); !ok || len(bad.Faults) == 0 {
				t.Fatalf("an untyped error: %v", err)
			}
			return
		}
		if err := menu.Validate(); err != nil {
			t.Fatalf("took a menu that is not sound: %v", err)
		}
		orderable(t, menu)
	})
}

// orderable checks that everything on a sound menu can be ordered in its own words.
func orderable(t *testing.T, menu *ordermanager.Menu) {
	t.Helper()
	for _, item := range menu.Items {
		for _, group := range item.Modifiers {
			for _, option := range group.Options {
				order := ordermanager.DrinkOrder{Drink: item.Drink, Modifiers: []string{item.Word(group, option)}}
				_, err := menu.Sanitize(order)
				refusal, _ := errors.AsType[*ordermanager.MenuError](err)
				for i := 0; refusal != nil && i < len(refusal.Violations); i++ {
					switch refusal.Violations[i].Code {
					case ordermanager.ViolationTooFewOptions, ordermanager.ViolationUnavailableDrink:
					default:
						t.Errorf("%q of %q cannot be ordered: %v", option, item.Drink, err)
					}
				}
			}
		}
	}
}

// DecodeMenu takes any value that JSON can have, and what is left can be ordered.
func TestDecodeMenu_servesWhatItCan(t *testing.T) {
	entries := []any{
		nil, 5.0, "x", []any{}, map[string]any{},
		map[string]any{"drink": "Latte", "icon": 5.0, "modifiers": []any{
			nil, map[string]any{
				"Name": nil, "Options": []any{"Oat", 5.0, nil, "Oat"},
			}, map[string]any{"Name": "Size", "Options": nil},
		}},
		map[string]any{"drink": "Latte"},
		map[string]any{"drink": "Tea", "available": "yes"},
		map[string]any{
			"drink": "Mocha", "modifiers": []any{map[string]any{"Name": "Milk", "Options": []any{"Oat"}, "Min": 2.0}},
		},
		map[string]any{"drink": "Water", "modifiers": "none", "other": 1.0},
		map[string]any{"drink": "Tea"}, map[string]any{"drink": "Mocha"}, // the odd ones of these names do not count
	}
	menu, faults := serverlesspresso.DecodeMenu(entries, "value")
	want := &ordermanager.Menu{Items: []ordermanager.MenuItem{
		{Drink: "Latte", Modifiers: []ordermanager.ModifierGroup{{Options: []string{"Oat"}}}},
		{Drink: "Water"}, {Drink: "Tea"}, {Drink: "Mocha"},
	}}
	if diff := cmp.Diff(want, menu); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var paths []string
	for _, fault := range faults {
		paths = append(paths, fault.Path)
	}
	if diff := cmp.Diff([]string{
		"value[0]", "value[1]", "value[2]", "value[3]", "value[4].drink", "value[5].icon", "value[5].modifiers[0]",
		"value[5].modifiers[1].Options[1]", "value[5].modifiers[1].Options[2]", "value[5].modifiers[1].Options[3]",
		"value[6].drink",
		"value[7].available", "value[8].modifiers[0]", "value[9].modifiers",
	}, paths); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	orderable(t, menu)
	if menu, faults := serverlesspresso.DecodeMenu(nil, "value"); len(menu.Items) > 0 || len(faults) != 1 {
		t.Errorf("%v, %v", menu, faults)
	}
}

package ordermanager_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
)

func sanitizer(t testing.TB) *ordermanager.Menu {
	t.Helper()
	menu, err := coffeeMenu.Menu(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return menu
}

func TestSanitize_keepsTheMenusOwnWords(t *testing.T) {
	tests := []struct {
		give ordermanager.DrinkOrder
		want ordermanager.Drink
	}{
		{ordermanager.DrinkOrder{Drink: "Cappuccino"}, ordermanager.Drink{Name: "Cappuccino", Icon: "cappuccino"}},
		{ordermanager.DrinkOrder{Drink: "Latte", Modifiers: []string{"Large", "Oat"}}, ordermanager.Drink{Name: "Latte", Icon: "latte", Modifiers: []string{"Oat", "Large"}}},
	}
	for _, tt := range tests {
		got, err := sanitizer(t).Sanitize(tt.give)
		if diff := cmp.Diff(&tt.want, got); diff != "" || err != nil {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
	}
}

func TestSanitize_reportsEveryViolation(t *testing.T) {
	long := strings.Repeat("ü", ordermanager.MaxNameBytes)
	clipped := long[:ordermanager.MaxNameBytes]
	many := make([]string, ordermanager.MaxModifiers+1)
	order := func(drink string, modifiers ...string) ordermanager.DrinkOrder {
		return ordermanager.DrinkOrder{Drink: drink, Modifiers: modifiers}
	}
	malformed := func(field, value, detail string) ordermanager.Violation {
		return ordermanager.Violation{Code: "malformed", Field: field, Value: value, Detail: detail}
	}
	known := ordermanager.Violation{Code: "unsupported_quantity", Value: "2"}
	noText := malformed("modifiers[0]", "", "is not a text")
	tests := []struct {
		name string
		give ordermanager.DrinkOrder
		want []ordermanager.Violation
	}{
		{"unknown drink", order("milkshake"), []ordermanager.Violation{{Code: "unknown_drink", Value: "milkshake"}}},
		{"another case is another drink", order("latte"), []ordermanager.Violation{{Code: "unknown_drink", Value: "latte"}}},
		{"sold out", order("Mocha"), []ordermanager.Violation{{Code: "unavailable_drink", Value: "Mocha"}}},
		{"unknown modifier", order("Latte", "Sugar"), []ordermanager.Violation{{Code: "unknown_modifier", Value: "Sugar"}}},
		{"two options of one group", order("Latte", "Oat", "Regular"), []ordermanager.Violation{
			{Code: "exclusive_options", Value: "Oat", Detail: "Milk is Regular already"},
		}},
		{"duplicate option", order("Latte", "Oat", "Oat"), []ordermanager.Violation{{Code: "duplicate_option", Value: "Oat"}}},
		{"over-long drink", order(long), []ordermanager.Violation{{Code: "too_long", Value: clipped, Field: "drink", Detail: "more than 100 bytes"}}},
		{"over-long modifier", order("Latte", long), []ordermanager.Violation{
			{Code: "too_long", Value: clipped, Field: "modifiers[0]", Detail: "more than 100 bytes"},
		}},
		{"too many modifiers", order("Latte", many...), []ordermanager.Violation{{Code: "too_long", Field: "modifiers", Detail: "more than 20"}}},
		{"no drink", order(""), []ordermanager.Violation{malformed("drink", "", "is required")}},
		{"an empty modifier", order("Latte", ""), []ordermanager.Violation{malformed("modifiers[0]", "", "has no name")}},
		{"a control character", order("La\x00tte"), []ordermanager.Violation{malformed("drink", "La\x00tte", "contains a control character")}},
		{"not UTF-8", order("La\xff"), []ordermanager.Violation{malformed("drink", "La\uFFFD", "is not valid UTF-8")}},
		{
			"what was found before", ordermanager.DrinkOrder{Drink: "Latte", Violations: []ordermanager.Violation{known}},
			[]ordermanager.Violation{known},
		},
		{
			"a drink that could not be read", ordermanager.DrinkOrder{Violations: []ordermanager.Violation{malformed("drink", "", "is not a text")}},
			[]ordermanager.Violation{malformed("drink", "", "is not a text")},
		},
		{
			"all of it at once",
			ordermanager.DrinkOrder{Drink: "milkshake", Modifiers: []string{"", "Sugar", "Sugar", ""}, Violations: []ordermanager.Violation{noText}},
			[]ordermanager.Violation{
				noText, {Code: "unknown_drink", Value: "milkshake"}, {Code: "duplicate_option", Value: "Sugar"},
				malformed("modifiers[3]", "", "has no name"),
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := sanitizer(t).Sanitize(tt.give)
			refusal, ok := errors.AsType[*ordermanager.MenuError](err)
			if !ok || !errors.Is(err, ordermanager.ErrInvalidOrder) {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(tt.want, refusal.Violations); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseMenu_readsAllThreeForms(t *testing.T) {
	plain := `{"items":[{"drink":"Latte","icon":"latte","modifiers":[{"Name":"Milk","Options":["Oat"]}]},{"drink":"Mocha","available":false}]}`
	want := &ordermanager.Menu{Items: []ordermanager.MenuItem{
		{Drink: "Latte", Icon: "latte", Modifiers: []ordermanager.ModifierGroup{{Name: "Milk", Options: []string{"Oat"}}}},
		{Drink: "Mocha", SoldOut: true},
	}}
	for name, data := range map[string]string{"plain": plain, "list": strings.TrimSuffix(strings.TrimPrefix(plain, `{"items":`), "}")} {
		got, err := ordermanager.ParseMenu([]byte(data))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got:\n%s", name, err, diff)
		}
	}
	for name, drinks := range map[string][]string{
		"menu.workshop.json": {"Espresso", "Cappuccino", "Latte", "Flat White", "Americano", "Coffee of the day"},
		"menu.core.json":     {"Americano", "Flat White", "-Cappuccino", "Singe Espresso", "Double Espresso"},
	} {
		source, err := ordermanager.MenuFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		menu := must[*ordermanager.Menu](t)(source.Menu(t.Context(), "any"))
		var got []string
		for _, item := range menu.Items {
			got = append(got, map[bool]string{true: "", false: "-"}[!item.SoldOut]+item.Drink)
			if item.Icon == "" {
				t.Errorf("%s: %s has no icon", name, item.Drink)
			}
		}
		if diff := cmp.Diff(drinks, got); diff != "" {
			t.Errorf("%s, -want +got:\n%s", name, diff)
		}
	}
	core := must[ordermanager.MenuSource](t)(ordermanager.MenuFile("testdata/menu.core.json"))
	menu := must[*ordermanager.Menu](t)(core.Menu(t.Context(), ""))
	if diff := cmp.Diff([]ordermanager.ModifierGroup{{Name: "Milk", Options: []string{"Regular", "Oat"}}}, menu.Items[0].Modifiers); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseMenu_refusesWhatIsNoMenu(t *testing.T) {
	long := strings.Repeat("x", ordermanager.MaxNameBytes+1)
	for data, want := range map[string]string{
		`nonsense`:                              "not a menu",
		`5`:                                     "not a menu",
		`{"drinks":[]}`:                         "none of items, value and menu",
		`{"items":5}`:                           "not a menu",
		`{"value":{"S":"x"}}`:                   "not a menu",
		`{"menu":{`:                             "not a menu",
		`[]`:                                    "no drinks",
		`[{"icon":"x"}]`:                        "has no name",
		`[{"drink":"` + long + `"}]`:            "is longer than",
		`[{"drink":"a","icon":"` + long + `"}]`: "the icon of",
		`[{"drink":"a"},{"drink":"a"}]`:         "on the menu twice",
		`[{"drink":"a","modifiers":[{"Options":["b"]},{"Options":["b"]}]}]`: "is there twice",
		`[{"drink":"a","modifiers":[{"Options":[""]}]}]`:                    "has no name",
	} {
		if _, err := ordermanager.ParseMenu([]byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", data, err, want)
		}
	}
	if _, err := ordermanager.MenuFile("testdata/no such file"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gave %v", err)
	}
	if _, err := ordermanager.MenuFile("testdata/standard.dot"); err == nil || !strings.Contains(err.Error(), "standard.dot") {
		t.Errorf("the error does not name the file: %v", err)
	}
}

func FuzzParseMenu(f *testing.F) {
	for _, name := range []string{"menu.workshop.json", "menu.core.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"value":{"L":[{"M":{"drink":{"S":"x"},"modifiers":{"L":[{"M":{"Options":{"L":[{"S":"y"}]}}}]}}}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		menu, err := ordermanager.ParseMenu(data)
		if err != nil {
			return
		}
		// Whatever is accepted can be ordered from.
		for _, item := range menu.Items {
			drink, err := menu.Sanitize(ordermanager.DrinkOrder{Drink: item.Drink})
			if item.SoldOut != (err != nil) || err == nil && drink.Name != item.Drink {
				t.Errorf("%q: %v, %v", item.Drink, drink, err)
			}
		}
	})
}

func FuzzDrinkOrder(f *testing.F) {
	f.Add("Latte", "Oat", "Large")
	f.Add("Mocha", "", "Oat")
	f.Fuzz(func(t *testing.T, drinkName, first, second string) {
		order := ordermanager.DrinkOrder{Drink: drinkName, Modifiers: []string{first, second}}
		if second == "" {
			order.Modifiers = order.Modifiers[:1]
		}
		drink, err := sanitizer(t).Sanitize(order)
		if (err == nil) == (drink == nil && err != nil) {
			t.Fatalf("%v, %v", drink, err)
		}
		if refusal, ok := errors.AsType[*ordermanager.MenuError](err); ok {
			for _, v := range refusal.Violations {
				if len(v.Value) > ordermanager.MaxNameBytes {
					t.Errorf("a violation repeats %d bytes", len(v.Value))
				}
			}
			return
		}
		menu := sanitizer(t)
		at := slices.IndexFunc(menu.Items, func(i ordermanager.MenuItem) bool {
			return i.Drink == drink.Name && i.Icon == drink.Icon && !i.SoldOut
		})
		if at < 0 || len(drink.Modifiers) > len(menu.Items[at].Modifiers) {
			t.Errorf("accepted %+v", drink)
		}
	})
}

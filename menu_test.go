package ordermanager_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
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
		{
			ordermanager.DrinkOrder{Drink: "Latte", Modifiers: []string{"Large", "Oat"}},
			ordermanager.Drink{Name: "Latte", Icon: "latte", Modifiers: []string{"Oat", "Large"}},
		},
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
	noText := malformed("modifiers[0]", "", "is not a string")
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
		{
			"duplicate option", order("Latte", "Oat", "Oat"), []ordermanager.Violation{{Code: "duplicate_option", Value: "Oat"}},
		},
		{
			"over-long drink", order(long),
			[]ordermanager.Violation{{Code: "too_long", Value: clipped, Field: "drink", Detail: "more than 100 bytes"}},
		},
		{"over-long modifier", order("Latte", long), []ordermanager.Violation{
			{Code: "too_long", Value: clipped, Field: "modifiers[0]", Detail: "more than 100 bytes"},
		}},
		{
			"too many modifiers", order("Latte", many...),
			[]ordermanager.Violation{{Code: "too_long", Field: "modifiers", Detail: "more than 20"}},
		},
		{"no drink", order(""), []ordermanager.Violation{malformed("drink", "", "is required")}},
		{"an empty modifier", order("Latte", ""), []ordermanager.Violation{malformed("modifiers[0]", "", "has no name")}},
		{
			"a control character", order("La\x00tte"),
			[]ordermanager.Violation{malformed("drink", "La\x00tte", "contains a control character")},
		},
		{"not UTF-8", order("La\xff"), []ordermanager.Violation{malformed("drink", "La\uFFFD", "is not valid UTF-8")}},
		{
			"what was found before", ordermanager.DrinkOrder{Drink: "Latte", Violations: []ordermanager.Violation{known}},
			[]ordermanager.Violation{known},
		},
		{
			"a drink that could not be read", ordermanager.DrinkOrder{
				Violations: []ordermanager.Violation{malformed("drink", "", "is not a string")},
			},
			[]ordermanager.Violation{malformed("drink", "", "is not a string")},
		},
		{
			"all of it at once",
			ordermanager.DrinkOrder{
				Drink: "milkshake", Modifiers: []string{"", "Sugar", "Sugar", ""}, Violations: []ordermanager.Violation{noText},
			},
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

func TestSanitize_knowsANameHoweverItIsWritten(t *testing.T) {
	menu := ordermanager.Menu{Items: []ordermanager.MenuItem{
		{Drink: "Caffè Latte", Modifiers: []ordermanager.ModifierGroup{{Name: "Größe", Options: []string{"Klein", "Groß"}}}},
		{Drink: "Cafe\u0301"}, {Drink: "Phở"}, {Drink: "抹茶ラテ"}, {Drink: "아메리카노"}, {Drink: "कड़क चाय"},
	}}
	if err := menu.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		give, want string
		modifiers  []string
	}{
		{"Caffe\u0300 Latte", "Caffè Latte", nil},
		{" Caffè\u00a0\u2003Latte ", "Caffè Latte", nil},
		{"Caffè\u200b Latte\ufeff", "Caffè Latte", nil},
		{"Caffè Latte", "Caffè Latte", []string{"Gro\u00df\u00a0"}},
		{"Caffè Latte", "Caffè Latte", []string{"Gro\u0308ße : Groß"}},
		{"Café", "Cafe\u0301", nil},
		{"Pho\u031b\u0309", "Phở", nil},
		{"Pho\u0309\u031b", "Phở", nil},
		{"抹茶ラテ", "抹茶ラテ", nil},
		{"\u110b\u1161\u1106\u1166\u1105\u1175\u110f\u1161\u1102\u1169", "아메리카노", nil},
		{"क\u0921\u093cक चाय", "कड़क चाय", nil},
		{"क\u095cक चाय", "कड़क चाय", nil},
	} {
		drink, err := menu.Sanitize(ordermanager.DrinkOrder{Drink: tt.give, Modifiers: tt.modifiers})
		if err != nil || drink.Name != tt.want {
			t.Errorf("%q: %v, %v", tt.give, drink, err)
		}
	}
	for _, other := range []string{"caffè latte", "Caffe Latte", "CaffèLatte", "Cafe", "Pho", "अ"} {
		if drink, err := menu.Sanitize(ordermanager.DrinkOrder{Drink: other}); err == nil {
			t.Errorf("%q is %q", other, drink.Name)
		}
	}
}

func TestSanitize_keepsTheNumbersOfAGroup(t *testing.T) {
	counts := []string{"None", "1", "2"}
	menu := ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte", Modifiers: []ordermanager.ModifierGroup{
		{Name: "Milk", Options: []string{"Whole", "Oat"}, Min: 1},
		{Name: "Sugar", Options: counts},
		{Name: "Cream", Options: counts},
		{Name: "Extras", Options: []string{"Decaf", "Cinnamon", "To go"}, Max: 2},
	}}}}
	if err := menu.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		give []string
		want []string
		code []ordermanager.ViolationCode
	}{
		{[]string{"Oat"}, []string{"Oat"}, nil},
		{[]string{"Milk: Oat"}, []string{"Oat"}, nil},
		{[]string{"To go", "Oat", "Decaf"}, []string{"Oat", "Decaf", "To go"}, nil},
		{[]string{"Oat", "Cream:1"}, []string{"Oat", "Cream: 1"}, nil},
		{[]string{"Oat", "Cream: 1", "Sugar: 1"}, []string{"Oat", "Sugar: 1", "Cream: 1"}, nil},
		{[]string{"None", "Oat", "None"}, []string{"Oat", "Sugar: None", "Cream: None"}, nil},
		{[]string{"None", "Oat", "Sugar: None"}, []string{"Oat", "Sugar: None", "Cream: None"}, nil},
		{nil, nil, []ordermanager.ViolationCode{ordermanager.ViolationTooFewOptions}},
		{[]string{"Oat", "Whole"}, nil, []ordermanager.ViolationCode{ordermanager.ViolationExclusiveOptions}},
		{[]string{"Oat", "1"}, nil, []ordermanager.ViolationCode{ordermanager.ViolationAmbiguousOption}},
		{
			[]string{"Oat", "1", "2"}, nil,
			[]ordermanager.ViolationCode{ordermanager.ViolationAmbiguousOption, ordermanager.ViolationAmbiguousOption},
		},
		{[]string{"Oat", "1", "1", "1"}, nil, []ordermanager.ViolationCode{ordermanager.ViolationDuplicateOption}},
		{[]string{"Oat", "Sugar: 1", "Sugar: 2"}, nil, []ordermanager.ViolationCode{ordermanager.ViolationExclusiveOptions}},
		{[]string{"Oat", "Milk: Oat"}, nil, []ordermanager.ViolationCode{ordermanager.ViolationDuplicateOption}},
		{
			[]string{"Oat", "Decaf", "Cinnamon", "To go"}, nil,
			[]ordermanager.ViolationCode{ordermanager.ViolationTooManyOptions},
		},
		{[]string{"Oat", "Syrup: 1"}, nil, []ordermanager.ViolationCode{ordermanager.ViolationUnknownModifier}},
	} {
		drink, err := menu.Sanitize(ordermanager.DrinkOrder{Drink: "Latte", Modifiers: tt.give})
		var codes []ordermanager.ViolationCode
		if refusal, ok := errors.AsType[*ordermanager.MenuError](err); ok {
			for _, v := range refusal.Violations {
				codes = append(codes, v.Code)
			}
		}
		if diff := cmp.Diff(tt.code, codes); diff != "" {
			t.Errorf("%q, -want +got:\n%s", tt.give, diff)
		}
		if diff := cmp.Diff(tt.want, chosen(drink)); diff != "" {
			t.Errorf("%q, -want +got:\n%s", tt.give, diff)
		}
	}
}

func chosen(drink *ordermanager.Drink) []string {
	if drink == nil {
		return nil
	}
	return drink.Modifiers
}

// A menu that is not sound is told when it is checked, and never served.
func TestStaticMenu_isSoundOrSaysWhyNot(t *testing.T) {
	options := []string{"Oat"}
	menu := ordermanager.Menu{
		Items: []ordermanager.MenuItem{{Drink: "Latte", Modifiers: []ordermanager.ModifierGroup{{Options: options}}}},
	}
	source := ordermanager.StaticMenu(menu)
	menu.Items[0].Drink, options[0] = "Tea", "Soy"
	served := must[*ordermanager.Menu](t)(source.Menu(t.Context(), ""))
	want := &ordermanager.Menu{
		Items: []ordermanager.MenuItem{{Drink: "Latte", Modifiers: []ordermanager.ModifierGroup{{Options: []string{"Oat"}}}}},
	}
	if diff := cmp.Diff(want, served); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, menu := range map[string]ordermanager.Menu{
		"no drinks": {}, "a drink without a name": {Items: []ordermanager.MenuItem{{Drink: "Latte"}, {}}},
	} {
		_, err := ordermanager.StaticMenu(menu).Menu(t.Context(), "")
		if bad, ok := errors.AsType[*ordermanager.InvalidMenuError](err); !ok || len(bad.Faults) != 1 ||
			menu.Validate() == nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err = ordermanager.New(memory.NewStore(), ordermanager.StaticMenu(menu), new(memory.Resumer), nil)
		if _, ok := errors.AsType[*ordermanager.InvalidMenuError](err); !ok ||
			!errors.Is(err, ordermanager.ErrInvalidOptions) {
			t.Errorf("%s: a Manager with it: %v", name, err)
		}
	}
	manager := must[*ordermanager.Manager](t)(ordermanager.New(
		memory.NewStore(), ordermanager.NoMenu(), new(memory.Resumer), nil,
	))
	_, err := manager.Put(
		t.Context(), ordermanager.Request{OrderID: order, Actor: ordermanager.Customer(owner), Drink: latte},
	)
	if !errors.Is(err, ordermanager.ErrMenuUnavailable) || !strings.Contains(err.Error(), "takes no drinks") {
		t.Errorf("a put without a menu: %v", err)
	}
}

// Invariant 6: a put is the same request whatever has become of the menu since.
func TestPut_isRepeatedWhateverBecameOfTheMenu(t *testing.T) {
	sugar := ordermanager.ModifierGroup{Name: "Sugar", Options: []string{"None", "1"}}
	cream := ordermanager.ModifierGroup{Name: "Cream", Options: []string{"None", "1"}}
	milk := ordermanager.ModifierGroup{Name: "Milk", Options: []string{"Oat"}}
	latte := func(groups ...ordermanager.ModifierGroup) ordermanager.Menu {
		return ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte", Modifiers: groups}}}
	}
	put := func(modifiers ...string) ordermanager.Request {
		return ordermanager.Request{
			OrderID: order, Actor: ordermanager.Customer(owner), RequestID: "r",
			Drink: ordermanager.DrinkOrder{Drink: "Latte", Modifiers: modifiers},
		}
	}
	for name, c := range map[string]struct {
		before, after ordermanager.Menu
		first, second ordermanager.Request
		want          error
	}{
		"as it was":               {latte(sugar, milk), latte(sugar, milk), put("1", "Oat"), put("1", "Oat"), nil},
		"in another order":        {latte(sugar, milk), latte(sugar, milk), put("1", "Oat"), put("Oat", "1"), nil},
		"groups in another order": {latte(sugar, milk), latte(milk, sugar), put("1", "Oat"), put("1", "Oat"), nil},
		"a group that has to be said": {
			latte(sugar, milk), latte(sugar, cream, milk), put("1", "Oat"), put("1", "Oat"), nil,
		},
		"a group that need not be said": {latte(sugar, cream), latte(sugar), put("Sugar: 1"), put("Sugar:1"), nil},
		"an option that is gone":        {latte(sugar, milk), latte(sugar), put("1", "Oat"), put("Oat", "1"), nil},
		"a drink that is gone": {
			latte(sugar), ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Tea"}}}, put("1"), put(" 1"), nil,
		},
		"other modifiers": {
			latte(sugar, milk), latte(milk, sugar), put("1", "Oat"), put("None", "Oat"), ordermanager.ErrRequestReused,
		},
		"fewer modifiers": {
			latte(sugar, milk), latte(milk, sugar), put("1", "Oat"), put("Oat"), ordermanager.ErrRequestReused,
		},
		"one for both": {
			latte(sugar, cream), latte(cream, sugar), put("1", "1"), put("Sugar: 1", "Cream: None"),
			ordermanager.ErrRequestReused,
		},
	} {
		menu := &changingMenu{c.before}
		manager := must[*ordermanager.Manager](t)(ordermanager.New(memory.NewStore(), menu, new(memory.Resumer), nil))
		must[ordermanager.Receipt](t)(manager.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
			OrderID: order, Customer: owner, Token: ordermanager.NewTaskToken("t"),
		}))
		must[ordermanager.Receipt](t)(manager.Put(t.Context(), c.first))
		menu.menu = c.after
		receipt, err := manager.Put(t.Context(), c.second)
		if !errors.Is(err, c.want) || (err == nil) != receipt.Replayed {
			t.Errorf("%s: replayed %v, %v", name, receipt.Replayed, err)
		}
	}
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
		if (err == nil) != (drink != nil) {
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

package props_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/brewline/ordermanager"
)

// often checks a property on ten times as many inputs as -rapid.checks says: these properties cost next to nothing.
func often(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	for range 10 {
		rapid.Check(t, property)
	}
}

// names are few, so that what is ordered meets what is there; and some that no menu can have.
var (
	drinks  = rapid.SampledFrom([]string{"Latte", "Espresso", "Mocha", "Tea"})
	options = rapid.SampledFrom([]string{"Oat", "Regular", "Large", "Small", "Decaf", "Sugar"})
	oddness = rapid.SampledFrom([]string{"", "Rum", "latte", " Oat", "a\nb", "\xff", "é", strings.Repeat("x", 101), strings.Repeat("é", 60)})
)

// menus are sound menus: no drink twice, no option in two groups of one drink.
var menus = rapid.Custom(func(t *rapid.T) ordermanager.Menu {
	var menu ordermanager.Menu
	for _, name := range rapid.SliceOfNDistinct(drinks, 1, 4, rapid.ID).Draw(t, "drinks") {
		item := ordermanager.MenuItem{Drink: name, Icon: name + "-icon", SoldOut: rapid.IntRange(0, 3).Draw(t, "sold out") == 0}
		all := rapid.SliceOfNDistinct(options, 0, 6, rapid.ID).Draw(t, "options")
		for len(all) > 0 {
			n := rapid.IntRange(1, len(all)).Draw(t, "group")
			item.Modifiers = append(item.Modifiers, ordermanager.ModifierGroup{Name: "group", Options: all[:n]})
			all = all[n:]
		}
		menu.Items = append(menu.Items, item)
	}
	return menu
})

var drinkOrders = rapid.Custom(func(t *rapid.T) ordermanager.DrinkOrder {
	name := func(usual *rapid.Generator[string], label string) string {
		if rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
			return oddness.Draw(t, label)
		}
		return usual.Draw(t, label)
	}
	order := ordermanager.DrinkOrder{Drink: name(drinks, "drink")}
	for range rapid.SampledFrom([]int{0, 1, 1, 2, 2, 3, 6, 20, 21}).Draw(t, "count") {
		order.Modifiers = append(order.Modifiers, name(options, "modifier"))
	}
	return order
})

// orderable is the model: what the words of the menu say, with nothing but loops.
func orderable(menu ordermanager.Menu, order ordermanager.DrinkOrder) (modifiers []string, ok bool) {
	for _, item := range menu.Items {
		if item.Drink != order.Drink || item.SoldOut || len(order.Modifiers) > 20 {
			continue
		}
		found := 0
		for _, group := range item.Modifiers {
			chosen := 0
			for _, option := range group.Options {
				for _, wanted := range order.Modifiers {
					if wanted == option {
						chosen++
						modifiers = append(modifiers, option)
					}
				}
			}
			if chosen > 1 {
				return nil, false
			}
			found += chosen
		}
		return modifiers, found == len(order.Modifiers)
	}
	return nil, false
}

// Invariant 9.
func TestSanitize_acceptsExactlyWhatASimpleModelAccepts(t *testing.T) {
	accepted, refused := 0, 0
	often(t, func(t *rapid.T) {
		menu, order := menus.Draw(t, "menu"), drinkOrders.Draw(t, "order")
		if err := menu.Validate(); err != nil {
			t.Fatalf("the generator made a wrong menu: %v", err)
		}
		wantModifiers, ok := orderable(menu, order)
		drink, err := menu.Sanitize(order)
		if (err == nil) != ok {
			t.Fatalf("got the error %v, the model says %v", err, ok)
		}
		if err != nil {
			refused++
			checkViolations(t, menu, order, err)
			return
		}
		accepted++
		want := &ordermanager.Drink{Name: order.Drink, Icon: order.Drink + "-icon", Modifiers: wantModifiers}
		if diff := cmp.Diff(want, drink, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		// What was accepted is accepted again, and is the same in any order of the modifiers.
		slices.Reverse(order.Modifiers)
		again, err := menu.Sanitize(order)
		if err != nil || !cmp.Equal(drink, again) {
			t.Fatalf("in another order: %+v, %v", again, err)
		}
	})
	if accepted == 0 || refused == 0 {
		t.Errorf("%d were accepted and %d refused: that shows little", accepted, refused)
	}
}

// checkViolations checks that a refusal has a reason for each thing that stands against it, and for nothing else.
func checkViolations(t *rapid.T, menu ordermanager.Menu, order ordermanager.DrinkOrder, err error) {
	refusal, ok := errors.AsType[*ordermanager.MenuError](err)
	if !ok || len(refusal.Violations) == 0 || !errors.Is(err, ordermanager.ErrInvalidOrder) {
		t.Fatalf("refused without a reason: %v", err)
	}
	for _, v := range refusal.Violations {
		if len(v.Value) > 300 {
			t.Fatalf("a violation repeats %d bytes", len(v.Value))
		}
		if v.Code != ordermanager.ViolationUnknownModifier && v.Code != ordermanager.ViolationDuplicateOption && v.Code != ordermanager.ViolationExclusiveOptions {
			continue
		}
		// Without this modifier, it stands against nothing.
		if !slices.Contains(order.Modifiers, v.Value) {
			t.Fatalf("%v is about something that was not ordered", v)
		}
	}
	at := slices.IndexFunc(menu.Items, func(item ordermanager.MenuItem) bool { return item.Drink == order.Drink })
	says := func(code ordermanager.ViolationCode) bool {
		return slices.ContainsFunc(refusal.Violations, func(v ordermanager.Violation) bool { return v.Code == code })
	}
	if unavailable := at >= 0 && menu.Items[at].SoldOut; says(ordermanager.ViolationUnavailableDrink) != unavailable {
		t.Fatalf("%v, and unavailable is %v", err, unavailable)
	}
	if says(ordermanager.ViolationUnknownDrink) && at >= 0 {
		t.Fatalf("%v, and the menu has it", err)
	}
}

package props_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/brewline/ordermanager"
)

// often checks a property on ten times as many inputs as -rapid.checks says, as these properties cost next to nothing,
// and goes on until the inputs that were drawn have shown enough.
func often(t *testing.T, property func(*rapid.T), enough func() bool) {
	t.Helper()
	for round := 0; round < 10 || round < 200 && !enough(); round++ {
		rapid.Check(t, property)
	}
	if !enough() && !t.Failed() {
		t.Error("the inputs that were drawn show too little: is the generator right?")
	}
}

// names are few, so that what is ordered meets what is there; and some that no menu can have.
var (
	drinks  = rapid.SampledFrom([]string{"Latte", "Espresso", "Mocha", "Tea"})
	groups  = rapid.SampledFrom([]string{"Milk", "Size", "Sugar"})
	options = rapid.SampledFrom([]string{"Oat", "Regular", "Large", "None"})
	oddness = rapid.SampledFrom([]string{
		"", "Rum", "latte", "a\nb", "\xff", "é", strings.Repeat("x", 101), strings.Repeat("é", 60),
	})
)

// menus are sound menus: no drink twice, and groups that can be told apart and chosen from.
var menus = rapid.Custom(func(t *rapid.T) ordermanager.Menu {
	var menu ordermanager.Menu
	for _, name := range rapid.SliceOfNDistinct(drinks, 2, 4, rapid.ID).Draw(t, "drinks") {
		item := ordermanager.MenuItem{
			Drink: name, Icon: name + "-icon", SoldOut: rapid.IntRange(0, 9).Draw(t, "sold out") == 0,
		}
		for _, name := range rapid.SliceOfNDistinct(groups, 0, 3, rapid.ID).Draw(t, "groups") {
			group := ordermanager.ModifierGroup{
				Name: name, Options: rapid.SliceOfNDistinct(options, 1, 4, rapid.ID).Draw(t, "options"),
			}
			group.Min = rapid.SampledFrom([]int{0, 0, 0, 0, 1, min(2, len(group.Options))}).Draw(t, "min")
			group.Max = rapid.SampledFrom([]int{0, 0, max(2, group.Min), len(group.Options)}).Draw(t, "max")
			item.Modifiers = append(item.Modifiers, group)
		}
		menu.Items = append(menu.Items, item)
	}
	return menu
})

var drinkOrders = rapid.Custom(func(t *rapid.T) ordermanager.DrinkOrder {
	name := func(usual *rapid.Generator[string], label string) string {
		if rapid.IntRange(0, 30).Draw(t, "odd") == 0 {
			return oddness.Draw(t, label)
		}
		return usual.Draw(t, label)
	}
	order := ordermanager.DrinkOrder{Drink: name(drinks, "drink")}
	for range rapid.SampledFrom([]int{0, 1, 1, 2, 2, 2, 3, 3, 4, 21}).Draw(t, "count") {
		modifier := name(options, "modifier")
		if rapid.IntRange(0, 2).Draw(t, "with its group") == 0 {
			modifier = groups.Draw(t, "group") + ": " + modifier
		}
		order.Modifiers = append(order.Modifiers, modifier)
	}
	return order
})

// ordersOf are orders of a menu's own drinks and options, most of the time.
func ordersOf(menu ordermanager.Menu) *rapid.Generator[ordermanager.DrinkOrder] {
	return rapid.Custom(func(t *rapid.T) ordermanager.DrinkOrder {
		item := rapid.SampledFrom(menu.Items).Draw(t, "item")
		var words []string
		for _, group := range item.Modifiers {
			for _, option := range group.Options {
				words = append(words, option, group.Name+": "+option)
			}
		}
		order := drinkOrders.Draw(t, "any order")
		if len(words) > 0 && rapid.IntRange(0, 9).Draw(t, "odd") > 0 {
			order = ordermanager.DrinkOrder{
				Drink: item.Drink, Modifiers: rapid.SliceOfN(rapid.SampledFrom(words), 0, 4).Draw(t, "modifiers"),
			}
		}
		return order
	})
}

// option is where an option stands.
type option struct{ group, option int }

// meanings are the sets of options that an order can mean: every modifier names one, by itself or with its group, and
// no two the same.
func meanings(item ordermanager.MenuItem, modifiers []string) map[string][]option {
	found := map[string][]option{}
	var choose func(chosen []option, rest []string)
	choose = func(chosen []option, rest []string) {
		if len(rest) == 0 {
			slices.SortFunc(chosen, cmpOption)
			found[fmt.Sprint(chosen)] = chosen
			return
		}
		for g, group := range item.Modifiers {
			for o, name := range group.Options {
				if (rest[0] == name || rest[0] == group.Name+": "+name) && !slices.Contains(chosen, option{g, o}) {
					choose(append(slices.Clone(chosen), option{g, o}), rest[1:])
				}
			}
		}
	}
	choose(nil, modifiers)
	return found
}

func cmpOption(a, b option) int {
	if a.group != b.group {
		return a.group - b.group
	}
	return a.option - b.option
}

// orderable is the model: an order is accepted if it can mean one thing alone, and every group has as many options as
// it says.
func orderable(menu ordermanager.Menu, order ordermanager.DrinkOrder) (modifiers []string, ok bool) {
	at := slices.IndexFunc(
		menu.Items, func(item ordermanager.MenuItem) bool { return item.Drink == order.Drink && !item.SoldOut },
	)
	if at < 0 || len(order.Modifiers) > 20 {
		return nil, false
	}
	item := menu.Items[at]
	meant := meanings(item, order.Modifiers)
	if len(meant) != 1 {
		return nil, false
	}
	counts := make([]int, len(item.Modifiers))
	for _, chosen := range meant {
		for _, o := range chosen {
			group, others := item.Modifiers[o.group], 0
			for _, other := range item.Modifiers {
				others += strings.Count(strings.Join(other.Options, "|")+"|", group.Options[o.option]+"|")
			}
			word := group.Options[o.option]
			if others > 1 {
				word = group.Name + ": " + word
			}
			modifiers = append(modifiers, word)
			counts[o.group]++
		}
	}
	for g, group := range item.Modifiers {
		most := group.Max
		if most == 0 {
			most = max(1, group.Min)
		}
		if counts[g] < group.Min || counts[g] > most {
			return nil, false
		}
	}
	return modifiers, true
}

// Invariant 9.
func TestSanitize_acceptsExactlyWhatASimpleModelAccepts(t *testing.T) {
	accepted, refused := 0, map[ordermanager.ViolationCode]int{
		ordermanager.ViolationUnknownDrink: 0, ordermanager.ViolationUnavailableDrink: 0,
		ordermanager.ViolationUnknownModifier: 0, ordermanager.ViolationAmbiguousOption: 0,
		ordermanager.ViolationExclusiveOptions: 0, ordermanager.ViolationTooManyOptions: 0,
		ordermanager.ViolationTooFewOptions: 0, ordermanager.ViolationDuplicateOption: 0,
	}
	often(t, func(t *rapid.T) {
		menu := menus.Draw(t, "menu")
		order := ordersOf(menu).Draw(t, "order")

		if err := menu.Validate(); err != nil {
			t.Fatalf("the generator made a wrong menu: %v", err)
		}
		wantModifiers, ok := orderable(menu, order)
		drink, err := menu.Sanitize(order)
		if (err == nil) != ok {
			t.Fatalf("got the error %v, the model says %v", err, ok)
		}
		if err != nil {
			checkViolations(t, menu, order, err, refused)
			return
		}
		accepted++
		want := &ordermanager.Drink{Name: order.Drink, Icon: order.Drink + "-icon", Modifiers: wantModifiers}
		if diff := cmp.Diff(want, drink, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		// What was accepted is accepted again, in any order, in the words of the menu, and with other spaces.
		slices.Reverse(order.Modifiers)
		again := order
		again.Modifiers = slices.Clone(drink.Modifiers)
		for i := range again.Modifiers {
			again.Modifiers[i] = "\u00a0" + strings.ReplaceAll(again.Modifiers[i], " ", " \u2003") + " "
		}
		for _, order := range []ordermanager.DrinkOrder{order, again} {
			if got, err := menu.Sanitize(order); err != nil || !cmp.Equal(drink, got) {
				t.Fatalf("%q: %+v, %v", order.Modifiers, got, err)
			}
		}
	}, func() bool { return accepted > 0 && !slices.Contains(slices.Collect(maps.Values(refused)), 0) })
}

// checkViolations checks that a refusal has a reason for each thing that stands against it, and for nothing else.
func checkViolations(
	t *rapid.T, menu ordermanager.Menu, order ordermanager.DrinkOrder, err error, count map[ordermanager.ViolationCode]int,
) {
	refusal, ok := errors.AsType[*ordermanager.MenuError](err)
	if !ok || len(refusal.Violations) == 0 || !errors.Is(err, ordermanager.ErrInvalidOrder) {
		t.Fatalf("refused without a reason: %v", err)
	}
	for _, v := range refusal.Violations {
		count[v.Code]++
		if len(v.Value) > 300 {
			t.Fatalf("a violation repeats %d bytes", len(v.Value))
		}
		switch v.Code {
		case ordermanager.ViolationUnknownModifier, ordermanager.ViolationDuplicateOption,
			ordermanager.ViolationExclusiveOptions,
			ordermanager.ViolationAmbiguousOption:
			if !slices.ContainsFunc(
				order.Modifiers, func(m string) bool { return m == v.Value || strings.HasSuffix(m, ": "+v.Value) },
			) {
				t.Fatalf("%v is about something that was not ordered", v)
			}
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

package ordermanager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/brewline/ordermanager/internal/texts"
)

// Menu is what a venue offers. Its JSON forms are read by serverlesspresso.ParseMenu.
type Menu struct {
	Items []MenuItem
}

// MenuItem is one drink of a menu.
type MenuItem struct {
	// Drink is the name by which it is ordered.
	Drink string
	// Icon is what the displays show for it.
	Icon string
	// SoldOut is true while it cannot be ordered: "available": false in JSON. A drink that says nothing about it can be.
	SoldOut bool
	// Modifiers are the groups of options. The same option may be in several: see [MenuItem.Word].
	Modifiers []ModifierGroup
}

// ModifierGroup is a set of options of which a number can be chosen.
type ModifierGroup struct {
	Name    string
	Options []string
	// Min and Max are how many of the options must and may be chosen. A Max of 0 means 1, or Min if that is more: a
	// group that says nothing is one of which one option may be chosen.
	Min, Max int
}

// most is how many options may be chosen.
func (g ModifierGroup) most() int {
	if g.Max == 0 {
		return max(1, g.Min)
	}
	return g.Max
}

// MenuSource finds the menu of a venue. A Manager asks it once per put, and waits for it, so it must return when its
// context is done. It must be safe for concurrent use; a venue without a menu is [ErrUnknownVenue]. The returned menu
// is only read.
type MenuSource interface {
	Menu(ctx context.Context, venue string) (*Menu, error)
}

// NoMenu is the [MenuSource] of a Manager that accepts no drinks, like one that only reads and redrives: each put is
// [ErrMenuUnavailable].
func NoMenu() MenuSource { return noMenu{} }

type noMenu struct{}

func (noMenu) Menu(context.Context, string) (*Menu, error) {
	return nil, errors.New("there is none: this Manager takes no drinks")
}

// StaticMenu is a [MenuSource] with one menu for every venue. The menu is copied. One that [Menu.Validate] refuses, an
// empty one among them, is refused by [New] with the [*InvalidMenuError] that says why, and is never served.
func StaticMenu(menu Menu) MenuSource {
	sound, faults := menu.Sound()
	return staticMenu{sound, invalidMenu(faults)}
}

type staticMenu struct {
	menu *Menu
	err  error
}

func (s staticMenu) Menu(context.Context, string) (*Menu, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s.menu, nil
}

// MenuFault is one thing that is wrong with a menu.
type MenuFault struct {
	// Path leads to it, in the names of JSON: "items[2].modifiers[0].Options[1]".
	Path string
	// Rule completes the sentence that begins with the path.
	Rule string
}

func (f MenuFault) String() string { return f.Path + " " + f.Rule }

// InvalidMenuError has everything that is wrong with a menu.
type InvalidMenuError struct {
	// Faults is never empty.
	Faults []MenuFault
}

func (e *InvalidMenuError) Error() string {
	parts := make([]string, len(e.Faults))
	for i, fault := range e.Faults {
		parts[i] = fault.String()
	}
	return "the menu is not sound: " + strings.Join(parts, "; ")
}

func invalidMenu(faults []MenuFault) error {
	if len(faults) == 0 {
		return nil
	}
	return &InvalidMenuError{faults}
}

// Validate checks a menu strictly, for those who write one: it returns an [*InvalidMenuError] with every fault that
// [Menu.Sound] finds.
func (m *Menu) Validate() error {
	_, faults := m.Sound()
	return invalidMenu(faults)
}

// Sound returns a copy of the menu without what cannot be served, and says what that is, so that one odd entry does
// not close the shop. It leaves out drinks whose name is missing, too long, has control characters or is there already;
// options with such a name, or that a customer could not tell from another; icons with such a name; and drinks with a
// group whose Min and Max nobody can meet. A group without options is left out too, but is no fault. Names that look
// the same are the same: see [Menu.Sanitize]. A menu without drinks is a fault.
func (m *Menu) Sound() (*Menu, []MenuFault) {
	c := checker{}
	if len(m.Items) == 0 {
		c.report("items", "has no drinks")
	}
	sound := &Menu{}
	drinks := map[string]int{}
	for i := range m.Items {
		path := fmt.Sprintf("items[%d]", i)
		name := texts.Fold(m.Items[i].Drink)
		if !c.name(path+".drink", m.Items[i].Drink) {
			continue
		}
		if first, twice := drinks[name]; twice {
			c.report(path+".drink", fmt.Sprintf("is on the menu already, as [%d]", first))
			continue
		}
		if item, ok := c.item(path, m.Items[i]); ok {
			drinks[name] = i
			sound.Items = append(sound.Items, item)
		}
	}
	return sound, c.faults
}

// checker collects what is wrong with a menu.
type checker struct{ faults []MenuFault }

func (c *checker) report(path, rule string) { c.faults = append(c.faults, MenuFault{path, rule}) }

// name reports whether a name that must be there can be used.
func (c *checker) name(path, name string) bool {
	rule := nameRule(name)
	if rule != "" {
		c.report(path, rule)
	}
	return rule == ""
}

// item returns what can be served of an item, and false if that is nothing.
func (c *checker) item(path string, item MenuItem) (MenuItem, bool) {
	if rule := texts.Rule(item.Icon, MaxNameBytes); rule != "" {
		c.report(path+".icon", rule)
		item.Icon = ""
	}
	groups := make([]ModifierGroup, len(item.Modifiers))
	for j, group := range item.Modifiers {
		groups[j] = c.group(fmt.Sprintf("%s.modifiers[%d]", path, j), group)
	}
	groups = c.distinct(path, groups)
	needed, orderable := 0, true
	item.Modifiers = nil
	for j, group := range groups {
		if len(group.Options) > 0 {
			item.Modifiers = append(item.Modifiers, group)
		}
		needed += group.Min
		if rule := countRule(group); rule != "" {
			c.report(fmt.Sprintf("%s.modifiers[%d]", path, j), rule)
			orderable = false
		}
	}
	if orderable && needed > MaxModifiers {
		c.report(path+".modifiers", fmt.Sprintf("need more than %d choices together", MaxModifiers))
		orderable = false
	}
	return item, orderable
}

// countRule returns the rule that the numbers of a group break, or "".
func countRule(g ModifierGroup) string {
	switch {
	case g.Min < 0 || g.Max < 0:
		return "has a negative number of choices"
	case g.Max > 0 && g.Min > g.Max:
		return fmt.Sprintf("needs %d choices and allows %d", g.Min, g.Max)
	case g.Min > len(g.Options):
		return fmt.Sprintf("needs %d choices and has %d", g.Min, len(g.Options))
	}
	return ""
}

// group returns the options of a group that have names of their own in it.
func (c *checker) group(path string, group ModifierGroup) ModifierGroup {
	if rule := texts.Rule(group.Name, MaxNameBytes); rule != "" {
		c.report(path+".Name", rule)
		group.Name = ""
	}
	var options []string
	for k, option := range group.Options {
		place := fmt.Sprintf("%s.Options[%d]", path, k)
		if !c.name(place, option) {
			continue
		}
		if contains(options, option) {
			c.report(place, "is in the group already")
			continue
		}
		options = append(options, option)
	}
	group.Options = options
	return group
}

// distinct leaves out the options that no order could name: of those that several groups have, the ones whose group
// has no name or that of another such group, or that together with the group are over-long or read like another
// option.
func (c *checker) distinct(path string, groups []ModifierGroup) []ModifierGroup {
	distinct := slices.Clone(groups)
	item := MenuItem{Modifiers: distinct} // what is left out is not shared any more
	for j, group := range groups {
		distinct[j].Options = slices.DeleteFunc(slices.Clone(group.Options), func(option string) bool {
			rule := ""
			switch word := qualified(group, option); {
			case !item.shared(option):
			case texts.Fold(group.Name) == "":
				rule = "is in another group too, and this one has no name"
			case slices.ContainsFunc(groups[:j], func(g ModifierGroup) bool {
				return texts.Fold(g.Name) == texts.Fold(group.Name) && contains(g.Options, option)
			}):
				rule = "is in another group of the same name too"
			case len(word) > MaxNameBytes:
				rule = fmt.Sprintf("is in another group too, and together with its group longer than %d bytes", MaxNameBytes)
			case slices.ContainsFunc(groups, func(g ModifierGroup) bool { return contains(g.Options, word) }):
				rule = "reads together with its group like another option"
			}
			if rule != "" {
				c.report(fmt.Sprintf("%s.modifiers[%d]", path, j), fmt.Sprintf("has an option %q that %s", option, rule))
			}
			return rule != ""
		})
	}
	return distinct
}

// shared reports whether several groups have an option of this name.
func (i MenuItem) shared(option string) bool {
	n := 0
	for j := range i.Modifiers {
		if contains(i.Modifiers[j].Options, option) {
			n++
		}
	}
	return n > 1
}

// qualified is an option together with its group.
func qualified(group ModifierGroup, option string) string { return group.Name + ": " + option }

// Word returns how an option is written in an order, and in the [Drink] that was accepted: by its name where one
// group of the item has it, and otherwise together with its group, as in "Sugar: None". An order may always say the
// group.
func (i MenuItem) Word(group ModifierGroup, option string) string {
	if i.shared(option) {
		return qualified(group, option)
	}
	return option
}

// word is the word of a place.
func (i MenuItem) word(p place) string {
	group := i.Modifiers[p.group]
	return i.Word(group, group.Options[p.option])
}

// nameRule returns the rule that a name of a menu breaks, or "".
func nameRule(name string) string {
	if rule := texts.Rule(name, MaxNameBytes); rule != "" {
		return rule
	}
	if texts.Fold(name) == "" {
		return "has no name"
	}
	return ""
}

// place is where an option stands in an item.
type place struct{ group, option int }

// find appends the places that a modifier may mean: more than one where several groups have the option, and the group
// is not said.
func (i *MenuItem) find(places []place, modifier string) []place {
	name := texts.Fold(modifier)
	for j := range i.Modifiers {
		for k, option := range i.Modifiers[j].Options {
			if texts.Reads(option, name) {
				places = append(places, place{j, k})
			}
		}
	}
	if len(places) > 0 {
		return places
	}
	for j := range i.Modifiers {
		rest, isGroup := strings.CutPrefix(name, texts.Fold(i.Modifiers[j].Name))
		rest, isOption := strings.CutPrefix(strings.TrimSpace(rest), ":")
		if !isGroup || !isOption {
			continue
		}
		for k, option := range i.Modifiers[j].Options {
			if texts.Reads(option, strings.TrimSpace(rest)) {
				places = append(places, place{j, k})
			}
		}
	}
	return places
}

// contains reports whether a name is among others.
func contains(names []string, name string) bool {
	folded := texts.Fold(name)
	return slices.ContainsFunc(names, func(n string) bool { return texts.Reads(n, folded) })
}

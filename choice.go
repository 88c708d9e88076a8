package ordermanager

import (
	"fmt"
	"slices"
	"strings"

	"github.com/brewline/ordermanager/internal/texts"
)

// matches reports whether this is what an order asked for, in any order and whatever the menu is now: an option may
// need its group now, and not have needed it before.
func (d *Drink) matches(order DrinkOrder) bool {
	if d == nil || texts.Fold(d.Name) != texts.Fold(order.Drink) || len(d.Modifiers) != len(order.Modifiers) {
		return false
	}
	left := slices.Clone(d.Modifiers)
	take := func(same func(a, b string) bool) func(string) bool {
		return func(modifier string) bool {
			at := slices.IndexFunc(left, func(l string) bool { return same(squeeze(l), squeeze(modifier)) })
			if at >= 0 {
				left = slices.Delete(left, at, at+1)
			}
			return at >= 0
		}
	}
	rest := slices.DeleteFunc(slices.Clone(order.Modifiers), take(func(a, b string) bool { return a == b }))
	rest = slices.DeleteFunc(rest, take(func(a, b string) bool {
		return strings.HasSuffix(a, ":"+b) || strings.HasSuffix(b, ":"+a)
	}))
	return len(rest) == 0
}

// squeeze is a modifier as it is compared, without the spaces around the colon after its group.
func squeeze(modifier string) string {
	return strings.ReplaceAll(strings.ReplaceAll(texts.Fold(modifier), " :", ":"), ": ", ":")
}

// DrinkOrder is what a customer asks for. Only what is on the menu is ever stored.
type DrinkOrder struct {
	// Drink is the name of a menu item.
	Drink string
	// Modifiers are options of that item, as many of each group as it says. An option that several groups have is named
	// with its group, as in "Sugar: None", unless it is chosen in all of them: then it is repeated for each.
	Modifiers []string

	// Violations are what was already found wrong when the order was read. [Menu.Sanitize] reports them with its own.
	Violations []Violation
}

func modifierField(i int) string { return fmt.Sprintf("modifiers[%d]", i) }

// isReported reports whether a field has a violation already.
func (d *DrinkOrder) isReported(field string) bool {
	return slices.ContainsFunc(d.Violations, func(v Violation) bool { return v.Field == field })
}

// IsZero reports whether nothing was asked for.
func (d *DrinkOrder) IsZero() bool {
	return d.Drink == "" && len(d.Modifiers) == 0 && len(d.Violations) == 0
}

// ViolationCode names a rule that a put breaks. The codes are stable.
type ViolationCode string

const (
	// ViolationUnknownDrink means that the menu has no such drink.
	ViolationUnknownDrink ViolationCode = "unknown_drink"
	// ViolationUnavailableDrink means that the drink is on the menu and cannot be ordered now.
	ViolationUnavailableDrink ViolationCode = "unavailable_drink"
	// ViolationUnknownModifier means that the drink has no such option.
	ViolationUnknownModifier ViolationCode = "unknown_modifier"
	// ViolationAmbiguousOption means that several groups have the option, and the order does not say which is meant.
	ViolationAmbiguousOption ViolationCode = "ambiguous_option"
	// ViolationExclusiveOptions means that another option of a group with a single choice was chosen as well.
	ViolationExclusiveOptions ViolationCode = "exclusive_options"
	// ViolationTooManyOptions means that more options of a group were chosen than may be. The value is the group.
	ViolationTooManyOptions ViolationCode = "too_many_options"
	// ViolationTooFewOptions means that fewer options of a group were chosen than must be. The value is the group.
	ViolationTooFewOptions ViolationCode = "too_few_options"
	// ViolationDuplicateOption means that the option was chosen more than once.
	ViolationDuplicateOption ViolationCode = "duplicate_option"
	// ViolationTooLong means that a name is longer than [MaxNameBytes], or there are more than [MaxModifiers] modifiers.
	ViolationTooLong ViolationCode = "too_long"
	// ViolationQuantity means that the quantity is not one: an order is one drink.
	ViolationQuantity ViolationCode = "unsupported_quantity"
	// ViolationMalformed means that something is missing, or is not what it should be.
	ViolationMalformed ViolationCode = "malformed"
)

// Violation is one rule that a put breaks.
type Violation struct {
	Code ViolationCode `json:"code"`
	// Value is what was asked for, or the group concerned, cut to [MaxNameBytes].
	Value string `json:"value,omitempty"`
	// Field is its place in the body, where the value does not show it.
	Field string `json:"field,omitempty"`
	// Detail completes the explanation.
	Detail string `json:"detail,omitempty"`
}

// String explains the violation to people.
func (v Violation) String() string {
	text := strings.ReplaceAll(string(v.Code), "_", " ")
	if v.Field != "" {
		text += " " + v.Field
	}
	if v.Value != "" {
		text += fmt.Sprintf(" %q", v.Value)
	}
	if v.Detail != "" {
		text += " (" + v.Detail + ")"
	}
	return text
}

// Sanitize checks an order against the menu and returns the drink in the menu's own words. Names that look the same
// are the same: composed and decomposed accents, every kind of space, and spaces around make no difference; case
// does. It returns a [*MenuError] with every violation.
func (m *Menu) Sanitize(order DrinkOrder) (*Drink, error) {
	drink, violations := m.sanitize(order)
	if len(violations) > 0 {
		return nil, &MenuError{Violations: violations}
	}
	return drink, nil
}

func (m *Menu) sanitize(order DrinkOrder) (*Drink, []Violation) {
	c := chooser{order: order, violations: slices.Clone(order.Violations)}
	c.item = c.find(m)
	return c.choose(), c.violations
}

// chooser checks one order against a menu.
type chooser struct {
	order DrinkOrder
	// item is the drink on the menu, or nil: then only the form of the modifiers is checked.
	item       *MenuItem
	violations []Violation
}

func (c *chooser) report(code ViolationCode, value, field, detail string) {
	value = texts.Clip(value, MaxNameBytes)
	c.violations = append(c.violations, Violation{Code: code, Value: value, Field: field, Detail: detail})
}

// find finds the drink on the menu.
func (c *chooser) find(m *Menu) *MenuItem {
	drink := c.order.Drink
	switch {
	case drink == "":
		if !c.order.isReported("drink") {
			c.report(ViolationMalformed, "", "drink", "is required")
		}
		return nil
	case !usable(drink):
		c.reportName(drink, "drink")
		return nil
	}
	name := texts.Fold(drink)
	for i := range m.Items {
		item := &m.Items[i]
		if !texts.Reads(item.Drink, name) {
			continue
		}
		if item.SoldOut {
			c.report(ViolationUnavailableDrink, drink, "", "")
		}
		return item
	}
	c.report(ViolationUnknownDrink, drink, "", "")
	return nil
}

// choose checks the modifiers.
func (c *chooser) choose() *Drink {
	if len(c.order.Modifiers) > MaxModifiers {
		c.report(ViolationTooLong, "", "modifiers", fmt.Sprintf("more than %d", MaxModifiers))
		return nil
	}
	var memory [MaxModifiers]place
	chosen := memory[:0]
	var open []string
	for i, name := range c.order.Modifiers {
		if len(c.order.Violations) > 0 && c.order.isReported(modifierField(i)) {
			continue
		}
		if !usable(name) {
			c.reportName(name, modifierField(i))
			continue
		}
		if c.item == nil {
			if contains(c.order.Modifiers[:i], name) {
				c.report(ViolationDuplicateOption, name, "", "")
			}
			continue
		}
		var memory [1]place // most options are in one group
		switch places := c.item.find(memory[:0], name); {
		case len(places) == 0:
			c.report(ViolationUnknownModifier, name, "", "")
		case len(places) > 1:
			open = append(open, name)
		case slices.Contains(chosen, places[0]):
			c.report(ViolationDuplicateOption, name, "", "")
		default:
			chosen = append(chosen, places[0])
		}
	}
	if c.item == nil {
		return nil
	}
	return c.count(c.spread(open, chosen))
}

// spread adds options that several groups have: they are unambiguous only if named once for each group.
func (c *chooser) spread(names []string, chosen []place) []place {
	for len(names) > 0 {
		name := names[0]
		before := len(names)
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return texts.Fold(n) == texts.Fold(name) })
		left := slices.DeleteFunc(c.item.find(nil, name), func(p place) bool { return slices.Contains(chosen, p) })
		switch wanted := before - len(names); {
		case wanted > len(left):
			c.report(ViolationDuplicateOption, name, "", "")
		case wanted < len(left):
			words := make([]string, len(left))
			for i, p := range left {
				words[i] = fmt.Sprintf("%q", c.item.word(p))
			}
			c.report(ViolationAmbiguousOption, name, "", "write "+strings.Join(words, " or "))
		default:
			chosen = append(chosen, left...)
		}
	}
	return chosen
}

// count checks how many options of each group are chosen, and returns the drink with them.
func (c *chooser) count(chosen []place) *Drink {
	drink := &Drink{Name: c.item.Drink, Icon: c.item.Icon}
	if len(chosen) > 0 {
		drink.Modifiers = make([]string, 0, len(chosen))
	}
	for j := range c.item.Modifiers {
		group := &c.item.Modifiers[j]
		var memory [MaxModifiers]string
		options := memory[:0]
		for k, option := range group.Options {
			if slices.Contains(chosen, place{j, k}) {
				options = append(options, option)
				drink.Modifiers = append(drink.Modifiers, c.item.Word(*group, option))
			}
		}
		switch most := group.most(); {
		case len(options) > most && most == 1:
			for _, option := range options[1:] {
				c.report(ViolationExclusiveOptions, option, "", group.Name+" is "+options[0]+" already")
			}
		case len(options) > most:
			c.report(ViolationTooManyOptions, group.Name, "", fmt.Sprintf("at most %d", most))
		case len(options) < group.Min:
			of := strings.Join(group.Options, ", ")
			c.report(ViolationTooFewOptions, group.Name, "", fmt.Sprintf("at least %d of %s", group.Min, of))
		}
	}
	return drink
}

// usable reports whether a name is worth looking up.
func usable(name string) bool { return nameRule(name) == "" }

// reportName says what is wrong with a name that is not usable.
func (c *chooser) reportName(name, field string) {
	if len(name) > MaxNameBytes {
		c.report(ViolationTooLong, name, field, fmt.Sprintf("more than %d bytes", MaxNameBytes))
		return
	}
	c.report(ViolationMalformed, strings.ToValidUTF8(name, "\uFFFD"), field, nameRule(name))
}

// MenuError has every reason why a put was refused before it reached the order. It is an [ErrInvalidOrder].
type MenuError struct {
	// OrderID is the order that the put was for; empty when the menu was asked directly.
	OrderID string
	// Violations is never empty.
	Violations []Violation
	// Allowed are the actions that the caller could do to the order now; nil where Order is.
	Allowed []Action
	// Order is the order as it is, nil when it does not exist or is not the caller's.
	Order *Order
}

func (e *MenuError) Error() string {
	parts := make([]string, len(e.Violations))
	for i, violation := range e.Violations {
		parts[i] = violation.String()
	}
	return fmt.Sprintf("%v: %s", ErrInvalidOrder, strings.Join(parts, "; "))
}

// Unwrap returns [ErrInvalidOrder].
func (e *MenuError) Unwrap() error { return ErrInvalidOrder }

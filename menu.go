package ordermanager

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Menu is what a venue offers.
type Menu struct {
	Items []MenuItem `json:"items"`
}

// MenuItem is one drink of a menu.
type MenuItem struct {
	// Drink is the name by which it is ordered.
	Drink string `json:"drink"`
	// Icon is what the displays show for it.
	Icon string `json:"icon"`
	// SoldOut is true while it cannot be ordered: "available": false in JSON. A drink that says nothing about it can be.
	SoldOut bool `json:"-"`
	// Modifiers are the groups of options; of each group one option can be chosen.
	Modifiers []ModifierGroup `json:"modifiers"`
}

// ModifierGroup is a set of options that exclude each other. The JSON names are those of the Serverlesspresso sample.
type ModifierGroup struct {
	Name    string   `json:"Name"`
	Options []string `json:"Options"`
}

// MenuSource finds the menu of a venue. A Manager asks it once per put. It must be safe for concurrent use; a venue without a
// menu is an error. The returned menu is only read.
type MenuSource interface {
	Menu(ctx context.Context, venue string) (*Menu, error)
}

// StaticMenu is a [MenuSource] with one menu for every venue. It checks nothing: see [Menu.Validate].
func StaticMenu(menu Menu) MenuSource { return staticMenu{&menu} }

type staticMenu struct{ menu *Menu }

func (s staticMenu) Menu(context.Context, string) (*Menu, error) { return s.menu, nil }

// MenuFile reads a menu from a file and serves it for every venue: see [ParseMenu] for the forms. The file is read once.
func MenuFile(path string) (MenuSource, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the caller names the file
	if err != nil {
		return nil, fmt.Errorf("menu: %w", err)
	}
	menu, err := ParseMenu(data)
	if err != nil {
		return nil, fmt.Errorf("menu %s: %w", path, err)
	}
	return StaticMenu(*menu), nil
}

// ParseMenu reads a menu from JSON in any of three forms: plain ({"items":[{"drink":"Latte","icon":"…","available":true,
// "modifiers":[{"Name":"Milk","Options":["Oat"]}]}]}, or the list alone), or as the configuration item of the Serverlesspresso
// sample in DynamoDB's JSON, with the list in the attribute "value" (workshop) or "menu" (core). An item without "available"
// is available. The menu is checked with [Menu.Validate].
func ParseMenu(data []byte) (*Menu, error) {
	list, err := menuList(data)
	if err != nil {
		return nil, err
	}
	var items []struct {
		MenuItem
		Available *bool `json:"available"`
	}
	if err := json.Unmarshal(list, &items); err != nil {
		return nil, fmt.Errorf("not a menu: %w", err)
	}
	menu := &Menu{Items: make([]MenuItem, len(items))}
	for i, item := range items {
		menu.Items[i] = item.MenuItem
		menu.Items[i].SoldOut = item.Available != nil && !*item.Available
	}
	return menu, menu.Validate()
}

// menuList finds the list of drinks in a document, in plain JSON.
func menuList(data []byte) (json.RawMessage, error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '[' {
		return trimmed, nil
	}
	var document map[string]json.RawMessage
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("not a menu: %w", err)
	}
	if items, ok := document["items"]; ok {
		return items, nil
	}
	for _, attribute := range []string{"value", "menu"} {
		if raw, ok := document[attribute]; ok {
			var typed any
			if err := json.Unmarshal(raw, &typed); err != nil {
				return nil, fmt.Errorf("not a menu: %w", err)
			}
			return json.Marshal(untyped(typed))
		}
	}
	return nil, fmt.Errorf("not a menu: none of items, value and menu is there")
}

// untyped turns DynamoDB's JSON ({"S":"x"}, {"L":[…]}, …) into plain JSON.
func untyped(value any) any {
	typed, ok := value.(map[string]any)
	if !ok || len(typed) != 1 {
		return value
	}
	for kind, inner := range typed {
		switch content := inner.(type) {
		case []any:
			if kind == "L" {
				plain := make([]any, len(content))
				for i, element := range content {
					plain[i] = untyped(element)
				}
				return plain
			}
		case map[string]any:
			if kind == "M" {
				plain := make(map[string]any, len(content))
				for key, element := range content {
					plain[key] = untyped(element)
				}
				return plain
			}
		default:
			return content
		}
	}
	return value
}

// Validate reports what is wrong with the menu: no drinks, a name that is missing, over-long or there twice, an option that stands in two
// groups of one drink (a customer could not say which is meant).
func (m *Menu) Validate() error {
	if len(m.Items) == 0 {
		return fmt.Errorf("the menu has no drinks")
	}
	drinks := map[string]bool{}
	for _, item := range m.Items {
		if rule := nameRule(item.Drink); rule != "" {
			return fmt.Errorf("a drink %q of the menu %s", item.Drink, rule)
		}
		if drinks[item.Drink] {
			return fmt.Errorf("the drink %q is on the menu twice", item.Drink)
		}
		drinks[item.Drink] = true
		if rule := textRule(item.Icon, MaxNameBytes); rule != "" {
			return fmt.Errorf("the icon of %q %s", item.Drink, rule)
		}
		options := map[string]bool{}
		for _, group := range item.Modifiers {
			for _, option := range group.Options {
				if rule := nameRule(option); rule != "" {
					return fmt.Errorf("an option %q of %q %s", option, item.Drink, rule)
				}
				if options[option] {
					return fmt.Errorf("the option %q of %q is there twice", option, item.Drink)
				}
				options[option] = true
			}
		}
	}
	return nil
}

func nameRule(name string) string {
	if name == "" {
		return "has no name"
	}
	return textRule(name, MaxNameBytes)
}

// Drink is an accepted drink, in the menu's own words.
type Drink struct {
	// Name and Icon are those of the menu item.
	Name, Icon string
	// Modifiers are the chosen options, in the order of the menu's groups.
	Modifiers []string
}

// DrinkOrder is what a customer asks for. Only what the menu knows of it is ever stored.
type DrinkOrder struct {
	// Drink is the name of a menu item.
	Drink string
	// Modifiers are options of that item, at most one of each group.
	Modifiers []string

	// Violations are what whoever read the order has found wrong already. [Menu.Sanitize] reports them with its own.
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
	// ViolationExclusiveOptions means that another option of the same group was chosen as well.
	ViolationExclusiveOptions ViolationCode = "exclusive_options"
	// ViolationDuplicateOption means that the option was chosen more than once.
	ViolationDuplicateOption ViolationCode = "duplicate_option"
	// ViolationTooLong means that a name is longer than [MaxNameBytes], or there are more than [MaxModifiers] modifiers.
	ViolationTooLong ViolationCode = "too_long"
	// ViolationQuantity means that another number than one was asked for: an order is one drink.
	ViolationQuantity ViolationCode = "unsupported_quantity"
	// ViolationMalformed means that something is missing, or is not what it should be.
	ViolationMalformed ViolationCode = "malformed"
)

// Violation is one rule that a put breaks.
type Violation struct {
	Code ViolationCode `json:"code"`
	// Value is what was asked for, cut to [MaxNameBytes].
	Value string `json:"value,omitempty"`
	// Field is where it stands in the body, where the value does not tell.
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

// Sanitize checks an order against the menu and returns the drink in the menu's own words. It returns a [*MenuError] with every
// violation.
func (m *Menu) Sanitize(order DrinkOrder) (*Drink, error) {
	drink, violations := m.sanitize(order)
	if len(violations) > 0 {
		return nil, &MenuError{Violations: violations}
	}
	return drink, nil
}

func (m *Menu) sanitize(order DrinkOrder) (*Drink, []Violation) {
	violations := slices.Clone(order.Violations)
	report := func(code ViolationCode, value, field, detail string) {
		violations = append(violations, Violation{Code: code, Value: clip(value), Field: field, Detail: detail})
	}
	item := m.item(order, report)
	return m.choose(item, order, report), violations
}

type reporter func(code ViolationCode, value, field, detail string)

// item finds the drink on the menu, or nil.
func (m *Menu) item(order DrinkOrder, report reporter) *MenuItem {
	if order.Drink == "" {
		if !order.isReported("drink") {
			report(ViolationMalformed, "", "drink", "is required")
		}
		return nil
	}
	if !checkName(order.Drink, "drink", report) {
		return nil
	}
	at := slices.IndexFunc(m.Items, func(item MenuItem) bool { return item.Drink == order.Drink })
	if at < 0 {
		report(ViolationUnknownDrink, order.Drink, "", "")
		return nil
	}
	if m.Items[at].SoldOut {
		report(ViolationUnavailableDrink, order.Drink, "", "")
	}
	return &m.Items[at]
}

// choose checks the modifiers against the item, which is nil when the drink is not known: then only their form is checked.
func (m *Menu) choose(item *MenuItem, order DrinkOrder, report reporter) *Drink {
	modifiers := order.Modifiers
	if len(modifiers) > MaxModifiers {
		report(ViolationTooLong, "", "modifiers", fmt.Sprintf("more than %d", MaxModifiers))
		return nil
	}
	for i, modifier := range modifiers {
		switch {
		case order.isReported(modifierField(i)):
		case !checkName(modifier, modifierField(i), report):
		case slices.Contains(modifiers[:i], modifier):
			report(ViolationDuplicateOption, modifier, "", "")
		case item != nil && !slices.ContainsFunc(item.Modifiers, func(g ModifierGroup) bool { return slices.Contains(g.Options, modifier) }):
			report(ViolationUnknownModifier, modifier, "", "")
		}
	}
	if item == nil {
		return nil
	}
	drink := &Drink{Name: item.Drink, Icon: item.Icon}
	for _, group := range item.Modifiers {
		chosen := ""
		for _, option := range group.Options {
			switch {
			case !slices.Contains(modifiers, option):
			case chosen != "":
				report(ViolationExclusiveOptions, option, "", group.Name+" is "+chosen+" already")
			default:
				chosen = option
				drink.Modifiers = append(drink.Modifiers, option)
			}
		}
	}
	return drink
}

// checkName checks the form of a name, and reports whether it is worth looking up.
func checkName(name, field string, report reporter) bool {
	switch {
	case len(name) > MaxNameBytes:
		report(ViolationTooLong, name, field, fmt.Sprintf("more than %d bytes", MaxNameBytes))
	case nameRule(name) != "":
		report(ViolationMalformed, strings.ToValidUTF8(name, "\uFFFD"), field, nameRule(name))
	default:
		return true
	}
	return false
}

// clip shortens a value for a message without cutting a character in two.
func clip(value string) string {
	if len(value) <= MaxNameBytes {
		return value
	}
	return strings.ToValidUTF8(value[:MaxNameBytes], "")
}

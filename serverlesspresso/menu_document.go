package serverlesspresso

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/brewline/ordermanager/internal/strictjson"
)

// locate finds the list of entries in a document. It is typed if it was in DynamoDB JSON.
func (r *menuReader) locate(v strictjson.Value) (list []any, path string, typed bool) {
	if elements, ok := v.List(); ok {
		if slices.ContainsFunc(elements, isItem) {
			return r.among(elements)
		}
		list, _ := r.plain(v).([]any)
		return list, "", false
	}
	fields := r.object(v)
	if fields == nil {
		return nil, "", false
	}
	hasList := isItem(v)
	forms := slices.DeleteFunc(append([]string{"Item", "Items", "items"}, menuAttributes...), func(name string) bool {
		v := fields.Get(name)
		return v.Absent() || hasList && slices.Contains(menuAttributes, name) && !holdsList(v) // another program's
	})
	switch len(forms) {
	case 0:
		r.report(document(v.Path()), "is not a menu: it has none of items, value, menu, Item and Items")
		return nil, "", false
	case 1:
	default:
		r.several(document(v.Path()), forms)
		return nil, "", false
	}
	found := fields.Get(forms[0])
	switch forms[0] {
	case "Item":
		return r.locate(found)
	case "Items":
		items, ok := found.List()
		if !ok {
			r.report(found.Path(), "is not a list")
			return nil, "", false
		}
		return r.among(items)
	case "items":
		r.strict = true
		r.unknown("", fields.Names(), []string{"items"})
	}
	return r.entries(found)
}

// several reports that it is not clear which menu is meant.
func (r *menuReader) several(path string, places []string) {
	r.report(path, "has several menus, in "+strings.Join(places, " and ")+": keep the one that is meant")
}

// isItem reports whether a value is an item with a list in one of the menu attributes.
func isItem(v strictjson.Value) bool {
	item, err := v.Object()
	return err == nil && slices.ContainsFunc(menuAttributes, func(name string) bool { return holdsList(item.Get(name)) })
}

// holdsList reports whether an attribute is a list, plain or in DynamoDB JSON.
func holdsList(attribute strictjson.Value) bool {
	if _, plain := attribute.List(); plain {
		return true
	}
	typed, err := attribute.Object()
	return err == nil && !typed.Get("L").Absent()
}

// among finds the only item that has a menu.
func (r *menuReader) among(items []strictjson.Value) (list []any, path string, typed bool) {
	items = slices.DeleteFunc(items, func(v strictjson.Value) bool { return !isItem(v) })
	switch len(items) {
	case 0:
		r.report("the document", "has no item with a menu")
		return nil, "", false
	case 1:
		return r.locate(items[0])
	}
	paths := make([]string, len(items))
	for i, item := range items {
		paths[i] = item.Path()
	}
	r.several("the document", paths)
	return nil, "", false
}

// entries reads the list of entries; its form shows whether it is typed.
func (r *menuReader) entries(v strictjson.Value) (list []any, path string, typed bool) {
	var value any
	if _, isList := v.List(); isList {
		value = r.plain(v)
	} else {
		value, typed = r.attribute(v), true
	}
	list, ok := value.([]any)
	if !ok && len(r.faults) == 0 {
		r.report(v.Path(), "is not a list")
	}
	return list, v.Path(), typed
}

// plain returns a value as encoding/json would.
func (r *menuReader) plain(v strictjson.Value) any {
	if elements, ok := v.List(); ok {
		list := make([]any, len(elements))
		for i, element := range elements {
			list[i] = r.plain(element)
		}
		return list
	}
	if text, ok := v.Text(); ok {
		return text
	}
	if number, ok := v.Number(); ok {
		return number
	}
	if truth, ok := v.Bool(); ok {
		return truth
	}
	if v.Absent() {
		return nil
	}
	fields := r.object(v)
	if fields == nil {
		return nil
	}
	object := map[string]any{}
	for _, name := range fields.Names() {
		object[name] = r.plain(fields.Get(name))
	}
	return object
}

// attribute does the same for a value of DynamoDB JSON ({"S":"x"}, {"L":[…]}, …).
func (r *menuReader) attribute(v strictjson.Value) any {
	fields, err := v.Object()
	if err != nil || len(fields.Names()) != 1 {
		r.report(v.Path(), `is neither a list nor an attribute of DynamoDB, like {"S":"Latte"}`)
		return nil
	}
	kind := fields.Names()[0]
	content := fields.Get(kind).At(v.Path()) // report paths without the types
	switch kind {
	case "S":
		return r.plain(content)
	case "BOOL":
		// CloudFormation templates turn booleans into strings.
		if text, _ := content.Text(); text == "true" || text == "false" {
			return text == "true"
		}
		return r.plain(content)
	case "N":
		text, _ := content.Text()
		return json.Number(text)
	case "NULL":
		return nil
	case "L", "SS", "NS":
		elements, ok := content.List()
		if !ok {
			r.report(v.Path(), "is not a list")
		}
		list := make([]any, len(elements))
		for i, element := range elements {
			if kind == "L" {
				list[i] = r.attribute(element)
			} else {
				list[i] = r.plain(element)
			}
		}
		return list
	case "M":
		inner := r.object(content)
		if inner == nil {
			return nil
		}
		object := map[string]any{}
		for _, name := range inner.Names() {
			object[name] = r.attribute(inner.Get(name))
		}
		return object
	}
	r.report(v.Path(), fmt.Sprintf("has the type %q, which a menu does not use", kind))
	return nil
}

// menuAttributes are those of a configuration item that can hold a menu.
var menuAttributes = []string{"value", "menu"}

package serverlesspresso

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/brewline/ordermanager"
)

// menu reads the entries, leaving out what cannot be served.
func (r *menuReader) menu(list []any, path string) *ordermanager.Menu {
	read := &ordermanager.Menu{Items: make([]ordermanager.MenuItem, len(list))}
	unread := map[int]bool{}
	for i, entry := range list {
		// An unreadable entry keeps its place, so that the paths of the others stay right.
		item, ok := r.item(entry, path+"["+strconv.Itoa(i)+"]")
		if unread[i] = !ok; ok {
			read.Items[i] = item
		}
	}
	told := map[string]bool{}
	for _, fault := range r.faults {
		told[fault.Path] = true
	}
	sound, faults := read.Sound()
	for _, fault := range faults {
		var entry int
		_, err := fmt.Sscanf(fault.Path, "items[%d]", &entry)
		fault.Path = path + strings.TrimPrefix(fault.Path, "items")
		if told[fault.Path] || err == nil && unread[entry] {
			continue // the entry was unreadable, and that is reported
		}
		r.report(document(fault.Path), fault.Rule)
	}
	// Report faults in the order of the entries.
	slices.SortStableFunc(r.faults, func(a, b ordermanager.MenuFault) int {
		return cmp.Compare(place(a, path), place(b, path))
	})
	return sound
}

// place is the index of the entry that a fault is in; -1 if it is in none.
func place(fault ordermanager.MenuFault, path string) int {
	entry := -1
	_, _ = fmt.Sscanf(strings.TrimPrefix(fault.Path, path), "[%d]", &entry)
	return entry
}

// item reads one entry. It reports false if the entry cannot be served.
func (r *menuReader) item(entry any, path string) (ordermanager.MenuItem, bool) {
	e := r.entry(entry, path, "drink", "icon", "available", "modifiers")
	if e == nil {
		return ordermanager.MenuItem{}, false
	}
	icon, _ := e.text("icon") // only shown, so not needed
	drink, isText := e.text("drink")
	available, isTruth := e.truth("available")
	item := ordermanager.MenuItem{Drink: drink, Icon: icon, SoldOut: !available}
	ok := isText && isTruth
	for _, raw := range e.list("modifiers") {
		var group ordermanager.ModifierGroup
		g := r.entry(raw.value, raw.path, "Name", "Options", "Min", "Max")
		if g == nil {
			item.Modifiers = append(item.Modifiers, group)
			continue
		}
		var minOK, maxOK bool
		group.Name, _ = g.text("Name")
		group.Min, minOK = g.count("Min")
		group.Max, maxOK = g.count("Max")
		ok = ok && minOK && maxOK
		for _, option := range g.list("Options") {
			text, isText := option.value.(string)
			if !isText {
				r.report(option.path, "is not a string")
			}
			group.Options = append(group.Options, text)
		}
		item.Modifiers = append(item.Modifiers, group)
	}
	return item, ok
}

// entry reads the fields of an object of the menu. null means absent.
type entry struct {
	*menuReader
	path   string
	fields map[string]any
}

// entry opens an object and reports unknown names; it also reports a value that is no object.
func (r *menuReader) entry(value any, path string, known ...string) *entry {
	fields, ok := value.(map[string]any)
	if !ok {
		r.report(path, "is not an object")
		return nil
	}
	r.unknown(path+".", slices.Sorted(maps.Keys(fields)), known)
	return &entry{r, path, fields}
}

func (e *entry) wrong(name, rule string) { e.report(e.path+"."+name, rule) }

func (e *entry) text(name string) (text string, ok bool) {
	value := e.fields[name]
	if text, ok = value.(string); !ok && value != nil {
		e.wrong(name, "is not a string")
	}
	return text, ok || value == nil
}

// truth defaults to true.
func (e *entry) truth(name string) (truth, ok bool) {
	value := e.fields[name]
	if value == nil {
		return true, true
	}
	if truth, ok = value.(bool); !ok {
		e.wrong(name, "is neither true nor false")
	}
	return truth, ok
}

func (e *entry) count(name string) (count int, ok bool) {
	switch value := e.fields[name].(type) {
	case nil:
		return 0, true
	case json.Number:
		if count, err := strconv.Atoi(value.String()); err == nil {
			return count, true
		}
	case float64:
		if count := int(value); float64(count) == value {
			return count, true
		}
	}
	e.wrong(name, "is not a whole number")
	return 0, false
}

// element is an element of a list, with its path.
type element struct {
	path  string
	value any
}

func (e *entry) list(name string) []element {
	value := e.fields[name]
	list, ok := value.([]any)
	if !ok && value != nil {
		e.wrong(name, "is not a list")
	}
	elements := make([]element, len(list))
	for i := range list {
		elements[i] = element{fmt.Sprintf("%s.%s[%d]", e.path, name, i), list[i]}
	}
	return elements
}

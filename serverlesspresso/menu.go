package serverlesspresso

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/strictjson"
)

// MenuFile reads a menu from a file and serves it for every venue: see [ParseMenu]. The file is read once.
func MenuFile(path string) (ordermanager.MenuSource, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the caller names the file
	if err != nil {
		return nil, fmt.Errorf("menu: %w", err)
	}
	menu, err := ParseMenu(data)
	if err != nil {
		return nil, fmt.Errorf("menu %s: %w", path, err)
	}
	return ordermanager.StaticMenu(*menu), nil
}

// ParseMenu reads a menu that a person wrote or a tool of DynamoDB printed. The forms are:
//
//   - plain: {"items":[…]}, or the list alone. An entry is
//     {"drink":"Latte","icon":"…","available":true,
//     "modifiers":[{"Name":"Milk","Options":["Regular","Oat"],"Min":1,"Max":1}]},
//     of which only the drink must be there; Min and Max are as in [ordermanager.ModifierGroup].
//   - an item of the sample's configuration table, in the JSON of DynamoDB or plain, with the list of entries in the
//     attribute "value" (workshop) or "menu" (core); also as get-item prints it, or among others, as scan and query print
//     them and as a table is seeded.
//
// A byte-order mark is skipped.
//
// It is read strictly: the error is an [*ordermanager.InvalidMenuError] with everything that is wrong and its place,
// what [ordermanager.Menu.Validate] refuses and names that are not known among it. Of an item in the JSON of DynamoDB
// attributes that are not known are other programs'; only one that is nearly a known one is taken for a mistake.
func ParseMenu(data []byte) (*ordermanager.Menu, error) {
	v, err := strictjson.Parse("", bytes.TrimPrefix(data, []byte("\ufeff")))
	var r menuReader
	if err != nil {
		r.fail(err)
		return nil, r.invalid()
	}
	list, path, typed := r.locate(v)
	if len(r.faults) > 0 {
		return nil, r.invalid()
	}
	r.strict = !typed
	menu := r.menu(list, path)
	if len(r.faults) > 0 {
		return nil, r.invalid()
	}
	return menu, nil
}

// DecodeMenu reads the list of entries of a configuration item, as encoding/json or an SDK unmarshals it: maps with
// texts as keys, lists, texts, [json.Number]s, booleans and nil, under the attribute that the path names.
//
// It is for a table that a shop works with: what cannot be served is left out and told, and the rest is the menu, so
// that one odd entry does not close the shop. The menu is never nil; without drinks everything that is ordered is an
// unknown drink.
func DecodeMenu(list []any, path string) (*ordermanager.Menu, []ordermanager.MenuFault) {
	var r menuReader
	menu := r.menu(list, path)
	return menu, r.faults
}

// menuReader reads a menu and collects what is wrong with it.
type menuReader struct {
	// strict refuses every name that is not known, and not only those that are nearly known.
	strict bool
	faults []ordermanager.MenuFault
}

func (r *menuReader) report(path, rule string) {
	r.faults = append(r.faults, ordermanager.MenuFault{Path: path, Rule: rule})
}

func (r *menuReader) invalid() error { return &ordermanager.InvalidMenuError{Faults: r.faults} }

// fail reports an error of the strict reader.
func (r *menuReader) fail(err error) {
	if bad, ok := err.(*strictjson.Error); ok { //nolint:errorlint // the reader returns nothing else
		r.report(document(bad.Path), bad.Rule)
	}
}

// document names what has no path.
func document(path string) string {
	if path == "" {
		return "the document"
	}
	return path
}

// The attributes that have a menu in a configuration item.
var menuAttributes = []string{"value", "menu"}

// locate finds the list of entries in a document. It is typed if it was in the JSON of DynamoDB.
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
	if item := fields.Get("Item"); !item.Absent() {
		return r.locate(item)
	}
	if items, ok := fields.Get("Items").List(); ok {
		return r.among(items)
	}
	for _, name := range append([]string{"items"}, menuAttributes...) {
		if v := fields.Get(name); !v.Absent() {
			if name == "items" {
				r.strict = true
				r.unknown("", fields.Names, []string{"items"})
			}
			return r.entries(v)
		}
	}
	r.report(document(v.Path), "is not a menu: it has none of items, value, menu, Item and Items")
	return nil, "", false
}

// isItem reports whether a value is an item with a list in an attribute that has a menu.
func isItem(v strictjson.Value) bool {
	item, err := v.Object()
	return err == nil && slices.ContainsFunc(menuAttributes, func(name string) bool {
		attribute := item.Get(name)
		if _, plain := attribute.List(); plain {
			return true
		}
		typed, err := attribute.Object()
		return err == nil && !typed.Get("L").Absent()
	})
}

// among finds the one item that has a menu among others.
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
		paths[i] = item.Path
	}
	r.report("the document", "has several menus, in "+strings.Join(paths, " and ")+": keep the one that is meant")
	return nil, "", false
}

// entries reads the list of entries, which says by its form whether it is typed.
func (r *menuReader) entries(v strictjson.Value) (list []any, path string, typed bool) {
	var value any
	if _, isList := v.List(); isList {
		value = r.plain(v)
	} else {
		value, typed = r.attribute(v), true
	}
	list, ok := value.([]any)
	if !ok && len(r.faults) == 0 {
		r.report(v.Path, "is not a list")
	}
	return list, v.Path, typed
}

// object opens an object, or reports why that cannot be.
func (r *menuReader) object(v strictjson.Value) *strictjson.Object {
	fields, err := v.Object()
	if err != nil {
		r.fail(err)
		return nil
	}
	return fields
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
	for _, name := range fields.Names {
		object[name] = r.plain(fields.Get(name))
	}
	return object
}

// attribute returns a value of DynamoDB's JSON ({"S":"x"}, {"L":[…]}, …) as [menuReader.plain] does.
func (r *menuReader) attribute(v strictjson.Value) any {
	fields, err := v.Object()
	if err != nil || len(fields.Names) != 1 {
		r.report(v.Path, `is neither a list nor an attribute of DynamoDB, like {"S":"Latte"}`)
		return nil
	}
	kind := fields.Names[0]
	content := fields.Get(kind)
	content.Path = v.Path // paths are those of the attributes
	switch kind {
	case "S":
		return r.plain(content)
	case "BOOL":
		// A seed that went through a CloudFormation template has texts.
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
			r.report(v.Path, "is not a list")
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
		for _, name := range inner.Names {
			object[name] = r.attribute(inner.Get(name))
		}
		return object
	}
	r.report(v.Path, fmt.Sprintf("has the type %q, which a menu does not use", kind))
	return nil
}

// menu reads the entries, and leaves out what cannot be served.
func (r *menuReader) menu(list []any, path string) *ordermanager.Menu {
	read := &ordermanager.Menu{Items: make([]ordermanager.MenuItem, len(list))}
	unread := map[int]bool{}
	for i, entry := range list {
		// One that cannot be read keeps its place, so that the others keep theirs.
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
			continue // that it could not be read says it all
		}
		r.report(document(fault.Path), fault.Rule)
	}
	// In the order of the entries, as one who goes through the menu meets them.
	slices.SortStableFunc(r.faults, func(a, b ordermanager.MenuFault) int {
		return cmp.Compare(place(a, path), place(b, path))
	})
	return sound
}

// place is the number of the entry that a fault is in, and -1 for a fault of the whole.
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
	icon, _ := e.text("icon") // is only shown
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
				r.report(option.path, "is not a text")
			}
			group.Options = append(group.Options, text)
		}
		item.Modifiers = append(item.Modifiers, group)
	}
	return item, ok
}

// entry reads the fields of an object of the menu. A field that is null is one that is absent.
type entry struct {
	*menuReader
	path   string
	fields map[string]any
}

// entry opens an object, or reports that it is none, and which names it should not have.
func (r *menuReader) entry(value any, path string, known ...string) *entry {
	fields, ok := value.(map[string]any)
	if !ok {
		r.report(path, "is not an object")
		return nil
	}
	r.unknown(path+".", slices.Sorted(maps.Keys(fields)), known)
	return &entry{r, path, fields}
}

// unknown reports the names that are not known.
func (r *menuReader) unknown(path string, names, known []string) {
	for _, name := range names {
		if slices.Contains(known, name) {
			continue
		}
		rule := "is not known"
		at := slices.IndexFunc(known, func(k string) bool { return nearly(name, k) })
		if at >= 0 {
			rule += fmt.Sprintf(": do you mean %q?", known[at])
		}
		if r.strict || at >= 0 {
			r.report(path+name, rule)
		}
	}
}

func (e *entry) wrong(name, rule string) { e.report(e.path+"."+name, rule) }

func (e *entry) text(name string) (text string, ok bool) {
	value := e.fields[name]
	if text, ok = value.(string); !ok && value != nil {
		e.wrong(name, "is not a text")
	}
	return text, ok || value == nil
}

// truth is true where nothing is said.
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

// element is an element of a list.
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

// nearly reports whether a name is likely to be a known one with a slip: one or two letters wrong, missing or too
// many, in a short name one.
func nearly(name, known string) bool {
	slips := 2
	if len(known) <= len("icon") {
		slips = 1
	}
	return distance(strings.ToLower(name), strings.ToLower(known)) <= slips
}

// distance is the number of letters to change, add or take away: Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

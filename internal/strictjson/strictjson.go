// Package strictjson reads JSON strictly, so that no two readers can understand the same bytes differently: names are
// case-sensitive, and duplicate names and invalid text are refused. encoding/json takes "Action" for "action", the last
// duplicate, and U+FFFD for invalid text.
package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error says which value breaks which rule. It never contains the value.
type Error struct {
	// Path leads to the value, for instance "body.modifiers[0]"; empty for the document.
	Path string
	// Rule completes a sentence that begins with the path.
	Rule string
}

func (e *Error) Error() string { return strings.TrimSpace(e.Path + " " + e.Rule) }

// Value is a JSON value. The zero Value is absent.
type Value struct {
	// Path leads to it.
	Path string
	raw  json.RawMessage
}

// Parse checks that data is a single JSON value, in valid UTF-8 and without unpaired surrogates. Its error is an
// [*Error].
func Parse(path string, data []byte) (Value, error) {
	v := Value{Path: path, raw: bytes.TrimSpace(data)}
	switch {
	case !utf8.Valid(data):
		return Value{Path: path}, v.Error("is not valid UTF-8")
	case !json.Valid(data):
		return Value{Path: path}, v.Error("is not valid JSON" + where(data))
	case halfCharacter(data):
		return Value{Path: path}, v.Error("has half of a surrogate pair, which is no character")
	}
	return v, nil
}

// where returns where the data stops being JSON.
func where(data []byte) string {
	var syntax *json.SyntaxError
	err := json.Unmarshal(data, new(json.RawMessage))
	if syntax, _ = err.(*json.SyntaxError); syntax == nil { //nolint:errorlint // encoding/json wraps nothing
		return ""
	}
	line := 1 + bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n"))
	return fmt.Sprintf(" (line %d: %s)", line, syntax.Error())
}

// halfCharacter finds an escape of an unpaired surrogate. In valid JSON a backslash starts an escape.
func halfCharacter(data []byte) bool {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		i++
		if data[i] != 'u' {
			continue
		}
		switch unit := hex(data[i+1:]); {
		case 0xDC00 <= unit && unit <= 0xDFFF:
			return true
		case 0xD800 <= unit && unit <= 0xDBFF:
			rest := data[i+5:]
			if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
				return true
			}
			if low := hex(rest[2:]); low < 0xDC00 || low > 0xDFFF {
				return true
			}
			i += 6
		}
		i += 4
	}
	return false
}

func hex(digits []byte) uint64 {
	unit, _ := strconv.ParseUint(string(digits[:4]), 16, 16) // valid JSON has four digits here
	return unit
}

// Error returns an [*Error] about this value.
func (v Value) Error(rule string) *Error { return &Error{Path: v.Path, Rule: rule} }

// Absent reports whether the value is missing or null.
func (v Value) Absent() bool { return len(v.raw) == 0 || string(v.raw) == "null" }

// Raw returns the value as it was written.
func (v Value) Raw() string { return string(v.raw) }

// Text returns a string, and false for anything else.
func (v Value) Text() (text string, ok bool) {
	if v.Absent() || v.raw[0] != '"' {
		return "", false
	}
	return unquote(v.raw), true
}

// Bool returns true or false, and false for anything else.
func (v Value) Bool() (truth, ok bool) {
	return truth, !v.Absent() && json.Unmarshal(v.raw, &truth) == nil
}

// Number returns a number as it was written, and false for anything else.
func (v Value) Number() (number json.Number, ok bool) {
	if v.Absent() || v.raw[0] != '-' && (v.raw[0] < '0' || v.raw[0] > '9') {
		return "", false
	}
	return json.Number(v.raw), true
}

// List returns the elements of an array, and false for anything else.
func (v Value) List() (elements []Value, ok bool) {
	if v.Absent() || v.raw[0] != '[' {
		return nil, false
	}
	elements = []Value{}
	for rest := v.raw[1:]; ; {
		var element json.RawMessage
		if element, rest = cut(rest); element == nil {
			return elements, true
		}
		elements = append(elements, Value{v.Path + "[" + strconv.Itoa(len(elements)) + "]", element})
	}
}

// Object is a JSON object.
type Object struct {
	// Names are the names of its members, in their order.
	Names   []string
	path    string
	members []json.RawMessage
	// places indexes the names, if there are more than few.
	places map[string]int
}

// few is how many names a scan finds faster than a map.
const few = 16

func (o *Object) place(name string) int {
	if o.places == nil {
		return slices.Index(o.Names, name)
	}
	if place, found := o.places[name]; found {
		return place
	}
	return -1
}

func (o *Object) add(name string, member json.RawMessage) {
	o.Names, o.members = append(o.Names, name), append(o.members, member)
	if len(o.Names) == few+1 {
		o.places = make(map[string]int, 2*few)
		for i, name := range o.Names {
			o.places[name] = i
		}
	}
	if o.places != nil {
		o.places[name] = len(o.Names) - 1
	}
}

// maxName limits the name in an error.
const maxName = 64

// Object returns an object. Its errors are [*Error]s: the value is not an object, or has a duplicate name.
func (v Value) Object() (*Object, error) {
	if v.Absent() || v.raw[0] != '{' {
		return nil, v.Error("is not an object")
	}
	o := &Object{path: v.Path, Names: make([]string, 0, 8), members: make([]json.RawMessage, 0, 8)}
	for rest := v.raw[1:]; ; {
		var quoted, member json.RawMessage
		if quoted, rest = cut(rest); quoted == nil {
			return o, nil
		}
		member, rest = cut(rest)
		name := unquote(quoted)
		if o.place(name) >= 0 {
			return nil, o.Get(name[:min(len(name), maxName)]).Error("is there twice")
		}
		o.add(name, member)
	}
}

// cut returns the next value inside an array, or the next name or value inside an object, and what comes after it; nil
// at the end. What it cuts has been found valid: it only looks for where values end.
func cut(inside json.RawMessage) (value, rest json.RawMessage) {
	for separates(inside[0]) {
		inside = inside[1:]
	}
	end, depth := 0, 0
	for {
		switch inside[end] {
		case '"':
			for end++; inside[end] != '"'; end++ {
				if inside[end] == '\\' {
					end++
				}
			}
		case '[', '{':
			depth++
		case ']', '}':
			if end == 0 {
				return nil, nil
			}
			depth--
		default:
			for depth == 0 && !separates(inside[end+1]) && inside[end+1] != ']' && inside[end+1] != '}' {
				end++ // a number, true, false or null
			}
		}
		if end++; depth == 0 {
			return inside[:end], inside[end:]
		}
	}
}

// separates reports whether a character separates values.
func separates(c byte) bool { return c <= ' ' || c == ',' || c == ':' }

// unquote returns the text of a valid string.
func unquote(quoted json.RawMessage) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	_ = json.Unmarshal(quoted, &text)
	return text
}

// None returns an object without members, for an absent value.
func (v Value) None() *Object { return &Object{path: v.Path} }

// Get returns a member; a missing one has its path too.
func (o *Object) Get(name string) Value {
	path := name
	if o.path != "" {
		path = o.path + "." + name
	}
	if place := o.place(name); place >= 0 {
		return Value{path, o.members[place]}
	}
	return Value{Path: path}
}

// Misspelt returns an [*Error] for the first member whose name differs from a known one only in case; nil if there is
// none. Ignoring such a member would do something other than what was meant.
func (o *Object) Misspelt(known ...string) error {
	for _, name := range o.Names {
		for _, right := range known {
			if name != right && strings.EqualFold(name, right) {
				return o.Get(name).Error("is not the name of a field: write " + right)
			}
		}
	}
	return nil
}

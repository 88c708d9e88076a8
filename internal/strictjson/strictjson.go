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
	// raw is a part of the document's text.
	raw string
	// path leads to it; to a member of an object, from the object.
	path string
	in   *Object
}

// Path leads to the value. It is made only when it is asked for, which is seldom.
func (v Value) Path() string {
	if v.in == nil || v.in.path == "" {
		return v.path
	}
	return v.in.path + "." + v.path
}

// At returns the value under another path.
func (v Value) At(path string) Value { return Value{raw: v.raw, path: path} }

// Parse checks that data is a single JSON value, in valid UTF-8 and without unpaired surrogates. Its error is an
// [*Error].
func Parse(path string, data []byte) (Value, error) {
	v := Value{path: path}
	switch {
	case !utf8.Valid(data):
		return v, v.Error("is not valid UTF-8")
	case !json.Valid(data):
		return v, v.Error("is not valid JSON" + where(data))
	case halfCharacter(data):
		return v, v.Error("has half of a surrogate pair, which is no character")
	}
	v.raw = string(bytes.TrimSpace(data))
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
func (v Value) Error(rule string) *Error { return &Error{Path: v.Path(), Rule: rule} }

// Absent reports whether the value is missing or null.
func (v Value) Absent() bool { return v.raw == "" || v.raw == "null" }

// Raw returns the value as it was written. It is a part of the document, which it keeps in memory.
func (v Value) Raw() string { return v.raw }

// Text returns a string, and false for anything else.
func (v Value) Text() (text string, ok bool) {
	if v.Absent() || v.raw[0] != '"' {
		return "", false
	}
	return strings.Clone(unquote(v.raw)), true // an order must not keep the document in memory
}

// Bool returns true or false, and false for anything else.
func (v Value) Bool() (truth, ok bool) {
	return v.raw == "true", v.raw == "true" || v.raw == "false"
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
	elements, path := []Value{}, v.Path()
	for rest := v.raw[1:]; ; {
		var element string
		if element, rest = cut(rest); element == "" {
			return elements, true
		}
		elements = append(elements, Value{raw: element, path: path + "[" + strconv.Itoa(len(elements)) + "]"})
	}
}

// Object is a JSON object.
type Object struct {
	path    string
	members []member
	first   [few]member // where the members are, if there are few
	// places indexes the names of many members.
	places map[string]int
}

type member struct{ name, raw string }

// few is how many members an object has room for, and many how many a map finds faster than a scan.
const few, many = 8, 16

// Names returns the names of its members, in their order.
func (o *Object) Names() []string {
	names := make([]string, len(o.members))
	for i, member := range o.members {
		names[i] = member.name
	}
	return names
}

func (o *Object) place(name string) int {
	if o.places == nil {
		return slices.IndexFunc(o.members, func(m member) bool { return m.name == name })
	}
	if place, found := o.places[name]; found {
		return place
	}
	return -1
}

func (o *Object) add(name, raw string) {
	o.members = append(o.members, member{name, raw})
	if len(o.members) == many+1 {
		o.places = make(map[string]int, 2*many)
		for i, member := range o.members {
			o.places[member.name] = i
		}
	}
	if o.places != nil {
		o.places[name] = len(o.members) - 1
	}
}

// maxName limits the name in an error.
const maxName = 64

// Object returns an object. Its errors are [*Error]s: the value is not an object, or has a duplicate name.
func (v Value) Object() (*Object, error) {
	if v.Absent() || v.raw[0] != '{' {
		return nil, v.Error("is not an object")
	}
	o := &Object{path: v.Path()}
	o.members = o.first[:0]
	for rest := v.raw[1:]; ; {
		var quoted, member string
		if quoted, rest = cut(rest); quoted == "" {
			return o, nil
		}
		member, rest = cut(rest)
		name := unquote(quoted)
		if o.place(name) >= 0 {
			return nil, o.Get(name[:min(len(name), maxName)]).Error("appears twice")
		}
		o.add(name, member)
	}
}

// cut returns the next value inside an array, or the next name or value inside an object, and what comes after it;
// nothing at the end. What it cuts has been found valid: it only looks for where values end.
func cut(inside string) (value, rest string) {
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
				return "", ""
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

// unquote returns the text of a valid string, as a part of it if it can.
func unquote(quoted string) string {
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var text string
	_ = json.Unmarshal([]byte(quoted), &text)
	return text
}

// None returns an object without members, for an absent value.
func (v Value) None() *Object { return &Object{path: v.Path()} }

// Get returns a member; a missing one has its path too.
func (o *Object) Get(name string) Value {
	v := Value{path: name, in: o}
	if place := o.place(name); place >= 0 {
		v.raw = o.members[place].raw
	}
	return v
}

// Misspelt returns an [*Error] for the first member whose name differs from a known one only in case; nil if there is
// none. Ignoring such a member would do something other than what was meant.
func (o *Object) Misspelt(known ...string) error {
	for _, member := range o.members {
		for _, right := range known {
			if member.name != right && strings.EqualFold(member.name, right) {
				return o.Get(member.name).Error("is not the name of a field: write " + right)
			}
		}
	}
	return nil
}

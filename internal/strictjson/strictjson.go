// Package strictjson reads JSON exactly, so that no two readers can understand the same bytes differently: names are
// compared as they are written, a name that stands twice in an object is refused, and so is what is not text at all.
// encoding/json does none of this: it takes "Action" for "action", the last of two, and U+FFFD for whatever is
// broken.
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

// Error says which value breaks which rule. It never repeats the value.
type Error struct {
	// Path leads to the value, for instance "body.modifiers[0]"; empty for the document.
	Path string
	// Rule completes the sentence that begins with the path.
	Rule string
}

func (e *Error) Error() string { return strings.TrimSpace(e.Path + " " + e.Rule) }

// Value is a JSON value. The zero Value is one that is not there.
type Value struct {
	// Path leads to it.
	Path string
	raw  json.RawMessage
}

// Parse checks that data is one JSON value, in UTF-8 and without half characters. Its error is an [*Error].
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

// where says where the data stops being JSON.
func where(data []byte) string {
	var syntax *json.SyntaxError
	err := json.Unmarshal(data, new(json.RawMessage))
	if syntax, _ = err.(*json.SyntaxError); syntax == nil { //nolint:errorlint // encoding/json wraps nothing
		return ""
	}
	line := 1 + bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n"))
	return fmt.Sprintf(" (line %d: %s)", line, syntax.Error())
}

// halfCharacter finds an escape of one surrogate without the other. In valid JSON a backslash begins an escape.
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

// Absent reports whether there is no value, or null, which means the same.
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
	// Names are the names of its members, as they are written and in their order.
	Names   []string
	path    string
	members []json.RawMessage
	// places are those of the names, once there are more than few.
	places map[string]int
}

// few is how many names are looked through faster than looked up.
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

// maxName is how much of a name an error repeats.
const maxName = 64

// Object returns an object. Its errors are [*Error]s: something else than an object, or a name that stands twice.
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

// separates reports whether a character is between values.
func separates(c byte) bool { return c <= ' ' || c == ',' || c == ':' }

// unquote returns the text of a string that has been found valid.
func unquote(quoted json.RawMessage) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	_ = json.Unmarshal(quoted, &text)
	return text
}

// None returns an object without members in the place of a value that is absent.
func (v Value) None() *Object { return &Object{path: v.Path} }

// Get returns a member; one that is not there has a path all the same.
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

// Misspelt returns an [*Error] for the first member whose name is a known one but for the case of its letters, and
// nil when there is none. To pass over it would be to do something else than what was meant.
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

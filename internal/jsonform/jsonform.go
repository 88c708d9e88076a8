// Package jsonform writes JSON without reflection, for the few forms that every call answers with. Its output is that
// of [json.Marshal].
package jsonform

import (
	"encoding/json"
	"strconv"
)

// Form is an object being written.
type Form struct{ bytes []byte }

// New starts an object of about this many bytes.
func New(size int) Form { return Form{append(make([]byte, 0, size), '{')} }

// Bytes ends the object and returns it.
func (f *Form) Bytes() []byte { return append(f.bytes, '}') }

// Begin and End surround the members of a nested object.
func (f *Form) Begin(name string) { f.bytes = append(f.name(name), '{') }

// End ends the nested object that was started last.
func (f *Form) End() { f.bytes = append(f.bytes, '}') }

func (f *Form) name(name string) []byte {
	if last := f.bytes[len(f.bytes)-1]; last != '{' {
		f.bytes = append(f.bytes, ',')
	}
	return append(append(append(f.bytes, '"'), name...), '"', ':')
}

// Text writes a string.
func (f *Form) Text(name, value string) { f.bytes = Append(f.name(name), value) }

// Optional writes a string unless it is empty.
func (f *Form) Optional(name, value string) {
	if value != "" {
		f.Text(name, value)
	}
}

// Texts writes a list of strings; nil is an empty list.
func (f *Form) Texts(name string, values []string) {
	f.bytes = append(f.name(name), '[')
	for i, value := range values {
		if i > 0 {
			f.bytes = append(f.bytes, ',')
		}
		f.bytes = Append(f.bytes, value)
	}
	f.bytes = append(f.bytes, ']')
}

// Number writes a number.
func (f *Form) Number(name string, value int) {
	f.bytes = strconv.AppendInt(f.name(name), int64(value), 10)
}

// NumberText writes a number as a text.
func (f *Form) NumberText(name string, value int64) {
	f.bytes = append(strconv.AppendInt(append(f.name(name), '"'), value, 10), '"')
}

// Bool writes true or false.
func (f *Form) Bool(name string, value bool) { f.bytes = strconv.AppendBool(f.name(name), value) }

// Null writes null.
func (f *Form) Null(name string) { f.bytes = append(f.name(name), "null"...) }

// Append appends a JSON string.
func Append(b []byte, text string) []byte {
	before := len(b)
	b = append(b, '"')
	done := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"', c == '\\':
			b = append(append(b, text[done:i]...), '\\')
			done = i
		case c < ' ', c > '~', c == '<', c == '>', c == '&':
			quoted, _ := json.Marshal(text) // a string has no error
			return append(b[:before], quoted...)
		}
	}
	return append(append(b, text[done:]...), '"')
}

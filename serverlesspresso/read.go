package serverlesspresso

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/strictjson"
)

// parseObject parses a document that must be an object of at most limit bytes.
func parseObject(path string, data []byte, limit int) (*strictjson.Object, error) {
	if len(data) > limit {
		rule := fmt.Sprintf("is longer than %d bytes", limit)
		return nil, &ordermanager.RequestError{Field: path, Rule: rule}
	}
	v, err := strictjson.Parse(path, data)
	switch {
	case err != nil:
		return nil, refusal(err)
	case v.Raw()[0] != '{':
		return nil, refusal(v.Error("is not a JSON object"))
	}
	fields, err := v.At("").Object() // its fields are named without a path
	return fields, refusal(err)
}

// refusal turns an error of strictjson into an [*ordermanager.RequestError].
func refusal(err error) error {
	if bad, ok := errors.AsType[*strictjson.Error](err); ok {
		return &ordermanager.RequestError{Field: bad.Path, Rule: bad.Rule}
	}
	return err
}

// reader reads the fields of an object and keeps the first error.
type reader struct {
	fields *strictjson.Object
	err    error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) text(name string) string {
	v := r.fields.Get(name)
	text, ok := v.Text()
	if !ok && !v.Absent() {
		r.fail(v.Error("is not a string"))
	}
	return text
}

func (r *reader) required(name string) string {
	value := r.text(name)
	if value == "" {
		r.fail(r.fields.Get(name).Error("is required"))
	}
	return value
}

// flag reads a boolean that is only shown, which may be written as a text or a number.
func (r *reader) flag(name string) bool {
	v := r.fields.Get(name)
	if truth, ok := v.Bool(); ok {
		return truth
	}
	text, isText := v.Text()
	if number, isNumber := v.Number(); isNumber {
		text, isText = number.String(), true
	}
	switch strings.ToLower(text) {
	case "", "0", "false", "no":
		return false
	}
	return isText
}

// shown reads a text that is only shown: anything else is shown as its JSON.
func (r *reader) shown(name string) string {
	v := r.fields.Get(name)
	if text, ok := v.Text(); ok || v.Absent() {
		return text
	}
	return strings.Clone(v.Raw()) // what is shown must not keep the document in memory
}

// number reads what one dialect writes as a string and the other as a number, which DynamoDB limits to 38 digits.
func (r *reader) number(name string) string {
	v := r.fields.Get(name)
	if text, ok := v.Text(); ok || v.Absent() {
		return text
	}
	number, _ := v.Number()
	digits, ok := wholeNumber(number.String())
	if !ok {
		r.fail(v.Error("is neither a string nor a whole number of at most 38 digits"))
	}
	return digits
}

// wholeNumber returns the digits of a whole number, however JSON writes it: 7, 7.0, 7e3.
func wholeNumber(number string) (digits string, ok bool) {
	const most, bits = 38, 160 // 48 digits are exact
	if len(number) > most+10 {
		return "", false
	}
	f, _, err := big.ParseFloat(number, 10, bits, big.ToNearestEven)
	if err != nil || !f.IsInt() || f.MantExp(nil) > bits {
		return "", false
	}
	digits = f.Text('f', 0)
	return digits, len(digits) <= most
}

func (r *reader) time(name string) time.Time {
	text := r.text(name)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.fail(r.fields.Get(name).Error("is not a time in the form of RFC 3339"))
	}
	return at
}

// object opens a nested object; if it is absent or not an object, the reader is empty.
func (r *reader) object(name string) *reader {
	v := r.fields.Get(name)
	fields, err := v.Object()
	if err != nil {
		fields = v.None()
		if !v.Absent() {
			r.fail(err)
		}
	}
	return &reader{fields: fields}
}

package dynamostore

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// item is an item as DynamoDB sends it.
type item = map[string]types.AttributeValue

func str(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }
func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
func millis(at time.Time) types.AttributeValue { return num(at.UnixMilli()) }
func boolean(b bool) types.AttributeValue      { return &types.AttributeValueMemberBOOL{Value: b} }
func set(texts ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: texts} }
func dict(m item) types.AttributeValue         { return &types.AttributeValueMemberM{Value: m} }
func list(l ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: l}
}
func texts(all []string) types.AttributeValue {
	l := make([]types.AttributeValue, len(all))
	for i, text := range all {
		l[i] = str(text)
	}
	return list(l...)
}

// reader reads the attributes of one item and keeps the first problem that it meets.
type reader struct {
	item    item
	problem *ItemError
}

func (r *reader) fail(attribute, rule string) {
	if r.problem == nil {
		r.problem = &ItemError{Attribute: attribute, Rule: rule}
	}
}

// get returns an attribute. NULL counts as absent: SDKs of other languages write "none" like that.
func (r *reader) get(name string) types.AttributeValue {
	value := r.item[name]
	if _, null := value.(*types.AttributeValueMemberNULL); null {
		return nil
	}
	return value
}

// typed reads an attribute of one type, and reports whether it is there.
func typed[T types.AttributeValue](r *reader, name, want string) (value T, found bool) {
	raw := r.get(name)
	if raw == nil {
		return value, false
	}
	value, ok := raw.(T)
	if !ok {
		r.fail(name, "is not "+want)
	}
	return value, ok
}

func (r *reader) has(name string) bool { return r.get(name) != nil }

func (r *reader) text(name string) string {
	if s, ok := typed[*types.AttributeValueMemberS](r, name, "a string (S)"); ok {
		return s.Value
	}
	return ""
}

// required reads a text that must be there.
func (r *reader) required(name string) string {
	if !r.has(name) {
		r.fail(name, "is missing")
	}
	return r.text(name)
}

// number reads a whole number, also if another program wrote it as a decimal.
func (r *reader) number(name string) int64 {
	n, ok := typed[*types.AttributeValueMemberN](r, name, "a number (N)")
	if !ok {
		return 0
	}
	if whole, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
		return whole
	}
	decimal, err := strconv.ParseFloat(n.Value, 64)
	if err != nil || decimal > 1<<53 || decimal < -1<<53 {
		r.fail(name, "is not a whole number of moderate size")
		return 0
	}
	return int64(decimal)
}

// time reads milliseconds; zero if the attribute is absent.
func (r *reader) time(name string) time.Time {
	if !r.has(name) {
		return time.Time{}
	}
	return time.UnixMilli(r.number(name)).UTC()
}

// An attribute that is only displayed must not keep an order from being read. The next four accept whatever they find.

// shown reads a text, which may be written as a number.
func (r *reader) shown(name string) string { return plainText(r.get(name)) }

// shownTime reads milliseconds, which may be written as a text; zero if they cannot be read.
func (r *reader) shownTime(name string) time.Time {
	lenient := &reader{item: item{name: &types.AttributeValueMemberN{Value: r.shown(name)}}}
	if at := lenient.time(name); lenient.problem == nil {
		return at
	}
	return time.Time{}
}

// flag reads a boolean, which may be written as a text or a number.
func (r *reader) flag(name string) bool {
	if b, ok := r.get(name).(*types.AttributeValueMemberBOOL); ok {
		return b.Value
	}
	switch strings.ToLower(r.shown(name)) {
	case "", "0", "false", "no":
		return false
	}
	return true
}

// shownTexts reads a list or a set of texts.
func (r *reader) shownTexts(name string) []string {
	switch all := r.get(name).(type) {
	case *types.AttributeValueMemberSS:
		return slices.Clone(all.Value)
	case *types.AttributeValueMemberL:
		var texts []string
		for _, element := range all.Value {
			if text := plainText(element); text != "" {
				texts = append(texts, text)
			}
		}
		return texts
	}
	return nil
}

// plain is an attribute as encoding/json would decode it.
func plain(value types.AttributeValue) any {
	switch value := value.(type) {
	case *types.AttributeValueMemberS:
		return value.Value
	case *types.AttributeValueMemberN:
		return json.Number(value.Value)
	case *types.AttributeValueMemberBOOL:
		return value.Value
	case *types.AttributeValueMemberSS:
		return plainList(value.Value, func(text string) any { return text })
	case *types.AttributeValueMemberL:
		return plainList(value.Value, plain)
	case *types.AttributeValueMemberM:
		object := make(map[string]any, len(value.Value))
		for name, field := range value.Value {
			object[name] = plain(field)
		}
		return object
	case nil, *types.AttributeValueMemberNULL:
		return nil
	}
	return value // a number set or bytes, which nothing here reads
}

func plainList[T any](list []T, plain func(T) any) []any {
	all := make([]any, len(list))
	for i, element := range list {
		all[i] = plain(element)
	}
	return all
}

// plainText is the text of a text or number attribute; empty for anything else.
func plainText(value types.AttributeValue) string {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	}
	return ""
}

func plainToken(token ordermanager.TaskToken) types.AttributeValue { return str(token.Reveal()) }

func (r *reader) token(name string) ordermanager.TaskToken {
	if packed, ok := r.get(name).(*types.AttributeValueMemberB); ok {
		return ordermanager.NewTaskToken(base64.StdEncoding.EncodeToString(packed.Value))
	}
	return ordermanager.NewTaskToken(r.text(name))
}

func (r *reader) set(name string) []string {
	if s, ok := typed[*types.AttributeValueMemberSS](r, name, "a set of strings (SS)"); ok {
		return s.Value
	}
	return nil
}

func (r *reader) list(name string) []types.AttributeValue {
	if l, ok := typed[*types.AttributeValueMemberL](r, name, "a list (L)"); ok {
		return l.Value
	}
	return nil
}

// inside reads a map that is only displayed; it finds nothing in any other value.
func inside(value types.AttributeValue) *reader {
	if m, ok := value.(*types.AttributeValueMemberM); ok {
		return &reader{item: m.Value}
	}
	return &reader{}
}

package dynamostore

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

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

func (r *reader) get(name string) types.AttributeValue { return r.item[name] }

// without takes attributes that are NULL for attributes that are not there.
func (r *reader) without(names ...string) {
	for _, name := range names {
		if null, ok := r.item[name].(*types.AttributeValueMemberNULL); ok && null.Value {
			delete(r.item, name)
		}
	}
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
	if s, ok := typed[*types.AttributeValueMemberS](r, name, "a text (S)"); ok {
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

// number reads a whole number; it takes one that is written as a decimal, as other programs may.
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

// textOrNumber reads what one program writes as a text and another as a number.
func (r *reader) textOrNumber(name string) string {
	if n, ok := r.get(name).(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return r.text(name)
}

func (r *reader) boolean(name string) bool {
	b, ok := typed[*types.AttributeValueMemberBOOL](r, name, "a boolean (BOOL)")
	return ok && b.Value
}

// time reads milliseconds; zero if the attribute is not there.
func (r *reader) time(name string) time.Time {
	if !r.has(name) {
		return time.Time{}
	}
	return time.UnixMilli(r.number(name)).UTC()
}

func (r *reader) token(name string) ordermanager.TaskToken {
	return ordermanager.NewTaskToken(r.text(name))
}

func (r *reader) set(name string) []string {
	if s, ok := typed[*types.AttributeValueMemberSS](r, name, "a set of texts (SS)"); ok {
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

func (r *reader) texts(name string) []string {
	elements := r.list(name)
	if len(elements) == 0 {
		return nil
	}
	all := make([]string, len(elements))
	for i, element := range elements {
		s, ok := element.(*types.AttributeValueMemberS)
		if !ok {
			r.fail(name, "has an element that is not a text (S)")
			return nil
		}
		all[i] = s.Value
	}
	return all
}

// inside reads a map or an element of a list as if it were an item; what is wrong there is the fault of the attribute.
func (r *reader) inside(name string, value types.AttributeValue, read func(*reader)) {
	m, ok := value.(*types.AttributeValueMemberM)
	if !ok {
		r.fail(name, "is not a map (M)")
		return
	}
	inner := &reader{item: m.Value}
	read(inner)
	if inner.problem != nil {
		r.fail(name+"."+inner.problem.Attribute, inner.problem.Rule)
	}
}

package dynamostore

import (
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// update collects the clauses of one UpdateItem. The names of our attributes are chosen so that none is a reserved word
// ("Reserved words in DynamoDB" in the Amazon DynamoDB Developer Guide) and expressions need no placeholders for names.
type update struct {
	sets, removes, adds, deletes clause
	conditions                   clause
	values                       item
	// numbered counts the values with a number as their placeholder; those that name a type are placeholders by that name.
	numbered int
}

// clause is a part of an expression: a list, with separators.
type clause []byte

func (c *clause) add(separator string, parts ...string) {
	if len(*c) > 0 {
		*c = append(*c, separator...)
	}
	for _, part := range parts {
		*c = append(*c, part...)
	}
}

func newUpdate() *update {
	return &update{sets: make(clause, 0, 256), conditions: make(clause, 0, 256), values: make(item, 24)}
}

// placeholders are made once, because every update uses the same ones.
var placeholders = func() (names [64]string) {
	for i := range names {
		names[i] = ":" + strconv.Itoa(i)
	}
	return names
}()

// value returns the placeholder of a value.
func (u *update) value(v types.AttributeValue) string {
	name := ":" + strconv.Itoa(u.numbered)
	if u.numbered < len(placeholders) {
		name = placeholders[u.numbered]
	}
	u.numbered++
	u.values[name] = v
	return name
}

// list returns the placeholders of several texts, as they stand in an IN.
func (u *update) list(texts ...string) string {
	names := make([]string, len(texts))
	for i, text := range texts {
		names[i] = u.value(str(text))
	}
	return "(" + strings.Join(names, ",") + ")"
}

func (u *update) set(name string, v types.AttributeValue) { u.setTo(name, u.value(v)) }
func (u *update) setTo(name string, expression ...string) {
	u.sets.add(", ", name, " = ")
	for _, part := range expression {
		u.sets = append(u.sets, part...)
	}
}
func (u *update) add(name string, v types.AttributeValue) { u.adds.add(", ", name, " ", u.value(v)) }
func (u *update) take(name string, v types.AttributeValue) {
	u.deletes.add(", ", name, " ", u.value(v))
}
func (u *update) remove(names ...string) {
	for _, name := range names {
		u.removes.add(", ", name)
	}
}

// takeToken removes a token, if the attribute still holds it. seen is the current item, if it is known.
func (u *update) takeToken(
	name string, token ordermanager.TaskToken, write func(ordermanager.TaskToken) types.AttributeValue, seen item,
) {
	if token.IsZero() || seen != nil && !(&reader{item: seen}).token(name).Equal(token) {
		return
	}
	if seen != nil { // an earlier version may have written the token in another form
		u.requireEqual(name, seen[name])
	} else {
		u.requireEqual(name, write(token))
	}
	u.remove(name)
}

// require adds a condition, written in parts; all conditions must hold.
func (u *update) require(parts ...string) { u.conditions.add(" AND ", parts...) }
func (u *update) requireEqual(name string, v types.AttributeValue) {
	u.require(name, " = ", u.value(v))
}

// requireAny adds a condition: at least one of the parts must hold.
func (u *update) requireAny(parts ...string) { u.require(anyOf(parts...)) }

// anyOf avoids parentheses around parentheses, which DynamoDB refuses.
func anyOf(parts ...string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// kind is the condition that an attribute is of a type.
func (u *update) kind(name, kind string) string {
	u.values[":"+kind] = str(kind)
	return "attribute_type(" + name + ", :" + kind + ")"
}

// absent lists the conditions under which an attribute counts as absent: it is missing or NULL.
func (u *update) absent(name string) []string { return []string{missing(name), u.kind(name, "NULL")} }

// present is the opposite of absent.
func (u *update) present(name string) string { return allOf(exists(name), "NOT "+u.kind(name, "NULL")) }

// requireOptional requires that attributes of our own are missing or of a type.
func (u *update) requireOptional(kind string, names ...string) {
	for _, name := range names {
		u.requireAny(missing(name), u.kind(name, kind))
	}
}

// requireNullable requires that attributes are of a type or absent.
func (u *update) requireNullable(kind string, names ...string) {
	for _, name := range names {
		u.requireAny(append(u.absent(name), u.kind(name, kind))...)
	}
}

// soundness is the part of the condition that every transition shares: it requires what decode requires. So an item
// that decode cannot read refuses the write, and is not overwritten.
type soundness struct {
	condition string
	values    item
}

func newSoundness(build func(*update)) *soundness {
	u := newUpdate()
	build(u)
	return &soundness{string(u.conditions), u.values}
}

func (u *update) requireSound(s *soundness) {
	u.require(s.condition)
	maps.Copy(u.values, s.values)
}

func allOf(parts ...string) string { return "(" + strings.Join(parts, " AND ") + ")" }

// never is a condition that never holds.
func never(name string) string { return allOf(exists(name), missing(name)) }

func exists(name string) string  { return "attribute_exists(" + name + ")" }
func missing(name string) string { return "attribute_not_exists(" + name + ")" }

// changes reports whether the update does anything.
func (u *update) changes() bool {
	return len(u.sets)+len(u.removes)+len(u.adds)+len(u.deletes) > 0
}

func (u *update) input(table string, key item, values types.ReturnValue) *dynamodb.UpdateItemInput {
	whole := make(clause, 0, 512)
	for _, part := range [...]struct {
		keyword string
		clause  clause
	}{{"SET ", u.sets}, {"REMOVE ", u.removes}, {"ADD ", u.adds}, {"DELETE ", u.deletes}} {
		if len(part.clause) > 0 {
			whole.add(" ", part.keyword)
			whole = append(whole, part.clause...)
		}
	}
	expression, condition := string(whole), string(u.conditions)
	input := &dynamodb.UpdateItemInput{
		TableName:                           &table,
		Key:                                 key,
		UpdateExpression:                    &expression,
		ConditionExpression:                 &condition,
		ReturnValues:                        values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if len(u.values) > 0 { // DynamoDB refuses an empty map
		input.ExpressionAttributeValues = u.values
	}
	return input
}

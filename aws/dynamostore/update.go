package dynamostore

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// update collects the clauses of one UpdateItem. The names of our attributes are chosen so that none is a reserved word
// ("Reserved words in DynamoDB" in the Amazon DynamoDB Developer Guide) and expressions need no placeholders for names.
type update struct {
	sets, removes, adds, deletes clause
	conditions                   clause
	values                       item
}

type clause []string

func newUpdate() *update { return &update{values: make(item, 24)} }

// value returns the placeholder of a value.
func (u *update) value(v types.AttributeValue) string {
	name := ":" + strconv.Itoa(len(u.values))
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
func (u *update) setTo(name, expression string)           { u.sets = append(u.sets, name+" = "+expression) }
func (u *update) remove(names ...string)                  { u.removes = append(u.removes, names...) }
func (u *update) add(name string, v types.AttributeValue) {
	u.adds = append(u.adds, name+" "+u.value(v))
}
func (u *update) take(name string, v types.AttributeValue) {
	u.deletes = append(u.deletes, name+" "+u.value(v))
}

// require adds a condition; all must hold.
func (u *update) require(condition string) { u.conditions = append(u.conditions, condition) }
func (u *update) requireEqual(name string, v types.AttributeValue) {
	u.require(name + " = " + u.value(v))
}

// requireAny adds a condition of which one part must hold.
func (u *update) requireAny(parts ...string) { u.require(anyOf(parts...)) }

// anyOf takes care not to put parentheses around parentheses, which DynamoDB refuses.
func anyOf(parts ...string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

func allOf(parts ...string) string { return "(" + strings.Join(parts, " AND ") + ")" }
func exists(name string) string    { return "attribute_exists(" + name + ")" }
func missing(name string) string   { return "attribute_not_exists(" + name + ")" }

// changes reports whether the update does anything.
func (u *update) changes() bool {
	return len(u.sets)+len(u.removes)+len(u.adds)+len(u.deletes) > 0
}

func (u *update) input(table string, key item, values types.ReturnValue) *dynamodb.UpdateItemInput {
	var b strings.Builder
	b.Grow(512)
	for _, part := range [...]struct {
		keyword string
		clause  clause
	}{{"SET ", u.sets}, {" REMOVE ", u.removes}, {" ADD ", u.adds}, {" DELETE ", u.deletes}} {
		if len(part.clause) > 0 {
			b.WriteString(part.keyword)
			part.clause.write(&b, ", ")
		}
	}
	expression := b.String()
	var c strings.Builder
	c.Grow(512)
	u.conditions.write(&c, " AND ")
	condition := c.String()
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

func (c clause) write(b *strings.Builder, separator string) {
	for i, part := range c {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(part)
	}
}

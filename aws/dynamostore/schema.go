package dynamostore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The indexes. Those of the sample have the sample's names.
const (
	boardIndex       = "board"
	customerIndex    = "customer"
	placeIndex       = "venues"
	owingIndex       = "owing" // of earlier versions
	statusIndex      = "GSI-status"
	userIndex        = "GSI-userId"
	timeIndex        = "LSI-timestamp"
	sampleOwingIndex = "om-owing"
)

// schema is what a table must be like.
type schema struct {
	key     keys
	indexes []index
	// expires is the attribute of the time to live.
	expires string
	// stream says who reads the table's stream.
	stream string
}

// keys are a partition key and a sort key, which may be empty.
type keys struct{ hash, sort key }

type key struct {
	name string
	kind types.ScalarAttributeType
}

type index struct {
	name string
	keys keys
	// local indexes share the table's partition key.
	local bool
	// projects lists what is projected beside the keys: nothing if it is empty, everything if it is nil.
	projects []string
	// optional says what the index is for, if orders work without it; empty if it is required.
	optional string
}

func textKey(name string) key { return key{name, types.ScalarAttributeTypeS} }

func numberKey(name string) key { return key{name, types.ScalarAttributeTypeN} }

func (s schema) input(table string) *dynamodb.CreateTableInput {
	input := &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		KeySchema: s.key.elements(), AttributeDefinitions: definitions(s.key),
	}
	for _, i := range s.indexes {
		for _, definition := range definitions(i.keys) {
			if !slices.ContainsFunc(input.AttributeDefinitions, func(d types.AttributeDefinition) bool {
				return *d.AttributeName == *definition.AttributeName
			}) {
				input.AttributeDefinitions = append(input.AttributeDefinitions, definition)
			}
		}
		if i.local {
			input.LocalSecondaryIndexes = append(input.LocalSecondaryIndexes, types.LocalSecondaryIndex{
				IndexName: &i.name, KeySchema: i.keys.elements(), Projection: i.projection(),
			})
		} else {
			input.GlobalSecondaryIndexes = append(input.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
				IndexName: &i.name, KeySchema: i.keys.elements(), Projection: i.projection(),
			})
		}
	}
	input.StreamSpecification = streaming()
	return input
}

// streaming is the stream that we give a table.
func streaming() *types.StreamSpecification {
	enabled := true
	return &types.StreamSpecification{StreamEnabled: &enabled, StreamViewType: types.StreamViewTypeNewAndOldImages}
}

func (k keys) elements() []types.KeySchemaElement {
	elements := []types.KeySchemaElement{{AttributeName: &k.hash.name, KeyType: types.KeyTypeHash}}
	if k.sort.name != "" {
		elements = append(elements, types.KeySchemaElement{AttributeName: &k.sort.name, KeyType: types.KeyTypeRange})
	}
	return elements
}

func definitions(k keys) []types.AttributeDefinition {
	all := []types.AttributeDefinition{{AttributeName: &k.hash.name, AttributeType: k.hash.kind}}
	if k.sort.name != "" {
		all = append(all, types.AttributeDefinition{AttributeName: &k.sort.name, AttributeType: k.sort.kind})
	}
	return all
}

func (i index) projection() *types.Projection {
	switch {
	case i.projects == nil:
		return &types.Projection{ProjectionType: types.ProjectionTypeAll}
	case len(i.projects) == 0:
		return &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	}
	return &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: i.projects}
}

// Difference is one respect in which a table is not what its layout needs.
type Difference struct {
	// Subject is what differs, for instance "index owing".
	Subject string
	// Want and Have say how; Have is "missing" for what is not there.
	Want, Have string
	// Required is true when orders do not work without it.
	Required bool
	// For says what needs it, if Required is false.
	For string
}

// String explains the difference to people.
func (d Difference) String() string {
	text := fmt.Sprintf("%s: is %s, must be %s", d.Subject, d.Have, d.Want)
	if !d.Required {
		text += " (only for " + d.For + ")"
	}
	return text
}

func (s schema) compare(table *types.TableDescription, expiry *types.TimeToLiveDescription) []Difference {
	var all []Difference
	differ := func(subject, want, have, optional string) {
		if want != have {
			all = append(all, Difference{
				Subject: subject, Want: want, Have: cmp.Or(have, "missing"), Required: optional == "", For: optional,
			})
		}
	}
	kinds := map[string]string{}
	for _, d := range table.AttributeDefinitions {
		kinds[*d.AttributeName] = string(d.AttributeType)
	}
	differ("key", s.key.String(), keyText(table.KeySchema, kinds), "")
	have := indexesOf(table)
	for _, i := range s.indexes {
		name := "index " + i.name
		there, ok := have[i.name]
		if !ok {
			differ(name, i.kind()+" index "+i.keys.String()+", "+i.projectionText(), "", i.optional)
			continue
		}
		differ(name+", kind", i.kind(), there.kind, i.optional)
		differ(name+", key", i.keys.String(), keyText(there.keys, kinds), i.optional)
		if lacks := i.lacks(there.projection); lacks != "" {
			differ(name+", projection", i.projectionText(), lacks, i.optional)
		}
		if there.status != "" {
			differ(name+", status", string(types.IndexStatusActive), there.status, i.optional)
		}
	}
	expires := ""
	if expiry != nil && expiry.AttributeName != nil &&
		(expiry.TimeToLiveStatus == types.TimeToLiveStatusEnabled ||
			expiry.TimeToLiveStatus == types.TimeToLiveStatusEnabling) {
		expires = "on attribute " + *expiry.AttributeName
	}
	differ("time to live", "on attribute "+s.expires, expires, "deleting finished orders")
	differ("stream", string(types.StreamViewTypeNewAndOldImages), viewOf(table), s.stream)
	return all
}

// viewOf is what the stream of a table shows; empty without one.
func viewOf(table *types.TableDescription) string {
	if spec := table.StreamSpecification; spec != nil && spec.StreamEnabled != nil && *spec.StreamEnabled {
		return string(spec.StreamViewType)
	}
	return ""
}

// existing is an index as it is.
type existing struct {
	kind, status string
	keys         []types.KeySchemaElement
	projection   *types.Projection
}

func indexesOf(table *types.TableDescription) map[string]existing {
	all := map[string]existing{}
	for _, g := range table.GlobalSecondaryIndexes {
		all[*g.IndexName] = existing{"global", string(g.IndexStatus), g.KeySchema, g.Projection}
	}
	for _, l := range table.LocalSecondaryIndexes {
		all[*l.IndexName] = existing{"local", "", l.KeySchema, l.Projection}
	}
	return all
}

func (i index) kind() string {
	if i.local {
		return "local"
	}
	return "global"
}

func (i index) projectionText() string {
	switch {
	case i.projects == nil:
		return "projecting everything"
	case len(i.projects) == 0:
		return "projecting keys only"
	}
	return "projecting " + strings.Join(i.projects, " ")
}

// lacks says what a projection has, if that is less than needed.
func (i index) lacks(have *types.Projection) string {
	switch {
	case have == nil:
		return "unknown"
	case have.ProjectionType == types.ProjectionTypeAll, i.projects != nil && len(i.projects) == 0:
		return ""
	case have.ProjectionType == types.ProjectionTypeKeysOnly:
		return "projecting keys only"
	case i.projects == nil || slices.ContainsFunc(i.projects, func(name string) bool {
		return !slices.Contains(have.NonKeyAttributes, name)
	}):
		return "projecting " + strings.Join(have.NonKeyAttributes, " ")
	}
	return ""
}

// String writes keys as name (type), and the sort key after the partition key.
func (k keys) String() string {
	text := fmt.Sprintf("%s (%s)", k.hash.name, k.hash.kind)
	if k.sort.name != "" {
		text += fmt.Sprintf(" and %s (%s)", k.sort.name, k.sort.kind)
	}
	return text
}

func keyText(elements []types.KeySchemaElement, kinds map[string]string) string {
	var k keys
	for _, e := range elements {
		part := key{*e.AttributeName, types.ScalarAttributeType(kinds[*e.AttributeName])}
		if e.KeyType == types.KeyTypeHash {
			k.hash = part
		} else {
			k.sort = part
		}
	}
	return k.String()
}

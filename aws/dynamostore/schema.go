package dynamostore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The indexes. Those of the sample have the sample's names.
const (
	boardIndex       = "board"
	customerIndex    = "customer"
	placeIndex       = "venues"
	owingIndex       = "owing" // of before
	statusIndex      = "GSI-status"
	userIndex        = "GSI-userId"
	timeIndex        = "LSI-timestamp"
	sampleOwingIndex = "om-owing"
)

// AdminAPI is what the functions that look after tables call. A *dynamodb.Client has it.
type AdminAPI interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	UpdateTable(context.Context, *dynamodb.UpdateTableInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTableOutput, error)
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
	UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error)
}

// schema is what a table must be like.
type schema struct {
	key     keys
	indexes []index
	// expires is the attribute of the time to live.
	expires string
	// stream says what listens to the table's stream.
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
	// projects lists what is projected beside the keys; empty is nothing, nil is everything.
	projects []string
	// optional says what an index is for that orders can do without; empty for one that is required.
	optional string
}

func textKey(name string) key   { return key{name, types.ScalarAttributeTypeS} }
func numberKey(name string) key { return key{name, types.ScalarAttributeTypeN} }

func (l native) schema() schema {
	keysOnly := func(name string, hash, sort key) index {
		return index{name: name, keys: keys{hash, sort}, projects: []string{}}
	}
	created := numberKey(nativeCreated)
	return schema{
		key: keys{hash: textKey(nativeID)},
		indexes: []index{
			keysOnly(boardIndex, textKey(nativeBoard), textKey(nativePlace)),
			keysOnly(customerIndex, textKey(nativeCustomer), created),
			keysOnly(placeIndex, textKey(nativeVenueShard), created),
		},
		expires: nativeRecord.expires,
		stream:  "telling of changes",
	}
}

func (l sample) schema() schema {
	id := textKey(sampleID)
	return schema{
		key: keys{textKey(samplePartition), id},
		indexes: []index{
			{name: timeIndex, keys: keys{textKey(samplePartition), numberKey(sampleTime)}, local: true, optional: "the sample's own functions"},
			{name: statusIndex, keys: keys{textKey(sampleState), id}},
			{name: userIndex, keys: keys{textKey(sampleCustomer), id}},
			{
				name: sampleOwingIndex, keys: keys{numberKey(sampleRecord.owing), id}, projects: l.listedAttributes(),
				optional: "redrive",
			},
		},
		expires: sampleRecord.expires,
		stream:  "the sample's own functions and telling of changes",
	}
}

// Schema returns what a table of the layout must be like, on demand and with every index, for [Create] or for an
// infrastructure template. It panics if the layout is none of [Layouts].
func Schema(l Layout, table string) *dynamodb.CreateTableInput {
	layout, err := layoutOf(l)
	if err != nil {
		panic(err)
	}
	return layout.schema().input(table)
}

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

// streaming is how a table streams.
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
	// For says what needs it, when it is not required.
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

// ErrDifferent is returned by [Create] for a table that exists and is not what the layout needs.
var ErrDifferent = errors.New("the table is not what the layout needs")

// pollEvery is how long to wait between two looks at a table that is changing.
const pollEvery = time.Second

// Create creates a table of the layout, switches its time to live on, and waits until table and indexes are active,
// which takes about half a minute on AWS. A table that is there already is left as it is: if it is what the layout
// needs, that is a success, and otherwise [ErrDifferent] with every difference that is required. Other errors are
// [*Error]s, and that of a context that is done while it waits; calling it again continues.
func Create(ctx context.Context, client AdminAPI, l Layout, table string) error {
	layout, err := layoutOf(l)
	if err != nil {
		return err
	}
	_, err = client.CreateTable(ctx, layout.schema().input(table))
	if _, exists := errors.AsType[*types.ResourceInUseException](err); err != nil && !exists {
		return wrapAdmin("CreateTable", table, err)
	} else if exists {
		if err := waitUntilActive(ctx, client, table); err != nil {
			return err
		}
		differences, err := Check(ctx, client, l, table)
		if err != nil {
			return err
		}
		differences = slices.DeleteFunc(differences, func(d Difference) bool { return !d.Required })
		if len(differences) > 0 {
			return fmt.Errorf("%w: table %s: %s", ErrDifferent, table, join(differences))
		}
		return nil
	}
	if err := waitUntilActive(ctx, client, table); err != nil {
		return err
	}
	return enableExpiry(ctx, client, layout.schema(), table)
}

func join(differences []Difference) string {
	all := make([]string, len(differences))
	for i, d := range differences {
		all[i] = d.String()
	}
	return strings.Join(all, "; ")
}

func enableExpiry(ctx context.Context, client AdminAPI, s schema, table string) error {
	enabled := true
	_, err := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               &table,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: &s.expires, Enabled: &enabled},
	})
	return wrapAdmin("UpdateTimeToLive", table, err)
}

// AddOwingIndex adds to a table of the sample the one index that it lacks, om-owing (partition key om_ow, a number;
// sort key SK; it is sparse: only orders that owe a delivery are in it), and waits until it is active. DynamoDB fills
// it in the background meanwhile. It does nothing when the index is there, and for the layout [Native], which needs
// none. Errors as of [Create].
func AddOwingIndex(ctx context.Context, client AdminAPI, l Layout, table string) error {
	layout, err := layoutOf(l)
	if err != nil {
		return err
	}
	described, err := describeTable(ctx, client, table)
	if err != nil {
		return err
	}
	s := layout.schema()
	at := slices.IndexFunc(s.indexes, func(i index) bool { return i.name == sampleOwingIndex })
	if at < 0 {
		return nil
	}
	owing := s.indexes[at]
	if !slices.ContainsFunc(described.GlobalSecondaryIndexes, func(g types.GlobalSecondaryIndexDescription) bool {
		return *g.IndexName == owing.name
	}) {
		_, err = client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
			TableName: &table, AttributeDefinitions: definitions(owing.keys),
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
				IndexName: &owing.name, KeySchema: owing.keys.elements(), Projection: owing.projection(),
			}}},
		})
		if err != nil {
			return wrapAdmin("UpdateTable", table, err)
		}
	}
	return waitUntilActive(ctx, client, table)
}

func waitUntilActive(ctx context.Context, client AdminAPI, table string) error {
	for {
		described, err := describeTable(ctx, client, table)
		// For a moment after it was created, a table may not be found.
		if err != nil && !errors.Is(err, ErrNoTable) {
			return err
		}
		if err == nil && active(described) {
			return nil
		}
		timer := time.NewTimer(pollEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("waiting until table %s is active: %w", table, ctx.Err())
		case <-timer.C:
		}
	}
}

func active(table *types.TableDescription) bool {
	return table.TableStatus == types.TableStatusActive &&
		!slices.ContainsFunc(table.GlobalSecondaryIndexes, func(g types.GlobalSecondaryIndexDescription) bool {
			return g.IndexStatus != types.IndexStatusActive
		})
}

func describeTable(ctx context.Context, client AdminAPI, table string) (*types.TableDescription, error) {
	output, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return nil, wrapAdmin("DescribeTable", table, err)
	}
	return output.Table, nil
}

func wrapAdmin(op, table string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Table: table, Kind: kindOf(err), Err: err}
}

// Check compares a table with what the layout needs and returns every difference, those that are required first. More
// indexes than needed are none. Errors are [*Error]s; a table that does not exist is [ErrNoTable].
func Check(ctx context.Context, client AdminAPI, l Layout, table string) ([]Difference, error) {
	layout, err := layoutOf(l)
	if err != nil {
		return nil, err
	}
	described, err := describeTable(ctx, client, table)
	if err != nil {
		return nil, err
	}
	expiry, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &table})
	if err != nil {
		return nil, wrapAdmin("DescribeTimeToLive", table, err)
	}
	differences := layout.schema().compare(described, expiry.TimeToLiveDescription)
	slices.SortStableFunc(differences, func(a, b Difference) int { return cmp.Compare(rankOf(a), rankOf(b)) })
	return differences, nil
}

func rankOf(d Difference) int {
	if d.Required {
		return 0
	}
	return 1
}

func (s schema) compare(table *types.TableDescription, expiry *types.TimeToLiveDescription) []Difference {
	var all []Difference
	differ := func(subject, want, have, optional string) {
		if want != have {
			all = append(all, Difference{Subject: subject, Want: want, Have: cmp.Or(have, "missing"), Required: optional == "", For: optional})
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
		(expiry.TimeToLiveStatus == types.TimeToLiveStatusEnabled || expiry.TimeToLiveStatus == types.TimeToLiveStatusEnabling) {
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

// lacks says what a projection has when it is less than needed.
func (i index) lacks(have *types.Projection) string {
	switch {
	case have == nil:
		return "unknown"
	case have.ProjectionType == types.ProjectionTypeAll, i.projects != nil && len(i.projects) == 0:
		return ""
	case have.ProjectionType == types.ProjectionTypeKeysOnly:
		return "projecting keys only"
	case i.projects == nil || slices.ContainsFunc(i.projects, func(name string) bool { return !slices.Contains(have.NonKeyAttributes, name) }):
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

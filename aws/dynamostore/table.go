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

// AdminAPI is what [Create], [Check] and [AddOwingIndex] call. A *dynamodb.Client has it.
type AdminAPI interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (
		*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (
		*dynamodb.DescribeTableOutput, error)
	UpdateTable(context.Context, *dynamodb.UpdateTableInput, ...func(*dynamodb.Options)) (
		*dynamodb.UpdateTableOutput, error)
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (
		*dynamodb.DescribeTimeToLiveOutput, error)
	UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (
		*dynamodb.UpdateTimeToLiveOutput, error)
}

// Schema returns the request that creates a table of the layout, billed on demand and with every index, for [Create] or
// for an infrastructure template. It panics if the layout is not one of [Layouts].
func Schema(l Layout, table string) *dynamodb.CreateTableInput {
	layout, err := layoutOf(l)
	if err != nil {
		panic(err)
	}
	return layout.schema().input(table)
}

// ErrDifferent is returned by [Create] for an existing table that is not what the layout needs.
var ErrDifferent = errors.New("the table is not what the layout needs")

// pollEvery is how long to wait between two looks at a table that is changing.
const pollEvery = time.Second

// Create creates a table of the layout, waits until the table and its indexes are active, which takes about half a
// minute on AWS, and switches the time to live on. An existing table is left as it is: Create succeeds if it is what
// the layout needs, and otherwise returns [ErrDifferent] with every required difference. Other errors are [*Error]s, or
// that of a context that is done while it waits; calling it again continues.
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
// sort key SK; sparse: it has only the orders that owe a delivery), and waits until DynamoDB has filled it. If the
// index exists it only waits, and for the layout [Native], which needs none, it does nothing. The errors are those of
// [Create], except [ErrDifferent].
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
		// A table may not be found for a moment after its creation.
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

// Check compares a table with what the layout needs and returns every difference, required ones first. Additional
// indexes are no difference. Errors are [*Error]s; a table that does not exist is [ErrNoTable].
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

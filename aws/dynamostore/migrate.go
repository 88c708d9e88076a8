package dynamostore

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// MigrateAPI is what [Migrate] calls. A *dynamodb.Client has it.
type MigrateAPI interface {
	AdminAPI
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
}

// Progress is how far a migration has come.
type Progress struct {
	// Step says what is being done.
	Step string
	// Visited is how many items were looked at in this step, and Written how many of them had to be written.
	Visited, Written int
	// Skipped is a broken item that was passed over, and Err says why; empty in other reports.
	Skipped string
	Err     error
}

// Migrate brings a table in the layout [Native] up to date: it adds the indexes that the table lacks, writes to each
// item the attributes that they need, switches the stream on, and deletes the indexes that are no longer needed. It
// reads every item once; a broken one is passed over and reported.
//
// Orders can be acted on meanwhile; listings are complete when it is done. It can be stopped at any time and called
// again, also by several processes at once: what is done is not done again. Run it when every process runs this
// version: earlier ones need the index owing, and their listings do not show what this version writes.
//
// progress, which may be nil, is called before each change of the table and after each page of items. Errors are
// [*Error]s, or the error of a context that is done.
func Migrate(ctx context.Context, client MigrateAPI, table string, progress func(Progress)) error {
	if progress == nil {
		progress = func(Progress) {}
	}
	for _, wanted := range (native{}).schema().indexes {
		if err := addIndex(ctx, client, table, &wanted, progress); err != nil {
			return err
		}
	}
	if err := upgradeItems(ctx, client, table, progress); err != nil {
		return err
	}
	if err := switchStreamOn(ctx, client, table, progress); err != nil {
		return err
	}
	for _, old := range []string{"state", "venue", owingIndex} {
		if err := deleteIndex(ctx, client, table, old, progress); err != nil {
			return err
		}
	}
	return nil
}

// switchStreamOn gives the table a stream, if it has none. A stream of another kind stays: somebody may use it.
func switchStreamOn(ctx context.Context, client AdminAPI, table string, progress func(Progress)) error {
	described, err := describeTable(ctx, client, table)
	if err != nil || viewOf(described) != "" {
		return err
	}
	progress(Progress{Step: "switching the stream on"})
	if _, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: &table, StreamSpecification: streaming(),
	}); err != nil {
		return wrapAdmin("UpdateTable", table, err)
	}
	return waitUntilActive(ctx, client, table)
}

// addIndex adds an index, if the table lacks it, and waits until it is active.
func addIndex(ctx context.Context, client AdminAPI, table string, wanted *index, progress func(Progress)) error {
	there, err := hasIndex(ctx, client, table, wanted.name)
	if err != nil {
		return err
	}
	if !there {
		progress(Progress{Step: "adding the index " + wanted.name})
		_, err = client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
			TableName: &table, AttributeDefinitions: definitions(wanted.keys),
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
				IndexName: &wanted.name, KeySchema: wanted.keys.elements(), Projection: wanted.projection(),
			}}},
		})
		if err != nil {
			return wrapAdmin("UpdateTable", table, err)
		}
	}
	return waitUntilActive(ctx, client, table)
}

// deleteIndex deletes an index that nothing reads, if the table has it, and waits until it is gone.
func deleteIndex(ctx context.Context, client AdminAPI, table, name string, progress func(Progress)) error {
	there, err := hasIndex(ctx, client, table, name)
	if err != nil || !there {
		return err
	}
	progress(Progress{Step: "deleting the index " + name})
	if _, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: &table,
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{
			Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: &name},
		}},
	}); err != nil {
		return wrapAdmin("UpdateTable", table, err)
	}
	return waitUntilActive(ctx, client, table)
}

func hasIndex(ctx context.Context, client AdminAPI, table, name string) (bool, error) {
	described, err := describeTable(ctx, client, table)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(described.GlobalSecondaryIndexes, func(g types.GlobalSecondaryIndexDescription) bool {
		return *g.IndexName == name
	}), nil
}

// upgradeItems adds to each item of an earlier version the attributes that the indexes need.
func upgradeItems(ctx context.Context, client MigrateAPI, table string, progress func(Progress)) error {
	report := Progress{Step: "writing what the indexes read"}
	store := &Store{table: table, layout: native{}}
	filter := newUpdate()
	filter.requireAny(missing(nativeBoard), misplaced(filter))
	condition := string(filter.conditions)
	var next item
	for {
		output, err := client.Scan(ctx, &dynamodb.ScanInput{
			TableName: &table, ExclusiveStartKey: next,
			FilterExpression: &condition, ExpressionAttributeValues: filter.values,
		}, repeatConflicts)
		if err != nil {
			return wrapAdmin("Scan", table, err)
		}
		for _, found := range output.Items {
			before, err := store.decode(found, false)
			if err != nil {
				broken := report
				broken.Skipped, broken.Err = orderIDOf(found), err
				progress(broken)
				continue
			}
			written, err := upgradeItem(ctx, client, table, before, found)
			if err != nil {
				return err
			}
			report.Written += written
		}
		report.Visited += int(output.ScannedCount)
		progress(report)
		if next = output.LastEvaluatedKey; len(next) == 0 {
			return nil
		}
	}
}

// misplaced is the condition that an order owes something and is not filed with the unfinished ones.
func misplaced(u *update) string {
	var places []string
	for shard := range int64(shards) {
		places = append(places, spread("", shard))
	}
	return allOf(exists(nativeRecord.owing), "NOT "+nativeBoard+" IN "+u.list(places...))
}

// upgradeItem writes one item. If somebody has acted on it in the meantime, that write has upgraded it already.
func upgradeItem(
	ctx context.Context, client MigrateAPI, table string, before *ordermanager.Order, found item,
) (written int, err error) {
	u := newUpdate()
	if found[nativeBoard] == nil {
		nativeUpgrade(u, &ordermanager.Transition{OrderID: before.ID}, before, found)
	} else {
		u.require(misplaced(u))
		u.set(nativeBoard, str(unfinished(before.ID)))
	}
	_, err = client.UpdateItem(ctx, u.input(table, native{}.key(before.ID), types.ReturnValueNone), repeatConflicts)
	if _, changed := errors.AsType[*types.ConditionalCheckFailedException](err); changed {
		return 0, nil
	}
	if err != nil {
		return 0, &Error{Op: "UpdateItem", Table: table, OrderID: before.ID, Kind: kindOf(err), Err: err}
	}
	return 1, nil
}

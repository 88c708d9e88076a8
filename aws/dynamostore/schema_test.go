package dynamostore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/serverlesspresso"
)

func TestSchema_ofTheSampleIsTheSamples(t *testing.T) {
	for _, layout := range []dynamostore.Layout{serverlesspresso.Workshop, serverlesspresso.Core} {
		schema := dynamostore.Schema(layout, "serverlesspresso-order-table")
		got := map[string]string{"table": keysOf(schema.KeySchema)}
		for _, i := range schema.GlobalSecondaryIndexes {
			got[*i.IndexName] = keysOf(i.KeySchema) + " " + string(i.Projection.ProjectionType)
		}
		for _, i := range schema.LocalSecondaryIndexes {
			got[*i.IndexName] = "local " + keysOf(i.KeySchema) + " " + string(i.Projection.ProjectionType)
		}
		want := map[string]string{
			"table": "PK SK", "GSI-status": "ORDERSTATE SK ALL", "GSI-userId": "USERID SK ALL", "LSI-timestamp": "local PK TS ALL",
			"om-owing": "om_ow SK INCLUDE",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if schema.BillingMode != types.BillingModePayPerRequest ||
			schema.StreamSpecification.StreamViewType != types.StreamViewTypeNewAndOldImages {
			t.Errorf("billed %s, streams %s", schema.BillingMode, schema.StreamSpecification.StreamViewType)
		}
	}
}

func keysOf(elements []types.KeySchemaElement) string {
	var names []string
	for _, e := range elements {
		names = append(names, *e.AttributeName)
	}
	return strings.Join(names, " ")
}

func TestSchema_putsNoTokenIntoAnIndexOfOurs(t *testing.T) {
	for _, layout := range dynamostore.Layouts() {
		for _, i := range dynamostore.Schema(layout, "t").GlobalSecondaryIndexes {
			if strings.HasPrefix(*i.IndexName, "GSI-") {
				continue // those are the sample's, which have everything
			}
			if i.Projection.ProjectionType == types.ProjectionTypeAll {
				t.Errorf("%s projects %s", *i.IndexName, i.Projection.ProjectionType)
			}
			for _, token := range []string{"t1", "t2", "TaskToken", "om_t1", "om_t2"} {
				if slices.Contains(i.Projection.NonKeyAttributes, token) {
					t.Errorf("invariant 8: %s has %s", *i.IndexName, token)
				}
			}
		}
	}
}

func TestCreate_canBeRepeatedAndLeavesNothingToWishFor(t *testing.T) {
	eachLayout(t, func(t *testing.T, layout dynamostore.Layout) {
		c := emulator(t)
		name := table(t, c, layout)
		if err := dynamostore.Create(t.Context(), c, layout, name); err != nil {
			t.Error(err)
		}
		if differences, err := dynamostore.Check(t.Context(), c, layout, name); err != nil || len(differences) != 0 {
			t.Errorf("%v, %v", differences, err)
		}
	})
}

func TestCreate_refusesAnotherTableOfThatName(t *testing.T) {
	c := emulator(t)
	name := table(t, c, dynamostore.Native)
	err := dynamostore.Create(t.Context(), c, serverlesspresso.Core, name)
	if !errors.Is(err, dynamostore.ErrDifferent) || !strings.Contains(err.Error(), "GSI-status") ||
		strings.Contains(err.Error(), "om-owing") {
		t.Error(err)
	}
}

func TestCheck_saysEveryDifference(t *testing.T) {
	c := emulator(t)
	name := "test-wrong-" + rand.Text()
	wrong := dynamostore.Schema(serverlesspresso.Workshop, name)
	wrong.StreamSpecification, wrong.LocalSecondaryIndexes = nil, nil
	wrong.KeySchema = wrong.KeySchema[:1]
	user := types.GlobalSecondaryIndex{
		IndexName:  wrong.GlobalSecondaryIndexes[1].IndexName,
		KeySchema:  wrong.GlobalSecondaryIndexes[1].KeySchema[:1],
		Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
	}
	wrong.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{user}
	number := types.ScalarAttributeTypeN
	wrong.AttributeDefinitions = []types.AttributeDefinition{
		{AttributeName: wrong.KeySchema[0].AttributeName, AttributeType: number},
		{AttributeName: user.KeySchema[0].AttributeName, AttributeType: number},
	}
	if _, err := c.CreateTable(t.Context(), wrong); err != nil {
		t.Fatal(err)
	}
	drop(t, c, name)
	differences, err := dynamostore.Check(t.Context(), c, serverlesspresso.Workshop, name)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range differences {
		got = append(got, d.String())
	}
	want := []string{
		"key: is PK (N), must be PK (S) and SK (S)",
		"index GSI-status: is missing, must be global index ORDERSTATE (S) and SK (S), projecting everything",
		"index GSI-userId, key: is USERID (N), must be USERID (S) and SK (S)",
		"index GSI-userId, projection: is projecting keys only, must be projecting everything",
		"index LSI-timestamp: is missing, must be local index PK (S) and TS (N), projecting everything (only for the sample's own functions)",
		"index om-owing: is missing, must be global index om_ow (N) and SK (S), projecting USERID ORDERSTATE robot TS drinkOrder " +
			"orderNumber baristaUserId reason om_ve om_ca om_ua om_v (only for redrive)",
		"time to live: is missing, must be on attribute om_ex (only for deleting finished orders)",
		"stream: is missing, must be NEW_AND_OLD_IMAGES (only for the sample's own functions and telling of changes)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCheck_ofNoTable(t *testing.T) {
	_, err := dynamostore.Check(t.Context(), emulator(t), dynamostore.Native, "no-such-table-"+rand.Text())
	if !errors.Is(err, dynamostore.ErrNoTable) {
		t.Error(err)
	}
}

// aTableOfTheSample creates what the sample's own template creates.
func aTableOfTheSample(t *testing.T, c *dynamodb.Client) string {
	t.Helper()
	name := "test-sample-" + rand.Text()
	schema := dynamostore.Schema(serverlesspresso.Workshop, name)
	schema.GlobalSecondaryIndexes = schema.GlobalSecondaryIndexes[:2]
	schema.AttributeDefinitions = slices.DeleteFunc(schema.AttributeDefinitions, func(d types.AttributeDefinition) bool {
		return *d.AttributeName == "om_ow"
	})
	if _, err := c.CreateTable(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	drop(t, c, name)
	return name
}

func TestAddOwingIndex_makesATableOfTheSampleRedrivable(t *testing.T) {
	c := emulator(t)
	name := aTableOfTheSample(t, c)
	h := newHouse(t, newStore(t, c, name, dynamostore.Options{Layout: serverlesspresso.Workshop}))
	ctx := t.Context()
	differences, err := dynamostore.Check(ctx, c, serverlesspresso.Workshop, name)
	if err != nil || len(differences) != 2 || differences[0].Required || differences[1].Required {
		t.Errorf("%v, %v", differences, err)
	}
	if err := dynamostore.Create(ctx, c, serverlesspresso.Workshop, name); err != nil {
		t.Errorf("a table of the sample has all that is required: %v", err)
	}
	if _, err := h.WorkflowStarted(
		ctx, ordermanager.WorkflowStarted{OrderID: "o1", Customer: "c1", Token: h.resumer.Issue()},
	); err != nil {
		t.Fatal(err)
	}
	h.resumer.Hook = func(string, string, bool) error { return errors.New("no connection") }
	if receipt, err := h.Put(
		ctx, ordermanager.Request{OrderID: "o1", Actor: ordermanager.Customer("c1"), Drink: latte},
	); err != nil || receipt.Pending == nil {
		t.Fatalf("%+v, %v", receipt, err)
	}
	h.resumer.Hook = nil
	if _, err := h.Redrive(ctx, nil); !errors.Is(err, dynamostore.ErrNoIndex) ||
		!strings.Contains(err.Error(), "om-owing") {
		t.Errorf("a redrive without the index: %v", err)
	}
	// DynamoDB Local 3.3 sometimes never finishes an index that is added to a table. What it has accepted is looked at
	// then; that a redrive works with the index is shown by the conformance suite, on tables that are created with it.
	short, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	err = dynamostore.AddOwingIndex(short, c, serverlesspresso.Workshop, name)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	described, describeErr := c.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if describeErr != nil {
		t.Fatal(describeErr)
	}
	var added []string
	for _, index := range described.Table.GlobalSecondaryIndexes {
		if *index.IndexName == "om-owing" {
			for _, key := range index.KeySchema {
				added = append(added, *key.AttributeName)
			}
		}
	}
	if diff := cmp.Diff([]string{"om_ow", "SK"}, added); diff != "" {
		t.Errorf("the keys of the index, -want +got:\n%s", diff)
	}
	if err != nil {
		return
	}
	if err := dynamostore.AddOwingIndex(ctx, c, serverlesspresso.Workshop, name); err != nil {
		t.Errorf("adding it again: %v", err)
	}
	if report, err := h.Redrive(ctx, nil); err != nil || report.Delivered != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestErrors_ofTheServiceItself(t *testing.T) {
	c := emulator(t)
	ctx := t.Context()
	missing := newStore(t, c, "no-such-table-"+rand.Text(), dynamostore.Options{})
	for op, err := range callAll(ctx, missing) {
		if !errors.Is(err, dynamostore.ErrNoTable) {
			t.Errorf("%s without a table: %v", op, err)
		}
	}
	other := newStore(t, c, table(t, c, dynamostore.Native), dynamostore.Options{Layout: serverlesspresso.Workshop})
	for op, err := range callAll(ctx, other) {
		want := map[bool]error{true: dynamostore.ErrNoIndex, false: dynamostore.ErrWrongKeys}[op == "List"]
		if !errors.Is(err, want) {
			t.Errorf("%s of another layout: %v", op, err)
		}
		noSecret(t, err)
	}
}

func TestApply_toAnItemOfAWrongTypeNamesTheAttribute(t *testing.T) {
	c := emulator(t)
	name := table(t, c, dynamostore.Native)
	store := newStore(t, c, name, dynamostore.Options{})
	ctx := t.Context()
	if _, err := store.Apply(ctx, registration("o1")); err != nil {
		t.Fatal(err)
	}
	whole := raw(t, c, name, keyOf(dynamostore.Native, "o1"))
	for _, attribute := range []string{"hi", "rq", "v", "ca", "st", "cu"} {
		broken := map[string]types.AttributeValue{}
		for n, value := range whole {
			broken[n] = value
		}
		broken[attribute] = &types.AttributeValueMemberBOOL{Value: true}
		if attribute == "cu" {
			delete(broken, attribute) // the key of an index cannot have another type
		}
		if attribute == "ca" {
			delete(broken, attribute)
		}
		if _, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: &name, Item: broken}); err != nil {
			t.Fatal(err)
		}
		_, err := store.Apply(ctx, ordermanager.Transition{
			OrderID: "o1", Assign: ordermanager.Assignment{
				State: ordermanager.StateCancelled,
			}, Entry: ordermanager.Entry{RequestID: "r-" + attribute},
			Guards: ordermanager.Guards{States: []ordermanager.State{ordermanager.StatePending}},
		})
		item, ok := errors.AsType[*dynamostore.ItemError](err)
		if !ok || item.Attribute != attribute || item.OrderID != "o1" || item.Table != name {
			t.Errorf("%s: %v", attribute, err)
		}
		noSecret(t, err)
		if ok && attribute != "cu" && !cmp.Equal(plain(broken), plain(raw(t, c, name, keyOf(dynamostore.Native, "o1")))) {
			t.Errorf("%s: the item was changed", attribute)
		}
	}
}

// plain makes an item comparable.
func plain(i map[string]types.AttributeValue) map[string]any { return wire(i) }

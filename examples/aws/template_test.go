package stack_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager/aws/dynamolimits"
	"github.com/brewline/ordermanager/aws/dynamostore"
)

// The tables that the template creates are those that the packages need.
func TestTemplate_createsTheTablesThatAreNeeded(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, schema := range []*dynamodb.CreateTableInput{
		dynamostore.Schema(dynamostore.Native, "orders"), dynamolimits.Schema("limits"),
	} {
		if want := tableProperties(schema); !strings.Contains(string(template), want) {
			t.Errorf("the properties of the table %s must be:\n%s", *schema.TableName, want)
		}
	}
}

// tableProperties writes a table as CloudFormation has it.
func tableProperties(schema *dynamodb.CreateTableInput) string {
	var b strings.Builder
	line := func(format string, values ...any) { fmt.Fprintf(&b, "      "+format+"\n", values...) }
	line("BillingMode: %s", schema.BillingMode)
	line("AttributeDefinitions:")
	for _, a := range schema.AttributeDefinitions {
		line("  - {AttributeName: %s, AttributeType: %s}", *a.AttributeName, a.AttributeType)
	}
	line("KeySchema: %s", keySchema(schema.KeySchema))
	if len(schema.GlobalSecondaryIndexes) > 0 {
		line("GlobalSecondaryIndexes:")
	}
	for _, index := range schema.GlobalSecondaryIndexes {
		line("  - IndexName: %s", *index.IndexName)
		line("    KeySchema: %s", keySchema(index.KeySchema))
		projection := string(index.Projection.ProjectionType)
		if names := index.Projection.NonKeyAttributes; len(names) > 0 {
			projection += ", NonKeyAttributes: [" + strings.Join(names, ", ") + "]"
		}
		line("    Projection: {ProjectionType: %s}", projection)
	}
	return b.String()
}

func keySchema(elements []types.KeySchemaElement) string {
	all := make([]string, len(elements))
	for i, e := range elements {
		all[i] = fmt.Sprintf("{AttributeName: %s, KeyType: %s}", *e.AttributeName, e.KeyType)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

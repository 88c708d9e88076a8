package stack_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager/aws/dynamostore"
)

// The table that the template creates is the one that the store needs.
func TestTemplate_createsTheTableOfTheLayout(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := tableProperties()
	if !strings.Contains(string(template), want) {
		t.Errorf("the properties of the table must be:\n%s", want)
	}
}

// tableProperties writes the layout native as CloudFormation has it.
func tableProperties() string {
	schema := dynamostore.Schema(dynamostore.Native, "orders")
	var b strings.Builder
	line := func(format string, values ...any) { fmt.Fprintf(&b, "      "+format+"\n", values...) }
	line("BillingMode: %s", schema.BillingMode)
	line("AttributeDefinitions:")
	for _, a := range schema.AttributeDefinitions {
		line("  - {AttributeName: %s, AttributeType: %s}", *a.AttributeName, a.AttributeType)
	}
	line("KeySchema: %s", keySchema(schema.KeySchema))
	line("GlobalSecondaryIndexes:")
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

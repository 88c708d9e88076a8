package dynamostore_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/aws/internal/awstest"
	"github.com/brewline/ordermanager/internal/testenv"
)

// emulator returns a client of DynamoDB Local.
func emulator(t testing.TB, options ...func(*dynamodb.Options)) *dynamodb.Client {
	t.Helper()
	return client(append([]func(*dynamodb.Options){func(o *dynamodb.Options) {
		o.BaseEndpoint = aws.String(testenv.URL(t, testenv.DynamoDB))
		// DynamoDB Local 3.3 sends a wrong checksum with a large answer that is not ASCII, and the SDK would repeat the
		// request.
		o.DisableValidateResponseChecksum = true
		o.HTTPClient = awstest.WholeAnswers{}
		o.Retryer = retry.AddWithMaxBackoffDelay(retry.NewStandard(), time.Millisecond)
	}}, options...)...)
}

// streams returns a client of the streams of DynamoDB Local.
func streams(t testing.TB) *dynamodbstreams.Client {
	t.Helper()
	return dynamodbstreams.New(dynamodbstreams.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(testenv.URL(t, testenv.DynamoDB)), HTTPClient: awstest.WholeAnswers{},
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKIATEST", "secret", "")),
	})
}

// client returns a client that knows no endpoint but that of its options, and takes nothing from the environment.
func client(options ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:      "eu-west-1",
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKIATEST", "secret", "")),
	}, options...)
}

// table creates a table of the layout, which is deleted when the test ends.
func table(t testing.TB, admin *dynamodb.Client, layout dynamostore.Layout) string {
	t.Helper()
	name := "test-" + string(layout) + "-" + rand.Text()
	if err := dynamostore.Create(t.Context(), admin, layout, name); err != nil {
		t.Fatal(err)
	}
	drop(t, admin, name)
	return name
}

func drop(t testing.TB, admin *dynamodb.Client, name string) {
	t.Cleanup(func() {
		_, _ = admin.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &name})
	})
}

func newStore(t testing.TB, client dynamostore.API, table string, options dynamostore.Options) *dynamostore.Store {
	t.Helper()
	store, err := dynamostore.New(client, table, &options)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// raw reads an item as it is in the table.
func raw(
	t testing.TB, c *dynamodb.Client, table string, key map[string]types.AttributeValue,
) map[string]types.AttributeValue {
	t.Helper()
	output, err := c.GetItem(
		t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: aws.Bool(true)},
	)
	if err != nil {
		t.Fatal(err)
	}
	return output.Item
}

func str(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }
func num(text string) types.AttributeValue { return &types.AttributeValueMemberN{Value: text} }

// eachLayout runs a test once for every layout.
func eachLayout(t *testing.T, test func(t *testing.T, layout dynamostore.Layout)) {
	for _, layout := range dynamostore.Layouts() {
		t.Run(string(layout), func(t *testing.T) { test(t, layout) })
	}
}

func token(text string) ordermanager.TaskToken { return ordermanager.NewTaskToken(text) }

// keyOf is the primary key of an order.
func keyOf(layout dynamostore.Layout, orderID string) map[string]types.AttributeValue {
	if layout == dynamostore.Native {
		return map[string]types.AttributeValue{"id": str(orderID)}
	}
	return map[string]types.AttributeValue{"PK": str("orders"), "SK": str(orderID)}
}

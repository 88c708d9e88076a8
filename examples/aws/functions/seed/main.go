// Command seed is the function behind the custom resource that puts a menu and the shop's settings into a new table.
// Existing items are left alone: the table is the truth.
package main

import (
	"context"
	_ "embed" // for the menu
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

//go:embed menu.json
var menu []byte

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	client := dynamodb.NewFromConfig(cfg)
	lambda.Start(cfn.LambdaWrap(func(ctx context.Context, event cfn.Event) (string, map[string]any, error) {
		id := "menu-and-settings"
		if event.RequestType == cfn.RequestDelete {
			return id, nil, nil // the table and its items stay
		}
		return id, nil, seed(ctx, client, os.Getenv("CONFIG_TABLE"), event.ResourceProperties)
	}))
}

// seed puts the two items. The properties of the resource are the settings; CloudFormation sends every value as a
// string.
func seed(ctx context.Context, client *dynamodb.Client, table string, settings map[string]any) error {
	var drinks []any
	if err := json.Unmarshal(menu, &drinks); err != nil {
		return err
	}
	config := map[string]types.AttributeValue{"PK": value("config"), "storeOpen": value(true)}
	for _, name := range []string{"maxOrdersInQueue", "customerSeconds", "baristaSeconds"} {
		number, ok := settings[name].(string)
		if !ok {
			return fmt.Errorf("the property %s is missing", name)
		}
		config[name] = &types.AttributeValueMemberN{Value: number}
	}
	for _, item := range []map[string]types.AttributeValue{{"PK": value("menu"), "value": value(drinks)}, config} {
		_, err := client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &table, Item: item, ConditionExpression: aws.String("attribute_not_exists(PK)"),
		})
		if _, there := errors.AsType[*types.ConditionalCheckFailedException](err); err != nil && !there {
			return err
		}
	}
	return nil
}

// value converts a JSON value for DynamoDB. The menu has no numbers.
func value(v any) types.AttributeValue {
	switch v := v.(type) {
	case string:
		return &types.AttributeValueMemberS{Value: v}
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	case []any:
		list := make([]types.AttributeValue, len(v))
		for i, each := range v {
			list[i] = value(each)
		}
		return &types.AttributeValueMemberL{Value: list}
	case map[string]any:
		fields := make(map[string]types.AttributeValue, len(v))
		for name, each := range v {
			fields[name] = value(each)
		}
		return &types.AttributeValueMemberM{Value: fields}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

package dynamolimits_test

import (
	"context"
	"log"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamolimits"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/aws/sfnresumer"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/httpapi"
)

// A shop on Step Functions that takes one order at a time from each customer, and twenty from all.
func Example() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	client, steps := dynamodb.NewFromConfig(cfg), sfn.NewFromConfig(cfg)
	store, err := dynamostore.New(client, "orders", nil)
	if err != nil {
		log.Fatal(err)
	}
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
	manager, err := ordermanager.New(store, menu, sfnresumer.New(steps), nil)
	if err != nil {
		log.Fatal(err)
	}
	next := sfnresumer.NewStarter(steps, "arn:aws:states:us-east-1:123456789012:stateMachine:OrderProcessor")
	starter, err := dynamolimits.New(client, "limits", manager, next, capacity.Limits{
		MaxPerCustomer: 1, MaxInQueue: 20,
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := httpapi.New(manager, menu, &httpapi.Options{Starter: starter}); err != nil {
		log.Fatal(err)
	}
}

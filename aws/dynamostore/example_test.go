package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
	"github.com/brewline/ordermanager/watch"
)

// A Manager on the tables of an existing Serverlesspresso stack.
func Example() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client := dynamodb.NewFromConfig(cfg)
	store, err := dynamostore.New(client, "serverlesspresso-order-table", &dynamostore.Options{
		Layout: serverlesspresso.Workshop,
	})
	if err != nil {
		log.Fatal(err)
	}
	menu, err := dynamostore.NewMenuSource(
		client, "serverlesspresso-config-table", &dynamostore.MenuOptions{StaleFor: time.Hour},
	)
	if err != nil {
		log.Fatal(err)
	}
	resumer := &memory.Resumer{} // in production, the one for the service that runs the workflow
	manager, err := ordermanager.New(store, menu, resumer, nil)
	if err != nil {
		log.Fatal(err)
	}
	receipt, err := manager.Make(ctx, ordermanager.Request{OrderID: "1", Actor: ordermanager.Barista("3")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.Order.State)
}

// A table of one's own, whose finished orders are deleted after a month.
func ExampleCreate() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client := dynamodb.NewFromConfig(cfg)
	if err := dynamostore.Create(ctx, client, dynamostore.Native, "orders"); err != nil {
		log.Fatal(err)
	}
	if _, err := dynamostore.New(client, "orders", &dynamostore.Options{TTL: 30 * 24 * time.Hour}); err != nil {
		log.Fatal(err)
	}
}

// What a table of the sample lacks, and the one index that a redrive needs.
func ExampleCheck() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client := dynamodb.NewFromConfig(cfg)
	differences, err := dynamostore.Check(ctx, client, serverlesspresso.Core, "serverlesspresso-order-table")
	if err != nil {
		log.Fatal(err)
	}
	for _, difference := range differences {
		fmt.Println(difference)
	}
	if err := dynamostore.AddOwingIndex(ctx, client, serverlesspresso.Core, "serverlesspresso-order-table"); err != nil {
		log.Fatal(err)
	}
}

func ExampleSchema() {
	schema := dynamostore.Schema(dynamostore.Native, "orders")
	for _, index := range schema.GlobalSecondaryIndexes {
		fmt.Println(*index.IndexName, *index.KeySchema[0].AttributeName, *index.KeySchema[1].AttributeName)
	}
	// Output:
	// board sb vc
	// customer cu ca
	// venues vs ca
}

// One reader of the stream tells any number of listeners what changed, whichever process changed it.
func ExampleStore_Watched() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	store, err := dynamostore.New(dynamodb.NewFromConfig(cfg), "orders", nil)
	if err != nil {
		log.Fatal(err)
	}
	watched := store.Watched(dynamodbstreams.NewFromConfig(cfg))
	for position := ""; ; {
		changes, err := watched.Changes(ctx, position, time.Minute)
		if err != nil && !errors.Is(err, watch.ErrPositionUnknown) {
			log.Fatal(err)
		}
		// Unknown is the empty position again: then read what you show from listings.
		position = changes.Position
		for _, order := range changes.Orders {
			fmt.Println(order.ID, order.State)
		}
	}
}

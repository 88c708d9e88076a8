package eventbridgebus_test

import (
	"context"
	"fmt"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/eventbridgebus"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// In a program the client is eventbridge.NewFromConfig(cfg), and the bus is the Publisher of a Manager's Options.
func ExampleNew() {
	eventBridge := &service{}
	bus, err := eventbridgebus.New(eventBridge.client(), &eventbridgebus.Options{Dialect: serverlesspresso.Core})
	if err != nil {
		panic(err)
	}
	err = bus.Publish(context.Background(), []ordermanager.Event{{
		ID: "1/complete-1", Type: ordermanager.EventOrderCompleted, OrderID: "1", Customer: "anna", Venue: "NYC", Version: 5,
		State: ordermanager.StateCompleted, At: time.Now(),
	}})
	if err != nil {
		panic(err)
	}
	sent := eventBridge.sent[0][0]
	fmt.Println(sent.Source, sent.DetailType)
	fmt.Println(sent.Detail)
	// Output:
	// awsserverlessda.serverlesspresso OrderManager.OrderCompleted
	// {"id":"1/complete-1","version":5,"orderId":"1","userId":"anna","eventId":"NYC","ORDERSTATE":"NYC-COMPLETED","Message":"The order is ready."}
}

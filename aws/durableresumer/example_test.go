package durableresumer_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
)

// In a program the client is lambda.NewFromConfig(cfg), and a Manager does the calling. The durable function hands the
// callback's identifier out as the task token of its wait.
func ExampleNew() {
	durable := &service{answer: accepted}
	resumer := durableresumer.New(durable.client())

	answer, err := resumer.Resume(context.Background(), ordermanager.NewTaskToken("Ab9xKz"), ordermanager.Outcome{
		Output: json.RawMessage(`{"orderId":"1","action":"complete","state":"completed","cancelled":false}`),
	})
	fmt.Println(answer, err)
	// Output: accepted <nil>
}

func ExampleResumer_Resume_gone() {
	durable := &service{answer: failure(400, "CallbackTimeoutException", "the callback has timed out")}
	resumer := durableresumer.New(durable.client())

	answer, err := resumer.Resume(context.Background(), ordermanager.NewTaskToken("Ab9xKz"), ordermanager.Outcome{
		Output: json.RawMessage(`{}`),
	})
	fmt.Println(answer, err)
	// Output: gone <nil>
}

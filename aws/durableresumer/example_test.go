package durableresumer_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
	"github.com/brewline/ordermanager/aws/internal/awstest"
)

// In a program the client is lambda.NewFromConfig(cfg), and a Manager does the calling. The durable function hands the
// callback's identifier out as the task token of its wait.
func ExampleNew() {
	durable := &awstest.Service{Answer: awstest.Always(accepted)}
	resumer := durableresumer.New(newClient(durable.Client()))

	answer, err := resumer.Resume(context.Background(), ordermanager.NewTaskToken("Ab9xKz"), ordermanager.Outcome{
		Output: json.RawMessage(`{"orderId":"1","action":"complete","state":"completed","cancelled":false}`),
	})
	fmt.Println(answer, err)
	// Output: accepted <nil>
}

func ExampleResumer_Resume_gone() {
	closed := failure(400, "CallbackTimeoutException", "the callback has timed out")
	durable := &awstest.Service{Answer: awstest.Always(closed)}
	resumer := durableresumer.New(newClient(durable.Client()))

	answer, err := resumer.Resume(context.Background(), ordermanager.NewTaskToken("Ab9xKz"), ordermanager.Outcome{
		Output: json.RawMessage(`{}`),
	})
	fmt.Println(answer, err)
	// Output: gone <nil>
}

package sfnresumer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/awstest"
	"github.com/brewline/ordermanager/aws/sfnresumer"
)

// In a program the client is sfn.NewFromConfig(cfg), and a Manager does the calling.
func ExampleNew() {
	stepFunctions := &awstest.Service{Answer: awstest.Always(accepted)}
	resumer := sfnresumer.New(newClient(stepFunctions.Client()))

	answer, err := resumer.Resume(context.Background(), ordermanager.NewTaskToken("AAAAKg…"), ordermanager.Outcome{
		Output: json.RawMessage(`{"orderId":"1","action":"complete","state":"completed","cancelled":false}`),
	})
	fmt.Println(answer, err)
	// Output: accepted <nil>
}

func ExampleResumer_Resume_undeliverable() {
	denied := failure(400, "AccessDeniedException", "not authorized to perform states:SendTaskSuccess")
	stepFunctions := &awstest.Service{Answer: awstest.Always(denied)}
	resumer := sfnresumer.New(newClient(stepFunctions.Client()))

	_, err := resumer.Resume(
		context.Background(), ordermanager.NewTaskToken("AAAAKg…"),
		ordermanager.Outcome{Output: json.RawMessage(`{}`)},
	)
	if errors.Is(err, ordermanager.ErrUndeliverable) {
		fmt.Println("mend the permission, then redrive")
	}
	// Output: mend the permission, then redrive
}

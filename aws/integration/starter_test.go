package integration_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
	"github.com/brewline/ordermanager/aws/sfnresumer"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// Both ways to start a workflow elsewhere: the execution has the order's name and the input of the sample's workflow,
// and a second order of that name is refused.
func TestStarters(t *testing.T) {
	// inputOf returns what an order's execution was started with.
	type inputOf = func(ctx context.Context, orderID string) (string, error)
	for name, service := range map[string]func(t *testing.T) (httpapi.Starter, inputOf){
		"Step Functions": func(t *testing.T) (httpapi.Starter, inputOf) {
			e := emulators(t)
			return sfnresumer.NewStarter(e.sfn, e.wait), func(ctx context.Context, orderID string) (string, error) {
				arn := strings.Replace(e.wait, ":stateMachine:", ":execution:", 1) + ":" + orderID
				execution, err := e.sfn.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
				if err != nil {
					return "", err
				}
				return aws.ToString(execution.Input), nil
			}
		},
		"a durable function": func(t *testing.T) (httpapi.Starter, inputOf) {
			d := durableRunner(t)
			starter := durableresumer.NewStarter(d.client, "wait:$LATEST")
			return starter, func(ctx context.Context, orderID string) (string, error) {
				page, err := d.client.ListDurableExecutionsByFunction(ctx, &lambda.ListDurableExecutionsByFunctionInput{
					FunctionName: aws.String("wait"), DurableExecutionName: &orderID,
				})
				if err != nil || len(page.DurableExecutions) != 1 {
					return "", errors.Join(err, errors.New("there is not one execution of that name"))
				}
				history, err := d.history(ctx, aws.ToString(page.DurableExecutions[0].DurableExecutionArn))
				if err != nil || len(history) == 0 {
					return "", errors.Join(err, errors.New("the execution has no history"))
				}
				return aws.ToString(history[0].ExecutionStartedDetails.Input.Payload), nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			starter, input := service(t)
			id := testenv.Unique("start")
			receipt, err := starter.Start(t.Context(), id, "anna", "NYC")
			want := ordermanager.Receipt{
				Action: ordermanager.ActionWorkflowStarted, Resume: ordermanager.ResumeNone, Events: ordermanager.EventsNone,
				Order: ordermanager.Order{ID: id, Customer: "anna", Venue: "NYC", State: ordermanager.StatePending},
			}
			ignored := cmpopts.IgnoreFields(ordermanager.Receipt{}, "Pending")
			diff := cmp.Diff(want, receipt, ignored, cmpopts.EquateComparable(ordermanager.TaskToken{}))
			if diff != "" || err != nil || receipt.Pending == nil {
				t.Errorf("Start = %v, pending %v (-want +got):\n%s", err, receipt.Pending, diff)
			}
			got, err := input(t.Context(), id)
			if err != nil || got != string(serverlesspresso.NewOrderInput(id, "anna", "NYC")) {
				t.Errorf("the workflow began with %s, %v", got, err)
			}
			if _, err := starter.Start(t.Context(), id, "berta", "NYC"); !errors.Is(err, ordermanager.ErrOrderExists) {
				t.Errorf("another order of the same name: %v", err)
			}
			for _, bad := range []string{"", "a b", "a/b", strings.Repeat("x", 81)} {
				if _, err := starter.Start(t.Context(), bad, "anna", ""); !errors.Is(err, ordermanager.ErrInvalidRequest) {
					t.Errorf("the name %.10q: %v", bad, err)
				}
			}
		})
	}
}

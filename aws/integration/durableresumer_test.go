package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
	"github.com/brewline/ordermanager/aws/internal/awstest"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/resumertest"
)

// durables are executions of durable functions, of which AWS's own runner has two: see
// scripts/emulators.d/durablefunctions.py.
type durables struct {
	wire
	client *lambda.Client

	mu         sync.Mutex
	executions map[string]string
}

// durableRunner returns the durable functions of the emulator, or skips the test as [emulators] does.
func durableRunner(t *testing.T) *durables {
	t.Helper()
	testenv.Need(t, testenv.Lambda)
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTPClient = awstest.WholeAnswers{}
	return &durables{client: lambda.NewFromConfig(cfg), executions: map[string]string{}}
}

func TestDurableResumer_keepsTheContractOfAResumer(t *testing.T) {
	for _, c := range resumertest.Cases() {
		t.Run(c.Topic+"/"+c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Run(t.Context(), durableRunner(t).harness()); err != nil {
				t.Error(err)
			}
		})
	}
}

func (d *durables) harness() resumertest.Harness {
	options := d.client.Options()
	options.HTTPClient = &d.wire
	options.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
	return resumertest.Harness{
		Resumer: durableresumer.New(lambda.New(options)), Start: d.start, Given: d.given, Expire: d.expire, Break: d.broken,
		Lag: patience,
	}
}

// invoke starts an execution and returns its ARN.
func (d *durables) invoke(ctx context.Context, function, name string, event any) (string, error) {
	payload, err := json.Marshal(event)
	if err != nil {
		return "", err
	}
	started, err := d.client.Invoke(ctx, &lambda.InvokeInput{
		FunctionName:   aws.String(function + ":$LATEST"),
		InvocationType: types.InvocationTypeEvent, DurableExecutionName: &name,
		Payload: payload,
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(started.DurableExecutionArn), nil
}

func (d *durables) start(ctx context.Context) (ordermanager.TaskToken, error) {
	execution, err := d.invoke(ctx, "wait", testenv.Unique("wait"), nil)
	if err != nil {
		return ordermanager.TaskToken{}, err
	}
	token, err := d.token(ctx, execution, "wait")
	if err != nil {
		return ordermanager.TaskToken{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.executions[token.Reveal()] = execution
	return token, nil
}

// token waits for the execution to wait, and returns the identifier of its callback.
func (d *durables) token(ctx context.Context, execution, wait string) (ordermanager.TaskToken, error) {
	var token ordermanager.TaskToken
	err := d.until(ctx, execution, func(e types.Event) bool {
		if e.EventType == types.EventTypeCallbackStarted && aws.ToString(e.Name) == wait {
			token = ordermanager.NewTaskToken(aws.ToString(e.CallbackStartedDetails.CallbackId))
		}
		return !token.IsZero()
	})
	return token, err
}

// until waits for an event in the history of the execution.
func (d *durables) until(ctx context.Context, execution string, found func(types.Event) bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		history, err := d.history(ctx, execution)
		if err != nil {
			return err
		}
		for _, e := range history {
			if found(e) {
				return nil
			}
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return fmt.Errorf("the execution does not get there: %w", ctx.Err())
		}
	}
}

func (d *durables) history(ctx context.Context, execution string) ([]types.Event, error) {
	var all []types.Event
	pages := lambda.NewGetDurableExecutionHistoryPaginator(d.client, &lambda.GetDurableExecutionHistoryInput{
		DurableExecutionArn: &execution, IncludeExecutionData: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Events...)
	}
	return all, nil
}

func (d *durables) execution(token ordermanager.TaskToken) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.executions[token.Reveal()]
}

// given reads from the history of the execution what its wait was answered with.
func (d *durables) given(ctx context.Context, token ordermanager.TaskToken) ([]ordermanager.Outcome, error) {
	history, err := d.history(ctx, d.execution(token))
	if err != nil {
		return nil, err
	}
	var all []ordermanager.Outcome
	for _, e := range history {
		switch e.EventType {
		case types.EventTypeCallbackSucceeded:
			all = append(
				all, ordermanager.Outcome{Output: json.RawMessage(aws.ToString(e.CallbackSucceededDetails.Result.Payload))},
			)
		case types.EventTypeCallbackFailed:
			failure := e.CallbackFailedDetails.Error.Payload
			all = append(
				all, ordermanager.Outcome{Error: aws.ToString(failure.ErrorType), Cause: aws.ToString(failure.ErrorMessage)},
			)
		default:
		}
	}
	return all, nil
}

// expire stops the execution; nothing waits on the token then. (Time-outs: TestDurableOrder.)
func (d *durables) expire(ctx context.Context, token ordermanager.TaskToken) error {
	_, err := d.client.StopDurableExecution(
		ctx, &lambda.StopDurableExecutionInput{DurableExecutionArn: aws.String(d.execution(token))},
	)
	return err
}

// durableOrder is one order, and the execution of the durable function that it belongs to.
type durableOrder struct {
	*testing.T
	*durables
	manager       *ordermanager.Manager
	id, execution string
}

// waits hands the token of the wait that the execution is in to the Manager.
func (o *durableOrder) waits(wait string, want ordermanager.ResumeStatus) {
	o.Helper()
	token, err := o.token(o.Context(), o.execution, wait)
	if err != nil {
		o.Fatal(err)
	}
	var receipt ordermanager.Receipt
	if wait == "drink" {
		receipt, err = o.manager.WorkflowStarted(
			o.Context(), ordermanager.WorkflowStarted{OrderID: o.id, Customer: anna.ID, Token: token},
		)
	} else {
		receipt, err = o.manager.WaitingCompletion(
			o.Context(), ordermanager.WaitingCompletion{OrderID: o.id, Number: "7", Token: token},
		)
	}
	o.accepted(receipt, err, want)
}

func (o *durableOrder) does(action ordermanager.Action, actor ordermanager.Actor, want ordermanager.ResumeStatus) {
	o.Helper()
	receipt, err := o.manager.Handle(o.Context(), ordermanager.Request{
		Action: action, OrderID: o.id, Actor: actor, Drink: ordermanager.DrinkOrder{Drink: "Cappuccino"}, Reason: "no milk",
	})
	o.accepted(receipt, err, want)
}

func (o *durableOrder) accepted(receipt ordermanager.Receipt, err error, want ordermanager.ResumeStatus) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
	if receipt.Resume != want || receipt.Pending != nil {
		o.Fatalf("%s: resume %s, want %s; pending: %v", receipt.Action, receipt.Resume, want, receipt.Pending)
	}
}

// timesOut waits until the execution has stopped waiting, and tells the Manager.
func (o *durableOrder) timesOut(cause string) {
	o.Helper()
	err := o.until(
		o.Context(), o.execution, func(e types.Event) bool { return e.EventType == types.EventTypeCallbackTimedOut },
	)
	if err != nil {
		o.Fatal(err)
	}
	receipt, err := o.manager.TimedOut(o.Context(), ordermanager.TimedOut{OrderID: o.id, Cause: cause})
	o.accepted(receipt, err, ordermanager.ResumeGone)
}

// ends waits for the execution to return, and compares what it returned and what became of the order.
func (o *durableOrder) ends(want ordermanager.State, result map[string]any) {
	o.Helper()
	var got map[string]any
	err := o.until(o.Context(), o.execution, func(e types.Event) bool {
		if e.EventType != types.EventTypeExecutionSucceeded {
			return false
		}
		if err := json.Unmarshal([]byte(aws.ToString(e.ExecutionSucceededDetails.Result.Payload)), &got); err != nil {
			o.Fatal(err)
		}
		return true
	})
	if err != nil {
		o.Fatal(err)
	}
	if diff := cmp.Diff(result, got); diff != "" {
		o.Errorf("the function returned (-want +got):\n%s", diff)
	}
	order, err := o.manager.Order(o.Context(), o.id)
	if err != nil || order.State != want || order.Owes() {
		o.Errorf("the order is %s and owes %v, %v; want %s", order.State, order.Owes(), err, want)
	}
}

// Invariants 3 to 5, end to end on AWS's own runner: whatever happens to an order, its durable function ends as the
// order does.
func TestDurableOrder(t *testing.T) {
	const none, delivered = ordermanager.ResumeNone, ordermanager.ResumeDelivered
	answer := func(o *durableOrder, action, state string, more ...string) map[string]any {
		all := map[string]any{"orderId": o.id, "action": action, "state": state, "cancelled": state == "cancelled"}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	for name, test := range map[string]struct {
		drinkSeconds, completionSeconds int
		story                           func(o *durableOrder)
	}{
		"a completed order ends the function": {patient, patient, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionPut, anna, delivered)
			o.waits("completion", none)
			o.does(ordermanager.ActionMake, ben, none)
			o.does(ordermanager.ActionComplete, ben, delivered)
			o.ends(ordermanager.StateCompleted, map[string]any{
				"drink":      answer(o, "put", "pending"),
				"completion": answer(o, "complete", "completed", "orderNumber", "7", "baristaUserId", "ben"),
			})
		}},
		"a cancel between the waits ends the function at the second wait": {patient, patient, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionPut, anna, delivered)
			o.does(ordermanager.ActionCancel, anna, none)
			o.waits("completion", delivered)
			o.ends(ordermanager.StateCancelled, map[string]any{
				"drink":      answer(o, "put", "pending"),
				"completion": answer(o, "cancel", "cancelled", "orderNumber", "7", "reason", "no milk"),
			})
		}},
		"a cancel of an order in the making ends the function": {patient, patient, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionPut, anna, delivered)
			o.waits("completion", none)
			o.does(ordermanager.ActionMake, ben, none)
			o.does(ordermanager.ActionCancel, ben, delivered)
			o.ends(ordermanager.StateCancelled, map[string]any{
				"drink":      answer(o, "put", "pending"),
				"completion": answer(o, "cancel", "cancelled", "orderNumber", "7", "reason", "no milk", "baristaUserId", "ben"),
			})
		}},
		"a cancel before the drink fails the first wait": {patient, patient, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionCancel, anna, delivered)
			o.ends(ordermanager.StateCancelled, map[string]any{"drink": map[string]any{"error": "failed", "cause": "no milk"}})
		}},
		"a customer who does not answer cancels the order": {1, patient, func(o *durableOrder) {
			o.waits("drink", none)
			o.timesOut("Customer timedout")
			o.ends(ordermanager.StateCancelled, map[string]any{"drink": map[string]any{"error": "timeout"}})
		}},
		"a barista who does not answer cancels the order": {patient, 1, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionPut, anna, delivered)
			o.waits("completion", none)
			o.timesOut("Barista timedout")
			o.ends(ordermanager.StateCancelled, map[string]any{
				"drink": answer(o, "put", "pending"), "completion": map[string]any{"error": "timeout"},
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newDurableOrder(t, &ordermanager.Options{}, "order", test.drinkSeconds, test.completionSeconds)
			test.story(o)
		})
	}
}

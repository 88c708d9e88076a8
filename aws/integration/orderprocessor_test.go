package integration_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/aws/eventbridgebus"
	"github.com/brewline/ordermanager/aws/sfnresumer"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// house is a store, and how the house around it spells and names things.
type house struct {
	name    string
	layout  dynamostore.Layout // empty for the store in memory
	dialect serverlesspresso.Dialect
	venue   string
	// processor is the ARN of the workflow; empty for ours. outcome is what it is answered.
	processor string
	outcome   func(ordermanager.Decided) (ordermanager.Outcome, error)
}

var houses = []house{
	{name: "memory", venue: "NYC"},
	{name: "native", layout: dynamostore.Native, venue: "NYC"},
	{name: "workshop", layout: serverlesspresso.Workshop},
	{name: "core", layout: serverlesspresso.Core, dialect: serverlesspresso.Core, venue: "NYC"},
}

func (h house) store(t *testing.T, e *environment) (store ordermanager.Store, table string) {
	t.Helper()
	if h.layout == "" {
		return memory.NewStore(), ""
	}
	table = testenv.Unique(h.name)
	if err := dynamostore.Create(t.Context(), e.dynamo, h.layout, table); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := e.dynamo.DeleteTable(
			context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &table},
		); err != nil {
			t.Error(err)
		}
	})
	store, err := dynamostore.New(e.dynamo, table, &dynamostore.Options{Layout: h.layout})
	if err != nil {
		t.Fatal(err)
	}
	return store, table
}

// run is one order, and the execution of OrderProcessor that it belongs to.
type run struct {
	*testing.T
	*environment
	house     house
	table     string
	manager   *ordermanager.Manager
	id        string
	input     string
	execution *string
}

// patient is a time-out of the workflow that no test waits for.
const patient = 300

// begin starts the workflow of a new order, which waits for the customer and for the barista for some seconds each.
func begin(t *testing.T, e *environment, h house, customerSeconds, baristaSeconds int) *run {
	t.Helper()
	if h.processor == "" {
		h.processor = e.processor
	}
	store, table := h.store(t, e)
	bus, err := eventbridgebus.New(e.events, &eventbridgebus.Options{Bus: e.bus, Dialect: h.dialect})
	if err != nil {
		t.Fatal(err)
	}
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{
		{Drink: "Cappuccino", Icon: "cappuccino"},
	}})
	manager, err := ordermanager.New(store, menu, sfnresumer.New(e.sfn), &ordermanager.Options{
		Lifecycle: ordermanager.ServerlesspressoLifecycle(), Publisher: bus, Outcome: h.outcome, DeliveryTimeout: patience,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &run{T: t, environment: e, house: h, table: table, manager: manager, id: testenv.Unique("order")}
	input, err := json.Marshal(map[string]any{
		"orderId": r.id, "userId": "anna", "eventId": h.venue, "bus": e.bus,
		"customerSeconds": customerSeconds, "baristaSeconds": baristaSeconds,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.input = string(input)
	r.execution = r.start(r.id)
	return r
}

// await returns what the workflow or the Manager said.
func (r *run) await(detailType string) event {
	r.Helper()
	e, err := r.inbox.await(r.Context(), r.id, detailType)
	if err != nil {
		r.Fatal(err)
	}
	return e
}

// hears waits for an event of the workflow and gives it to the Manager.
func (r *run) hears(detailType string, want ordermanager.ResumeStatus) ordermanager.Receipt {
	r.Helper()
	return r.told(r.await(detailType), want)
}

func (r *run) told(e event, want ordermanager.ResumeStatus) ordermanager.Receipt {
	r.Helper()
	parsed, err := serverlesspresso.ParseEvent(e.raw)
	if err != nil {
		r.Fatal(err)
	}
	var receipt ordermanager.Receipt
	switch news := parsed.News.(type) {
	case ordermanager.WorkflowStarted:
		receipt, err = r.manager.WorkflowStarted(r.Context(), news)
	case ordermanager.WaitingCompletion:
		receipt, err = r.manager.WaitingCompletion(r.Context(), news)
	case ordermanager.TimedOut:
		receipt, err = r.manager.TimedOut(r.Context(), news)
	}
	return r.accepted(receipt, err, want)
}

// does lets somebody act.
func (r *run) does(
	action ordermanager.Action, actor ordermanager.Actor, want ordermanager.ResumeStatus,
) ordermanager.Receipt {
	r.Helper()
	request := ordermanager.Request{Action: action, OrderID: r.id, Actor: actor, Venue: r.house.venue}
	switch action {
	case ordermanager.ActionPut:
		request.Drink = ordermanager.DrinkOrder{Drink: "Cappuccino"}
	case ordermanager.ActionCancel:
		request.Reason = "no milk"
	default:
	}
	receipt, err := r.manager.Handle(r.Context(), request)
	return r.accepted(receipt, err, want)
}

func (r *run) accepted(receipt ordermanager.Receipt, err error, want ordermanager.ResumeStatus) ordermanager.Receipt {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
	if receipt.Resume != want || receipt.Pending != nil {
		r.Fatalf("%s: resume %s, want %s; pending: %v", receipt.Action, receipt.Resume, want, receipt.Pending)
	}
	return receipt
}

// waitsForItsBarista is how most stories begin: the customer chose, and the workflow is in its second wait.
func (r *run) waitsForItsBarista() {
	r.Helper()
	r.hears(workflowStarted, ordermanager.ResumeNone)
	r.does(ordermanager.ActionPut, anna, ordermanager.ResumeDelivered)
	r.hears(waitingCompletion, ordermanager.ResumeNone)
}

// ends waits for the execution to succeed, with the end that the state machine names, and looks at the order then.
func (r *run) ends(end string, want ordermanager.State, reason string) (output map[string]any) {
	r.Helper()
	output = r.ended(end)
	order, err := r.manager.Order(r.Context(), r.id)
	if err != nil {
		r.Fatal(err)
	}
	if order.State != want || order.Reason != reason || order.Owes() {
		r.Errorf(
			"the order is %s because of %q and owes %v; want %s because of %q", order.State, order.Reason, order.Owes(), want,
			reason,
		)
	}
	return output
}

// ended waits for the execution alone.
func (r *run) ended(end string) (output map[string]any) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		execution, err := r.sfn.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: r.execution})
		if err != nil {
			r.Fatal(err)
		}
		if execution.Status == types.ExecutionStatusRunning {
			select {
			case <-poll.C:
				continue
			case <-ctx.Done():
				r.Fatal("the execution does not end")
			}
		}
		if execution.Status != types.ExecutionStatusSucceeded {
			r.Fatalf(
				"the execution is %s: %s, %s", execution.Status, aws.ToString(execution.Error), aws.ToString(execution.Cause),
			)
		}
		if err := json.Unmarshal([]byte(aws.ToString(execution.Output)), &output); err != nil {
			r.Fatal(err)
		}
		break
	}
	if output["end"] != end {
		r.Errorf("the execution ended as %v, want %s", output, end)
	}
	return output
}

const (
	workflowStarted   = "OrderProcessor.WorkflowStarted"
	waitingCompletion = "OrderProcessor.WaitingCompletion"
	orderFinished     = "OrderProcessor.orderFinished"
	orderTimeOut      = "OrderProcessor.OrderTimeOut"
)

var (
	anna = ordermanager.Customer("anna")
	ben  = ordermanager.Barista("ben")
)

// story is what happens to an order whose customer and whose barista may take so long.
type story struct {
	customerSeconds, baristaSeconds int
	happens                         func(r *run)
}

// tell lets each story happen in each house.
func tell(t *testing.T, e *environment, houses []house, stories map[string]story) {
	t.Helper()
	for name, s := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, house := range houses {
				t.Run(house.name, func(t *testing.T) {
					t.Parallel()
					s.happens(begin(t, e, house, s.customerSeconds, s.baristaSeconds))
				})
			}
		})
	}
}

// Invariants 3 to 5, end to end: whatever happens to an order, its workflow ends as the order does.
func TestOrderProcessor(t *testing.T) {
	e := emulators(t)
	tell(t, e, houses, map[string]story{
		"a completed order ends the workflow": {patient, patient, func(r *run) {
			r.hears(workflowStarted, ordermanager.ResumeNone)
			r.does(ordermanager.ActionPut, anna, ordermanager.ResumeDelivered)
			number := r.hears(waitingCompletion, ordermanager.ResumeNone).Order.Number
			r.does(ordermanager.ActionMake, ben, ordermanager.ResumeNone)
			r.does(ordermanager.ActionComplete, ben, ordermanager.ResumeDelivered)
			got := r.ends("completed", ordermanager.StateCompleted, "")
			want := map[string]any{
				"end": "completed", "number": number,
				"drink": map[string]any{"orderId": r.id, "action": "put", "state": "pending", "cancelled": false},
				"completion": map[string]any{
					"orderId": r.id, "action": "complete", "state": "completed", "cancelled": false,
					"orderNumber": number, "baristaUserId": "ben",
				},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				r.Errorf("output (-want +got):\n%s", diff)
			}
			r.await(orderFinished)
			r.await(serverlesspresso.DetailTypeWaitingCompletion)
			r.await(serverlesspresso.DetailTypeMakeOrder)
			r.await(serverlesspresso.DetailTypeOrderCompleted)
		}},
		"an order that is put back and claimed again ends the workflow once": {patient, patient, func(r *run) {
			r.waitsForItsBarista()
			r.does(ordermanager.ActionMake, ben, ordermanager.ResumeNone)
			r.does(ordermanager.ActionUnmake, ben, ordermanager.ResumeNone)
			carl := ordermanager.Barista("carl")
			r.does(ordermanager.ActionMake, carl, ordermanager.ResumeNone)
			r.does(ordermanager.ActionComplete, carl, ordermanager.ResumeDelivered)
			r.ends("completed", ordermanager.StateCompleted, "")
		}},
		"an order that is completed between the waits ends the workflow at the second wait": {patient, patient, func(r *run) {
			r.hears(workflowStarted, ordermanager.ResumeNone)
			r.does(ordermanager.ActionPut, anna, ordermanager.ResumeDelivered)
			late := r.await(waitingCompletion)
			r.does(ordermanager.ActionComplete, ben, ordermanager.ResumeNone)
			r.told(late, ordermanager.ResumeDelivered)
			r.ends("completed", ordermanager.StateCompleted, "")
		}},
		"a cancel in the first wait ends the workflow without a number": {patient, patient, func(r *run) {
			r.hears(workflowStarted, ordermanager.ResumeNone)
			r.does(ordermanager.ActionCancel, anna, ordermanager.ResumeDelivered)
			r.ends("cancelled", ordermanager.StateCancelled, "no milk")
			r.await(serverlesspresso.DetailTypeOrderCancelled)
		}},
		"a cancel between the waits ends the workflow at the second wait": {patient, patient, func(r *run) {
			r.hears(workflowStarted, ordermanager.ResumeNone)
			r.does(ordermanager.ActionPut, anna, ordermanager.ResumeDelivered)
			late := r.await(waitingCompletion)
			r.does(ordermanager.ActionCancel, anna, ordermanager.ResumeNone)
			r.told(late, ordermanager.ResumeDelivered)
			r.ends("cancelled", ordermanager.StateCancelled, "no milk")
		}},
		"a cancel of a pending order in the second wait ends the workflow": {patient, patient, func(r *run) {
			r.waitsForItsBarista()
			r.does(ordermanager.ActionCancel, anna, ordermanager.ResumeDelivered)
			r.ends("cancelled", ordermanager.StateCancelled, "no milk")
		}},
		"a cancel of an order in the making ends the workflow": {patient, patient, func(r *run) {
			r.waitsForItsBarista()
			r.does(ordermanager.ActionMake, ben, ordermanager.ResumeNone)
			r.does(ordermanager.ActionCancel, ben, ordermanager.ResumeDelivered)
			r.ends("cancelled", ordermanager.StateCancelled, "no milk")
		}},
		"a customer who does not answer cancels the order": {1, patient, func(r *run) {
			r.hears(workflowStarted, ordermanager.ResumeNone)
			r.hears(orderTimeOut, ordermanager.ResumeGone)
			r.ends("timed out", ordermanager.StateCancelled, "Customer timedout")
		}},
		"a barista who does not answer cancels the order": {patient, 1, func(r *run) {
			r.waitsForItsBarista()
			r.does(ordermanager.ActionMake, ben, ordermanager.ResumeNone)
			r.hears(orderTimeOut, ordermanager.ResumeGone)
			r.ends("timed out", ordermanager.StateCancelled, "Barista timedout")
		}},
		"a time-out that comes after the order was completed leaves it completed": {patient, 1, func(r *run) {
			r.waitsForItsBarista()
			late := r.await(orderTimeOut)
			if gone := r.does(ordermanager.ActionComplete, ben, ordermanager.ResumeGone).Gone; gone != ordermanager.GoneExpired {
				r.Errorf("the workflow is gone because of %q", gone)
			}
			if !r.told(late, ordermanager.ResumeNone).Unchanged {
				r.Error("the time-out changed a completed order")
			}
			r.ends("timed out", ordermanager.StateCompleted, "")
		}},
		"events that come twice change nothing": {patient, patient, func(r *run) {
			first := r.await(workflowStarted)
			r.told(first, ordermanager.ResumeNone)
			r.does(ordermanager.ActionPut, anna, ordermanager.ResumeDelivered)
			r.told(first, ordermanager.ResumeNone)
			second := r.await(waitingCompletion)
			r.told(second, ordermanager.ResumeNone)
			r.told(first, ordermanager.ResumeNone)
			r.told(second, ordermanager.ResumeNone)
			r.does(ordermanager.ActionComplete, ben, ordermanager.ResumeDelivered)
			r.told(second, ordermanager.ResumeNone)
			r.ends("completed", ordermanager.StateCompleted, "")
		}},
	})
}

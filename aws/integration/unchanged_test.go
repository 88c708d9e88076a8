package integration_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// unchanged are the houses of somebody who runs the sample and puts us in OrderManager's place: its tables and its
// OrderProcessor, which knows no failure but a time-out.
func unchanged(e *environment) []house {
	var all []house
	for _, h := range houses[2:] {
		h.processor, h.outcome = e.unchanged[h.name], serverlesspresso.Outcome
		all = append(all, h)
	}
	return all
}

// Invariants 3 to 5, with the sample's OrderProcessor as it is, in both versions: it ends as the order does.
func TestUnchangedOrderProcessor(t *testing.T) {
	e := emulators(t)
	const none, delivered = ordermanager.ResumeNone, ordermanager.ResumeDelivered
	tell(t, e, unchanged(e), map[string]story{
		"a completed order": {patient, patient, func(r *run) {
			r.waitsForItsBarista()
			r.does(ordermanager.ActionMake, ben, none)
			r.does(ordermanager.ActionComplete, ben, delivered)
			r.ends("finished", ordermanager.StateCompleted, "")
			r.await(serverlesspresso.DetailTypeWaitingCompletion)
			r.await(orderFinished)
		}},
		"a cancel before the drink: a number is drawn, and no barista hears of it": {patient, patient, func(r *run) {
			r.hears(workflowStarted, none)
			r.does(ordermanager.ActionCancel, anna, delivered)
			r.hears(waitingCompletion, delivered)
			if number := r.ends("finished", ordermanager.StateCancelled, "no milk")["number"]; number == "" {
				r.Error("no number was drawn")
			}
			r.await(orderFinished)
			r.neverSaid(serverlesspresso.DetailTypeWaitingCompletion)
		}},
		"a cancel between the waits": {patient, patient, func(r *run) {
			r.hears(workflowStarted, none)
			r.does(ordermanager.ActionPut, anna, delivered)
			late := r.await(waitingCompletion)
			r.does(ordermanager.ActionCancel, anna, none)
			r.told(late, delivered)
			r.ends("finished", ordermanager.StateCancelled, "no milk")
		}},
		"a cancel of an order in the making": {patient, patient, func(r *run) {
			r.waitsForItsBarista()
			r.does(ordermanager.ActionMake, ben, none)
			r.does(ordermanager.ActionCancel, ben, delivered)
			r.ends("finished", ordermanager.StateCancelled, "no milk")
		}},
		"a customer who does not answer": {1, patient, func(r *run) {
			r.hears(workflowStarted, none)
			r.hears(orderTimeOut, ordermanager.ResumeGone)
			r.ends("timed out", ordermanager.StateCancelled, "Customer timedout")
		}},
		"a barista who does not answer": {patient, 1, func(r *run) {
			r.waitsForItsBarista()
			r.hears(orderTimeOut, ordermanager.ResumeGone)
			r.ends("timed out", ordermanager.StateCancelled, "Barista timedout")
		}},
		"a workflow that begins again after a completion gets the answers on record": {patient, patient, func(r *run) {
			r.waitsForItsBarista()
			r.does(ordermanager.ActionComplete, ben, delivered)
			r.ends("finished", ordermanager.StateCompleted, "")
			r.startsAgain(delivered, delivered)
			r.ends("finished", ordermanager.StateCompleted, "")
		}},
		"a workflow that begins again after a cancel before the drink": {patient, patient, func(r *run) {
			r.hears(workflowStarted, none)
			r.does(ordermanager.ActionCancel, anna, delivered)
			r.hears(waitingCompletion, delivered)
			r.ends("finished", ordermanager.StateCancelled, "no milk")
			r.startsAgain(delivered, delivered)
			r.ends("finished", ordermanager.StateCancelled, "no milk")
		}},
	})
}

// startsAgain runs the workflow of the order once more from its beginning, as a redrive does from the wait that it
// failed in.
func (r *run) startsAgain(first, second ordermanager.ResumeStatus) {
	r.Helper()
	r.execution = r.start(testenv.Unique("again"))
	r.hears(workflowStarted, first)
	r.hears(waitingCompletion, second)
}

// neverSaid fails if there was an event. What came after it must have arrived already.
func (r *run) neverSaid(detailType string) {
	r.Helper()
	select {
	case e := <-r.inbox.queue(r.id, detailType):
		r.Errorf("%s was said: %s", detailType, e.raw)
	default:
	}
}

// What is seen while the sample's three functions still keep its table, and only the API was pointed at us:
// docs/compatibility.md has it as a table, and docs/aws.md has the order of the steps that avoids it.
func TestUnchangedOrderProcessor_withTheSamplesFunctionsStillOn(t *testing.T) {
	e := emulators(t)
	const delivered = ordermanager.ResumeDelivered
	tell(t, e, unchanged(e), map[string]story{
		"a completed order ends the workflow": {patient, patient, func(r *run) {
			r.sampleStarted()
			r.does(ordermanager.ActionPut, anna, delivered)
			r.sampleWaiting()
			r.does(ordermanager.ActionMake, ben, ordermanager.ResumeNone)
			r.does(ordermanager.ActionComplete, ben, delivered)
			r.ends("finished", ordermanager.StateCompleted, "")
		}},
		"a cancel of an order in the making ends the workflow": {patient, patient, func(r *run) {
			r.sampleStarted()
			r.does(ordermanager.ActionPut, anna, delivered)
			r.sampleWaiting()
			r.does(ordermanager.ActionMake, ben, ordermanager.ResumeNone)
			r.does(ordermanager.ActionCancel, ben, delivered)
			r.ends("finished", ordermanager.StateCancelled, "no milk")
		}},
		"a cancel before the drink leaves the workflow waiting until the barista's time-out": {patient, 2, func(r *run) {
			r.sampleStarted()
			r.does(ordermanager.ActionCancel, anna, delivered)
			r.sampleWaiting()
			r.hangs(ordermanager.StateCancelled)
		}},
		"a cancel between the waits leaves the workflow waiting until the barista's time-out": {patient, 2, func(r *run) {
			r.sampleStarted()
			r.does(ordermanager.ActionPut, anna, delivered)
			r.does(ordermanager.ActionCancel, anna, ordermanager.ResumeNone)
			r.sampleWaiting()
			r.hangs(ordermanager.StateCancelled)
		}},
		"a cancel between the waits, and an admin who has the order answered": {patient, patient, func(r *run) {
			r.sampleStarted()
			r.does(ordermanager.ActionPut, anna, delivered)
			r.does(ordermanager.ActionCancel, anna, ordermanager.ResumeNone)
			r.sampleWaiting()
			receipt, err := r.manager.Resend(r.Context(), ordermanager.Request{
				OrderID: r.id, Actor: ordermanager.Admin("olga"), Reason: "its workflow hangs",
			})
			r.accepted(receipt, err, delivered)
			r.ends("finished", ordermanager.StateCancelled, "no milk")
		}},
		"a first wait that begins again makes a new order of a cancelled one": {patient, patient, func(r *run) {
			r.sampleStarted()
			r.does(ordermanager.ActionCancel, anna, delivered)
			r.sampleWaiting()
			r.execution = r.start(testenv.Unique("again"))
			r.sampleStarted()
			r.isNow(ordermanager.StatePending, "")
		}},
		"a workflow that waits again after its order was completed turns it into a cancelled one": {patient, 2, func(r *run) {
			r.sampleStarted()
			r.does(ordermanager.ActionPut, anna, delivered)
			r.sampleWaiting()
			r.does(ordermanager.ActionComplete, ben, delivered)
			r.ends("finished", ordermanager.StateCompleted, "")
			r.execution = r.start(testenv.Unique("again"))
			// A redrive begins at the second wait: nobody is told of the first.
			token, _ := r.await(workflowStarted).Detail["TaskToken"].(string)
			if _, err := r.sfn.SendTaskSuccess(
				r.Context(), &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String("{}")},
			); err != nil {
				r.Fatal(err)
			}
			r.sampleWaiting()
			r.hangs(ordermanager.StateCompleted)
		}},
	})
}

// hangs wants the execution to be ended by its time-out, a redrive to know nothing of it, and the sample's function to
// write the time-out over the order.
func (r *run) hangs(state ordermanager.State) {
	r.Helper()
	if report, err := r.manager.Redrive(r.Context(), nil); err != nil || report.Orders != 0 {
		r.Errorf("Redrive = %+v, %v", report, err)
	}
	r.isNow(state, "")
	r.sampleTimedOut()
	r.ended("timed out")
	r.isNow(ordermanager.StateCancelled, "Barista timedout")
}

// isNow looks at the order; an empty reason is any.
func (r *run) isNow(state ordermanager.State, reason string) {
	r.Helper()
	order, err := r.manager.Order(r.Context(), r.id)
	if err != nil || order.State != state || reason != "" && order.Reason != reason {
		r.Errorf("the order is %s because of %q, %v; want %s because of %q", order.State, order.Reason, err, state, reason)
	}
}

// start starts an execution of the order's workflow.
func (r *run) start(name string) *string {
	r.Helper()
	started, err := r.sfn.StartExecution(r.Context(), &sfn.StartExecutionInput{
		StateMachineArn: &r.house.processor, Name: &name, Input: aws.String(r.input),
	})
	if err != nil {
		r.Fatal(err)
	}
	return started.ExecutionArn
}

package integration_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// The sample's helper functions keep the table in step with OrderProcessor. What they write is told here as data, from
// the same events: they know nothing of our attributes, and overwrite theirs.

// state is ORDERSTATE in the dialect of the house; the sample writes a time-out with a word of its own in the workshop.
func (h house) state(word string) string {
	if h.venue != "" {
		return h.venue + "-" + word
	}
	return word
}

func (r *run) key() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: "orders"}, "SK": &types.AttributeValueMemberS{Value: r.id},
	}
}

func now() types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(time.Now().UnixMilli(), 10)}
}

func text(value any) types.AttributeValue {
	s, _ := value.(string)
	return &types.AttributeValueMemberS{Value: s}
}

// sampleStarted is what the sample does when the workflow has started: it puts the item, whatever was there.
func (r *run) sampleStarted() {
	r.Helper()
	e := r.await(workflowStarted)
	item := r.key()
	item["USERID"], item["TaskToken"], item["TS"] = text(e.Detail["userId"]), text(e.Detail["TaskToken"]), now()
	item["ORDERSTATE"], item["robot"] = text(r.house.state("CREATED")), &types.AttributeValueMemberBOOL{}
	if _, err := r.dynamo.PutItem(r.Context(), &dynamodb.PutItemInput{TableName: &r.table, Item: item}); err != nil {
		r.Fatal(err)
	}
}

// sampleWaiting is what the sample does when the workflow waits for completion.
func (r *run) sampleWaiting() {
	r.Helper()
	e := r.await(waitingCompletion)
	_, err := r.dynamo.UpdateItem(r.Context(), &dynamodb.UpdateItemInput{
		TableName: &r.table, Key: r.key(),
		UpdateExpression:    aws.String("SET TaskToken = :token, orderNumber = :number, TS = :now"),
		ConditionExpression: aws.String("USERID = :user"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":token":  text(e.Detail["TaskToken"]),
			":number": text(e.Detail["orderNumber"]), ":now": now(), ":user": text(e.Detail["userId"]),
		},
	})
	if err != nil {
		r.Fatal(err)
	}
}

// sampleTimedOut is what the sample does when the workflow has timed out.
func (r *run) sampleTimedOut() {
	r.Helper()
	e := r.await(orderTimeOut)
	_, err := r.dynamo.UpdateItem(r.Context(), &dynamodb.UpdateItemInput{
		TableName: &r.table, Key: r.key(),
		UpdateExpression: aws.String("SET ORDERSTATE = :state, reason = :reason"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":state": text(r.house.state("CANCELLED")), ":reason": text(e.Detail["cause"]),
		},
	})
	if err != nil {
		r.Fatal(err)
	}
}

// Ours and the sample's programs take turns on one order, in both dialects of its table.
func TestOrderProcessor_withTheSamplesFunctionsOnTheSameTable(t *testing.T) {
	e := emulators(t)
	ours := func(event string) func(*run) {
		return func(r *run) { r.Helper(); r.hears(event, ordermanager.ResumeNone) }
	}
	stories := map[string]story{
		"the sample starts the order, and it is cancelled in the first wait": {patient, patient, func(r *run) {
			r.sampleStarted()
			r.does(ordermanager.ActionCancel, anna, ordermanager.ResumeDelivered)
			r.ends("cancelled", ordermanager.StateCancelled, "no milk")
		}},
		"the sample writes a time-out, and nothing can be completed after it": {patient, 1, func(r *run) {
			r.hears(workflowStarted, ordermanager.ResumeNone)
			r.does(ordermanager.ActionPut, anna, ordermanager.ResumeDelivered)
			r.hears(waitingCompletion, ordermanager.ResumeNone)
			r.sampleTimedOut()
			_, err := r.manager.Complete(r.Context(), ordermanager.Request{OrderID: r.id, Actor: ben, Venue: r.house.venue})
			if !errors.Is(err, ordermanager.ErrIllegalTransition) {
				r.Errorf("Complete = %v", err)
			}
			order, err := r.manager.Order(r.Context(), r.id)
			if err != nil || order.State != ordermanager.StateCancelled || order.Reason != "Barista timedout" {
				r.Errorf("the order is %s because of %q, %v", order.State, order.Reason, err)
			}
		}},
	}
	for name, turns := range map[string]struct{ started, waiting func(*run) }{
		"the sample starts the order, we hear of the second wait": {(*run).sampleStarted, ours(waitingCompletion)},
		"we start the order, the sample hears of the second wait": {ours(workflowStarted), (*run).sampleWaiting},
		"the sample hears of both waits":                          {(*run).sampleStarted, (*run).sampleWaiting},
	} {
		for ending, end := range map[string]func(*run){
			"completed": func(r *run) {
				r.does(ordermanager.ActionMake, ben, ordermanager.ResumeNone)
				r.does(ordermanager.ActionComplete, ben, ordermanager.ResumeDelivered)
				r.ends("completed", ordermanager.StateCompleted, "")
			},
			"cancelled while pending": func(r *run) {
				r.does(ordermanager.ActionCancel, anna, ordermanager.ResumeDelivered)
				r.ends("cancelled", ordermanager.StateCancelled, "no milk")
			},
			"cancelled while made": func(r *run) {
				r.does(ordermanager.ActionMake, ben, ordermanager.ResumeNone)
				r.does(ordermanager.ActionCancel, ben, ordermanager.ResumeDelivered)
				r.ends("cancelled", ordermanager.StateCancelled, "no milk")
			},
		} {
			stories[name+", "+ending] = story{patient, patient, func(r *run) {
				turns.started(r)
				r.does(ordermanager.ActionPut, anna, ordermanager.ResumeDelivered)
				turns.waiting(r)
				end(r)
			}}
		}
	}
	tell(t, e, houses[2:], stories)
}

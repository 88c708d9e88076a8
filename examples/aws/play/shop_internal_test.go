package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/brewline/ordermanager/internal/testenv"
)

// shop is the whole shop that the template deploys without parameters of the sample.
type shop struct {
	*testing.T
	*stage
	// life is the context of the functions, which outlives an order.
	life context.Context
}

// order is one order in it, and its workflow.
type order struct {
	shop
	id        string
	execution *string
}

// TestShop takes orders through everything that can happen to one, with the workflow and the functions as they are
// deployed.
func TestShop(t *testing.T) {
	testenv.Need(t, testenv.Shop()...)
	var told bytes.Buffer
	stage, err := openStage(t.Context(), &told, build(t), map[string]string{
		"JwtIssuer": "https://issuer.example", "JwtAudience": "shop", "CustomerSeconds": "300", "BaristaSeconds": "900",
		"MaxOrdersInQueue":     "20",
		"MaxOrdersPerCustomer": "3",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stage.close()
	life := t.Context()
	for _, test := range []struct {
		name string
		run  func(o *order)
	}{
		{"an order is made", func(o *order) {
			o.begins()
			o.hears("WorkflowStarted", "workflow_started")
			o.asks(200, "put", anna, `{"userId":"anna","drink":"Cappuccino","modifiers":["Oat"]}`)
			o.hears("WaitingCompletion", `"orderNumber":"1"`)
			o.asks(200, "make", ben, "")
			o.asks(200, "complete", ben, "")
			o.ends(`SUCCEEDED {"end":"completed","orderNumber":"1"}`)
			o.await("OrderProcessor.orderFinished")
			o.asks(409, "cancel", anna, "") // too late
			o.is("completed")
		}},
		{"a cancel before the order is there finds nothing, and the order goes on", func(o *order) {
			o.begins()
			started := o.await("OrderProcessor.WorkflowStarted")
			o.asks(404, "cancel", anna, "")
			o.tells(started, "workflow_started")
			o.asks(200, "cancel", anna, "")
			o.ends(`SUCCEEDED {"end":"cancelled"}`)
		}},
		{"a cancel while it waits for a drink", func(o *order) {
			o.begins()
			o.hears("WorkflowStarted", "workflow_started")
			o.asks(200, "cancel", anna, "")
			o.ends(`SUCCEEDED {"end":"cancelled"}`)
			o.is("cancelled")
		}},
		{"a cancel between the two waits", func(o *order) {
			o.begins()
			o.hears("WorkflowStarted", "workflow_started")
			o.asks(200, "put", anna, `{"userId":"anna","drink":"Espresso","modifiers":[]}`)
			waiting := o.await("OrderProcessor.WaitingCompletion")
			o.asks(200, "cancel", anna, "")
			o.tells(waiting, `"resume":"delivered"`)
			o.ends(`SUCCEEDED {"end":"cancelled"}`)
		}},
		{"a cancel while it waits for a barista", func(o *order) {
			o.waitsForABarista()
			o.asks(200, "cancel", anna, "")
			o.ends(`SUCCEEDED {"end":"cancelled"}`)
		}},
		{"a barista's cancel while it is made", func(o *order) {
			o.waitsForABarista()
			o.asks(200, "make", ben, "")
			o.asks(200, "cancel", ben, "")
			o.ends(`SUCCEEDED {"end":"cancelled"}`)
			o.is("cancelled")
		}},
		{"nobody chooses a drink in time", func(o *order) {
			o.sets("config", "customerSeconds", number(1))
			defer o.sets("config", "customerSeconds", number(300))
			o.begins()
			o.hears("WorkflowStarted", "workflow_started")
			o.hears("OrderTimeOut", `"reason":"Customer timedout"`)
			o.ends(`SUCCEEDED {"end":"timed out","cause":"Customer timedout"}`)
			o.is("cancelled")
		}},
		{"no barista makes it in time", func(o *order) {
			o.sets("config", "baristaSeconds", number(1))
			defer o.sets("config", "baristaSeconds", number(900))
			o.waitsForABarista()
			o.hears("OrderTimeOut", `"reason":"Barista timedout"`)
			o.ends(`SUCCEEDED {"end":"timed out","cause":"Barista timedout"}`)
			o.is("cancelled")
		}},
		{"a workflow that failed goes on after its redrive", func(o *order) {
			o.begins()
			o.hears("WorkflowStarted", "workflow_started")
			o.sets("orderNumber", "IDvalue", &types.AttributeValueMemberS{Value: "broken"})
			o.asks(200, "put", anna, `{"userId":"anna","drink":"Espresso","modifiers":[]}`)
			o.ends(`FAILED `)
			o.asks(200, "make", ben, "") // the order does not depend on it
			o.sets("orderNumber", "IDvalue", number(41))
			if _, err := o.steps.RedriveExecution(
				o.Context(), &sfn.RedriveExecutionInput{ExecutionArn: o.execution},
			); err != nil {
				o.Fatal(err)
			}
			o.hears("WaitingCompletion", `"orderNumber":"42"`)
			o.asks(200, "complete", ben, "")
			o.ends(`SUCCEEDED {"end":"completed","orderNumber":"42"}`)
		}},
		{"a closed shop takes no order", func(o *order) {
			o.sets("config", "storeOpen", &types.AttributeValueMemberBOOL{Value: false})
			defer o.sets("config", "storeOpen", &types.AttributeValueMemberBOOL{Value: true})
			o.begins()
			o.ends(`SUCCEEDED {"end":"not taken","cause":"The shop is closed"}`)
			o.await("OrderProcessor.ShopUnavailable")
			o.asks(404, "cancel", anna, "")
		}},
		{"a full queue takes no more, until there is room", func(o *order) {
			o.sets("config", "maxOrdersInQueue", number(1))
			defer o.sets("config", "maxOrdersInQueue", number(20))
			o.begins()
			o.hears("WorkflowStarted", "workflow_started")
			next := &order{shop: o.shop}
			next.begins()
			next.ends(`SUCCEEDED {"end":"not taken","cause":"The queue is full"}`)
			next.await("OrderProcessor.ShopUnavailable")
			o.asks(200, "cancel", anna, "")
			o.ends(`SUCCEEDED {"end":"cancelled"}`)
			another := &order{shop: o.shop}
			another.begins()
			another.hears("WorkflowStarted", "workflow_started")
			another.asks(200, "cancel", anna, "")
			another.ends(`SUCCEEDED {"end":"cancelled"}`)
		}},
		{"a customer has no more orders than one may have, until one has ended", func(o *order) {
			o.begins()
			o.hears("WorkflowStarted", "workflow_started")
			var others []*order
			for range 2 {
				other := &order{shop: o.shop}
				other.begins()
				other.hears("WorkflowStarted", "workflow_started")
				others = append(others, other)
			}
			refused := o.answered(o.invokes("http", request("POST", "/orders", "", "", anna...)), 409)
			if !strings.Contains(refused, "too_many_orders") {
				o.Fatal(refused)
			}
			o.asks(200, "cancel", anna, "")
			o.ends(`SUCCEEDED {"end":"cancelled"}`)
			o.eventually(func() bool { // the ended order is noticed a second after it was looked for in vain
				return strings.Contains(o.invokes("http", request("POST", "/orders", "", "", anna...)), `"statusCode":202`)
			})
			for _, other := range others {
				other.asks(200, "cancel", anna, "")
			}
		}},
	} {
		// One after the other: some change the settings of the shop.
		t.Run(test.name, func(t *testing.T) { test.run(&order{shop: shop{t, stage, life}}) })
	}
	if t.Failed() {
		t.Log(told.String())
	}
}

var (
	anna = []string{"anna", ""}
	ben  = []string{"ben", "[admin]"}
)

func number(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: fmt.Sprint(n)} }

// invokes gives a payload to a function, and returns its answer or its failure as JSON.
func (s *shop) invokes(name, payload string) string {
	s.Helper()
	f, err := s.running(s.life, name)
	if err != nil {
		s.Fatal(err)
	}
	s.count++
	got, err := f.invoke(s.Context(), fmt.Sprintf("invocation-%d", s.count), []byte(payload))
	if refused, ok := errors.AsType[*failure](err); ok {
		return marshal(refused)
	}
	if err != nil {
		s.Fatal(err)
	}
	return string(got)
}

// answered is the body of an HTTP answer with the wanted status.
func (s *shop) answered(got string, status int) string {
	s.Helper()
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal([]byte(got), &answer); err != nil || answer.StatusCode != status {
		s.Fatalf("want the status %d: %s", status, got)
	}
	return answer.Body
}

// begins lets the customer begin an order.
func (o *order) begins() {
	o.Helper()
	var begun struct{ OrderID string }
	body := o.answered(o.invokes("http", request("POST", "/orders", "", "", anna...)), 202)
	if err := json.Unmarshal([]byte(body), &begun); err != nil || begun.OrderID == "" {
		o.Fatalf("no order began: %s", body)
	}
	o.id = begun.OrderID
	o.execution = aws.String(strings.Replace(*o.workflow, ":stateMachine:", ":execution:", 1) + ":" + o.id)
}

func (o *order) waitsForABarista() {
	o.Helper()
	o.begins()
	o.hears("WorkflowStarted", "workflow_started")
	o.asks(200, "put", anna, `{"userId":"anna","drink":"Espresso","modifiers":[]}`)
	o.hears("WaitingCompletion", "waiting_completion")
}

// await returns the next event of this type for the order.
func (o *order) await(detailType string) []byte {
	o.Helper()
	e, err := o.services.await(o.Context(), detailType, o.id)
	if err != nil {
		o.Fatal(err)
	}
	return e
}

// hears lets the function behind the rule hear what the workflow says, and looks at its answer.
func (o *order) hears(detailType, want string) {
	o.Helper()
	o.tells(o.await("OrderProcessor."+detailType), want)
}

func (o *order) tells(event []byte, want string) {
	o.Helper()
	if got := o.invokes("events", string(event)); !strings.Contains(got, want) {
		o.Fatalf("want %s: %s", want, got)
	}
}

// asks sends an action through the API.
func (o *order) asks(status int, action string, caller []string, body string) {
	o.Helper()
	o.answered(o.invokes("http", request("PUT", "/orders/"+o.id, "action="+action, body, caller...)), status)
}

// is looks at the order through the API.
func (o *order) is(state string) {
	o.Helper()
	body := o.answered(o.invokes("http", request("GET", "/orders/"+o.id, "", "", anna...)), 200)
	if !strings.Contains(body, `"`+state+`"`) {
		o.Errorf("want an order that is %s: %s", state, body)
	}
}

// ends waits for the end of the workflow.
func (o *order) ends(want string) {
	o.Helper()
	how, err := o.end(o.Context(), o.execution)
	if err != nil {
		o.Fatal(err)
	}
	if !strings.HasPrefix(strings.NewReplacer(": ", ":", ", ", ",").Replace(how), want) {
		o.Fatalf("the workflow ended with %s, want %s", how, want)
	}
}

func (s *shop) sets(key, name string, value types.AttributeValue) {
	s.Helper()
	if err := s.set(s.Context(), key, map[string]types.AttributeValue{name: value}); err != nil {
		s.Fatal(err)
	}
}

// eventually waits for what becomes true soon.
func (s *shop) eventually(ok func() bool) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	for !ok() {
		select {
		case <-poll.C:
		case <-ctx.Done():
			s.Fatal("it did not happen")
		}
	}
}

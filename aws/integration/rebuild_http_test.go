package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/memory"
)

// cafe is the durable rebuild over HTTP: its function on AWS's runner, with our REST interface in front. Its starter
// keeps the shop's hours and a limit for each customer; a service of one's own has those where it keeps its orders.
type cafe struct {
	*durableOrder
	api  *httpapi.Handler
	feed *httpapi.Feed

	mu     sync.Mutex
	closed bool
	begun  map[string]int
	starts httpapi.Starter
}

func newCafe(t *testing.T) *cafe {
	t.Helper()
	d := durableRunner(t)
	c := &cafe{durableOrder: &durableOrder{T: t, durables: d}, feed: httpapi.NewFeed(), begun: map[string]int{}}
	c.starts = durableresumer.NewStarter(d.client, "order:$LATEST")
	menu := oneVenue{ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Cappuccino"}}}}
	var err error
	store := c.feed.Store(memory.NewStore())
	c.manager, err = ordermanager.New(store, menu, durableresumer.New(d.client), &ordermanager.Options{
		Lifecycle: acceptance, Outcome: callbackOutcome, DeliveryTimeout: patience,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.api, err = httpapi.New(c.manager, menu, &httpapi.Options{
		Starter: c, Feed: c.feed,
		Shop: func(_ context.Context, venue string) (httpapi.Shop, error) {
			return httpapi.Shop{EventID: venue, Open: !c.isClosed()}, nil
		},
		Identify: func(r *http.Request) (ordermanager.Actor, error) {
			role, id, _ := strings.Cut(r.Header.Get("X-Caller"), ":")
			return ordermanager.Actor{Role: ordermanager.Role(role), ID: id}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// oneVenue has a menu for the venue "cafe" alone.
type oneVenue struct{ menu ordermanager.Menu }

func (v oneVenue) Menu(_ context.Context, venue string) (*ordermanager.Menu, error) {
	if venue != "cafe" {
		return nil, ordermanager.ErrUnknownVenue
	}
	return &v.menu, nil
}

func (c *cafe) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

const mostOrders = 3

// Start implements httpapi.Starter.
func (c *cafe) Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return ordermanager.Receipt{}, ordermanager.ErrShopClosed
	case c.begun[customer] == mostOrders:
		return ordermanager.Receipt{}, ordermanager.ErrTooManyOrders
	}
	c.begun[customer]++
	return c.starts.Start(ctx, orderID, customer, venue)
}

// ask makes a call, and returns the answer's status and body.
func (c *cafe) ask(caller, method, path, body string) (int, map[string]any) {
	c.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-Caller", caller)
	w := httptest.NewRecorder()
	c.api.ServeHTTP(w, r)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		c.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Code, answer
}

func (c *cafe) wants(caller, method, path, body string, status int, fields map[string]any) {
	c.Helper()
	got, answer := c.ask(caller, method, path, body)
	if order, ok := answer["order"].(map[string]any); ok {
		answer = order
	}
	shown := map[string]any{}
	for name := range fields {
		shown[name] = answer[name]
	}
	if diff := cmp.Diff(fields, shown); diff != "" || got != status {
		c.Errorf("%s %s: %d, want %d (-want +got):\n%s", method, path, got, status, diff)
	}
}

// queue brings a new order of anna's to its first wait, with its drink.
func (c *cafe) queue() {
	c.Helper()
	status, order := c.ask(
		"customer:anna", "POST", "/orders", fmt.Sprintf(`{"orderId":%q,"eventId":"cafe"}`, testenv.Unique("order")),
	)
	if c.id, _ = order["orderId"].(string); status != http.StatusAccepted {
		c.Fatalf("the order did not begin: %d %v", status, order)
	}
	page, err := c.client.ListDurableExecutionsByFunction(c.Context(), &lambda.ListDurableExecutionsByFunctionInput{
		FunctionName: aws.String("order"), DurableExecutionName: &c.id,
	})
	if err != nil || len(page.DurableExecutions) != 1 {
		c.Fatalf("there is not one execution of order %s: %v", c.id, err)
	}
	c.execution = aws.ToString(page.DurableExecutions[0].DurableExecutionArn)
	token, err := c.token(c.Context(), c.execution, "drink")
	if err != nil {
		c.Fatal(err)
	}
	_, err = c.manager.WorkflowStarted(
		c.Context(), ordermanager.WorkflowStarted{OrderID: c.id, Customer: "anna", Venue: "cafe", Token: token},
	)
	if err != nil {
		c.Fatal(err)
	}
	c.wants(
		"customer:anna", "PUT", "/orders/"+c.id+"?eventId=cafe", `{"drink":"Cappuccino"}`, 200,
		map[string]any{"state": "pending"},
	)
}

// What a public fork of the rebuild tests of itself, asked of us over HTTP: what it finds out in its workflow and then
// cancels is refused here before a workflow begins. (Time-outs: TestDurableRebuild.)
func TestDurableRebuild_overHTTP(t *testing.T) {
	accepted := map[string]any{"action": "ACCEPT", "baristaId": "ben"}
	for name, story := range map[string]func(c *cafe){
		"the configuration of a venue can be read": func(c *cafe) {
			c.wants("customer:anna", "GET", "/shop?eventId=cafe", "", 200, map[string]any{"eventId": "cafe", "open": true})
		},
		"an order begins its function, is queued, and is listed": func(c *cafe) {
			c.queue()
			_, listing := c.ask("barista:ben", "GET", "/orders?state=pending&eventId=cafe", "")
			orders, _ := listing["orders"].([]any)
			if len(orders) != 1 || orders[0].(map[string]any)["orderId"] != c.id {
				c.Errorf("queued are %v", orders)
			}
		},
		"a closed shop begins nothing": func(c *cafe) {
			c.closed = true
			c.wants("customer:anna", "POST", "/orders", `{"eventId":"cafe"}`, 409, map[string]any{"code": "shop_closed"})
			c.wants("customer:anna", "GET", "/shop?eventId=cafe", "", 200, map[string]any{"open": false})
		},
		"an unknown venue begins nothing": func(c *cafe) {
			c.wants("customer:anna", "POST", "/orders", `{"eventId":"nowhere"}`, 404, map[string]any{"code": "unknown_venue"})
		},
		"an order too many begins nothing": func(c *cafe) {
			for range mostOrders {
				c.queue()
			}
			c.wants("customer:anna", "POST", "/orders", `{"eventId":"cafe"}`, 409, map[string]any{"code": "too_many_orders"})
		},
		"an accept resumes the function, and a complete ends it": func(c *cafe) {
			c.queue()
			c.wants(
				"barista:ben", "PUT", "/orders/"+c.id+"?action=make", "", 200,
				map[string]any{"state": "making", "baristaUserId": "ben"},
			)
			c.waits("completion", ordermanager.ResumeNone)
			_, count := c.ask("barista:ben", "GET", "/orders/count?eventId=cafe", "")
			want := []any{map[string]any{"state": "pending", "orders": 0.0}, map[string]any{"state": "making", "orders": 1.0}}
			if diff := cmp.Diff(want, count["open"]); diff != "" {
				c.Errorf("counted (-want +got):\n%s", diff)
			}
			c.wants("barista:ben", "PUT", "/orders/"+c.id+"?action=complete", "", 200, map[string]any{"state": "completed"})
			c.ends(ordermanager.StateCompleted, map[string]any{
				"drink": accepted, "completion": map[string]any{"action": "COMPLETE", "baristaId": "ben"},
			})
			_, history := c.ask("barista:ben", "GET", "/orders/"+c.id+"/history", "")
			var actions []any
			for _, entry := range history["entries"].([]any) {
				actions = append(actions, entry.(map[string]any)["action"])
			}
			if !slices.Equal(actions, []any{"workflow_started", "put", "make", "waiting_completion", "complete"}) {
				c.Errorf("the history is %v", actions)
			}
		},
		"the customer cancels in the queue": func(c *cafe) {
			c.queue()
			c.wants("customer:anna", "PUT", "/orders/"+c.id+"?action=cancel", `{"reason":"in a hurry"}`, 200,
				map[string]any{"state": "cancelled", "reason": "in a hurry"})
			c.ends(ordermanager.StateCancelled, map[string]any{
				"drink": map[string]any{"action": "CANCEL", "reason": "in a hurry", "cancelledBy": "attendee"},
			})
		},
		"the barista cancels what was accepted": func(c *cafe) {
			c.queue()
			c.wants("barista:ben", "PUT", "/orders/"+c.id+"?action=make", "", 200, map[string]any{"state": "making"})
			c.waits("completion", ordermanager.ResumeNone)
			c.wants(
				"barista:ben", "PUT", "/orders/"+c.id+"?action=cancel", `{"reason":"no beans"}`, 200,
				map[string]any{"reason": "no beans"},
			)
			c.ends(ordermanager.StateCancelled, map[string]any{
				"drink": accepted, "completion": map[string]any{"action": "CANCEL", "reason": "no beans", "cancelledBy": "barista"},
			})
		},
		"an unknown action is refused": func(c *cafe) {
			c.queue()
			c.wants(
				"barista:ben", "PUT", "/orders/"+c.id+"?action=BARISTA_DANCE", "", 400, map[string]any{"code": "unknown_action"},
			)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(newCafe(t))
		})
	}
}

// A change is told at once to whoever listens.
func TestDurableRebuild_tellsOfChanges(t *testing.T) {
	c := newCafe(t)
	server := httptest.NewServer(c.api)
	defer server.Close()
	defer c.feed.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Caller", "barista:ben")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	c.queue()
	c.wants("barista:ben", "PUT", "/orders/"+c.id+"?action=make", "", 200, map[string]any{"state": "making"})
	heard, buffer := "", make([]byte, 4096)
	for !strings.Contains(heard, `"state":"making"`) {
		n, err := response.Body.Read(buffer)
		if heard += string(buffer[:n]); err != nil {
			t.Fatalf("heard %s, %v", heard, err)
		}
	}
}

package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
)

// fixture is a service over the memory store. Who calls stands in a header, "customer:1".
type fixture struct {
	t        testing.TB
	store    *memory.Store
	manager  *ordermanager.Manager
	workflow *memory.Workflow
	feed     *httpapi.Feed
	handler  *httpapi.Handler
	// seen are the documented answers that were met: "GET /orders 200".
	seen map[string]bool
}

var errBroken = errors.New("arn:aws:dynamodb:table/secret is on fire")

const (
	demoHeader     = "X-Demo-User"
	idempotencyKey = "Idempotency-Key"
)

// demoIdentity believes whoever says who they are.
func demoIdentity(r *http.Request) (ordermanager.Actor, error) {
	role, id, _ := strings.Cut(r.Header.Get(demoHeader), ":")
	return ordermanager.Actor{Role: ordermanager.Role(role), ID: id}, nil
}

var coffeeMenu = ordermanager.Menu{Items: []ordermanager.MenuItem{
	{Drink: "Cappuccino", Icon: "cappuccino", Modifiers: []ordermanager.ModifierGroup{
		{Name: "Milk", Options: []string{"Regular", "Oat"}},
	}},
	{Drink: "Espresso", Icon: "espresso"},
	{Drink: "Mocha", Icon: "mocha", SoldOut: true},
}}

// venues has a menu for every venue but "nowhere", and cannot read that of "closed".
type venues struct{}

func (venues) Menu(_ context.Context, venue string) (*ordermanager.Menu, error) {
	switch venue {
	case "closed":
		return nil, errBroken
	case "nowhere":
		return nil, fmt.Errorf("no menu: %w", ordermanager.ErrUnknownVenue)
	}
	return &coffeeMenu, nil
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newFixture makes a service; its options can be changed before.
func newFixture(t testing.TB, change ...func(*httpapi.Options)) *fixture {
	t.Helper()
	f := &fixture{
		t: t, store: memory.NewStore(), workflow: memory.NewWorkflow(), feed: httpapi.NewFeed(), seen: map[string]bool{},
	}
	f.feed.SetEpoch("demo")
	var err error
	onlyStore := struct{ ordermanager.Store }{f.store} // and no Watcher: feed_test.go has those
	f.manager, err = ordermanager.New(f.feed.Store(onlyStore), venues{}, f.workflow, &ordermanager.Options{
		Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	f.workflow.Connect(f.manager)
	options := &httpapi.Options{Identify: demoIdentity, Feed: f.feed, Starter: starter{f.workflow}, Shop: shopOf}
	for _, change := range change {
		change(options)
	}
	f.handler, err = httpapi.New(f.manager, venues{}, options)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// starter begins workflows. The Manager hears of the order "slow" later, and the shop "full" takes none.
type starter struct{ *memory.Workflow }

func (s starter) Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error) {
	if venue == "full" {
		return ordermanager.Receipt{}, ordermanager.ErrQueueFull
	}
	receipt, err := s.Workflow.Start(ctx, orderID, customer, venue)
	if orderID == "slow" {
		receipt.Pending = errBroken
	}
	return receipt, err
}

func shopOf(_ context.Context, venue string) (httpapi.Shop, error) {
	return httpapi.Shop{EventID: venue, Open: true, InQueue: 2}, nil
}

// start begins the workflow of a customer's order.
func (f *fixture) start(orderID, customer, venue string) {
	f.t.Helper()
	if _, err := f.workflow.Start(f.t.Context(), orderID, customer, venue); err != nil {
		f.t.Fatal(err)
	}
}

// call is one request; text after the path is the body.
type call struct {
	actor, method, path, body string
	header                    http.Header
}

func (c call) request() *http.Request {
	r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
	for name, values := range c.header {
		r.Header[name] = values
	}
	if c.actor != "" {
		r.Header.Set(demoHeader, c.actor)
	}
	if _, given := c.header["Content-Type"]; !given && c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// do makes a call, and holds the answer against the OpenAPI document.
func (f *fixture) do(c call) *httptest.ResponseRecorder {
	f.t.Helper()
	w := httptest.NewRecorder()
	r := c.request()
	f.handler.ServeHTTP(w, r)
	f.checkDocumented(r, w)
	return w
}

// must makes a call that succeeds.
func (f *fixture) must(actor, method, path, body string) map[string]any {
	f.t.Helper()
	w := f.do(call{actor: actor, method: method, path: path, body: body})
	if w.Code != http.StatusOK {
		f.t.Fatalf("%s %s by %s: %d %s", method, path, actor, w.Code, w.Body)
	}
	return object(f.t, w)
}

func object(t testing.TB, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return body
}

const cappuccino = `{"userId":"1","drink":"Cappuccino","modifiers":["Oat"],"icon":"mug"}`

// breakStore makes every following operation of the store fail.
func (f *fixture) breakStore() {
	f.store.Hook = func(string, string, bool) error { return errBroken }
}

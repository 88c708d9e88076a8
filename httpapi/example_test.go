package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
)

// A service asks its own sign-in who is calling, and serves the interface beside its other routes.
func ExampleNew() {
	workflow, feed := memory.NewWorkflow(), httpapi.NewFeed()
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
	manager, err := ordermanager.New(feed.Store(memory.NewStore()), menu, workflow, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	workflow.Connect(manager)
	api, err := httpapi.New(manager, menu, &httpapi.Options{
		Feed: feed,
		Identify: func(r *http.Request) (ordermanager.Actor, error) {
			cookie, err := r.Cookie("session")
			if err != nil {
				return ordermanager.Actor{}, httpapi.ErrNoIdentity
			}
			return ordermanager.Customer(cookie.Value), nil // a real one looks the session up
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := workflow.Start(context.Background(), "7", "ada", ""); err != nil {
		fmt.Println(err)
		return
	}

	r := httptest.NewRequest(http.MethodPut, "/orders/7", strings.NewReader(`{"drink":"Latte"}`))
	r.Header.Set("Content-Type", "application/json")
	r.AddCookie(&http.Cookie{Name: "session", Value: "ada"})
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), `"resume":"delivered"`))
	// Output: 200 true
}

// Claims that middleware or an authorizer has verified say who is calling.
func ExampleWithClaims() {
	manager, err := ordermanager.New(memory.NewStore(), ordermanager.NoMenu(), new(memory.Resumer), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	api, err := httpapi.New(manager, ordermanager.NoMenu(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodGet, "/orders?state=pending", nil)
	for _, groups := range []any{nil, []any{"admin"}} {
		claims := map[string]any{"sub": "3", "cognito:groups": groups}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r.WithContext(httpapi.WithClaims(context.Background(), claims)))
		fmt.Println(w.Code, w.Header().Get("Content-Type"))
	}
	// Output:
	// 403 application/problem+json
	// 200 application/json
}

// The groups of a Cognito token come as a list or as a text, depending on what has passed them on.
func ExampleCognitoActor() {
	for _, groups := range []any{nil, "[admin other]", []any{"other"}} {
		actor, err := httpapi.CognitoActor(map[string]any{"sub": "3", "cognito:groups": groups})
		fmt.Println(actor.Role, actor.ID, err)
	}
	// Output:
	// customer 3 <nil>
	// barista 3 <nil>
	// customer 3 <nil>
}

// A page that comes first is told to read its orders; every change after that reaches it.
func ExampleFeed() {
	feed := httpapi.NewFeed()
	menu := ordermanager.NoMenu()
	manager, err := ordermanager.New(feed.Store(memory.NewStore()), menu, new(memory.Resumer), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	api, err := httpapi.New(manager, menu, &httpapi.Options{
		Feed:     feed,
		Identify: func(*http.Request) (ordermanager.Actor, error) { return ordermanager.Barista("3"), nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewUnstartedServer(api)
	server.Config.RegisterOnShutdown(feed.Close)
	server.Start()
	defer server.Close()
	stream, err := http.Get(server.URL + "/events")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = stream.Body.Close() }()
	fmt.Println(stream.Status, stream.Header.Get("Content-Type"))
	// Output: 200 OK text/event-stream
}

// A whole service on one machine: orders and workflows in one SQLite file, and the API in front of them.
func Example_oneMachine() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	dir, err := os.MkdirTemp("", "shop")
	must(err)
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := sqlitestore.Open(ctx, filepath.Join(dir, "shop.db"))
	must(err)
	defer func() { _ = db.Close() }()
	store, err := sqlitestore.New(ctx, db)
	must(err)
	flow, err := workflow.New(ctx, db, nil)
	must(err)

	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
	feed := httpapi.NewFeed()
	manager, err := ordermanager.New(feed.Store(store), menu, flow, nil)
	must(err)
	flow.Connect(manager)
	var background sync.WaitGroup
	background.Go(func() { flow.Run(ctx) }) // time-outs, and what the workflow owes the Manager
	background.Go(func() {                  // what an outage left owed
		for ctx.Err() == nil {
			_, _ = manager.Redrive(ctx, nil)
			select {
			case <-time.After(time.Minute):
			case <-ctx.Done():
			}
		}
	})

	identify := func(r *http.Request) (ordermanager.Actor, error) { // yours: verify who is calling
		return ordermanager.Customer(r.Header.Get("X-User")), nil
	}
	api, err := httpapi.New(manager, menu, &httpapi.Options{Identify: identify, Feed: feed, Starter: flow})
	must(err)
	server := httptest.NewServer(api) // in production an http.Server, with RegisterOnShutdown(feed.Close)
	defer server.Close()

	for _, call := range []struct{ method, path, body string }{
		{http.MethodPost, "/orders", `{"orderId":"1"}`},
		{http.MethodPut, "/orders/1", `{"drink":"Latte"}`},
		{http.MethodPut, "/orders/1", `{"drink":"Tea"}`},
	} {
		request, err := http.NewRequestWithContext(ctx, call.method, server.URL+call.path, strings.NewReader(call.body))
		must(err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-User", "ada")
		response, err := http.DefaultClient.Do(request)
		must(err)
		_ = response.Body.Close()
		fmt.Println(call.method, call.path, response.StatusCode)
	}
	stop()
	background.Wait()
	// Output:
	// POST /orders 201
	// PUT /orders/1 200
	// PUT /orders/1 422
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

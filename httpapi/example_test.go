package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

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

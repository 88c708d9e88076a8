package sampleapps_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/internal/sampleapps"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// doors are the ways in which the API can be reached, each with the claims of the caller as it passes them on.
var doors = map[string]func(http.Handler) func(*testing.T, sampleapps.Call) sampleapps.Answer{
	"net/http":                    direct,
	"REST API of API Gateway":     restAPI,
	"HTTP API of API Gateway 2.0": httpAPI,
}

// The contract of each app, in both versions of the sample, through every door.
func TestDoors_serveTheAppsOfTheSample(t *testing.T) {
	for _, dialect := range serverlesspresso.Dialects() {
		for app, contract := range sampleapps.Apps() {
			for name, door := range doors {
				t.Run(string(dialect)+"/"+app+"/"+name, func(t *testing.T) { contract(t, newBar(t, dialect, door)) })
			}
		}
	}
}

type door = func(http.Handler) func(*testing.T, sampleapps.Call) sampleapps.Answer

func newBar(t *testing.T, dialect serverlesspresso.Dialect, door door) *sampleapps.Bar {
	t.Helper()
	bar, _ := newBarOf(t, dialect, door, ordermanager.ServerlesspressoLifecycle())
	return bar
}

func newBarOf(
	t *testing.T, dialect serverlesspresso.Dialect, door door, table ordermanager.Lifecycle,
) (*sampleapps.Bar, *ordermanager.Manager) {
	t.Helper()
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{
		Drink: "Latte", Icon: "latte", Modifiers: []ordermanager.ModifierGroup{
			{Name: "Milk", Options: []string{"Oat", "Whole"}},
		},
	}}})
	workflow := memory.NewWorkflow()
	manager, err := ordermanager.New(memory.NewStore(), menu, workflow, &ordermanager.Options{Lifecycle: table})
	if err != nil {
		t.Fatal(err)
	}
	workflow.Connect(manager)
	api, err := httpapi.NewServerlesspresso(manager, dialect, &httpapi.Options{AllowedOrigins: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	return &sampleapps.Bar{
		Dialect: dialect,
		Do:      door(api),
		Begin: func(t *testing.T, orderID, customer, venue string) {
			if _, err := workflow.Start(t.Context(), orderID, customer, venue); err != nil {
				t.Fatal(err)
			}
		},
		Step: func(t *testing.T, _ string) {
			if err := workflow.Advance(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	}, manager
}

func direct(api http.Handler) func(*testing.T, sampleapps.Call) sampleapps.Answer {
	return func(_ *testing.T, c sampleapps.Call) sampleapps.Answer {
		r := httptest.NewRequest(c.Method, c.Path, strings.NewReader(c.Body))
		r = r.WithContext(httpapi.WithClaims(r.Context(), c.Claims))
		for name, values := range c.Header {
			r.Header[name] = values
		}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		return sampleapps.Answer{Status: w.Code, Header: w.Result().Header, Body: w.Body.Bytes()}
	}
}

// restAPI passes claims on as a Cognito authorizer does: lists become texts.
func restAPI(api http.Handler) func(*testing.T, sampleapps.Call) sampleapps.Answer {
	handle := lambdahandler.RestAPI(api)
	return func(t *testing.T, c sampleapps.Call) sampleapps.Answer {
		path, query := sampleapps.Split(t, c.Path)
		r := events.APIGatewayProxyRequest{
			HTTPMethod: c.Method, Path: path, MultiValueQueryStringParameters: query, MultiValueHeaders: c.Header, Body: c.Body,
		}
		if c.Claims != nil {
			r.RequestContext.Authorizer = map[string]any{"claims": sampleapps.Texts(c.Claims, "%s")}
		}
		out, err := handle(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return sampleapps.Answer{Status: out.StatusCode, Header: out.MultiValueHeaders, Body: []byte(out.Body)}
	}
}

func httpAPI(api http.Handler) func(*testing.T, sampleapps.Call) sampleapps.Answer {
	handle := lambdahandler.HTTPAPI(api)
	return func(t *testing.T, c sampleapps.Call) sampleapps.Answer {
		out, err := handle(t.Context(), sampleapps.HTTPAPIRequest(t, c))
		if err != nil {
			t.Fatal(err)
		}
		return sampleapps.HTTPAPIAnswer(out)
	}
}

// An order in a state of the house's own is on the board and the display as what its workflow was told of it.
func TestApps_seeStatesOfTheHousesOwn(t *testing.T) {
	ready := ordermanager.State("ready")
	table := ordermanager.ServerlesspressoLifecycle().
		WithStates(
			ordermanager.StateRule{State: "resting"}, ordermanager.StateRule{State: ready, Answers: ordermanager.Done},
		).
		With(
			ordermanager.Rule{
				Action: "rest", From: []ordermanager.State{ordermanager.StateMaking}, To: "resting", Claim: ordermanager.ClaimNeeds,
			},
			ordermanager.Rule{Action: ordermanager.ActionTimedOut, From: []ordermanager.State{
				ordermanager.StatePending, ordermanager.StateMaking, "resting",
			}, To: ordermanager.StateCancelled},
			ordermanager.Rule{Action: "ring", From: []ordermanager.State{"resting"}, To: ready, Claim: ordermanager.ClaimNeeds},
		)
	if err := table.Validate(); err != nil {
		t.Fatal(err)
	}
	bar, manager := newBarOf(t, serverlesspresso.Workshop, direct, table)
	sampleapps.Queue(t, bar, "1")
	do := func(action ordermanager.Action) {
		t.Helper()
		_, err := manager.Handle(
			t.Context(), ordermanager.Request{Action: action, OrderID: "1", Actor: ordermanager.Barista("bob")},
		)
		if err != nil {
			t.Fatal(err)
		}
	}
	do(ordermanager.ActionMake)
	do("rest")
	if got := sampleapps.Listed(t, bar, "CREATED"); len(got) != 1 {
		t.Errorf("resting: %v", got)
	}
	do("ring")
	if open, done := sampleapps.Listed(t, bar, "CREATED"), sampleapps.Listed(t, bar, "COMPLETED"); len(open) != 0 ||
		len(done) != 1 {
		t.Errorf("ready: %v and %v", open, done)
	}
}

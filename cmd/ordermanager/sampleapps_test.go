package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/brewline/ordermanager/internal/sampleapps"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// The contract of each app of the sample, against the server.
func TestServe_servesTheAppsOfTheSample(t *testing.T) {
	for _, dialect := range serverlesspresso.Dialects() {
		for name, contract := range sampleapps.Apps() {
			t.Run(string(dialect)+"/"+name, func(t *testing.T) {
				file, _ := newFile(t)
				address, stop := serve(t, file, "--lifecycle", "serverlesspresso", "--menu", "testdata/menu.apps.json")
				defer stop()
				contract(t, &sampleapps.Bar{
					Dialect: dialect,
					Do: func(t *testing.T, c sampleapps.Call) sampleapps.Answer {
						c.Path = "/" + string(dialect) + c.Path
						return send(t, address, c)
					},
					Begin: func(t *testing.T, orderID, customer, venue string) {
						begin := sampleapps.Call{Method: http.MethodPost, Path: "/demo/orders/" + orderID + "?" +
							url.Values{"userId": {customer}, "eventId": {venue}}.Encode()}
						if answer := send(t, address, begin); answer.Status != http.StatusCreated {
							t.Fatalf("the order did not begin: %d %s", answer.Status, answer.Body)
						}
					},
					Step: func(t *testing.T, orderID string) { awaitNumber(t, address, orderID) },
				})
			})
		}
	}
}

// awaitNumber waits for the workflow, which goes on beside the requests.
func awaitNumber(t *testing.T, address, orderID string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		answer := send(t, address, sampleapps.Call{
			Method: http.MethodGet, Path: "/orders/" + orderID, Header: http.Header{"X-Demo-User": {"admin:1"}},
		})
		var order struct{ OrderNumber string }
		if err := json.Unmarshal(answer.Body, &order); err == nil && order.OrderNumber != "" {
			return
		}
	}
	t.Fatalf("order %s gets no number", orderID)
}

func send(t *testing.T, address string, c sampleapps.Call) sampleapps.Answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), c.Method, address+c.Path, strings.NewReader(c.Body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range c.Header {
		request.Header[name] = values
	}
	if c.Claims != nil {
		claims, err := json.Marshal(c.Claims)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer e30."+base64.RawURLEncoding.EncodeToString(claims)+".x")
	}
	response, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return sampleapps.Answer{Status: response.StatusCode, Header: response.Header, Body: body}
}

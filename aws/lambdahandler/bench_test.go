package lambdahandler_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/httpapi"
)

// Each handler reads or repeats the same request over the memory store, from the JSON that Lambda sends to the JSON
// that it gets, beside the Manager and the HTTP handler alone: the difference is what the door costs.
func BenchmarkHandlers(b *testing.B) {
	h := newHouse(b)
	h.start("1")
	h.log.Reset()
	request := ordermanager.Request{
		OrderID: "1", Actor: ordermanager.Customer("anna"), RequestID: "tap-1", Drink: ordermanager.DrinkOrder{
			Drink: "Cappuccino",
		},
	}
	if _, err := h.manager.Put(b.Context(), request); err != nil {
		b.Fatal(err)
	}
	repeated := strings.Replace(put("1"), `{"action":""`, `{"requestId":"tap-1","action":""`, 1)
	get := strings.Replace(restRequest("/orders/1", "", `{"claims":{"sub":"anna"}}`), `"PUT"`, `"GET"`, 1)
	get2 := strings.Replace(
		httpRequest("$default", "/orders/1", "", `,"authorizer":{"jwt":{"claims":{"sub":"anna"}}}`), `"PUT"`, `"GET"`, 1,
	)

	b.Run("put/manager", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := h.manager.Put(b.Context(), request); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, handler := range map[string]struct {
		handler any
		payload string
	}{
		"put/direct": {lambdahandler.Direct(h.manager), repeated},
		"put/sqs":    {lambdahandler.SQS(h.manager, nil), batch(b, message("a", "", repeated))},
		"get/rest":   {lambdahandler.RestAPI(h.api), get},
		"get/http":   {lambdahandler.HTTPAPI(h.api), get2},
		"redrive":    {lambdahandler.Schedule(h.manager), schedule},
	} {
		b.Run(name, func(b *testing.B) {
			invocation, payload := lambda.NewHandler(handler.handler), []byte(handler.payload)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := invocation.Invoke(b.Context(), payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("get/httpapi", func(b *testing.B) {
		r := httptest.NewRequest(http.MethodGet, "/orders/1", nil)
		r = r.WithContext(httpapi.WithClaims(b.Context(), map[string]any{"sub": "anna"}))
		b.ReportAllocs()
		for b.Loop() {
			w := httptest.NewRecorder()
			if h.api.ServeHTTP(w, r); w.Code != http.StatusOK {
				b.Fatal(w.Body)
			}
		}
	})
}

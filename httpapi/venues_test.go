package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager/httpapi"
)

// A barista of one venue has no business with another venue's orders: not by an action, not by reading, not in a
// listing.
func TestVenues_bindBaristasAndNoCustomers(t *testing.T) {
	f := newFixture(t, func(o *httpapi.Options) {
		o.Venues = func(r *http.Request) []string {
			if r.Header["Venues"] == nil {
				return nil
			}
			return strings.Fields(r.Header.Get("Venues"))
		}
	})
	f.start("1", "1", "ABC")
	of := func(venues string) http.Header { return http.Header{"Venues": {venues}} }
	for _, row := range []struct {
		name string
		call call
		want int
	}{
		{
			"cancel at another venue",
			call{actor: "barista:3", method: "PUT", path: "/orders/1?action=cancel", header: of("NYC")}, 409,
		},
		{"read at another venue", call{actor: "barista:3", method: "GET", path: "/orders/1", header: of("NYC")}, 409},
		{
			"history at another venue", call{actor: "barista:3", method: "GET", path: "/orders/1/history", header: of("NYC")},
			409,
		},
		{
			"actions at another venue", call{actor: "barista:3", method: "GET", path: "/orders/1/actions", header: of("NYC")},
			409,
		},
		{
			"list another venue",
			call{actor: "barista:3", method: "GET", path: "/orders?state=pending&eventId=ABC", header: of("NYC")}, 403,
		},
		{
			"list every venue", call{actor: "barista:3", method: "GET", path: "/orders?state=pending", header: of("NYC ABC")},
			403,
		},
		{"bound to none", call{actor: "barista:3", method: "GET", path: "/orders/1", header: of("")}, 403},
		{"read at one's own", call{actor: "barista:3", method: "GET", path: "/orders/1", header: of("NYC ABC")}, 200},
		{"list one's own", call{actor: "barista:3", method: "GET", path: "/orders?state=pending", header: of("ABC")}, 200},
		{"not bound", call{actor: "barista:3", method: "GET", path: "/orders/1"}, 200},
		{"a customer is not bound", call{actor: "customer:1", method: "GET", path: "/orders/1", header: of("")}, 200},
		{
			"cancel at one's own", call{actor: "barista:3", method: "PUT", path: "/orders/1?action=cancel", header: of("ABC")},
			200,
		},
	} {
		if got := f.do(row.call); got.Code != row.want {
			t.Errorf("%s: %d %s, want %d", row.name, got.Code, got.Body, row.want)
		}
	}
}

func TestCognitoVenues_readsTheClaim(t *testing.T) {
	for name, tt := range map[string]struct {
		claim any
		want  []string
	}{
		"a text": {
			"ABC, NYC", []string{"ABC", "NYC"},
		}, "a list": {[]any{"ABC"}, []string{"ABC"}}, "nothing": {nil, []string{}},
	} {
		r, err := http.NewRequestWithContext(
			httpapi.WithClaims(t.Context(), map[string]any{"custom:venues": tt.claim}), http.MethodGet, "/", nil,
		)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, httpapi.CognitoVenues("custom:venues")(r)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

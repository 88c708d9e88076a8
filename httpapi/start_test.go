package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/serverlesspresso"
)

func TestStart_beginsAnOrderOfTheCaller(t *testing.T) {
	f := newFixture(t)
	for body, actor := range map[string]string{
		`{"orderId":"a","eventId":"hall"}`:                "customer:ann",
		`{"orderId":"b","eventId":"hall","userId":"ann"}`: "customer:ann",
		`{"orderId":"c","eventId":"hall","userId":"eve"}`: "barista:bob",
	} {
		w := f.do(call{actor: actor, method: "POST", path: "/orders", body: body})
		o := object(t, w)
		id, _ := o["orderId"].(string)
		if w.Code != http.StatusCreated || w.Header().Get("Location") != "/orders/"+id || !strings.Contains(body, id) {
			t.Fatalf("%s: %d %v %s", body, w.Code, w.Header(), w.Body)
		}
		want := map[bool]string{true: "eve", false: "ann"}[strings.Contains(body, `"eve"`)]
		if kept, err := f.manager.Order(t.Context(), id); err != nil || kept.Customer != want || kept.Venue != "hall" {
			t.Errorf("the order is %+v, %v", kept, err)
		}
	}
}

func TestStart_makesUpAnIdentifierThatIsNotThere(t *testing.T) {
	f := newFixture(t)
	first := object(t, f.do(call{actor: "customer:ann", method: "POST", path: "/orders"}))["orderId"]
	second := object(t, f.do(call{actor: "customer:ann", method: "POST", path: "/orders", body: `{}`}))["orderId"]
	third := object(t, f.do(call{actor: "customer:ann", method: "POST", path: "/orders", body: `null`}))["orderId"]
	if first == "" || first == second || third == nil {
		t.Errorf("the identifiers are %q, %q and %q", first, second, third)
	}
}

// Invariant 9.
func TestStart_refusesAndBeginsNothing(t *testing.T) {
	for body, want := range map[string]struct {
		actor       string
		status      int
		code, field string
	}{
		`{"orderId":"x","userId":"eve"}`:                 {"customer:ann", 403, "forbidden", "userId"},
		`{"orderId":"x"}`:                                {"barista:bob", 400, "invalid_request", "userId"},
		`{"orderId":"x","eventId":"nowhere"}`:            {"customer:ann", 404, "unknown_venue", ""},
		`{"orderId":"x","eventId":"closed"}`:             {"customer:ann", 503, "menu_unavailable", ""},
		`{"orderId":"x","eventId":"full"}`:               {"customer:ann", 409, "queue_full", ""},
		`{"orderId":"count"}`:                            {"customer:ann", 400, "invalid_request", "orderId"},
		`{"orderId":["x"]}`:                              {"customer:ann", 400, "invalid_request", "body.orderId"},
		`{"OrderID":"x"}`:                                {"customer:ann", 400, "invalid_request", "body.OrderID"},
		`{"orderId":"x","orderId":"x"}`:                  {"customer:ann", 400, "invalid_request", "body.orderId"},
		`["x"]`:                                          {"customer:ann", 400, "invalid_request", "body"},
		`{"orderId":"` + strings.Repeat("x", 200) + `"}`: {"customer:ann", 400, "invalid_request", "orderId"},
		`{"orderId":"x","eventId":"` + strings.Repeat("x", 200) + `"}`: {"customer:ann", 400, "invalid_request", "eventId"},
	} {
		f := newFixture(t)
		w := f.do(call{actor: want.actor, method: "POST", path: "/orders", body: body})
		p := object(t, w)
		if field, _ := p["field"].(string); w.Code != want.status || p["code"] != want.code || field != want.field {
			t.Errorf("%.60s: %d %s", body, w.Code, w.Body)
		}
		page, err := f.manager.Page(t.Context(), ordermanager.Query{State: ordermanager.StatePending})
		if err != nil || len(page.Orders) > 0 {
			t.Errorf("%.60s: orders were begun: %v, %v", body, page.Orders, err)
		}
	}
}

func TestStart_saysWhatTheStarterSays(t *testing.T) {
	f := newFixture(t)
	f.start("taken", "ann", "")
	if w := f.do(call{
		actor: "customer:ann", method: "POST", path: "/orders", body: `{"orderId":"taken"}`,
	}); w.Code != http.StatusConflict {
		t.Errorf("an order that is there: %d %s", w.Code, w.Body)
	}
	if w := f.do(call{
		actor: "customer:ann", method: "POST", path: "/orders", body: `{"orderId":"slow"}`,
	}); w.Code != http.StatusAccepted ||
		strings.Contains(w.Body.String(), "arn:") {
		t.Errorf("an order that the Manager hears of later: %d %s", w.Code, w.Body)
	}
}

func TestCount_countsOpenOrdersOfAVenue(t *testing.T) {
	f := newFixture(t)
	for _, id := range []string{"1", "2", "3", "4"} {
		f.start(id, "1", map[bool]string{true: "hall", false: "roof"}[id == "4"])
		f.must(
			"customer:1", "PUT",
			"/orders/"+id+"?"+url.Values{"eventId": {map[bool]string{true: "hall", false: "roof"}[id == "4"]}}.Encode(),
			cappuccino,
		)
	}
	f.must("barista:3", "PUT", "/orders/1?action=make", "")
	f.must("customer:1", "PUT", "/orders/2?action=cancel", "")
	for venue, want := range map[string][2]float64{"": {2, 1}, "roof": {1, 1}, "hall": {1, 0}, "cellar": {0, 0}} {
		got := f.must("barista:3", "GET", "/orders/count?eventId="+venue, "")
		open := []any{
			map[string]any{"state": "pending", "orders": want[0]}, map[string]any{"state": "making", "orders": want[1]},
		}
		if diff := cmp.Diff(map[string]any{"eventId": venue, "open": open}, got); diff != "" {
			t.Errorf("of %q (-want +got):\n%s", venue, diff)
		}
	}
	if w := f.do(call{actor: "customer:1", method: "GET", path: "/orders/count"}); w.Code != http.StatusForbidden {
		t.Errorf("a customer counts: %d", w.Code)
	}
}

// Somebody who is bound to venues begins, counts, lists and changes nothing of another one, at any of the doors.
func TestBound_seesNothingOfAnotherVenue(t *testing.T) {
	bound := func(venues ...string) func(*httpapi.Options) {
		return func(o *httpapi.Options) { o.Venues = func(*http.Request) []string { return venues } }
	}
	f := newFixture(t, bound("hall", "roof"))
	f.start("1", "1", "cellar")
	f.start("2", "2", "hall")
	f.must("customer:1", "PUT", "/orders/1?eventId=cellar", cappuccino)
	for _, c := range []call{
		{method: "GET", path: "/orders/count?eventId=cellar"},
		{method: "GET", path: "/orders/count"},
		{method: "POST", path: "/orders", body: `{"orderId":"3","userId":"1","eventId":"cellar"}`},
		{method: "POST", path: "/orders", body: `{"orderId":"3","userId":"1"}`},
	} {
		c.actor = "barista:3"
		if w := f.do(c); w.Code != http.StatusForbidden {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
	}
	if got := f.must("barista:3", "GET", "/orders/count?eventId=hall", "")["eventId"]; got != "hall" {
		t.Errorf("counted at %v", got)
	}
	for _, dialect := range serverlesspresso.Dialects() {
		options := &httpapi.Options{Identify: demoIdentity}
		bound("hall", "roof")(options)
		apps, err := httpapi.NewServerlesspresso(f.manager, dialect, options)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]int{
			"GET /orders?state=CREATED&eventId=cellar": 403, "PUT /orders/1?action=make&eventId=cellar": 409,
			"GET /orders/1":        409,
			"PUT /orders/cancel/1": 409, "PUT /orders/claim/1": 409,
		} {
			method, path, _ := strings.Cut(path, " ")
			w := httptest.NewRecorder()
			apps.ServeHTTP(w, call{actor: "barista:3", method: method, path: path}.request())
			if w.Code != want {
				t.Errorf("%s: %s %s: %d %s", dialect, method, path, w.Code, w.Body)
			}
		}
	}
	if o, err := f.manager.Order(t.Context(), "1"); err != nil || o.Version != 2 {
		t.Errorf("the order was changed: %+v, %v", o, err)
	}
}

var _ httpapi.Starter = starter{}

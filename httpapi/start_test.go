package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
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
	if first == "" || first == second {
		t.Errorf("the identifiers are %q and %q", first, second)
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
	if w := f.do(call{actor: "customer:ann", method: "POST", path: "/orders", body: `{"orderId":"taken"}`}); w.Code != http.StatusConflict {
		t.Errorf("an order that is there: %d %s", w.Code, w.Body)
	}
	if w := f.do(call{actor: "customer:ann", method: "POST", path: "/orders", body: `{"orderId":"slow"}`}); w.Code != http.StatusAccepted ||
		strings.Contains(w.Body.String(), "arn:") {
		t.Errorf("an order that the Manager hears of later: %d %s", w.Code, w.Body)
	}
}

func TestCount_countsOpenOrdersOfAVenue(t *testing.T) {
	f := newFixture(t)
	for _, id := range []string{"1", "2", "3", "4"} {
		f.start(id, "1", map[bool]string{true: "hall", false: "roof"}[id == "4"])
		f.must("customer:1", "PUT", "/orders/"+id+"?"+url.Values{"eventId": {map[bool]string{true: "hall", false: "roof"}[id == "4"]}}.Encode(), cappuccino)
	}
	f.must("barista:3", "PUT", "/orders/1?action=make", "")
	f.must("customer:1", "PUT", "/orders/2?action=cancel", "")
	for venue, want := range map[string][2]float64{"": {2, 1}, "roof": {1, 1}, "hall": {1, 0}, "cellar": {0, 0}} {
		got := f.must("barista:3", "GET", "/orders/count?eventId="+venue, "")
		if got["pending"] != want[0] || got["making"] != want[1] || got["eventId"] != venue {
			t.Errorf("of %q: %v", venue, got)
		}
	}
	if w := f.do(call{actor: "customer:1", method: "GET", path: "/orders/count"}); w.Code != http.StatusForbidden {
		t.Errorf("a customer counts: %d", w.Code)
	}
}

var _ httpapi.Starter = starter{}

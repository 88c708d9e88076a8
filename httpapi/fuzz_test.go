package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
)

// Whatever a request looks like: no panic, no answer of 500 and above, an answer as documented, and no write on a
// refusal (invariant 9).
func FuzzHandler(f *testing.F) {
	for _, seed := range []struct{ actor, method, path, query, header, value, body string }{
		{"customer:1", "PUT", "/orders/1", "", "Idempotency-Key", "k", cappuccino},
		{"customer:1", "PUT", "/orders/1", "action=cancel", "Content-Type", "application/json", `{"reason":"\u0000"}`},
		{"barista:3", "PUT", "/orders/1", "action=make&eventId=A", "Content-Encoding", "gzip", `null`},
		{"barista:3", "PUT", "/orders/%2e", "action=%zz", "Idempotency-Key", "token:", `{},"orderId":"2"`},
		{"admin:4", "PUT", "/orders/1", "action=complete", "Content-Type", "text/plain; x", `{"userId":[],"modifiers":{}}`},
		{"barista:3", "GET", "/orders", "state=pending&maxItems=2&cursor=bWVtb3J5Og", "Accept", "*/*", ""},
		{"customer:1", "GET", "/myOrders", "cursor=%ff&maxItems=1e3", "Origin", "null", ""},
		{"customer:2", "GET", "/orders/1/actions", "", "", "", ""},
		{"customer:2", "GET", "/menu", "eventId=%00", "", "", ""},
		{"root:", "BREW", "//orders/../menu", ";", "X-Demo-User", "barista", "x"},
	} {
		f.Add(seed.actor, seed.method, seed.path, seed.query, seed.header, seed.value, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, actor, method, path, query, header, value string, body []byte) {
		fixture := newFixture(t, func(o *httpapi.Options) {
			o.Feed = nil // its stream does not end
			o.AllowedOrigins = []string{"*"}
		})
		fixture.start("1", "1", "")
		before, err := fixture.manager.Order(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{
			Method: method, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{}, Host: "shop.example",
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		}
		if unescaped, err := url.PathUnescape(path); err == nil {
			r.URL.Path, r.URL.RawPath = unescaped, path
		}
		r = r.WithContext(t.Context())
		r.Header.Set(header, value)
		r.Header.Set(demoHeader, actor)
		r.Body = http.NoBody
		if len(body) > 0 {
			r.Body = readCloser{strings.NewReader(string(body))}
		}
		w := httptest.NewRecorder()
		fixture.handler.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError && !strings.Contains(w.Body.String(), "menu_unavailable") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		fixture.checkDocumented(r, w)
		after, err := fixture.manager.Order(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		if w.Code != http.StatusOK && after.Version != before.Version {
			t.Errorf("answered %d, and the order was changed: %s", w.Code, w.Body)
		}
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// Whatever the claims are: an actor with an identifier, or an error. Only the group itself makes a barista.
func FuzzCognitoActor(f *testing.F) {
	for _, seed := range []string{
		`{"sub":"7","cognito:groups":["admin"]}`, `{"sub":"7","cognito:groups":"[a admin]"}`, `{"sub":[]}`, `null`,
		`{"cognito:groups":7}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var claims map[string]any
		if json.Unmarshal(data, &claims) != nil {
			return
		}
		actor, err := httpapi.CognitoActor(claims)
		if err != nil {
			if diff := cmp.Diff(ordermanager.Actor{}, actor); diff != "" {
				t.Errorf("an actor beside an error: %s", diff)
			}
			return
		}
		if actor.ID == "" || actor.ID != claims["sub"] {
			t.Errorf("%q became %q", claims["sub"], actor.ID)
		}
		if groups, _ := json.Marshal(claims["cognito:groups"]); actor.Role != ordermanager.RoleCustomer &&
			!strings.Contains(string(groups), "admin") {
			t.Errorf("%s became a %s", groups, actor.Role)
		}
	})
}

package lambdahandler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/httpapi"
)

// The same request, "PUT /orders/1?action=…" with a body, in the three forms.

func restRequest(path, body, authorizer string) string {
	return fmt.Sprintf(`{"resource":"/{proxy+}","path":%q,"httpMethod":"PUT",
		"headers":{"Host":"api.example","Content-Type":"application/json","Idempotency-Key":"tap-1"},
		"multiValueHeaders":{"Host":["api.example"],"content-type":["application/json"],"Idempotency-Key":["tap-1"],"X-Two":["1","2"]},
		"queryStringParameters":{"action":"put"},"multiValueQueryStringParameters":{"action":["put"]},"pathParameters":{"proxy":"orders/1"},
		"requestContext":{"stage":"prod","path":"/prod/orders/1","identity":{"sourceIp":"192.0.2.1"},"authorizer":%s},
		"body":%q,"isBase64Encoded":false}`, path, authorizer, body)
}

// httpRequest1 is what an HTTP API sends in payload format 1.0: the two paths are the same.
func httpRequest1(stage, path, body, authorizer string) string {
	return fmt.Sprintf(`{"version":"1.0","resource":"/{proxy+}","path":%q,"httpMethod":"PUT",
		"headers":{"Host":"api.example","Content-Type":"application/json","Idempotency-Key":"tap-1","X-Two":"2"},
		"multiValueHeaders":{"Host":["api.example"],"Content-Type":["application/json"],"Idempotency-Key":["tap-1"],"X-Two":["1","2"]},
		"queryStringParameters":{"action":"put"},"multiValueQueryStringParameters":{"action":["put"]},"pathParameters":{"proxy":"orders/1"},
		"requestContext":{"stage":%q,"path":%q,"identity":{"sourceIp":"192.0.2.1"},"authorizer":%s},
		"body":%q,"isBase64Encoded":false}`, path, stage, path, authorizer, body)
}

func httpRequest(stage, path, body, authorizer string) string {
	return fmt.Sprintf(`{"version":"2.0","routeKey":"$default","rawPath":%q,"rawQueryString":"action=put","cookies":["a=1","b=2"],
		"headers":{"host":"api.example","content-type":"application/json","idempotency-key":"tap-1","x-two":"1,2"},
		"requestContext":{"stage":%q,"http":{"method":"PUT","path":%q,"sourceIp":"192.0.2.1"}%s},
		"body":%q,"isBase64Encoded":false}`, path, stage, path, authorizer, body)
}

const putBody = `{"drink":"Cappuccino","modifiers":[]}`

// reply is the part of the answer that all forms share.
type reply struct {
	StatusCode        int
	Headers           map[string]string
	MultiValueHeaders map[string][]string
	Cookies           []string
	Body              string
	IsBase64Encoded   bool
}

func (r *reply) contentType() string {
	if len(r.MultiValueHeaders["Content-Type"]) == 1 {
		return r.MultiValueHeaders["Content-Type"][0]
	}
	return r.Headers["Content-Type"]
}

func TestHTTP_answersAsTheHTTPInterface(t *testing.T) {
	for name, test := range map[string]struct {
		handler func(http.Handler) any
		payload string
		status  int
		code    ordermanager.Code
	}{
		"REST API, Cognito authorizer": {
			rest, restRequest("/orders/1", putBody, `{"claims":{"sub":"anna","cognito:groups":"customers"}}`), 200, "",
		},
		"REST API, Lambda authorizer": {rest, restRequest("/orders/1", putBody, `{"principalId":"x","sub":"anna"}`), 200, ""},
		"REST API, Lambda authorizer, groups": {
			rest, restRequest("/orders/1", putBody, `{"sub":"ben","cognito:groups":"[\"admin\"]"}`), 403, "forbidden",
		},
		"HTTP API, payload 1.0": {
			rest, httpRequest1("$default", "/orders/1", putBody, `{"claims":{"sub":"anna"},"scopes":null}`), 200, "",
		},
		"HTTP API, payload 1.0, a stage": {
			rest, httpRequest1("prod", "/prod/orders/1", putBody, `{"claims":{"sub":"anna"},"scopes":null}`), 200, "",
		},
		"REST API, nobody": {rest, restRequest("/orders/1", putBody, `null`), 401, "unauthenticated"},
		"REST API, a barista": {
			rest, restRequest("/orders/1", putBody, `{"claims":{"sub":"anna","cognito:groups":"admin,other"}}`),
			403, "forbidden",
		},
		"REST API, no such order": {
			rest, restRequest("/orders/2", putBody, `{"claims":{"sub":"anna"}}`), 404, "order_not_found",
		},
		"REST API, no such route": {rest, restRequest("/nowhere", putBody, `{"claims":{"sub":"anna"}}`), 404, "not_found"},
		"REST API, not JSON":      {rest, restRequest("/orders/1", `{`, `{"claims":{"sub":"anna"}}`), 400, "invalid_request"},
		"REST API, too long": {
			rest, restRequest("/orders/1", strings.Repeat("x", ordermanager.MaxRequestBytes+1), `{"claims":{"sub":"anna"}}`),
			413, "request_too_large",
		},
		"REST API, off the menu": {
			rest, restRequest("/orders/1", `{"drink":"milkshake"}`, `{"claims":{"sub":"anna"}}`), 422, "invalid_order",
		},
		"HTTP API, JWT authorizer": {
			http2,
			httpRequest(
				"$default", "/orders/1", putBody,
				`,"authorizer":{"jwt":{"claims":{"sub":"anna","cognito:groups":"[customers]"},"scopes":null}}`,
			),
			200, "",
		},
		"HTTP API, a barista": {
			http2,
			httpRequest(
				"$default", "/orders/1", putBody, `,"authorizer":{"jwt":{"claims":{"sub":"ben","cognito:groups":"[admin other]"}}}`,
			),
			403, "forbidden",
		},
		"HTTP API, Lambda authorizer": {
			http2, httpRequest("$default", "/orders/1", putBody, `,"authorizer":{"lambda":{"sub":"anna"}}`), 200, "",
		},
		"HTTP API, a stage": {
			http2, httpRequest("prod", "/prod/orders/1", putBody, `,"authorizer":{"jwt":{"claims":{"sub":"anna"}}}`), 200, "",
		},
		"HTTP API, a stage that is not in the path": {
			http2, httpRequest("orders", "/orders/1", putBody, `,"authorizer":{"jwt":{"claims":{"sub":"anna"}}}`),
			404, "not_found",
		},
		"HTTP API, a path that begins like the stage": {
			http2, httpRequest("ord", "/orders/1", putBody, `,"authorizer":{"jwt":{"claims":{"sub":"anna"}}}`), 200, "",
		},
		"HTTP API, the stage alone": {
			http2, httpRequest("prod", "/prod", putBody, `,"authorizer":{"jwt":{"claims":{"sub":"anna"}}}`), 404, "not_found",
		},
		"HTTP API, nobody":     {http2, httpRequest("$default", "/orders/1", putBody, ``), 401, "unauthenticated"},
		"function URL, nobody": {functionURL, httpRequest("$default", "/orders/1", putBody, ``), 401, "unauthenticated"},
		"function URL, IAM is no customer": {
			functionURL, httpRequest("$default", "/orders/1", putBody, `,"authorizer":{"iam":{"userId":"anna"}}`),
			401, "unauthenticated",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.start("1")
			got, err := invoke[reply](t, test.handler(h.api), test.payload)
			if err != nil {
				t.Fatal(err)
			}
			var body struct{ Code ordermanager.Code }
			if err := json.Unmarshal([]byte(got.Body), &body); err != nil {
				t.Fatalf("the body is %q: %v", got.Body, err)
			}
			if got.StatusCode != test.status || body.Code != test.code || got.IsBase64Encoded {
				t.Fatalf("%d %s, want %d with the code %q", got.StatusCode, got.Body, test.status, test.code)
			}
			order := h.order("1")
			if test.status != http.StatusOK {
				if order.Version != 1 || got.contentType() != "application/problem+json" {
					t.Errorf("the order is at version %d, the answer is %s", order.Version, got.contentType())
				}
				return
			}
			if order.Drink == nil || order.History[1].RequestID != "tap-1" ||
				order.History[1].Actor != ordermanager.Customer("anna") {
				t.Errorf("the order is %+v", order)
			}
		})
	}
}

func rest(handler http.Handler) any        { return lambdahandler.RestAPI(handler) }
func http2(handler http.Handler) any       { return lambdahandler.HTTPAPI(handler) }
func functionURL(handler http.Handler) any { return lambdahandler.FunctionURL(handler) }

// asked is what a handler saw of a request.
type asked struct {
	Method, Path, Escaped, Query, URI, Host, Remote, Body string
	Header                                                http.Header
	Length                                                int64
}

func remember(into *asked) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		*into = asked{
			Method: r.Method, Path: r.URL.Path, Escaped: r.URL.EscapedPath(), Query: r.URL.RawQuery, URI: r.RequestURI,
			Host:   r.Host,
			Remote: r.RemoteAddr, Body: string(body), Header: r.Header, Length: r.ContentLength,
		}
	})
}

func TestHTTP_givesTheHandlerTheWholeRequest(t *testing.T) {
	want := asked{
		Method: "PUT", Path: "/orders/1", Escaped: "/orders/1", Query: "action=put", URI: "/orders/1?action=put",
		Host:   "api.example",
		Remote: "192.0.2.1", Body: "hello", Length: 5,
		Header: http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {"tap-1"}, "X-Two": {"1", "2"}},
	}
	var got asked
	if _, err := invoke[reply](
		t, lambdahandler.RestAPI(remember(&got)), restRequest("/orders/1", "hello", "null"),
	); err != nil {
		t.Fatal(err)
	}
	diff(t, "from a REST API", want, got)

	want.Header = http.Header{
		"Content-Type": {"application/json"}, "Idempotency-Key": {"tap-1"}, "X-Two": {"1,2"}, "Cookie": {"a=1; b=2"},
	}
	for name, handler := range map[string]any{
		"an HTTP API": http2(remember(&got)), "a function URL": functionURL(remember(&got)),
	} {
		if _, err := invoke[reply](t, handler, httpRequest("$default", "/orders/1", "hello", "")); err != nil {
			t.Fatal(err)
		}
		diff(t, "from "+name, want, got)
	}
}

func TestHTTP_takesSingleValuesWhereThereAreNoOthers(t *testing.T) {
	var got asked
	_, err := invoke[reply](t, lambdahandler.RestAPI(remember(&got)),
		`{"path":"/","httpMethod":"GET","headers":{"Host":"h","A":"1"},"queryStringParameters":{"b":"2 3"}}`)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "the headers", http.Header{"A": {"1"}}, got.Header)
	diff(t, "the query", "b=2+3", got.Query)
}

// A REST API and a function URL pass a path on as it was written, an HTTP API unescapes it.
func TestHTTP_findsThePathThatWasAskedFor(t *testing.T) {
	for name, test := range map[string]struct {
		handler func(http.Handler) any
		sent    string
		path    string
	}{
		"REST API, an escaped slash":       {rest, "/orders/a%2Fb", "/orders/a/b"},
		"REST API, an escaped percent":     {rest, "/orders/100%25", "/orders/100%"},
		"REST API, a bare percent":         {rest, "/orders/100%", "/orders/100%"},
		"function URL, an escaped slash":   {functionURL, "/orders/a%2Fb", "/orders/a/b"},
		"HTTP API, unescaped percent":      {http2, "/orders/100%25", "/orders/100%25"},
		"HTTP API, unescaped questionmark": {http2, "/orders/a?b#c", "/orders/a?b#c"},
	} {
		t.Run(name, func(t *testing.T) {
			payload := restRequest(test.sent, "", "null")
			if name[0] != 'R' {
				payload = httpRequest("$default", test.sent, "", "")
			}
			var got asked
			if _, err := invoke[reply](t, test.handler(remember(&got)), payload); err != nil {
				t.Fatal(err)
			}
			unescaped, err := url.PathUnescape(got.Escaped)
			if got.Path != test.path || unescaped != test.path || err != nil || got.Query != "action=put" {
				t.Errorf("the path is %q, escaped %q, with the query %q; want %q", got.Path, got.Escaped, got.Query, test.path)
			}
		})
	}
}

func TestHTTP_decodesBase64(t *testing.T) {
	for name, test := range map[string]struct {
		handler func(http.Handler) any
		payload string
	}{
		"REST API":     {rest, restRequest("/orders/1", "AP9oaQ==", "null")},
		"HTTP API":     {http2, httpRequest("$default", "/orders/1", "AP9oaQ==", "")},
		"function URL": {functionURL, httpRequest("$default", "/orders/1", "AP9oaQ==", "")},
	} {
		t.Run(name, func(t *testing.T) {
			encoded := strings.Replace(test.payload, `"isBase64Encoded":false`, `"isBase64Encoded":true`, 1)
			var got asked
			if _, err := invoke[reply](t, test.handler(remember(&got)), encoded); err != nil {
				t.Fatal(err)
			}
			diff(t, "the body", "\x00\xffhi", got.Body)
			_, err := invoke[reply](t, test.handler(remember(&got)), strings.Replace(encoded, "AP9oaQ==", "***", 1))
			if problem := fails(t, err, "invalid_request"); problem.Field != "body" {
				t.Errorf("the field is %q", problem.Field)
			}
		})
	}
}

func TestHTTP_givesTheWholeAnswerBack(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Vary", "Origin")
		w.Header().Add("Vary", "Accept")
		w.Header().Add("Set-Cookie", "a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT")
		w.Header().Add("Set-Cookie", "b=2")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK)
		w.Header().Set("Too-Late", "yes")
		_, _ = io.WriteString(w, "tea")
	})
	cookies := []string{"a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT", "b=2"}
	got, err := invoke[reply](t, lambdahandler.RestAPI(handler), restRequest("/", "", "null"))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "of a REST API", reply{
		StatusCode: 418, Body: "tea", MultiValueHeaders: map[string][]string{
			"Vary": {"Origin", "Accept"}, "Set-Cookie": cookies,
		},
	}, got)
	for name, wrapped := range map[string]any{"an HTTP API": http2(handler), "a function URL": functionURL(handler)} {
		got, err := invoke[reply](t, wrapped, httpRequest("$default", "/", "", ""))
		if err != nil {
			t.Fatal(err)
		}
		diff(
			t, "of "+name,
			reply{StatusCode: 418, Body: "tea", Headers: map[string]string{"Vary": "Origin,Accept"}, Cookies: cookies}, got,
		)
	}
}

func TestHTTP_sendsWhatIsNotTextAsBase64(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("\x00\xffhi")) })
	for name, test := range map[string]struct {
		handler any
		payload string
	}{
		"REST API":     {rest(handler), restRequest("/", "", "null")},
		"HTTP API":     {http2(handler), httpRequest("$default", "/", "", "")},
		"function URL": {functionURL(handler), httpRequest("$default", "/", "", "")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := invoke[reply](t, test.handler, test.payload)
			if err != nil || got.StatusCode != http.StatusOK || got.Body != "AP9oaQ==" || !got.IsBase64Encoded {
				t.Errorf("the answer is %+v, %v", got, err)
			}
		})
	}
}

// An answer leaves as a whole, so a stream says that there is none instead of never ending.
func TestHTTP_refusesStreams(t *testing.T) {
	h := newHouse(t)
	api, err := httpapi.New(h.manager, coffee, &httpapi.Options{Feed: httpapi.NewFeed()})
	if err != nil {
		t.Fatal(err)
	}
	got, err := lambdahandler.RestAPI(api)(t.Context(), events.APIGatewayProxyRequest{
		HTTPMethod: http.MethodGet, Path: "/events",
		RequestContext: events.APIGatewayProxyRequestContext{Authorizer: map[string]any{"sub": "anna"}},
	})
	if err != nil || got.StatusCode != http.StatusNotImplemented {
		t.Errorf("the answer is %+v, %v; want 501", got, err)
	}
}

func TestHTTP_failsForWhatIsNotARequestOfItsFormat(t *testing.T) {
	v1, v2 := restRequest("/orders/1", "", "null"), httpRequest("$default", "/orders/1", "", "")
	for name, test := range map[string]struct {
		handler func(http.Handler) any
		payload string
	}{
		"REST API, payload format 2.0":    {rest, v2},
		"HTTP API, payload format 1.0":    {http2, v1},
		"function URL, an empty object":   {functionURL, `{}`},
		"REST API, an event":              {rest, event("OrderProcessor.OrderTimeOut", `{}`)},
		"HTTP API, input of OrderManager": {http2, claim("1", "ben")},
		"REST API, a method that is none": {rest, `{"httpMethod":"P T","path":"/"}`},
		"REST API, no method":             {rest, `{"path":"/orders/1"}`},
		"REST API, a path without a root": {rest, `{"httpMethod":"GET","path":"orders"}`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := invoke[reply](t, test.handler(http.NotFoundHandler()), test.payload)
			fails(t, err, "invalid_request")
		})
	}
}

func TestHTTP_passesTheContextOn(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	var got any
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Context().Value(key{}) })
	if _, err := invokeIn[reply](ctx, t, lambdahandler.RestAPI(handler), restRequest("/", "", "null")); err != nil ||
		got != "value" {
		t.Errorf("the context has %v, %v", got, err)
	}
}

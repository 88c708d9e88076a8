package httpapi_test

import (
	"encoding/json"
	"fmt"
	"math"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
)

// node is a part of the OpenAPI document.
type node = map[string]any

var openAPI = func() node {
	var parsed node
	if err := json.Unmarshal(httpapi.Document, &parsed); err != nil {
		panic(err)
	}
	return parsed
}()

// resolve follows references.
func resolve(n node) node {
	for {
		ref, ok := n["$ref"].(string)
		if !ok {
			return n
		}
		n = openAPI
		for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			next, ok := n[step].(node)
			if !ok {
				panic("the document has no " + ref)
			}
			n = next
		}
	}
}

// documented lists every answer of the document, without the defaults.
func documented() map[string]bool {
	all := map[string]bool{}
	for path, item := range openAPI["paths"].(node) {
		for method, operation := range item.(node) {
			for status := range operation.(node)["responses"].(node) {
				if status != "default" {
					all[strings.ToUpper(method)+" "+path+" "+status] = true
				}
			}
		}
	}
	return all
}

// checkDocumented holds an answer against the document: its route, status, media type, and every field of its body.
func (f *fixture) checkDocumented(r *http.Request, w *httptest.ResponseRecorder) {
	f.t.Helper()
	path := f.handler.Pattern(r)
	item, _ := openAPI["paths"].(node)[path].(node)
	operation, ok := item[strings.ToLower(r.Method)].(node)
	if !ok {
		return // there is no such route; what is there then is checked by its own test
	}
	responses := operation["responses"].(node)
	response, ok := responses[strconv.Itoa(w.Code)].(node)
	if ok {
		f.seen[fmt.Sprintf("%s %s %d", r.Method, path, w.Code)] = true
	} else if response, ok = responses["default"].(node); !ok {
		f.t.Errorf("%s %s answered %d, which the document does not have", r.Method, path, w.Code)
		return
	}
	mediaType, _, _ := mime.ParseMediaType(w.Header().Get("Content-Type"))
	content, ok := resolve(response)["content"].(node)[mediaType].(node)
	if !ok {
		f.t.Errorf("%s %s answered %d as %q, which the document does not have", r.Method, path, w.Code, mediaType)
		return
	}
	if mediaType == "text/event-stream" {
		return
	}
	var body any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		f.t.Errorf("%s %s: %v", r.Method, path, err)
	}
	for _, problem := range conforms(content["schema"].(node), body, "$") {
		f.t.Errorf("%s %s answered %d with a body that is not as documented: %s", r.Method, path, w.Code, problem)
	}
}

// conforms checks a value against a schema, in the part of JSON Schema that the document uses. Anything else is a
// mistake.
func conforms(schema node, value any, at string) (problems []string) {
	schema = resolve(schema)
	for keyword := range schema {
		if !slices.Contains(
			[]string{
				"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "description", "format",
			},
			keyword,
		) {
			problems = append(problems, at+": the checker does not know "+keyword)
		}
	}
	if options, ok := schema["anyOf"].([]any); ok {
		for _, option := range options {
			if len(conforms(option.(node), value, at)) == 0 {
				return problems
			}
		}
		return append(problems, at+": fits nothing of anyOf")
	}
	if want := schema["type"]; want != kind(value) && (want != "number" || kind(value) != "integer") {
		return append(problems, fmt.Sprintf("%s: is %s, not %v", at, kind(value), want))
	}
	if options, ok := schema["enum"].([]any); ok && !slices.Contains(options, value) {
		problems = append(problems, fmt.Sprintf("%s: %v is not one of %v", at, value, options))
	}
	switch value := value.(type) {
	case []any:
		for i, element := range value {
			problems = append(problems, conforms(schema["items"].(node), element, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case node:
		properties, _ := schema["properties"].(node)
		for name, element := range value {
			switch property, ok := properties[name].(node); {
			case ok:
				problems = append(problems, conforms(property, element, at+"."+name)...)
			case schema["additionalProperties"] == false:
				problems = append(problems, at+"."+name+": is not documented")
			}
		}
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, there := value[name.(string)]; !there {
				problems = append(problems, fmt.Sprintf("%s.%s: is missing", at, name))
			}
		}
	}
	return problems
}

// kind is the JSON Schema type of a value.
func kind(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case node:
		return "object"
	case float64:
		if value == math.Trunc(value) {
			return "integer"
		}
	}
	return "number"
}

func TestChecker_findsWhatIsNotAsDocumented(t *testing.T) {
	schema := node{"type": "object", "additionalProperties": false, "required": []any{"a"}, "properties": node{
		"a": node{"type": "string", "enum": []any{"x"}},
		"b": node{"type": "array", "items": node{"type": "integer"}},
		"c": node{"anyOf": []any{node{"type": "null"}, node{"type": "boolean"}}},
	}}
	for body, want := range map[string]int{
		`{"a":"x","b":[1,2],"c":null}`: 0,
		`{"a":"x","c":true}`:           0,
		`{"b":[]}`:                     1,
		`{"a":"y"}`:                    1,
		`{"a":1}`:                      1,
		`{"a":"x","b":[1,"2",2.5]}`:    2,
		`{"a":"x","c":"no"}`:           1,
		`{"a":"x","more":1}`:           1,
		`[]`:                           1,
	} {
		var value any
		if err := json.Unmarshal([]byte(body), &value); err != nil {
			t.Fatal(err)
		}
		if problems := conforms(schema, value, "$"); len(problems) != want {
			t.Errorf("%s: %d problems, want %d: %v", body, len(problems), want, problems)
		}
	}
	if len(conforms(node{"type": "string", "pattern": "x"}, "y", "$")) == 0 {
		t.Error("a keyword that the checker does not know went unnoticed")
	}
}

func TestDocument_hasExactlyTheRoutesOfTheHandler(t *testing.T) {
	routes := newFixture(t).handler.Methods()
	described := map[string][]string{}
	for path, item := range openAPI["paths"].(node) {
		for method := range item.(node) {
			described[path] = append(described[path], strings.ToUpper(method))
		}
		slices.Sort(described[path])
	}
	if diff := cmp.Diff(routes, described); diff != "" {
		t.Errorf("handler (-) and document (+) differ:\n%s", diff)
	}
}

func TestDocument_closesEveryObjectOfAnAnswer(t *testing.T) {
	var walk func(at string, n any)
	walk = func(at string, n any) {
		switch n := n.(type) {
		case []any:
			for i, element := range n {
				walk(fmt.Sprintf("%s[%d]", at, i), element)
			}
		case node:
			if n["type"] == "object" && n["additionalProperties"] != false {
				t.Errorf("%s allows fields that are not documented", at)
			}
			for name, element := range n {
				walk(at+"."+name, element)
			}
		}
	}
	for name, schema := range openAPI["components"].(node)["schemas"].(node) {
		if name != "Put" && name != "NewOrder" && name != "Repair" { // requests: there, other fields are ignored
			walk(name, schema)
		}
	}
}

// Every status that the document has for a route is really answered, and every answer is as documented: do checks each.
func TestDocument_everyAnswerIsReallyGiven(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	f.start("2", "2", "")
	long := strings.Repeat("x", 129)
	for _, path := range []string{"/orders?state=pending", "/orders/1", "/orders/1/history", "/orders/1/actions", "/myOrders", "/menu", "/shop",
		"/orders/count", "/lifecycle"} {
		f.do(call{actor: "barista:3", method: "GET", path: path})
		f.do(call{method: "GET", path: path})
		f.do(call{actor: "customer:2", method: "GET", path: path})
	}
	for _, path := range []string{"/orders", "/orders/" + long, "/orders/" + long + "/history", "/orders/" + long +
		"/actions",
		"/orders/no", "/orders/no/history", "/orders/no/actions", "/myOrders?maxItems=0", "/menu?eventId=" +
			long, "/menu?eventId=closed",
		"/menu?eventId=nowhere", "/shop?eventId=" +
			long, "/shop?eventId=closed", "/shop?eventId=nowhere", "/orders/count?eventId=" +
			long, "/health", "/health/live", "/openapi.json"} {
		f.do(call{actor: "barista:3", method: "GET", path: path})
	}
	for _, c := range []call{
		{actor: "customer:1", path: "/orders/1", body: `{"drink":"Tea"}`},
		{actor: "customer:1", path: "/orders/1", body: cappuccino},
		{actor: "customer:1", path: "/orders/1", body: cappuccino},
		{actor: "customer:1", path: "/orders/1", body: `{`},
		{path: "/orders/1", body: cappuccino},
		{actor: "customer:1", path: "/orders/1?action=make"},
		{actor: "customer:1", path: "/orders/no?action=cancel"},
		{actor: "customer:1", path: "/orders/1", body: `"` + strings.Repeat("x", ordermanager.MaxRequestBytes) + `"`},
		{actor: "customer:1", path: "/orders/1", body: cappuccino, header: http.Header{"Content-Type": {"text/plain"}}},
	} {
		c.method = "PUT"
		f.do(c)
	}
	for _, c := range []call{
		{actor: "customer:1"},
		{actor: "customer:1", body: `{"orderId":"slow"}`},
		{},
		{actor: "customer:1", body: `{"orderId":5}`},
		{actor: "customer:1", body: `{"userId":"2"}`},
		{actor: "customer:1", body: `{"eventId":"nowhere"}`},
		{actor: "customer:1", body: `{"orderId":"1"}`},
		{actor: "customer:1", body: `{"orderId":"` + strings.Repeat("x", ordermanager.MaxRequestBytes) + `"}`},
		{actor: "customer:1", body: `{}`, header: http.Header{"Content-Type": {"text/plain"}}},
		{actor: "customer:1", body: `{"eventId":"closed"}`},
	} {
		c.method, c.path = "POST", "/orders"
		f.do(c)
	}
	for _, c := range []call{
		{actor: "admin:4", path: "/orders/1", body: `{"reason":"stuck"}`, header: http.Header{"Idempotency-Key": {"r"}}},
		{actor: "admin:4", path: "/orders/1", body: `{"reason":"another"}`, header: http.Header{"Idempotency-Key": {"r"}}},
		{actor: "admin:4", path: "/orders/1"},
		{path: "/orders/1", body: `{"reason":"stuck"}`},
		{actor: "barista:3", path: "/orders/1", body: `{"reason":"stuck"}`},
		{actor: "admin:4", path: "/orders/no", body: `{"reason":"stuck"}`},
		{actor: "admin:4", path: "/orders/1", body: `"` + strings.Repeat("x", ordermanager.MaxRequestBytes) + `"`},
		{
			actor: "admin:4", path: "/orders/1", body: `{"reason":"stuck"}`, header: http.Header{"Content-Type": {"text/plain"}},
		},
	} {
		c.method = "POST"
		for _, repair := range []string{"/resend", "/abandon"} {
			one := c
			one.path += repair
			f.do(one)
		}
	}
	f.feed.Close() // or the stream would not end
	f.do(call{actor: "barista:3", method: "GET", path: "/events"})
	f.do(call{method: "GET", path: "/events"})
	f.breakStore()
	for _, path := range []string{"/orders?state=pending", "/orders/1", "/orders/1/history", "/orders/1/actions", "/myOrders", "/health",
		"/orders/count"} {
		f.do(call{actor: "barista:3", method: "GET", path: path})
	}
	f.do(call{actor: "customer:1", method: "PUT", path: "/orders/1?action=cancel"})
	f.do(call{actor: "admin:4", method: "POST", path: "/orders/1/resend", body: `{"reason":"stuck"}`})
	f.do(call{actor: "admin:4", method: "POST", path: "/orders/1/abandon", body: `{"reason":"stuck"}`})
	if diff := cmp.Diff(documented(), f.seen); diff != "" {
		t.Errorf("documented (-) and answered (+) differ:\n%s", diff)
	}
}

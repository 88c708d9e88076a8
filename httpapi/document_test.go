package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

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

// schemas compiles parts of the document; each is compiled once.
var schemas = func() *jsonschema.Compiler {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(httpapi.Document))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("openapi.json", document); err != nil {
		panic(err)
	}
	return c
}()

// conforms holds a text against a schema of the document, by its JSON pointer.
func conforms(pointer string, text []byte) error {
	schema, err := schemas.Compile("openapi.json" + pointer)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// pointerTo is a JSON pointer.
func pointerTo(steps ...string) string {
	pointer := "#"
	for _, step := range steps {
		pointer += "/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
	}
	return pointer
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
	status := strconv.Itoa(w.Code)
	if _, ok := responses[status]; ok {
		f.seen[fmt.Sprintf("%s %s %s", r.Method, path, status)] = true
	} else if status = "default"; responses[status] == nil {
		f.t.Errorf("%s %s answered %d, which the document does not have", r.Method, path, w.Code)
		return
	}
	response, at := responses[status].(node), pointerTo("paths", path, strings.ToLower(r.Method), "responses", status)
	if ref, ok := response["$ref"].(string); ok {
		at = ref
		response = openAPI["components"].(node)["responses"].(node)[ref[strings.LastIndex(ref, "/")+1:]].(node)
	}
	mediaType, _, _ := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if _, ok := response["content"].(node)[mediaType].(node); !ok {
		f.t.Errorf("%s %s answered %d as %q, which the document does not have", r.Method, path, w.Code, mediaType)
		return
	}
	if mediaType == "text/event-stream" {
		return
	}
	at += strings.TrimPrefix(pointerTo("content", mediaType, "schema"), "#")
	if err := conforms(at, w.Body.Bytes()); err != nil {
		f.t.Errorf("%s %s answered %d with a body that is not as documented: %v", r.Method, path, w.Code, err)
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
	readings := []string{
		"/orders?state=pending", "/orders/1", "/orders/1/history", "/orders/1/actions", "/myOrders", "/orders/count",
	}
	for _, path := range append(readings, "/menu", "/shop", "/lifecycle") {
		f.do(call{actor: "barista:3", method: "GET", path: path})
		f.do(call{method: "GET", path: path})
		f.do(call{actor: "customer:2", method: "GET", path: path})
	}
	for _, path := range []string{
		"/orders", "/orders/" + long, "/orders/" + long + "/history", "/orders/" + long + "/actions",
		"/orders/no", "/orders/no/history", "/orders/no/actions", "/myOrders?maxItems=0",
		"/menu?eventId=" + long, "/menu?eventId=closed", "/menu?eventId=nowhere",
		"/shop?eventId=" + long, "/shop?eventId=closed", "/shop?eventId=nowhere", "/orders/count?eventId=" + long,
		"/health", "/health/live", "/openapi.json",
	} {
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
	for _, path := range append(readings, "/health") {
		f.do(call{actor: "barista:3", method: "GET", path: path})
	}
	f.do(call{actor: "customer:1", method: "PUT", path: "/orders/1?action=cancel"})
	f.do(call{actor: "admin:4", method: "POST", path: "/orders/1/resend", body: `{"reason":"stuck"}`})
	f.do(call{actor: "admin:4", method: "POST", path: "/orders/1/abandon", body: `{"reason":"stuck"}`})
	if diff := cmp.Diff(documented(), f.seen); diff != "" {
		t.Errorf("documented (-) and answered (+) differ:\n%s", diff)
	}
}

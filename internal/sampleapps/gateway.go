package sampleapps

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// HTTPAPIRequest is a call as an HTTP API of API Gateway sends it on. It passes claims on as a JWT authorizer does:
// lists are in brackets.
func HTTPAPIRequest(t *testing.T, c Call) events.APIGatewayV2HTTPRequest {
	t.Helper()
	path, query := Split(t, c.Path)
	r := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RawPath: path, RawQueryString: query.Encode(), Body: c.Body, Headers: map[string]string{},
	}
	for name, values := range c.Header {
		r.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	r.RequestContext.HTTP.Method = c.Method
	if c.Claims != nil {
		claims := map[string]string{}
		for name, value := range Texts(c.Claims, "[%s]") {
			claims[name] = fmt.Sprint(value)
		}
		r.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: claims},
		}
	}
	return r
}

// HTTPAPIAnswer is a function's answer as an HTTP API returns it.
func HTTPAPIAnswer(out events.APIGatewayV2HTTPResponse) Answer {
	header := http.Header{}
	for name, value := range out.Headers {
		header.Set(name, value)
	}
	return Answer{Status: out.StatusCode, Header: header, Body: []byte(out.Body)}
}

// Split splits the path of a call.
func Split(t *testing.T, address string) (path string, query url.Values) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path, u.Query()
}

// Texts are claims as API Gateway passes them, with lists formatted as strings.
func Texts(claims map[string]any, list string) map[string]any {
	all := map[string]any{}
	for name, value := range claims {
		if values, ok := value.([]any); ok {
			value = fmt.Sprintf(list, strings.Trim(fmt.Sprint(values...), "[]"))
		}
		all[name] = value
	}
	return all
}

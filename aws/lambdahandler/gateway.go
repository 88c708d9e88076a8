package lambdahandler

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// RestAPI returns the handler of a function behind a REST API of Amazon API Gateway (Lambda proxy integration). It gives each request to the
// handler, normally an [httpapi.Handler], and its answer back.
//
// The claims that a Cognito authorizer verified, or the context that a Lambda authorizer returned, are in the request's context as by
// [httpapi.WithClaims]. A base path mapping of a custom domain is part of the path: take it off with [http.StripPrefix].
//
// It also serves an HTTP API with payload format 1.0, as [HTTPAPI] does one with format 2.0: that has the form of a REST API's, but its
// path begins with the name of a stage other than $default, which is taken off.
//
// Answers are sent as a whole: server-sent events do not work here, and an [httpapi.Handler] with a Feed says so with 501. A body that is
// not text is sent as base64, for which the API must list its type as binary. An error means that the event was not a
// request in this format; API Gateway makes a 502 of it.
func RestAPI(handler http.Handler) func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return func(ctx context.Context, r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		c := call{
			method: r.HTTPMethod, path: restPath(&r), escaped: true, query: pairs(r.MultiValueQueryStringParameters, r.QueryStringParameters).Encode(),
			header: canonical(pairs(r.MultiValueHeaders, r.Headers)), body: r.Body, base64: r.IsBase64Encoded,
			sourceIP: r.RequestContext.Identity.SourceIP, claims: r.RequestContext.Authorizer,
		}
		if claims, ok := r.RequestContext.Authorizer["claims"].(map[string]any); ok {
			c.claims = claims
		}
		w, err := c.serve(ctx, handler)
		if err != nil {
			return events.APIGatewayProxyResponse{}, failure(err)
		}
		response := events.APIGatewayProxyResponse{StatusCode: w.status, MultiValueHeaders: w.sent}
		response.Body, response.IsBase64Encoded = w.text()
		return response, nil
	}
}

// pairs takes what is there with all its values, or else with one.
func pairs(all map[string][]string, one map[string]string) url.Values {
	if len(all) > 0 {
		return all
	}
	values := url.Values{}
	for name, value := range one {
		values.Set(name, value)
	}
	return values
}

func canonical(values url.Values) http.Header {
	header := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			header.Add(name, value)
		}
	}
	return header
}

// HTTPAPI returns the handler of a function behind an HTTP API of Amazon API Gateway, payload format 2.0. It is as [RestAPI], with these
// differences: the claims are those that a JWT authorizer verified; the name of a stage other than $default is taken off the path; and an
// HTTP API unescapes the path, so that an identifier with a slash in it cannot be reached through one.
func HTTPAPI(handler http.Handler) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return func(ctx context.Context, r events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		c := call{
			method: r.RequestContext.HTTP.Method, path: withoutStage(r.RawPath, r.RequestContext.Stage), query: r.RawQueryString,
			header: withCookies(r.Headers, r.Cookies), body: r.Body, base64: r.IsBase64Encoded,
			sourceIP: r.RequestContext.HTTP.SourceIP,
		}
		if authorizer := r.RequestContext.Authorizer; authorizer != nil {
			c.claims = authorizer.Lambda
			if authorizer.JWT != nil {
				c.claims = map[string]any{}
				for name, value := range authorizer.JWT.Claims {
					c.claims[name] = value
				}
			}
		}
		w, err := c.serve(ctx, handler)
		if err != nil {
			return events.APIGatewayV2HTTPResponse{}, failure(err)
		}
		response := events.APIGatewayV2HTTPResponse{StatusCode: w.status}
		response.Headers, response.Cookies = w.joined()
		response.Body, response.IsBase64Encoded = w.text()
		return response, nil
	}
}

// FunctionURL returns the handler of a function with a URL of its own, which answers as a whole (invoke mode BUFFERED). It is as
// [HTTPAPI], but nobody has verified a caller's token here: give the [httpapi.Handler] an Identify that does.
func FunctionURL(handler http.Handler) func(context.Context, events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	return func(ctx context.Context, r events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
		c := call{
			method: r.RequestContext.HTTP.Method, path: r.RawPath, escaped: true, query: r.RawQueryString,
			header: withCookies(r.Headers, r.Cookies), body: r.Body, base64: r.IsBase64Encoded,
			sourceIP: r.RequestContext.HTTP.SourceIP,
		}
		w, err := c.serve(ctx, handler)
		if err != nil {
			return events.LambdaFunctionURLResponse{}, failure(err)
		}
		response := events.LambdaFunctionURLResponse{StatusCode: w.status}
		response.Headers, response.Cookies = w.joined()
		response.Body, response.IsBase64Encoded = w.text()
		return response, nil
	}
}

// restPath is the path without the stage. A REST API leaves the stage out of it and shows it in the context's path alone, so that the
// two differ; an HTTP API with payload format 1.0 has it in both.
func restPath(r *events.APIGatewayProxyRequest) string {
	if r.Path != r.RequestContext.Path {
		return r.Path
	}
	return withoutStage(r.Path, r.RequestContext.Stage)
}

// withoutStage takes the name of the stage off a path ("Create AWS Lambda proxy integrations for HTTP APIs" in the Amazon API Gateway Developer
// Guide: rawPath has it).
func withoutStage(path, stage string) string {
	if stage == "" || stage == "$default" {
		return path
	}
	rest, found := strings.CutPrefix(path, "/"+stage)
	switch {
	case found && rest == "":
		return "/"
	case found && rest[0] == '/':
		return rest
	}
	return path
}

// withCookies puts the cookies back where they came from.
func withCookies(headers map[string]string, cookies []string) http.Header {
	header := canonical(pairs(nil, headers))
	if len(cookies) > 0 {
		header.Set("Cookie", strings.Join(cookies, "; "))
	}
	return header
}

// joined returns the headers with one value each, and the cookies, of which each needs a header of its own.
func (w *reply) joined() (headers map[string]string, cookies []string) {
	headers = map[string]string{}
	for name, values := range w.sent {
		if name == "Set-Cookie" {
			cookies = values
			continue
		}
		headers[name] = strings.Join(values, ",")
	}
	return headers, cookies
}

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

// RestAPI returns the handler of a function behind a REST API of Amazon API Gateway (Lambda proxy integration). It
// passes each request to the handler, normally an [httpapi.Handler], and returns its answer.
//
// The claims that a Cognito authorizer verified, or the context that a Lambda authorizer returned, are in the request's
// context as by [httpapi.WithClaims]. A custom domain's base path mapping is part of the path: remove it with
// [http.StripPrefix].
//
// It also serves an HTTP API with payload format 1.0 (see [HTTPAPI] for 2.0), whose path begins with the name of a
// stage other than $default; the stage is removed.
//
// Answers are not streamed: server-sent events do not work, and an [httpapi.Handler] with a Feed answers 501. A body
// that is not text is sent as base64; the API must list its type as binary. An error means that the event was not a
// request in this format; API Gateway turns it into a 502.
func RestAPI(
	handler http.Handler,
) func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return func(ctx context.Context, r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		c := call{
			method: r.HTTPMethod, path: restPath(&r), escaped: true,
			query:  pairs(r.MultiValueQueryStringParameters, r.QueryStringParameters).Encode(),
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

// pairs prefers the form with all values to the one with the last value of each name.
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

// HTTPAPI returns the handler of a function behind an HTTP API of Amazon API Gateway, payload format 2.0. It is like
// [RestAPI], except that the claims are those verified by a JWT authorizer, that the name of a stage other than
// $default is removed from the path, and that an HTTP API unescapes the path, so an identifier with a slash in it
// cannot be reached.
func HTTPAPI(
	handler http.Handler,
) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
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

// FunctionURL returns the handler of a function with a function URL in invoke mode BUFFERED. It is like [HTTPAPI], but
// nothing has verified the caller's token: give the [httpapi.Handler] an Identify that does.
func FunctionURL(
	handler http.Handler,
) func(context.Context, events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
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

// restPath returns the path without the stage. A REST API has the stage only in the context's path, so the two differ;
// an HTTP API with payload format 1.0 has it in both.
func restPath(r *events.APIGatewayProxyRequest) string {
	if r.Path != r.RequestContext.Path {
		return r.Path
	}
	return withoutStage(r.Path, r.RequestContext.Stage)
}

// withoutStage removes the stage from a path ("Create AWS Lambda proxy integrations for HTTP APIs" in the Amazon API
// Gateway Developer Guide: rawPath has it).
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

// withCookies returns headers that include the cookies.
func withCookies(headers map[string]string, cookies []string) http.Header {
	header := canonical(pairs(nil, headers))
	if len(cookies) > 0 {
		header.Set("Cookie", strings.Join(cookies, "; "))
	}
	return header
}

// joined returns the headers, with multiple values joined, and the cookies, which need a header each.
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

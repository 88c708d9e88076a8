package lambdahandler

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
)

// call is an HTTP request, independent of the payload format.
type call struct {
	method, path, query string
	// escaped is set if the path is as the caller wrote it; an HTTP API has unescaped it.
	escaped  bool
	header   http.Header
	body     string
	base64   bool
	sourceIP string
	claims   map[string]any
}

// serve passes the call to the handler. An error means that it was not an HTTP request.
func (c *call) serve(ctx context.Context, handler http.Handler) (*reply, error) {
	body := []byte(c.body)
	if c.base64 {
		var err error
		if body, err = base64.StdEncoding.DecodeString(c.body); err != nil {
			return nil, &ordermanager.RequestError{Field: "body", Rule: "is not base64, as isBase64Encoded says"}
		}
	}
	if c.method == "" || !strings.HasPrefix(c.path, "/") {
		return nil, &ordermanager.RequestError{
			Field: "event", Rule: "has no method and path: it is not an HTTP request in this payload format",
		}
	}
	request, err := http.NewRequestWithContext(httpapi.WithClaims(ctx, c.claims), c.method, "/", bytes.NewReader(body))
	if err != nil {
		return nil, &ordermanager.RequestError{
			Field: "event", Rule: fmt.Sprintf("has the unknown method %.20q", c.method),
		}
	}
	request.URL = &url.URL{Path: c.path, RawQuery: c.query}
	if path, err := url.PathUnescape(c.path); c.escaped && err == nil {
		request.URL.Path, request.URL.RawPath = path, c.path
	}
	request.RequestURI = request.URL.RequestURI()
	request.Header = c.header
	request.Host = c.header.Get("Host")
	request.Header.Del("Host")
	request.RemoteAddr = c.sourceIP
	w := &reply{header: http.Header{}}
	handler.ServeHTTP(w, request)
	w.WriteHeader(http.StatusOK)
	return w, nil
}

// reply records a handler's answer. It is not a Flusher, because answers are not streamed.
type reply struct {
	header http.Header
	status int
	sent   http.Header
	body   bytes.Buffer
}

func (w *reply) Header() http.Header { return w.header }

func (w *reply) WriteHeader(status int) {
	// Informational answers (1xx) cannot be sent.
	if w.status == 0 && status >= http.StatusOK {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *reply) Write(data []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(data)
}

// text returns the body as the payload formats want it: unchanged if it is text, otherwise as base64.
func (w *reply) text() (body string, encoded bool) {
	if utf8.Valid(w.body.Bytes()) {
		return w.body.String(), false
	}
	return base64.StdEncoding.EncodeToString(w.body.Bytes()), true
}

package awstest

import (
	"bytes"
	"io"
	"net/http"
)

// WholeAnswers is an HTTP client for a local server that reads the whole answer before it returns it. The SDK closes
// the body of its request once it has the header of the answer. If the transport is not finished with that body, which
// is likely with a local server on a busy machine, the connection is lost, and the SDK retries a call that was carried
// out.
type WholeAnswers struct{}

// Do sends a request.
func (WholeAnswers) Do(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultClient.Do(request) //nolint:gosec // to the server of a test
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, err
}

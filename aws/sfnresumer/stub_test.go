package sfnresumer_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
)

// service is a transport that answers as Step Functions does, and keeps what it was sent.
type service struct {
	answer answer

	mu   sync.Mutex
	sent []request
}

// answer is the status and the body of the answer to the nth request, counted from 1, or the error on the way.
type answer func(n int) (status int, body string, err error)

// request is what the service was sent.
type request struct{ Operation, Body string }

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	s.sent = append(s.sent, request{operation, string(body)})
	status, answer, err := s.answer(len(s.sent))
	if err != nil {
		return nil, err
	}
	return respond(status, answer), nil
}

func (s *service) client() *sfn.Client { return newClient(s) }

func newClient(transport http.RoundTripper) *sfn.Client {
	return sfn.New(sfn.Options{
		Region:      "eu-central-1",
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKID", "SECRET", "")),
		HTTPClient:  &http.Client{Transport: transport},
	})
}

func accepted(int) (int, string, error) { return http.StatusOK, "{}", nil }

// failure answers every request with an error of the service.
func failure(status int, code, message string) answer {
	return func(int) (int, string, error) {
		return status, fmt.Sprintf(`{"__type":"com.amazonaws.states#%s","message":%q}`, code, message), nil
	}
}

func respond(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}
}

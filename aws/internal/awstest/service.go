package awstest

import (
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Region is the region of the stubs.
const Region = "eu-central-1"

// Credentials are good enough for a stub.
func Credentials() aws.CredentialsProvider {
	return aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""))
}

// Request is a request that the service received.
type Request struct{ Path, Operation, Body string }

// Reply is its reply.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// Answer answers the nth request, counted from 1, or returns a transport error.
type Answer func(n int, r Request) (Reply, error)

// Always answers every request with the same reply.
func Always(reply Reply) Answer { return func(int, Request) (Reply, error) { return reply, nil } }

// Broken fails every request with the same transport error.
func Broken(err error) Answer { return func(int, Request) (Reply, error) { return Reply{}, err } }

// Service is a stub that answers as the test says, and records its requests. It answers one request at a time.
type Service struct {
	Answer Answer

	mu   sync.Mutex
	sent []Request
}

// Client returns an HTTP client for the options of an SDK client.
func (s *Service) Client() *http.Client { return &http.Client{Transport: s} }

// Sent returns the requests so far, in order.
func (s *Service) Sent() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

// RoundTrip implements [http.RoundTripper].
func (s *Service) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, Request{r.URL.EscapedPath(), operation, string(sent)})
	reply, err := s.Answer(len(s.sent), s.sent[len(s.sent)-1])
	if err != nil {
		return nil, err
	}
	if reply.Header == nil {
		reply.Header = http.Header{}
	}
	body := io.NopCloser(strings.NewReader(reply.Body))
	return &http.Response{StatusCode: reply.Status, Header: reply.Header, Body: body}, nil
}

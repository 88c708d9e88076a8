package durableresumer_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// service is a transport that answers as Lambda does, and keeps what it was sent.
type service struct {
	answer answer

	mu   sync.Mutex
	sent []request
}

// answer is the status and the body of the answer to the nth request, counted from 1, or the error on the way.
type answer func(n int) (status int, body errorBody, err error)

// request is what the service was sent.
type request struct{ Path, Body string }

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, request{r.URL.EscapedPath(), string(body)})
	status, answer, err := s.answer(len(s.sent))
	if err != nil {
		return nil, err
	}
	return respond(status, answer), nil
}

func (s *service) client() *lambda.Client { return newClient(s) }

func newClient(transport http.RoundTripper) *lambda.Client {
	return lambda.New(lambda.Options{
		Region:      "eu-central-1",
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKID", "SECRET", "")),
		HTTPClient:  &http.Client{Transport: transport},
	})
}

func accepted(int) (int, errorBody, error) { return http.StatusOK, errorBody{}, nil }

// errorBody is what an error of the service says.
type errorBody struct{ Code, Message string }

// failure answers every request with an error of the service.
func failure(status int, code, message string) answer {
	return func(int) (int, errorBody, error) { return status, errorBody{code, message}, nil }
}

func respond(status int, body errorBody) *http.Response {
	response := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}}
	text := ""
	if body.Code != "" {
		response.Header.Set("X-Amzn-ErrorType", body.Code+":http://internal.amazon.com/coral/com.amazonaws.lambda/")
		text = fmt.Sprintf(`{"Type":"User","Message":%q}`, body.Message)
	}
	response.Body = io.NopCloser(strings.NewReader(text))
	return response
}

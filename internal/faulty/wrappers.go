package faulty

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/watch"
)

// Store puts a network in front of a store in process. The result reports changes if the store does.
func Store(store ordermanager.Store) ordermanager.Store {
	if watcher, ok := store.(watch.Watcher); ok {
		return faultyWatcher{faultyStore{store}, watcher}
	}
	return faultyStore{store}
}

type faultyWatcher struct {
	faultyStore
	watcher watch.Watcher
}

func (w faultyWatcher) Changes(ctx context.Context, after string, wait time.Duration) (watch.Changes, error) {
	return call(ctx, func(ctx context.Context) (watch.Changes, error) {
		return w.watcher.Changes(ctx, after, wait)
	})
}

type faultyStore struct{ ordermanager.Store }

func call[T any](ctx context.Context, do func(context.Context) (T, error)) (T, error) {
	return through(ctx, do, func(f Fault) (T, error) {
		var none T
		return none, &failure{f}
	})
}

func (s faultyStore) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	return call(ctx, func(ctx context.Context) (ordermanager.Result, error) { return s.Store.Apply(ctx, t) })
}

func (s faultyStore) Settle(ctx context.Context, settlement ordermanager.Settlement) error {
	_, err := call(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.Store.Settle(ctx, settlement) })
	return err
}

func (s faultyStore) Get(ctx context.Context, orderID string) (*ordermanager.Order, error) {
	return call(ctx, func(ctx context.Context) (*ordermanager.Order, error) { return s.Store.Get(ctx, orderID) })
}

func (s faultyStore) List(ctx context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	return call(ctx, func(ctx context.Context) (ordermanager.Page, error) { return s.Store.List(ctx, q) })
}

// Resumer puts a network in front of a resumer.
func Resumer(resumer ordermanager.Resumer) ordermanager.Resumer { return faultyResumer{resumer} }

type faultyResumer struct{ ordermanager.Resumer }

func (r faultyResumer) Resume(
	ctx context.Context, token ordermanager.TaskToken, outcome ordermanager.Outcome,
) (ordermanager.Answer, error) {
	return call(
		ctx, func(ctx context.Context) (ordermanager.Answer, error) { return r.Resumer.Resume(ctx, token, outcome) },
	)
}

// Publisher puts a network in front of a publisher.
func Publisher(publisher ordermanager.Publisher) ordermanager.Publisher {
	return faultyPublisher{publisher}
}

type faultyPublisher struct{ ordermanager.Publisher }

func (p faultyPublisher) Publish(ctx context.Context, events []ordermanager.Event) error {
	_, err := call(
		ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, p.Publisher.Publish(ctx, events) },
	)
	return err
}

// Transport is an HTTP client of the AWS SDK with a network in front of the service.
type Transport struct {
	// Client sends the requests. Default: [http.DefaultClient].
	Client *http.Client
}

// Do sends a request, unless a fault prevents it. It reads the whole answer: the SDK closes its request's body once the
// answer's header has arrived, and a transport that still needs the body would drop the connection, which the SDK takes
// for a lost answer.
func (t *Transport) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	client := t.Client
	if client == nil {
		client = http.DefaultClient
	}
	send := func(ctx context.Context) (*http.Response, error) {
		again := request.Clone(ctx)
		again.Body = io.NopCloser(bytes.NewReader(body))
		response, err := client.Do(again) //nolint:gosec // to the endpoint that the test was given
		if err != nil {
			return nil, err
		}
		defer func() { _ = response.Body.Close() }()
		answer, err := io.ReadAll(response.Body)
		response.Body = io.NopCloser(bytes.NewReader(answer))
		return response, err
	}
	return through(request.Context(), send, refuse)
}

// refuse returns the answer to a fault as the AWS SDK expects it.
func refuse(f Fault) (*http.Response, error) {
	switch f {
	case Throttled:
		return answer(http.StatusBadRequest, "ThrottlingException"), nil
	case Broken:
		return answer(http.StatusInternalServerError, "InternalServerError"), nil
	case Crash:
		return nil, &failure{f}
	}
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: fmt.Errorf("%w: %w", &failure{f}, syscall.ECONNRESET)}
}

func answer(status int, code string) *http.Response {
	body := fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"a fault"}`, code)
	return &http.Response{
		StatusCode: status, Header: http.Header{
			"Content-Type": {"application/x-amz-json-1.0"},
		}, Body: io.NopCloser(strings.NewReader(body)),
	}
}

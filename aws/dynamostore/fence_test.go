package dynamostore_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/aws/internal/awstest"
)

// straggler is a network on which one UpdateItem is held back: its sender has no answer and repeats it, and it arrives
// when it is let go.
type straggler struct {
	mu   sync.Mutex
	hold bool
	held *http.Request
	sent []string
	// before is called before each request, with its number.
	before func(n int)
}

func (s *straggler) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	held := s.hold
	if held {
		s.hold, s.held = false, request.Clone(request.Context())
		s.held.Body = io.NopCloser(bytes.NewReader(body))
	}
	s.sent = append(s.sent, request.Header.Get("X-Amz-Target"))
	n := len(s.sent)
	s.mu.Unlock()
	if s.before != nil {
		s.before(n)
	}
	if held {
		return nil, errors.New("connection reset by peer")
	}
	return awstest.WholeAnswers{}.Do(request)
}

// arrive lets the request go that was held back, and returns the status of its answer, which nobody waits for.
func (s *straggler) arrive(t *testing.T) int {
	t.Helper()
	response, err := awstest.WholeAnswers{}.Do(s.held.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode
}

// fenced runs a test in every layout with a house whose client is on such a network, and an order that has its drink.
// The other house is on an ordinary network.
func fenced(t *testing.T, test func(t *testing.T, h, other *house, network *straggler)) {
	eachLayout(t, func(t *testing.T, layout dynamostore.Layout) {
		c := emulator(t)
		name := table(t, c, layout)
		network := &straggler{}
		h := newHouse(
			t,
			newStore(
				t, emulator(t, func(o *dynamodb.Options) { o.HTTPClient = network }), name, dynamostore.Options{Layout: layout},
			),
		)
		other := newHouse(t, newStore(t, c, name, dynamostore.Options{Layout: layout}))
		other.resumer = h.resumer
		for _, do := range []func() (ordermanager.Receipt, error){
			func() (ordermanager.Receipt, error) {
				return h.WorkflowStarted(
					t.Context(), ordermanager.WorkflowStarted{OrderID: "o1", Customer: "c1", Token: h.resumer.Issue()},
				)
			},
			func() (ordermanager.Receipt, error) {
				return h.Put(t.Context(), ordermanager.Request{OrderID: "o1", Actor: ordermanager.Customer("c1"), Drink: latte})
			},
		} {
			if _, err := do(); err != nil {
				t.Fatal(err)
			}
		}
		network.sent = nil
		test(t, h, other, network)
	})
}

// Invariant 6, and a refusal that is certain.
func TestFence_aRefusalOfARepeatedWriteIsNotContradictedByItsFirstSending(t *testing.T) {
	fenced(t, func(t *testing.T, h, other *house, network *straggler) {
		ctx := t.Context()
		request := by(anna)
		request.RequestID = "r1"
		ok(t, ordermanager.ResumeNone)(other.Make(ctx, by(ben)))
		network.hold = true
		if _, err := h.Make(ctx, request); ordermanager.CodeOf(err) != "claimed" &&
			ordermanager.CodeOf(err) != "illegal_transition" {
			t.Fatal(err)
		}
		if len(network.sent) != 3 {
			t.Errorf("it took %v: the first sending, the second, and the fence", network.sent)
		}
		ok(t, ordermanager.ResumeNone)(other.Unmake(ctx, by(ben)))
		if status := network.arrive(t); status != http.StatusBadRequest {
			t.Errorf("the first sending was answered %d", status)
		}
		o, err := h.Order(ctx, "o1")
		if err != nil || o.State != ordermanager.StatePending || o.Barista != "" {
			t.Errorf("a refused claim was carried out: %+v, %v", o, err)
		}
		// Whoever asks again under the same name asks anew.
		if o := ok(t, ordermanager.ResumeNone)(h.Make(ctx, request)); o.Barista != "anna" {
			t.Errorf("%+v", o)
		}
	})
}

func TestFence_aSendingThatArrivesBeforeItIsTheSuccessThatItWas(t *testing.T) {
	fenced(t, func(t *testing.T, h, other *house, network *straggler) {
		ctx := t.Context()
		ok(t, ordermanager.ResumeNone)(other.Make(ctx, by(ben)))
		// Between the refusal and the fence, the claim is given up and the first sending arrives.
		network.hold, network.before = true, func(n int) {
			if n == 3 {
				ok(t, ordermanager.ResumeNone)(other.Unmake(ctx, by(ben)))
				if status := network.arrive(t); status != http.StatusOK {
					t.Errorf("the first sending was answered %d", status)
				}
			}
		}
		receipt, err := h.Make(ctx, by(anna))
		if err != nil || !receipt.Replayed || receipt.Order.Barista != "anna" || receipt.Order.Version != 5 {
			t.Errorf("%+v, %v", receipt, err)
		}
	})
}

func TestFence_aRepeatedWriteThatFindsNoOrderIsOfUnknownOutcome(t *testing.T) {
	fenced(t, func(t *testing.T, h, _ *house, network *straggler) {
		network.hold = true
		request := by(anna)
		request.OrderID = "none"
		if _, err := h.Cancel(t.Context(), request); !errors.Is(err, ordermanager.ErrStore) {
			t.Errorf("an attempt may still arrive: %v", err)
		}
		if _, err := h.Cancel(t.Context(), request); ordermanager.CodeOf(err) != "order_not_found" {
			t.Error(err)
		}
	})
}

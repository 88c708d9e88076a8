package integration_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/awstest"
	"github.com/brewline/ordermanager/aws/sfnresumer"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/resumertest"
)

func TestSFNResumer_keepsTheContractOfAResumer(t *testing.T) {
	e := emulators(t)
	for _, c := range resumertest.Cases() {
		t.Run(c.Topic+"/"+c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Run(t.Context(), e.waits().harness()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSFNResumer_tellsTokensThatItCannotReadFromThoseThatNothingWaitsOn(t *testing.T) {
	e := emulators(t)
	resumer := e.waits().harness().Resumer
	output := ordermanager.Outcome{Output: json.RawMessage(`{}`)}
	for _, outcome := range []ordermanager.Outcome{output, {Error: ordermanager.CancelledError}} {
		for _, value := range []string{"x", strings.Repeat("A", 684), strings.Repeat("x", ordermanager.MaxTokenBytes)} {
			answer, err := resumer.Resume(t.Context(), ordermanager.NewTaskToken(value), outcome)
			if !errors.Is(err, ordermanager.ErrUndeliverable) || !strings.Contains(err.Error(), "InvalidToken") {
				t.Errorf("a token of %d letters: %q, %v", len(value), answer, err)
			}
		}
	}
}

func TestSFNResumer_saysThatARefusedOutputWillNeverWork(t *testing.T) {
	w := emulators(t).waits()
	h := w.harness()
	token, err := h.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := h.Resumer.Resume(t.Context(), token, ordermanager.Outcome{Output: json.RawMessage(`{`)})
	if !errors.Is(err, ordermanager.ErrUndeliverable) || !strings.Contains(err.Error(), "InvalidOutput") {
		t.Errorf("Resume = %q, %v", answer, err)
	}
	answer, err = h.Resumer.Resume(t.Context(), token, ordermanager.Outcome{Output: json.RawMessage(`{}`)})
	if answer != ordermanager.Accepted || err != nil {
		t.Errorf("Resume with an output that is JSON = %q, %v", answer, err)
	}
}

// waits are executions that wait, and the token of each.
type waits struct {
	*environment
	wire

	mu         sync.Mutex
	executions map[string]string
}

func (e *environment) waits() *waits { return &waits{environment: e, executions: map[string]string{}} }

func (w *waits) harness() resumertest.Harness {
	client := sfn.NewFromConfig(w.config, func(o *sfn.Options) {
		o.HTTPClient = &w.wire
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	})
	return resumertest.Harness{
		Resumer: sfnresumer.New(client), Start: w.start, Given: w.given, Expire: w.expire, Break: w.broken, Lag: patience,
	}
}

func (w *waits) start(ctx context.Context) (ordermanager.TaskToken, error) {
	id := testenv.Unique("wait")
	input, err := json.Marshal(map[string]string{"orderId": id, "bus": w.bus})
	if err != nil {
		return ordermanager.TaskToken{}, err
	}
	started, err := w.sfn.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &w.wait, Name: &id, Input: aws.String(string(input)),
	})
	if err != nil {
		return ordermanager.TaskToken{}, err
	}
	e, err := w.inbox.await(ctx, id, "Test.Waiting")
	if err != nil {
		return ordermanager.TaskToken{}, err
	}
	value, _ := e.Detail["TaskToken"].(string)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.executions[value] = aws.ToString(started.ExecutionArn)
	return ordermanager.NewTaskToken(value), nil
}

func (w *waits) execution(token ordermanager.TaskToken) *string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return aws.String(w.executions[token.Reveal()])
}

// given reads from the history of the execution what its wait was answered with.
func (w *waits) given(ctx context.Context, token ordermanager.TaskToken) ([]ordermanager.Outcome, error) {
	var all []ordermanager.Outcome
	pages := sfn.NewGetExecutionHistoryPaginator(w.sfn, &sfn.GetExecutionHistoryInput{ExecutionArn: w.execution(token)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			switch e.Type {
			case types.HistoryEventTypeTaskSucceeded:
				all = append(all, ordermanager.Outcome{Output: json.RawMessage(aws.ToString(e.TaskSucceededEventDetails.Output))})
			case types.HistoryEventTypeTaskFailed:
				d := e.TaskFailedEventDetails
				if strings.HasPrefix(aws.ToString(d.Error), "States.") {
					continue // a failure of the workflow's own, which no answer can be: the emulator notes one for a stop
				}
				all = append(all, ordermanager.Outcome{Error: aws.ToString(d.Error), Cause: aws.ToString(d.Cause)})
			default:
			}
		}
	}
	return all, nil
}

// expire stops the execution; nothing waits on the token then. (Time-outs: TestOrderProcessor.)
func (w *waits) expire(ctx context.Context, token ordermanager.TaskToken) error {
	_, err := w.sfn.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: w.execution(token)})
	return err
}

// wire is the way of a resumer's requests to its service, which can be broken.
type wire struct {
	mu    sync.Mutex
	fault resumertest.Fault
}

func (w *wire) broken(fault resumertest.Fault) (mend func()) {
	w.set(fault)
	return func() { w.set("") }
}

func (w *wire) set(fault resumertest.Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = fault
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	fault := w.fault
	w.mu.Unlock()
	if fault == resumertest.Unreachable {
		return nil, errors.New("unreachable")
	}
	response, err := awstest.WholeAnswers{}.Do(r)
	if fault == resumertest.AnswerLost && err == nil {
		return nil, errors.New("the answer was lost")
	}
	return response, err
}

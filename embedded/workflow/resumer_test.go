package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/workflow"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/resumertest"
)

func TestResumer(t *testing.T) {
	resumertest.Run(t, func(t *testing.T) resumertest.Harness {
		life := &mortal{left: -1}
		db := openMortal(t, filepath.Join(t.TempDir(), "flow.db"), life)
		flow, err := workflow.New(t.Context(), db, nil)
		if err != nil {
			t.Fatal(err)
		}
		store := memory.NewStore()
		manager, err := ordermanager.New(store, menu, flow, nil)
		if err != nil {
			t.Fatal(err)
		}
		flow.Connect(manager)
		var mu sync.Mutex
		orders := map[string]string{} // by fingerprint
		starts := 0
		return resumertest.Harness{
			Resumer: flow,
			Start: func(ctx context.Context) (ordermanager.TaskToken, error) {
				mu.Lock()
				defer mu.Unlock()
				starts++
				id := fmt.Sprint("order-", starts)
				if _, err := flow.Start(ctx, id, "ada", ""); err != nil {
					return ordermanager.TaskToken{}, err
				}
				o, err := store.Get(ctx, id)
				if err != nil {
					return ordermanager.TaskToken{}, err
				}
				orders[o.FirstWait.Token.Fingerprint()] = id
				return o.FirstWait.Token, nil
			},
			Given: func(ctx context.Context, token ordermanager.TaskToken) ([]ordermanager.Outcome, error) {
				mu.Lock()
				defer mu.Unlock()
				status, err := flow.Status(ctx, orders[token.Fingerprint()])
				if err != nil || status.FirstAnswer == nil {
					return nil, err
				}
				return []ordermanager.Outcome{*status.FirstAnswer}, nil
			},
			Expire: func(ctx context.Context, token ordermanager.TaskToken) error {
				mu.Lock()
				id := orders[token.Fingerprint()]
				mu.Unlock()
				_, err := db.ExecContext(ctx, "UPDATE ordermanager_workflows SET deadline = 0 WHERE order_id = ?", id)
				return errors.Join(err, flow.Advance(ctx))
			},
			Break: func(fault resumertest.Fault) func() {
				life.breakDown(fault == resumertest.AnswerLost)
				return life.mend
			},
		}
	})
}

// breakDown lets every statement fail, or, if only answers are lost, every commit after it was carried out.
func (m *mortal) breakDown(answersOnly bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead, m.answersLost = !answersOnly, answersOnly
}

func (m *mortal) mend() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead, m.answersLost = false, false
}

func TestAnAnswerBeforeTheTimeOutIsCarriedOutIsInTime(t *testing.T) {
	now := &clock{morning}
	h := newHouse(t, openTemp(t), &workflow.Options{Now: now.now})
	start(t, h, "1", "ada", "")
	now.Time = morning.Add(time.Hour)
	put(t, h, "1", "ada", "")
	if status := statusOf(t, h, "1"); status.Stage != workflow.StageCompletion {
		t.Errorf("the workflow is %s", status.Stage)
	}
}

// A tool that is run with the wrong resumer must not settle, and so lose, what another workflow is owed.
func TestATokenOfAnotherServiceIsUndeliverableAndOneOfOursThatNobodyWaitsOnIsGone(t *testing.T) {
	h := newHouse(t, openTemp(t), nil)
	output := ordermanager.Outcome{Output: []byte("{}")}
	answer, err := h.workflow.Resume(t.Context(), ordermanager.NewTaskToken("made up"), output)
	if !errors.Is(err, ordermanager.ErrUndeliverable) {
		t.Errorf("another's: got %q, %v", answer, err)
	}
	answer, err = h.workflow.Resume(t.Context(), ordermanager.NewTaskToken("ordermanager-embedded:made up"), output)
	if err != nil || answer != ordermanager.Gone {
		t.Errorf("ours: got %q, %v", answer, err)
	}
}

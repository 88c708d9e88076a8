package workflowtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/resumertest"
	"github.com/brewline/ordermanager/workflow"
)

func resumes(h *house) {
	db := h.start().Database
	resumertest.Run(h.T, func(*testing.T) resumertest.Harness {
		life := &mortal{Database: db, Life: &Life{}}
		p := h.on(life, memory.NewStore(), workflow.Options{})
		var mu sync.Mutex
		orders := map[string]string{} // by fingerprint
		orderOf := func(token ordermanager.TaskToken) string {
			mu.Lock()
			defer mu.Unlock()
			return orders[token.Fingerprint()]
		}
		return resumertest.Harness{
			Resumer: p.flow,
			Start: func(ctx context.Context) (ordermanager.TaskToken, error) {
				mu.Lock()
				defer mu.Unlock()
				id := rand.Text()
				if _, err := p.flow.Start(ctx, id, "ada", ""); err != nil {
					return ordermanager.TaskToken{}, err
				}
				o, err := p.store.Get(ctx, id)
				if err != nil {
					return ordermanager.TaskToken{}, err
				}
				orders[o.FirstWait.Token.Fingerprint()] = id
				return o.FirstWait.Token, nil
			},
			Given: func(ctx context.Context, token ordermanager.TaskToken) ([]ordermanager.Outcome, error) {
				status, err := p.flow.Status(ctx, orderOf(token))
				if err != nil || status.FirstAnswer == nil {
					return nil, err
				}
				return []ordermanager.Outcome{*status.FirstAnswer}, nil
			},
			Expire: func(ctx context.Context, token ordermanager.TaskToken) error {
				const expire = "UPDATE ordermanager_workflows SET deadline = 0 WHERE order_id = ?"
				_, err := p.db.Exec(ctx, expire, orderOf(token))
				return errors.Join(err, p.flow.Advance(ctx))
			},
			Break: func(fault resumertest.Fault) func() {
				life.breakDown(fault == resumertest.AnswerLost)
				return life.mend
			},
		}
	})
}

// A tool with the wrong resumer must not settle, and so lose, what another workflow is owed.
func tellsTokensApart(h *house) {
	p := h.open(workflow.Options{})
	output := ordermanager.Outcome{Output: []byte("{}")}
	answer, err := p.flow.Resume(h.Context(), ordermanager.NewTaskToken("made up"), output)
	if !errors.Is(err, ordermanager.ErrUndeliverable) {
		h.Errorf("another's: got %q, %v", answer, err)
	}
	answer, err = p.flow.Resume(h.Context(), ordermanager.NewTaskToken("ordermanager-embedded:made up"), output)
	if err != nil || answer != ordermanager.Gone {
		h.Errorf("ours: got %q, %v", answer, err)
	}
}

// Invariant 5: kill a process at every point of an order's life, one after the other; another process finishes what it
// began. The workflow is not part of the store's transactions.
func losesNothing(h *house) {
	survivor, points := h.open(workflow.Options{}), 0
	started := h.start()
	for survived := false; !survived; points++ {
		id := fmt.Sprint("order-", points)
		life := &mortal{Database: started.Database, Life: &Life{}}
		life.End(points)
		doomed := h.on(life, started.Store, workflow.Options{})
		_, err := doomed.flow.Start(h.Context(), id, "ada", "")
		if life.IsDead() {
			survivor.advances()
			_, err = survivor.flow.Start(h.Context(), id, "ada", "") // nobody knows what the first call did
		}
		if err != nil && !errors.Is(err, ordermanager.ErrOrderExists) {
			h.Fatal(err)
		}
		doomed.puts(id)
		_ = doomed.flow.Advance(h.Context())
		doomed.completes(id)
		survived = !life.IsDead()

		survivor.redrives()
		survivor.advances()
		survivor.redrives()
		status := survivor.status(id)
		want := strconv.Itoa(points + 1)
		if status.Stage != workflow.StageFinished || status.Pending != 0 || status.Number != want {
			h.Errorf("killed at point %d: %+v, want number %s", points, status, want)
		}
	}
	if points < 20 {
		h.Errorf("only %d points were tried", points)
	}
}

func (p *process) redrives() {
	p.h.Helper()
	_, err := p.manager.Redrive(p.h.Context(), nil)
	p.h.must(err)
}

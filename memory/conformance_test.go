package memory_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/resumertest"
	"github.com/brewline/ordermanager/storetest"
)

func TestStore_keepsTheContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) ordermanager.Store { return memory.NewStore() })
}

func TestResumer_keepsTheContract(t *testing.T) {
	resumertest.Run(t, newHarness)
}

func newHarness(*testing.T) resumertest.Harness {
	var broken atomic.Value
	broken.Store(resumertest.Fault(""))
	resumer := &memory.Resumer{Hook: func(_, _ string, done bool) error {
		if fault := broken.Load(); done && fault == resumertest.AnswerLost || !done && fault == resumertest.Unreachable {
			return errors.New("the service is out of order")
		}
		return nil
	}}
	return resumertest.Harness{
		Resumer: resumer,
		Start:   func(context.Context) (ordermanager.TaskToken, error) { return resumer.Issue(), nil },
		Given: func(_ context.Context, token ordermanager.TaskToken) ([]ordermanager.Outcome, error) {
			var given []ordermanager.Outcome
			for _, answered := range resumer.Answered() {
				if answered.Token.Equal(token) {
					given = append(given, answered.Outcome)
				}
			}
			return given, nil
		},
		Expire: func(_ context.Context, token ordermanager.TaskToken) error { resumer.Expire(token); return nil },
		Break: func(fault resumertest.Fault) func() {
			broken.Store(fault)
			return func() { broken.Store(resumertest.Fault("")) }
		},
	}
}

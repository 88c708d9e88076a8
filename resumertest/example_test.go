package resumertest_test

import (
	"context"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/resumertest"
)

// A harness says how workflows of the service are started, looked at and timed out; the rest is one line. Here the
// service is the fake of package memory.
func ExampleRun() {
	newHarness := func(*testing.T) resumertest.Harness {
		service := &memory.Resumer{}
		return resumertest.Harness{
			Resumer: service,
			Start:   func(context.Context) (ordermanager.TaskToken, error) { return service.Issue(), nil },
			Given: func(_ context.Context, token ordermanager.TaskToken) ([]ordermanager.Outcome, error) {
				var given []ordermanager.Outcome
				for _, answered := range service.Answered() {
					if answered.Token.Equal(token) {
						given = append(given, answered.Outcome)
					}
				}
				return given, nil
			},
			Expire: func(_ context.Context, token ordermanager.TaskToken) error { service.Expire(token); return nil },
		}
	}
	_ = func(t *testing.T) { resumertest.Run(t, newHarness) }
}

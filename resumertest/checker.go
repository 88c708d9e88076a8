package resumertest

import (
	"context"
	"fmt"
	"time"

	"github.com/brewline/ordermanager"
)

// Harness is what a case works on: the resumer, and the workflow service behind it. All fields but Break and Lag are
// required.
type Harness struct {
	// Resumer is the resumer under test.
	Resumer ordermanager.Resumer
	// Start starts a workflow and returns the token that it waits on.
	Start func(ctx context.Context) (ordermanager.TaskToken, error)
	// Given returns the outcomes that the workflow of the token received, in order: none while it waits or if the wait
	// expired. Two would mean that two answers got through.
	Given func(ctx context.Context, token ordermanager.TaskToken) ([]ordermanager.Outcome, error)
	// Expire ends the wait on the token without an answer.
	Expire func(ctx context.Context, token ordermanager.TaskToken) error
	// Break makes the service fail every call in this way until mend is called. Default: the cases that need it are
	// skipped.
	Break func(fault Fault) (mend func())
	// Lag is how far Given may lag behind an accepted answer. Default: not at all.
	Lag time.Duration
}

// Fault is a way in which a service fails.
type Fault string

const (
	// Unreachable fails every call before anything has happened.
	Unreachable Fault = "unreachable"
	// AnswerLost carries every call out and loses its answer.
	AnswerLost Fault = "answer lost"
)

// Case is one promise of the contract.
type Case struct {
	// Topic is the part of the contract that the promise belongs to.
	Topic string
	// Name is the promise.
	Name string
	// Invariant is the number of the invariant in docs/guarantees.md that depends on the promise; empty if none depends
	// on it alone.
	Invariant string
	// NeedsBreak says that the case cannot run without [Harness.Break].
	NeedsBreak bool
	// Run returns nil if the resumer keeps the promise, and otherwise an error that says how it broke it.
	Run func(ctx context.Context, h Harness) error
}

// promise is a case as this package's files define it.
type promise struct {
	name      string
	invariant string
	breaks    bool
	run       func(c *checker)
}

func (p promise) check(ctx context.Context, h Harness) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r.err
		default:
			panic(r)
		}
	}()
	p.run(&checker{Harness: h, ctx: ctx})
	return nil
}

// checker is a running case. Its methods end the case when the resumer does something else than they require: they
// panic with a failure, which check turns into the error of the case. So a case reads like a story.
type checker struct {
	Harness
	ctx context.Context
}

// fail ends the case. It must be called from the goroutine of the case.
func (c *checker) fail(format string, args ...any) {
	panic(failure{fmt.Errorf(format, args...)})
}

// check ends the case when the harness itself fails.
func (c *checker) check(err error) {
	if err != nil {
		c.fail("the harness failed: %w", err)
	}
}

// start starts a workflow.
func (c *checker) start() ordermanager.TaskToken {
	token, err := c.Start(c.ctx)
	c.check(err)
	return token
}

// resume answers a token, and requires what Resume says to it.
func (c *checker) resume(token ordermanager.TaskToken, outcome ordermanager.Outcome, want ordermanager.Answer) {
	got, err := c.Resumer.Resume(c.ctx, token, outcome)
	switch {
	case err != nil:
		c.fail("Resume failed with %w, it must answer %q", err, want)
	case got != want:
		c.fail("Resume answered %q, it must answer %q", got, want)
	}
}

// given requires that the workflow received exactly this outcome.
func (c *checker) given(token ordermanager.TaskToken, want ordermanager.Outcome) {
	deadline := time.Now().Add(c.Lag)
	for {
		got, err := c.Given(c.ctx, token)
		c.check(err)
		switch {
		case len(got) == 1:
			if err := same(got[0], want); err != nil {
				c.fail("the workflow was given something else: %w", err)
			}
			return
		case len(got) > 1:
			c.fail("the workflow was given %d outcomes, it must be one", len(got))
		case !time.Now().Before(deadline):
			c.fail("the workflow was given nothing")
		}
		select {
		case <-c.ctx.Done():
			c.check(c.ctx.Err())
		case <-time.After(pause):
		}
	}
}

// pause is the time between two looks at a workflow that lags.
const pause = 20 * time.Millisecond

// nothing requires that the workflow has received nothing yet.
func (c *checker) nothing(token ordermanager.TaskToken) {
	got, err := c.Given(c.ctx, token)
	c.check(err)
	if len(got) > 0 {
		c.fail("the workflow was given %s, it must have been given nothing", brief(got[0]))
	}
}

type failure struct{ err error }

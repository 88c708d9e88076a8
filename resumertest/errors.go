package resumertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
)

// failing answers a token with the given context, and requires an error that does not give the token away.
func (c *checker) failing(ctx context.Context, token ordermanager.TaskToken, outcome ordermanager.Outcome) error {
	answer, err := c.Resumer.Resume(ctx, token, outcome)
	if err == nil {
		c.fail("Resume answered %q, it must be an error", answer)
	}
	c.secret(err, token)
	return err
}

// secret looks for the token's value in the error and in everything that it wraps, however they are printed.
func (c *checker) secret(err error, token ordermanager.TaskToken) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		printed, value := fmt.Sprintf(verb, err), token.Reveal()
		if strings.Contains(printed, value) || strings.Contains(printed, fmt.Sprintf("%x", value)) {
			c.fail("an error of type %T has the token's value when it is printed with %s", err, verb)
		}
	}
	switch wrapper := err.(type) { //nolint:errorlint // each layer is looked at by itself
	case interface{ Unwrap() error }:
		if inner := wrapper.Unwrap(); inner != nil {
			c.secret(inner, token)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			c.secret(inner, token)
		}
	}
}

var errorCases = []promise{
	{"a context that was cancelled is an error, and nothing is sent", "9", false, func(c *checker) {
		ctx, cancel := context.WithCancel(c.ctx)
		cancel()
		c.done(ctx, context.Canceled)
	}},
	{"a context that has expired is an error, and nothing is sent", "9", false, func(c *checker) {
		ctx, cancel := context.WithDeadline(c.ctx, time.Now().Add(-time.Second))
		defer cancel()
		c.done(ctx, context.DeadlineExceeded)
	}},
	{"a context that is done is an error for a token that is gone as well", "9", false, func(c *checker) {
		token := c.start()
		c.resume(token, number(1), ordermanager.Accepted)
		ctx, cancel := context.WithCancel(c.ctx)
		cancel()
		_ = c.failing(ctx, token, number(1))
	}},
	{"a service that cannot be reached is an error, and the answer can be repeated", "5", true, func(c *checker) {
		for _, outcome := range []ordermanager.Outcome{number(1), cancelled} {
			token := c.start()
			c.during(Unreachable, func() { _ = c.failing(c.ctx, token, outcome) })
			c.nothing(token)
			c.resume(token, outcome, ordermanager.Accepted)
			c.given(token, outcome)
		}
	}},
	{"a service that cannot be reached is an error for a token that is gone, too", "5", true, func(c *checker) {
		token := c.start()
		c.check(c.Expire(c.ctx, token))
		c.during(Unreachable, func() { _ = c.failing(c.ctx, token, number(1)) })
		c.resume(token, number(1), ordermanager.Gone)
	}},
	{"an answer that was lost on its way back is never given twice", "3", true, func(c *checker) {
		for _, outcome := range []ordermanager.Outcome{number(1), cancelled} {
			token := c.start()
			c.during(AnswerLost, func() {
				// A resumer that retries may find that its own answer has arrived: then the token is gone.
				answer, err := c.Resumer.Resume(c.ctx, token, outcome)
				switch {
				case err != nil:
					c.secret(err, token)
				case answer != ordermanager.Gone:
					c.fail("Resume answered %q without having an answer", answer)
				}
			})
			c.resume(token, outcome, ordermanager.Gone)
			c.given(token, outcome)
		}
	}},
	{"errors never have the token's value, however they are printed", "8", true, func(c *checker) {
		for _, fault := range []Fault{Unreachable, AnswerLost} {
			token := c.start()
			c.during(fault, func() {
				for _, outcome := range []ordermanager.Outcome{number(1), cancelled} {
					if _, err := c.Resumer.Resume(c.ctx, token, outcome); err != nil {
						c.secret(err, token)
					}
				}
			})
		}
	}},
}

// done answers with a context that is done, and requires its error and no effect.
func (c *checker) done(ctx context.Context, want error) {
	for _, outcome := range []ordermanager.Outcome{number(1), cancelled} {
		token := c.start()
		if err := c.failing(ctx, token, outcome); !errors.Is(err, want) {
			c.fail("the error is %v, it must wrap %w", err, want)
		}
		c.nothing(token)
		c.resume(token, outcome, ordermanager.Accepted)
		c.given(token, outcome)
	}
}

// during breaks the service for a while.
func (c *checker) during(fault Fault, do func()) {
	mend := c.Break(fault)
	defer mend()
	do()
}

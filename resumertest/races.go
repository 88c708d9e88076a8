package resumertest

import (
	"fmt"
	"sync"

	"github.com/brewline/ordermanager"
)

// together answers all tokens at once, the i-th with the i-th outcome.
func (c *checker) together(tokens []ordermanager.TaskToken, outcomes []ordermanager.Outcome) []ordermanager.Answer {
	answers := make([]ordermanager.Answer, len(tokens))
	errs := make([]error, len(tokens))
	sent := make([]ordermanager.Outcome, len(tokens))
	for i := range sent {
		sent[i] = copied(outcomes[i])
	}
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i := range tokens {
		wait.Go(func() {
			<-start
			answers[i], errs[i] = c.Resumer.Resume(c.ctx, tokens[i], sent[i])
		})
	}
	close(start)
	wait.Wait()
	for i, err := range errs {
		switch {
		case err != nil:
			c.fail("Resume failed in a race: %w", err)
		case answers[i] != ordermanager.Accepted && answers[i] != ordermanager.Gone:
			c.fail("Resume answered %q in a race", answers[i])
		}
	}
	return answers
}

// oneWinner races the outcomes for one token.
func oneWinner(outcomes ...ordermanager.Outcome) func(c *checker) {
	return func(c *checker) {
		token := c.start()
		tokens := make([]ordermanager.TaskToken, len(outcomes))
		for i := range tokens {
			tokens[i] = token
		}
		var accepted []ordermanager.Outcome
		for i, answer := range c.together(tokens, outcomes) {
			if answer == ordermanager.Accepted {
				accepted = append(accepted, outcomes[i])
			}
		}
		if len(accepted) != 1 {
			c.fail("%d of %d racing answers were accepted, it must be one", len(accepted), len(outcomes))
		}
		c.given(token, accepted[0])
		c.resume(token, outcomes[0], ordermanager.Gone)
		c.given(token, accepted[0])
	}
}

// different makes n outcomes, every third of them a failure.
func different(n int) []ordermanager.Outcome {
	all := make([]ordermanager.Outcome, n)
	for i := range all {
		all[i] = number(i)
		if i%3 == 2 {
			all[i] = ordermanager.Outcome{Error: fmt.Sprintf("Error%d", i), Cause: "a race"}
		}
	}
	return all
}

var raceCases = []promise{
	{"of 16 racing answers one is accepted, and the workflow has that one", "3", false, oneWinner(different(16)...)},
	{"of 16 repetitions of one answer one is accepted", "3", false, oneWinner(same16(number(1))...)},
	{"a success and a failure that race give one of the two", "3", false, oneWinner(number(1), cancelled)},
	{"answers of different workflows run at once without meeting", "3", false, func(c *checker) {
		const n = 16
		tokens := make([]ordermanager.TaskToken, n)
		for i := range tokens {
			tokens[i] = c.start()
		}
		outcomes := different(n)
		for i, answer := range c.together(tokens, outcomes) {
			if answer != ordermanager.Accepted {
				c.fail("an answer that nothing stands against is %q", answer)
			}
			c.given(tokens[i], outcomes[i])
		}
	}},
}

func same16(outcome ordermanager.Outcome) []ordermanager.Outcome {
	all := make([]ordermanager.Outcome, 16)
	for i := range all {
		all[i] = outcome
	}
	return all
}

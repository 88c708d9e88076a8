package resumertest

import (
	"crypto/rand"
	"errors"
	"strings"

	"github.com/brewline/ordermanager"
)

var answerCases = []promise{
	{"an answer is accepted once, and is gone when it is repeated", "3", false, func(c *checker) {
		token := c.start()
		c.resume(token, number(1), ordermanager.Accepted)
		for range 3 {
			c.resume(token, number(1), ordermanager.Gone)
		}
		c.given(token, number(1))
	}},
	{"the first answer stays when another one follows", "3", false, func(c *checker) {
		for _, pair := range [][2]ordermanager.Outcome{
			{number(1), number(2)}, {number(1), cancelled}, {cancelled, number(1)},
		} {
			token := c.start()
			c.resume(token, pair[0], ordermanager.Accepted)
			c.resume(token, pair[1], ordermanager.Gone)
			c.given(token, pair[0])
		}
	}},
	{"a failure is accepted once, and is gone when it is repeated", "3", false, func(c *checker) {
		token := c.start()
		c.resume(token, cancelled, ordermanager.Accepted)
		c.resume(token, cancelled, ordermanager.Gone)
		c.given(token, cancelled)
	}},
	{"a wait that has expired is gone, for a success and for a failure", "", false, func(c *checker) {
		for _, outcome := range []ordermanager.Outcome{number(1), cancelled} {
			token := c.start()
			c.check(c.Expire(c.ctx, token))
			c.resume(token, outcome, ordermanager.Gone)
			c.resume(token, outcome, ordermanager.Gone)
			c.nothing(token)
		}
	}},
	{"a token that nothing ever waited on is gone, or undeliverable if it cannot be read", "", false, func(c *checker) {
		for _, value := range []string{
			rand.Text(), strings.Repeat("A", 684), "a/b+c=", strings.Repeat("x", ordermanager.MaxTokenBytes),
		} {
			for _, outcome := range []ordermanager.Outcome{number(1), cancelled} {
				answer, err := c.Resumer.Resume(c.ctx, ordermanager.NewTaskToken(value), outcome)
				if (answer != ordermanager.Gone || err != nil) && !errors.Is(err, ordermanager.ErrUndeliverable) {
					c.fail("a token that nothing ever waited on was answered %q, %v", answer, err)
				}
			}
		}
	}},
	{"an answer reaches the workflow of its token and no other", "3", false, func(c *checker) {
		a, b, bystander := c.start(), c.start(), c.start()
		c.resume(b, number(2), ordermanager.Accepted)
		c.nothing(a)
		c.resume(a, number(1), ordermanager.Accepted)
		c.given(a, number(1))
		c.given(b, number(2))
		c.nothing(bystander)
	}},
	{"the end of one wait leaves the others waiting", "3", false, func(c *checker) {
		a, b, other := c.start(), c.start(), c.start()
		c.resume(a, cancelled, ordermanager.Accepted)
		c.check(c.Expire(c.ctx, b))
		c.resume(b, number(1), ordermanager.Gone)
		c.resume(other, number(3), ordermanager.Accepted)
		c.given(other, number(3))
		c.nothing(b)
	}},
}

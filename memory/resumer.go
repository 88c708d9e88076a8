package memory

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"

	"github.com/brewline/ordermanager"
)

// Resumer is an [ordermanager.Resumer] whose tokens behave like those of a workflow service: each is issued, can be
// answered once, and can expire. A token that it did not issue is gone, like a used one. The zero Resumer is ready to
// use.
type Resumer struct {
	// Hook is called around every "resume", with the token's fingerprint as the key. Set it before the resumer is used.
	Hook Hook

	mu      sync.Mutex
	waiting map[string]struct{}
	// answered is in pieces, so that adding to it copies nothing.
	answered [][]Answered
}

// piece is how many answers are kept together.
const piece = 64

// Answered is an outcome that a waiting workflow got.
type Answered struct {
	Token   ordermanager.TaskToken
	Outcome ordermanager.Outcome
}

var _ ordermanager.Resumer = (*Resumer)(nil)

// Issue returns a new token that waits for its answer.
func (r *Resumer) Issue() ordermanager.TaskToken {
	token := ordermanager.NewTaskToken(rand.Text())
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[string]struct{}{}
	}
	r.waiting[token.Reveal()] = struct{}{}
	return token
}

// Expire ends the wait of a token. It reports whether the token was still waiting.
func (r *Resumer) Expire(token ordermanager.TaskToken) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.expire(token)
}

func (r *Resumer) expire(token ordermanager.TaskToken) bool {
	before := len(r.waiting)
	delete(r.waiting, token.Reveal())
	return len(r.waiting) < before
}

// Answered returns what was accepted, oldest first.
func (r *Resumer) Answered() []Answered {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Concat(r.answered...)
}

// Resume implements [ordermanager.Resumer].
func (r *Resumer) Resume(
	ctx context.Context, token ordermanager.TaskToken, outcome ordermanager.Outcome,
) (ordermanager.Answer, error) {
	key := ""
	if r.Hook != nil {
		key = token.Fingerprint()
	}
	return around(ctx, r.Hook, "resume", key, func() (ordermanager.Answer, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.expire(token) {
			return ordermanager.Gone, nil
		}
		outcome.Output = slices.Clone(outcome.Output)
		last := len(r.answered) - 1
		if last < 0 || len(r.answered[last]) == piece {
			r.answered = append(r.answered, make([]Answered, 0, piece))
			last++
		}
		r.answered[last] = append(r.answered[last], Answered{token, outcome})
		return ordermanager.Accepted, nil
	})
}

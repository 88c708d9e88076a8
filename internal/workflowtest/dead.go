package workflowtest

import (
	"errors"
	"sync"
)

// ErrDead is returned by the statements of a dead process.
var ErrDead = errors.New("the process is dead")

// Life is the life of a process, which can be made to end at any step.
type Life struct {
	mu     sync.Mutex
	left   int
	mortal bool
	dead   bool
}

// End makes life end after a number of steps.
func (l *Life) End(points int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.mortal = points, true
}

// Survives marks a step at which life can end, and reports whether it goes on.
func (l *Life) Survives() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mortal && l.left == 0 {
		l.dead = true
	}
	l.left--
	return !l.dead
}

// IsDead reports whether life has ended.
func (l *Life) IsDead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

// mend revives the process for good.
func (l *Life) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mortal, l.dead = false, false
}

package workflowtest

import (
	"errors"
	"sync"
)

// ErrDead is what a statement of a dead process comes back with.
var ErrDead = errors.New("the process is dead")

// Life is that of a process, which can end at a point of it.
type Life struct {
	mu     sync.Mutex
	left   int
	mortal bool
	dead   bool
}

// End lets life end at a point: after so many that are lived through.
func (l *Life) End(points int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.mortal = points, true
}

// Survives is a point at which life can end. It reports whether it goes on.
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

// mend brings it back, for ever.
func (l *Life) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mortal, l.dead = false, false
}

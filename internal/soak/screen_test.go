package soak_test

import (
	"context"
	"errors"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/faulty"
	"github.com/brewline/ordermanager/watch"
)

// screen is somebody who is told what changes, through a network that loses questions and answers, and who crashes too.
type screen struct {
	world    *world
	store    watch.Watcher
	position string
	// shown are the versions that it was told of.
	shown map[string]int
}

// newScreen returns one that begins now; nil where the store cannot tell.
func newScreen(ctx context.Context, w *world) (*screen, error) {
	store, tells := w.store.(watch.Watcher)
	if !tells {
		return nil, nil
	}
	now, err := store.Changes(ctx, "", 0)
	return &screen{w, store, now.Position, map[string]int{}}, err
}

// watch asks until it is stopped.
func (s *screen) watch(ctx context.Context, caller *faulty.Caller, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
			caller.Revive()
			_ = s.read(caller.Context(ctx), 10*time.Millisecond) // it asks again
		}
	}
}

func (s *screen) read(ctx context.Context, wait time.Duration) error {
	changes, err := s.store.Changes(ctx, s.position, wait)
	if errors.Is(err, watch.ErrPositionUnknown) {
		s.world.complain(&s.world.untold, "a screen cannot go on: %v", err)
	}
	if err != nil {
		return err
	}
	s.position = changes.Position
	for _, o := range changes.Orders {
		s.shown[o.ID] = max(s.shown[o.ID], o.Version)
	}
	return nil
}

// compare reads what is left, and compares what it was told with what is there.
func (s *screen) compare(ctx context.Context, final map[string]*ordermanager.Order) error {
	for before := ""; before != s.position; {
		before = s.position
		if err := s.read(ctx, 0); err != nil {
			return err
		}
	}
	for id, o := range final {
		if s.shown[id] != o.Version {
			s.world.complain(&s.world.untold, "%s has version %d, and a screen shows %d", id, o.Version, s.shown[id])
		}
	}
	return nil
}

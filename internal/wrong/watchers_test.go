package wrong_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/watch"
)

type changes = watch.Changes

// watcher is a store whose changes are told by a function.
type watcher struct {
	ordermanager.Store
	tell func(ctx context.Context, after string, wait time.Duration) (changes, error)
}

func (w watcher) Changes(ctx context.Context, after string, wait time.Duration) (changes, error) {
	return w.tell(ctx, after, wait)
}

// telling makes a mistake in how a right store tells of its changes.
func telling(
	mistake func(ctx context.Context, s *memory.Store, after string, wait time.Duration) (changes, error),
) func() ordermanager.Store {
	return func() ordermanager.Store {
		s := memory.NewStore()
		return watcher{s, func(ctx context.Context, after string, wait time.Duration) (changes, error) {
			return mistake(ctx, s, after, wait)
		}}
	}
}

func goesOnFromTheEnd() ordermanager.Store {
	s := memory.NewStore()
	slow := &outside{Store: s, apply: func(ctx context.Context, t transition) (result, error) {
		later() // so that somebody writes whenever it reads
		return s.Apply(ctx, t)
	}}
	return watcher{slow, func(ctx context.Context, after string, wait time.Duration) (changes, error) {
		answer, err := s.Changes(ctx, after, wait)
		if err != nil || after == "" {
			return answer, err
		}
		later()
		end, err := s.Changes(ctx, "", 0)
		return changes{Orders: answer.Orders, Position: end.Position}, err
	}}
}

var watcherMistakes = []storeMistake{
	{"begins with what changed before",
		"changes/the empty position is that of the moment, and is told at once",
		beginsInThePast},
	{"waits for a change before it says where it is",
		"changes/the empty position is that of the moment, and is told at once",
		telling(func(ctx context.Context, s *memory.Store, after string, wait time.Duration) (changes, error) {
			if after == "" {
				now, err := s.Changes(ctx, "", 0)
				if err != nil {
					return now, err
				}
				after = now.Position
			}
			return s.Changes(ctx, after, wait)
		})},
	{"writes positions as people read them",
		"changes/the empty position is that of the moment, and is told at once",
		telling(func(ctx context.Context, s *memory.Store, after string, wait time.Duration) (changes, error) {
			answer, err := s.Changes(ctx, strings.TrimPrefix(after, "change number "), wait)
			answer.Position = "change number " + answer.Position
			return answer, err
		})},
	{"tells of an order as it was when it was first told of",
		"changes/an order that changed comes as it is now",
		tellsOfThePast},
	{"goes on from the end while it was reading",
		"changes/no change is missed while many write",
		goesOnFromTheEnd},
	{"has one reader and remembers where it is",
		"changes/any position can be gone on from, at another client too",
		remembersItsReader},
	{"begins anew where it cannot go on",
		"changes/a position that is none of the store's is unknown",
		telling(func(ctx context.Context, s *memory.Store, after string, wait time.Duration) (changes, error) {
			answer, err := s.Changes(ctx, after, wait)
			if errors.Is(err, watch.ErrPositionUnknown) {
				return s.Changes(ctx, "", wait)
			}
			return answer, err
		})},
	{"looks once, and again after the wait",
		"changes/who waits is told of a change as it comes",
		telling(func(ctx context.Context, s *memory.Store, after string, wait time.Duration) (changes, error) {
			answer, err := s.Changes(ctx, after, 0)
			if err != nil || after == "" || len(answer.Orders) > 0 || wait <= 0 {
				return answer, err
			}
			select {
			case <-time.After(wait):
				return s.Changes(ctx, after, 0)
			case <-ctx.Done():
				return changes{}, ctx.Err()
			}
		})},
	{"calls it an error when nothing changes",
		"changes/who waits while nothing changes is told so, and not that something failed",
		telling(func(ctx context.Context, s *memory.Store, after string, wait time.Duration) (changes, error) {
			answer, err := s.Changes(ctx, after, wait)
			if err == nil && after != "" && len(answer.Orders) == 0 {
				err = context.DeadlineExceeded
			}
			return answer, err
		})},
	{"tells everybody of the same order",
		"changes/what Changes returned can be changed without changing the store",
		tellsOfTheSame},
	{"waits whatever its context says",
		"changes/Changes fails when its context is done, before and while it waits",
		telling(func(ctx context.Context, s *memory.Store, after string, wait time.Duration) (changes, error) {
			return s.Changes(context.WithoutCancel(ctx), after, wait)
		})},
}

// beginsInThePast answers the empty position with what changed since the store was made.
func beginsInThePast() ordermanager.Store {
	s := memory.NewStore()
	beginning, err := s.Changes(context.Background(), "", 0)
	if err != nil {
		panic(err)
	}
	return watcher{s, func(ctx context.Context, after string, wait time.Duration) (changes, error) {
		if after == "" {
			return s.Changes(ctx, beginning.Position, 0)
		}
		return s.Changes(ctx, after, wait)
	}}
}

// replacing is a store that tells of other orders than those that changed.
func replacing(replace func(key string, o *order) *order, key func(o *order) string) ordermanager.Store {
	s := memory.NewStore()
	var mu sync.Mutex
	return watcher{s, func(ctx context.Context, after string, wait time.Duration) (changes, error) {
		answer, err := s.Changes(ctx, after, wait)
		mu.Lock()
		defer mu.Unlock()
		for i, o := range answer.Orders {
			answer.Orders[i] = replace(key(o), o)
		}
		return answer, err
	}}
}

// tellsOfThePast keeps what it told, and never looks again.
func tellsOfThePast() ordermanager.Store {
	kept := map[string]*order{}
	return replacing(func(key string, o *order) *order {
		if kept[key] == nil {
			kept[key] = o.Clone()
		}
		told := kept[key].Clone()
		told.Version = o.Version
		return told
	}, func(o *order) string { return o.ID })
}

// tellsOfTheSame tells of the same value again.
func tellsOfTheSame() ordermanager.Store {
	kept := map[string]*order{}
	return replacing(func(key string, o *order) *order {
		if kept[key] == nil {
			kept[key] = o
		}
		return kept[key]
	}, func(o *order) string { return fmt.Sprint(o.ID, o.Version) })
}

// remembersItsReader goes on where it last was, whatever position it is asked for.
func remembersItsReader() ordermanager.Store {
	s := memory.NewStore()
	var mu sync.Mutex
	at := ""
	return watcher{s, func(ctx context.Context, after string, wait time.Duration) (changes, error) {
		mu.Lock()
		defer mu.Unlock()
		if after != "" {
			if _, err := s.Changes(ctx, after, 0); err != nil {
				return changes{}, err
			}
			after = at
		}
		answer, err := s.Changes(ctx, after, wait)
		if err == nil {
			at = answer.Position
		}
		return answer, err
	}}
}

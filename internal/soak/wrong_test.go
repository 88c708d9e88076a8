package soak_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/faulty"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/watch"
)

// wrong is a store with one mistake, made around the right one.
type wrong struct {
	ordermanager.Store
	apply  func(*ordermanager.Transition)
	after  func(context.Context, *ordermanager.Order)
	settle func(*ordermanager.Settlement)
	list   func(*ordermanager.Page)
	tell   func(*watch.Changes)
}

func (w *wrong) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	if w.apply != nil {
		w.apply(&t)
	}
	result, err := w.Store.Apply(ctx, t)
	if w.after != nil && err == nil && result.Applied {
		w.after(ctx, result.Order)
	}
	return result, err
}

func (w *wrong) Settle(ctx context.Context, s ordermanager.Settlement) error {
	if w.settle != nil {
		w.settle(&s)
	}
	return w.Store.Settle(ctx, s)
}

func (w *wrong) List(ctx context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	page, err := w.Store.List(ctx, q)
	if w.list != nil {
		w.list(&page)
	}
	return page, err
}

func (w *wrong) Changes(ctx context.Context, after string, wait time.Duration) (watch.Changes, error) {
	changes, err := w.Store.(watch.Watcher).Changes(ctx, after, wait)
	if w.tell != nil {
		w.tell(&changes)
	}
	return changes, err
}

// A judge who finds nothing wrong anywhere would be green as well: each mistake is found, under the name of what must
// be zero.
func TestJudge_findsEveryMistake(t *testing.T) {
	for name, tt := range map[string]struct {
		found   string
		mistake func(*wrong, *workflows)
	}{
		"a decision that owes no answer": {"lost resumes", func(s *wrong, _ *workflows) {
			s.after = func(ctx context.Context, o *ordermanager.Order) {
				if over[o.State] && !o.SecondWait.Token.IsZero() {
					_ = s.Store.Settle(ctx, ordermanager.Settlement{OrderID: o.ID, Second: o.SecondWait.Token})
					o.SecondWait.Token = ordermanager.TaskToken{}
				}
			}
		}},
		"answers that get mixed up on the way": {"contradictory answers", func(_ *wrong, w *workflows) {
			w.hear = func(outcome ordermanager.Outcome) ordermanager.Outcome {
				outcome.Output = bytes.ReplaceAll(outcome.Output, []byte("completed"), []byte("cancelled"))
				return outcome
			}
		}},
		"a claim that takes no notice of another": {"double claims", func(s *wrong, _ *workflows) {
			s.apply = func(t *ordermanager.Transition) {
				if t.Entry.Action == ordermanager.ActionMake {
					t.Guards.FreeFor, t.Guards.States = "", []ordermanager.State{ordermanager.StatePending, ordermanager.StateMaking}
				}
			}
		}},
		"a counter that forgets": {"double order numbers", func(_ *wrong, w *workflows) {
			w.hear = func(outcome ordermanager.Outcome) ordermanager.Outcome {
				w.number %= 10
				return outcome
			}
		}},
		"a listing that leaves one out": {"orders unaccounted for", func(s *wrong, _ *workflows) {
			s.list = func(page *ordermanager.Page) {
				if len(page.Orders) > 30 {
					page.Orders = page.Orders[1:]
				}
			}
		}},
		"a settlement that takes off too much": {"lost events", func(s *wrong, _ *workflows) {
			s.apply = func(t *ordermanager.Transition) {
				if t.Entry.Action == ordermanager.ActionMake {
					t.Assign.Events = nil
				}
			}
		}},
		"a store that keeps an event for one publisher": {"lost events", func(s *wrong, _ *workflows) {
			s.apply = func(t *ordermanager.Transition) { t.Assign.Events = t.Assign.Events[:min(1, len(t.Assign.Events))] }
		}},
		"a write that is never repeated under its own name": {"acknowledged and not written", func(s *wrong, _ *workflows) {
			var n atomic.Int64
			s.apply = func(t *ordermanager.Transition) {
				if t.Entry.Action == ordermanager.ActionPut {
					t.Entry.RequestID = fmt.Sprint("put-", n.Add(1))
				}
			}
		}},
		"a state that is not looked at": {"illegal paths", func(s *wrong, _ *workflows) {
			s.apply = func(t *ordermanager.Transition) {
				if over[t.Assign.State] {
					t.Guards.States = nil
				}
			}
		}},
		"a screen that is not told of every last change": {"changes that nobody was told of", func(s *wrong, _ *workflows) {
			s.tell = func(changes *watch.Changes) {
				if len(changes.Orders) > 1 {
					changes.Orders = changes.Orders[1:]
				}
			}
		}},
		"a settlement that takes off nothing": {"orders that owe something at the end", func(s *wrong, _ *workflows) {
			s.settle = func(settlement *ordermanager.Settlement) { settlement.Events = nil }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			store := &wrong{Store: memory.NewStore()}
			w := newWorld(faulty.Store(store), faulty.NewNetwork(1, rate, faulty.Lost, faulty.Unanswered, faulty.Crash), 150)
			tt.mistake(store, w.workflows)
			if err := w.live(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := w.judge(t.Context()); err != nil {
				t.Fatal(err)
			}
			if bad := w.bad(); !strings.Contains(bad, tt.found) {
				t.Errorf("found %q, not %q", bad, tt.found)
			}
		})
	}
}

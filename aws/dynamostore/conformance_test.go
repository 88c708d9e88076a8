package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/serverlesspresso"
	"github.com/brewline/ordermanager/storetest"
)

// DynamoDB Local writes its indexes with the item, but a listing is not promised to see a write at once.
const lag = 2 * time.Second

func TestStore_keepsTheContractInEveryLayout(t *testing.T) {
	eachLayout(t, func(t *testing.T, layout dynamostore.Layout) {
		c, all := emulator(t), t
		// The cases of a topic share a table: it has other orders in it, and a listing of all that is owed stays short.
		tables := map[string]string{}
		storetest.RunHarness(t, func(t *testing.T) storetest.Harness {
			topic := path.Dir(t.Name())
			if tables[topic] == "" {
				tables[topic] = table(all, c, layout)
			}
			name := tables[topic]
			var store, second ordermanager.Store = newStore(t, c, name, dynamostore.Options{Layout: layout}),
				newStore(t, emulator(t), name, dynamostore.Options{Layout: layout, TTL: time.Hour})
			if layout != serverlesspresso.Core {
				store, second = watched(t, store), watched(t, second)
			}
			if layout == serverlesspresso.Core {
				venues := &venues{}
				store, second = &byVenue{t, store, venues}, &byVenue{t, second, venues}
			}
			return storetest.Harness{Store: store, Second: second, Lag: lag}
		})
	})
}

// watched is a store that tells what changed.
func watched(t *testing.T, store ordermanager.Store) *dynamostore.Watched {
	t.Helper()
	return store.(*dynamostore.Store).Watched(streams(t))
}

// byVenue lists orders by state alone as a caller has to with the core layout: venue by venue.
type byVenue struct {
	t *testing.T
	ordermanager.Store
	*venues
}

type venues struct {
	mu    sync.Mutex
	names []string
}

func (s *byVenue) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	if t.Create != nil {
		s.mu.Lock()
		if t.Create.Venue != "" && !slices.Contains(s.names, t.Create.Venue) {
			s.names = append(s.names, t.Create.Venue)
		}
		s.mu.Unlock()
	}
	return s.Store.Apply(ctx, t)
}

func (s *byVenue) List(ctx context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	place, ours := strings.CutPrefix(q.Cursor, "venue ")
	if !ours {
		page, err := s.Store.List(ctx, q)
		if !errors.Is(err, dynamostore.ErrUnlistable) {
			return page, err
		}
		if q.Customer != "" || q.Venue != "" || q.Owing {
			s.t.Errorf("%+v is not listable: %v", q, err)
		}
		if q.Cursor != "" || !errors.Is(err, ordermanager.ErrInvalidRequest) {
			return ordermanager.Page{}, err
		}
		place = "0 "
	}
	number, cursor, _ := strings.Cut(place, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		return ordermanager.Page{}, err
	}
	s.mu.Lock()
	names := slices.Clone(s.names)
	s.mu.Unlock()
	if n >= len(names) {
		return ordermanager.Page{}, nil
	}
	q.Venue, q.Cursor = names[n], cursor
	page, err := s.Store.List(ctx, q)
	if page.Cursor == "" {
		n++
	}
	page.Cursor = fmt.Sprintf("venue %d %s", n, page.Cursor)
	return page, err
}

// CheckLifecycle implements [ordermanager.LifecycleChecker].
func (s *byVenue) CheckLifecycle(l ordermanager.Lifecycle) error {
	return s.Store.(ordermanager.LifecycleChecker).CheckLifecycle(l)
}

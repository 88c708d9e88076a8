// Package customstore is an example of a store of your own: a directory with one JSON file for each order. Its test
// runs the conformance suite. It is for one process, and a listing reads every file, so it is not for a busy shop.
package customstore

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
)

// Store is an [ordermanager.Store] in a directory. Its lock makes reading, checking and writing atomic; a database does
// that by itself.
type Store struct {
	dir string
	mu  sync.Mutex
}

// New returns a Store in a directory, which must exist.
func New(dir string) *Store { return &Store{dir: dir} }

// Apply implements [ordermanager.Store]. The rules are the library's; the store only makes them atomic.
func (s *Store) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	order, err := s.read(ctx, s.path(t.OrderID))
	if err != nil || !t.Permits(order) {
		return ordermanager.Result{Order: order}, err
	}
	order = t.Apply(order)
	return ordermanager.Result{Applied: true, Order: order}, s.write(order)
}

// Settle implements [ordermanager.Store].
func (s *Store) Settle(ctx context.Context, settlement ordermanager.Settlement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	order, err := s.read(ctx, s.path(settlement.OrderID))
	if err != nil || order == nil {
		return err
	}
	settlement.Apply(order)
	return s.write(order)
}

// Get implements [ordermanager.Store].
func (s *Store) Get(ctx context.Context, orderID string) (*ordermanager.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read(ctx, s.path(orderID))
}

// List implements [ordermanager.Store], oldest first or newest first.
func (s *Store) List(ctx context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	cursor, err := base64.URLEncoding.DecodeString(q.Cursor)
	after, ours := strings.CutPrefix(string(cursor), "after:")
	if err != nil || q.Cursor != "" && !ours {
		return ordermanager.Page{}, fmt.Errorf("%w: the cursor is not from this listing", ordermanager.ErrInvalidRequest)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	names, err := fs.Glob(os.DirFS(s.dir), "*.json")
	if err != nil {
		return ordermanager.Page{}, err
	}
	direction := 1
	if q.Newest {
		direction = -1
	}
	var found []*ordermanager.Order
	for _, name := range names {
		order, err := s.read(ctx, filepath.Join(s.dir, name))
		if err != nil {
			return ordermanager.Page{}, err
		}
		if q.Matches(order) && (q.Cursor == "" || cmp.Compare(place(order), after) == direction) {
			found = append(found, order)
		}
	}
	slices.SortFunc(found, func(a, b *ordermanager.Order) int { return direction * cmp.Compare(place(a), place(b)) })
	if len(found) <= q.Limit {
		return ordermanager.Page{Orders: found}, ctx.Err()
	}
	next := base64.URLEncoding.EncodeToString([]byte("after:" + place(found[q.Limit-1])))
	return ordermanager.Page{Orders: found[:q.Limit], Cursor: next}, nil
}

// place is an order's place in a listing.
func place(o *ordermanager.Order) string {
	return fmt.Sprintf("%015d %s", o.CreatedAt.UnixMilli(), o.ID)
}

// file is the content of a file. A token marshals as "[redacted]", so slots that reveal it replace the order's own.
type file struct {
	ordermanager.Order
	FirstWait, SecondWait slot
}

type slot struct {
	Decision     ordermanager.Decision
	Token, Spare string
	RegisteredAt time.Time
}

func slotOf(w ordermanager.WaitSlot) slot {
	return slot{w.Decision, w.Token.Reveal(), w.Spare.Reveal(), w.RegisteredAt}
}

func (s slot) wait() ordermanager.WaitSlot {
	return ordermanager.WaitSlot{
		Decision: s.Decision, RegisteredAt: s.RegisteredAt,
		Token: ordermanager.NewTaskToken(s.Token), Spare: ordermanager.NewTaskToken(s.Spare),
	}
}

// path returns the file of an order, whose identifier may be anything.
func (s *Store) path(orderID string) string {
	return filepath.Join(s.dir, base64.RawURLEncoding.EncodeToString([]byte(orderID))+".json")
}

// read returns nil for an order that does not exist.
func (s *Store) read(ctx context.Context, path string) (*ordermanager.Order, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the name is encoded
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f.Order.FirstWait, f.Order.SecondWait = f.FirstWait.wait(), f.SecondWait.wait()
	return &f.Order, nil
}

// write replaces the file atomically, so that a crash leaves the old one or the new one.
func (s *Store) write(order *ordermanager.Order) error {
	data, err := json.Marshal(file{*order, slotOf(order.FirstWait), slotOf(order.SecondWait)})
	if err == nil {
		err = os.WriteFile(s.path(order.ID)+".new", data, 0o600)
	}
	if err == nil {
		err = os.Rename(s.path(order.ID)+".new", s.path(order.ID))
	}
	return err
}

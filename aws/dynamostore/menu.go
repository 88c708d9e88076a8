package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// MenuAPI is what a [MenuSource] calls. A *dynamodb.Client has it.
type MenuAPI interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
}

// MenuOptions is everything about a [MenuSource] that has a default. The zero MenuOptions, and nil, are fine.
type MenuOptions struct {
	// Dialect is that of the configuration table: [serverlesspresso.Core] keeps a menu for each venue in
	// PK=config-VENUE, attribute menu; [serverlesspresso.Workshop] one for all in PK=menu, attribute value. Default:
	// [serverlesspresso.Workshop].
	Dialect serverlesspresso.Dialect
	// TTL is how long a menu is used before it is read again, and so how long a put may miss that something has sold
	// out, unless [MenuSource.Forget] is called. Default: 5 seconds. It costs one eventually consistent read per venue
	// and process in each TTL in which somebody orders, at most 17,280 a day by default; the put that reads waits for
	// it.
	TTL time.Duration
	// StaleFor is how much longer than TTL the last good menu may be used when it cannot be read again. Default: not at
	// all.
	StaleFor time.Duration
	// Logger gets a warning, with the menu's age, whenever a menu is used beyond its TTL. It also gets one warning with
	// the entries that are left out of a menu because they cannot be served, and another when those change. Default:
	// silence.
	Logger *slog.Logger
	// Now is the clock. Default: [time.Now].
	Now func() time.Time
}

// MenuSource reads menus from the sample's configuration table and keeps each for a while. It is safe for concurrent
// use.
type MenuSource struct {
	client MenuAPI
	table  string
	core   bool
	ttl    time.Duration
	stale  time.Duration
	log    *slog.Logger
	now    func() time.Time

	mu     sync.Mutex
	venues map[string]*venueMenu
}

var _ ordermanager.MenuSource = (*MenuSource)(nil)

// venueMenu is what is known of one venue's menu. Venues come from requests, so only those with a menu are kept.
type venueMenu struct {
	menu   *ordermanager.Menu
	readAt time.Time
	// reading is closed when the read in progress ends; nil when there is none.
	reading chan struct{}
	// err is how the last read ended.
	err error
	// forgotten counts the calls of Forget.
	forgotten int
	// faults is what was left out of the menu when it was last read.
	faults []ordermanager.MenuFault
}

// NewMenuSource returns a MenuSource on a configuration table. It does no I/O. Its only error is
// [ordermanager.ErrInvalidOptions].
func NewMenuSource(client MenuAPI, table string, options *MenuOptions) (*MenuSource, error) {
	if options == nil {
		options = &MenuOptions{}
	}
	switch {
	case client == nil:
		return nil, fmt.Errorf("%w: the DynamoDB client is nil", ordermanager.ErrInvalidOptions)
	case table == "":
		return nil, fmt.Errorf("%w: the table of menus has no name", ordermanager.ErrInvalidOptions)
	case options.TTL < 0 || options.StaleFor < 0:
		return nil, fmt.Errorf("%w: a duration of the menu is negative", ordermanager.ErrInvalidOptions)
	case options.Dialect != "" && !options.Dialect.Known():
		return nil, fmt.Errorf("%w: there is no dialect %q", ordermanager.ErrInvalidOptions, options.Dialect)
	}
	s := &MenuSource{
		client: client, table: table, core: options.Dialect == serverlesspresso.Core,
		ttl: options.TTL, stale: options.StaleFor,
		log: options.Logger, now: options.Now, venues: map[string]*venueMenu{},
	}
	if s.ttl == 0 {
		s.ttl = 5 * time.Second
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// ErrNoMenu is returned for a venue that has no menu in the table. It is an [ordermanager.ErrUnknownVenue].
var ErrNoMenu = fmt.Errorf("the venue has no menu: %w", ordermanager.ErrUnknownVenue)

// Menu implements [ordermanager.MenuSource]. Of callers that ask at the same time, the first reads with its context,
// and the others wait for it.
//
// The menu is what remains after entries that cannot be served are left out, as [serverlesspresso.DecodeMenu] says; if
// nothing remains, every drink is unknown.
//
// Errors: [ErrNoMenu]; an [*ItemError] if the attribute with the list is missing or not a list; an [*Error] when the
// table could not be read; the context's error when it is done. If the table could not be read, the last good menu may
// be returned instead.
func (s *MenuSource) Menu(ctx context.Context, venue string) (*ordermanager.Menu, error) {
	if !s.core {
		venue = "" // one menu for all
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.mu.Lock()
		v := s.venues[venue]
		if v == nil {
			v = &venueMenu{}
			s.venues[venue] = v
		}
		if v.menu != nil && s.now().Sub(v.readAt) < s.ttl {
			defer s.mu.Unlock()
			return v.menu, nil
		}
		if v.reading == nil {
			v.reading = make(chan struct{})
			forgotten := v.forgotten
			s.mu.Unlock()
			return s.refresh(ctx, venue, v, forgotten)
		}
		reading := v.reading
		s.mu.Unlock()
		select {
		case <-reading:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		s.mu.Lock()
		err := v.err
		s.mu.Unlock()
		// That the reader's context was done is no failure of ours: try again.
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			return s.fallback(ctx, venue, v, err)
		}
	}
}

// Forget makes the next put at a venue read its menu again: call it after a change. Other processes read theirs when
// the TTL is over.
func (s *MenuSource) Forget(venue string) {
	if !s.core {
		venue = ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.venues[venue]; v != nil {
		v.readAt = time.Time{}
		v.forgotten++
	}
}

// refresh reads the menu and tells those who wait for it.
func (s *MenuSource) refresh(
	ctx context.Context, venue string, v *venueMenu, forgotten int,
) (*ordermanager.Menu, error) {
	menu, faults, err := s.read(ctx, venue)
	s.mu.Lock()
	if v.err = err; err == nil {
		v.menu, v.readAt = menu, s.now()
		if v.forgotten != forgotten {
			v.readAt = time.Time{} // it may lack what changed during the read
		}
		if len(faults) > 0 && !slices.Equal(v.faults, faults) {
			s.log.WarnContext(ctx, "entries of the menu are left out", "table", s.table, "venue", venue, "faults", faults)
		}
		v.faults = faults
	}
	if errors.Is(err, ErrNoMenu) || v.menu == nil {
		delete(s.venues, venue)
	}
	close(v.reading)
	v.reading = nil
	s.mu.Unlock()
	if err != nil {
		return s.fallback(ctx, venue, v, err)
	}
	return menu, nil
}

// fallback returns the last good menu, if the table cannot be read and the menu is not too old.
func (s *MenuSource) fallback(ctx context.Context, venue string, v *venueMenu, err error) (*ordermanager.Menu, error) {
	s.mu.Lock()
	menu, age := v.menu, s.now().Sub(v.readAt)
	s.mu.Unlock()
	if menu == nil || age >= s.ttl+s.stale || errors.Is(err, ErrNoMenu) || errors.Is(err, ErrBrokenItem) {
		return nil, err
	}
	s.log.WarnContext(ctx, "the menu cannot be read: the last good one is used",
		"table", s.table, "venue", venue, "age", age, "error", err)
	return menu, nil
}

func (s *MenuSource) read(ctx context.Context, venue string) (*ordermanager.Menu, []ordermanager.MenuFault, error) {
	key, attribute := "menu", "value"
	if s.core {
		key, attribute = "config-"+venue, "menu"
	}
	output, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.table, Key: item{samplePartition: str(key)}})
	if err != nil {
		return nil, nil, &Error{Op: "GetItem", Table: s.table, OrderID: key, Kind: kindOf(err), Err: err}
	}
	if len(output.Item) == 0 {
		return nil, nil, fmt.Errorf("%w: table %s has no item %s", ErrNoMenu, s.table, key)
	}
	entries, ok := plain(output.Item[attribute]).([]any)
	if !ok {
		return nil, nil, &ItemError{Table: s.table, OrderID: key, Attribute: attribute, Rule: "is not a list (L) of drinks"}
	}
	menu, faults := serverlesspresso.DecodeMenu(entries, attribute)
	return menu, faults, nil
}

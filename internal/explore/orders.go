package explore

import (
	"fmt"

	"github.com/brewline/ordermanager"
)

// orders has every order record that occurred. Equal records are stored once, so a number stands for a record.
type orders struct {
	sc      *Scenario
	records []*ordermanager.Order
	lives   map[*ordermanager.Order]*life
	byKey   map[string]orderRef
}

func newOrders(sc *Scenario) *orders {
	return &orders{
		sc: sc, records: make([]*ordermanager.Order, 1), lives: map[*ordermanager.Order]*life{}, byKey: map[string]orderRef{},
	}
}

// life returns the life of a record.
func (s *orders) life(o *ordermanager.Order) *life { return s.lives[o] }

// get returns a record, nil for none. It must not be changed.
func (s *orders) get(ref orderRef) *ordermanager.Order { return s.records[ref] }

// copy returns a copy that a Manager may change.
func (s *orders) copy(ref orderRef) *ordermanager.Order {
	if ref == 0 {
		return nil
	}
	return s.records[ref].Clone()
}

// put stores a record, and reports whether it is new.
func (s *orders) put(o *ordermanager.Order) (ref orderRef, fresh bool) {
	if o == nil {
		return 0, false
	}
	k := key(o)
	ref, found := s.byKey[k]
	if !found {
		ref = orderRef(len(s.records)) //nolint:gosec // memory ends before that
		s.records = append(s.records, o)
		s.lives[o] = s.sc.live(o)
		s.byKey[k] = ref
	}
	return ref, !found
}

// key distinguishes different records. It omits the times that are equal because the clock stands still.
func key(o *ordermanager.Order) string {
	drink := "none"
	if o.Drink != nil {
		drink = fmt.Sprintf("%+v", *o.Drink)
	}
	text := fmt.Sprintf("%q %q %q %t %s %q %q %q %q %d %q", o.ID, o.Customer, o.Venue, o.Robot, o.State, drink, o.Number,
		o.Barista, o.Reason, o.Version, o.OwedEvents)
	for _, slot := range []ordermanager.WaitSlot{o.FirstWait, o.SecondWait} {
		text += fmt.Sprintf(
			" %q %q %q %d", slot.Decision, slot.Token.Reveal(), slot.Spare.Reveal(), slot.RegisteredAt.UnixMilli(),
		)
	}
	for _, e := range o.History {
		text += fmt.Sprintf(" %s %s %s %v %q %q", e.Action, e.From, e.To, e.Actor, e.RequestID, e.Reason)
	}
	return text
}

// orderRef is the number of an order record; zero means no order.
type orderRef uint32

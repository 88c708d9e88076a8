package ordermanager_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
)

// Invariant 9. Two identifiers that look the same would be two orders that nobody can tell apart.
func TestIdentifiers_areWhatCanBeSeen(t *testing.T) {
	h := newHouse(t)
	h.start()
	before := h.stored()
	for _, id := range []string{
		".", "..", // no address can name them
		" 1", "1 ", "a\u00a0b", "a\u2003b", // spaces that look like another, or like none
		"a\u00adb", "a\u200bb", "a\u200cb", "a\u200db", "a\u2060b", "\ufeffa", // joiners and separators
		"a\u202eb", "a\u2066b", "a\u200fb", "a\u061cb", // those that turn the direction
		"a\u2028b", "a\u115fb", "a\u3164b", "a\u2800b", "a\u034fb", // fillers
		"\u2764\ufe0f", "a\U000e0041b", "a\u180eb", // selectors, tags
		"a\ufffdb", "a\xffb", "a\u0000b", "a\u0085b", "a\ue000b", "a\uffffb",
	} {
		for field, attempt := range map[string]func() error{
			"orderId": func() error { _, err := h.Order(t.Context(), id); return err },
			"body.userId": func() error {
				_, err := h.Put(t.Context(), ordermanager.Request{OrderID: order, Actor: ordermanager.Customer(id), Drink: latte})
				return err
			},
			"baristaUserId": func() error {
				_, err := h.Make(t.Context(), ordermanager.Request{OrderID: order, Actor: ordermanager.Barista(id)})
				return err
			},
			"eventId": func() error {
				_, err := h.Put(
					t.Context(), ordermanager.Request{OrderID: order, Actor: ordermanager.Customer(owner), Venue: id, Drink: latte},
				)
				return err
			},
			"requestId": func() error {
				_, err := h.Put(
					t.Context(),
					ordermanager.Request{OrderID: order, Actor: ordermanager.Customer(owner), RequestID: id, Drink: latte},
				)
				return err
			},
			"userId": func() error {
				_, err := h.Page(t.Context(), ordermanager.Query{Customer: id})
				return err
			},
			"eventId of a list": func() error {
				_, err := h.Page(t.Context(), ordermanager.Query{Venue: id})
				return err
			},
			"eventId of a start": func() error {
				_, err := h.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
					OrderID: "2", Customer: owner, Venue: id, Token: ordermanager.NewTaskToken("t"),
				})
				return err
			},
			"userId of a second wait": func() error {
				_, err := h.WaitingCompletion(t.Context(), ordermanager.WaitingCompletion{
					OrderID: order, Customer: id, Token: ordermanager.NewTaskToken("t"),
				})
				return err
			},
		} {
			field, _, _ := strings.Cut(field, " ")
			err := attempt()
			if bad, ok := errors.AsType[*ordermanager.RequestError](err); !ok || bad.Field != field {
				t.Errorf("%q as %s: %v", id, field, err)
			}
		}
	}
	if diff := cmp.Diff(before.Version, h.stored().Version); diff != "" {
		t.Errorf("something was written: %s", diff)
	}
	for _, id := range []string{"...", "a.b", "a b", "Zoë", "Zoe\u0308", "عمر", "小明", "अनिल", "😀", "a/b", "order#1", "-"} {
		if _, err := h.Order(t.Context(), id); !errors.Is(err, ordermanager.ErrOrderNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

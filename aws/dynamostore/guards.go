package dynamostore

import (
	"slices"

	"github.com/brewline/ordermanager"
)

func names(states []ordermanager.State) []string {
	all := make([]string, len(states))
	for i, state := range states {
		all[i] = string(state)
	}
	return all
}

// mostVenues is how many venues a condition lists. For an actor with more venues, the first write is refused on
// purpose, to see the order.
const mostVenues = 20

// requireVenue requires that the venue is one of several, or still the one that was seen.
func requireVenue(u *update, name string, venues []string, before *ordermanager.Order) {
	switch {
	case before != nil:
		requireText(u, name, before.Venue)
	case len(venues) > mostVenues:
		u.require(never(name))
	default:
		either := []string{name + " IN " + u.list(venues...)}
		if slices.Contains(venues, "") {
			either = append(either, u.absent(name)...)
		}
		u.requireAny(either...)
	}
}

// requireText requires a text, where the empty one is absent.
func requireText(u *update, name, text string) {
	if text == "" {
		u.requireAny(u.absent(name)...)
	} else {
		u.requireEqual(name, str(text))
	}
}

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

// mostVenues is how many venues a condition lists. Of somebody who is bound to more, the order has to be seen first.
const mostVenues = 20

// requireVenue requires that a venue is one of several, or that it is still the one that was seen.
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

// requireText requires a text that is absent when it is empty.
func requireText(u *update, name, text string) {
	if text == "" {
		u.requireAny(u.absent(name)...)
	} else {
		u.requireEqual(name, str(text))
	}
}

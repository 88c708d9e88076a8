package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/brewline/ordermanager"
)

// act carries out what a form asks for. The form has the version of the order that was shown, which makes the request
// repeatable: a button pressed twice, or again because the server died before it could answer, acts once.
func (s *site) act(r *http.Request, v visitor, action ordermanager.Action) (ordermanager.Receipt, error) {
	request := ordermanager.Request{
		Action: action, OrderID: r.PathValue("id"), Actor: v.actor, Venue: venue, Reason: r.FormValue("reason"),
		Drink: ordermanager.DrinkOrder{Drink: r.FormValue("drink"), Modifiers: modifiers(r)},
	}
	if version := r.FormValue("version"); version != "" && len(version) < 8 {
		request.RequestID = fmt.Sprintf("%s/%s/%s/%s", version, action, v.actor.Role, v.actor.ID)
	}
	return s.manager.Handle(r.Context(), request)
}

// modifiers are the options that were chosen. Of each group the first radio button, "as it comes", is empty.
func modifiers(r *http.Request) []string {
	var chosen []string
	for field, options := range r.Form {
		if strings.HasPrefix(field, "modifier-") && options[0] != "" {
			chosen = append(chosen, options[0])
		}
	}
	slices.Sort(chosen)
	return chosen
}

// afterwards adds the result of an action to a page, or why it was refused.
func (s *site) afterwards(p page, done string, err error) page {
	if err == nil {
		p.message = done
		return p
	}
	p.status, p.message, p.refused = statusOf(err), s.table.explain(err), true
	return p
}

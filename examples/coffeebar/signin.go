package main

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
)

// door is one of the four ways into the bar. Each has its own sign-in, so that one browser can use several.
type door string

// path is the path of the door's pages.
func (d door) path() string { return "/" + string(d) }

// cookie is the name of the cookie that holds the sign-in.
func (d door) cookie() string { return "coffeebar-" + string(d) }

const (
	customerDoor door = "customer"
	baristaDoor  door = "barista"
	displayDoor  door = "display"
	managerDoor  door = "manager"
)

// doors has the role of those behind each door.
var doors = map[door]ordermanager.Role{
	customerDoor: ordermanager.RoleCustomer,
	baristaDoor:  ordermanager.RoleBarista,
	displayDoor:  ordermanager.RoleSystem,
	managerDoor:  ordermanager.RoleAdmin,
}

// maxNameLength is the maximum in characters: a name has to fit on a cup.
const maxNameLength = 24

// screenName is the name of the display, which is no person.
const screenName = "screen"

// visitor is who came through a door.
type visitor struct {
	door  door
	actor ordermanager.Actor
}

// Home is where the visitor's pages begin.
func (v visitor) Home() string { return v.door.path() }

// String names the visitor with the door.
func (v visitor) String() string {
	if v.door == displayDoor {
		return "the display"
	}
	return string(v.door) + " " + v.actor.ID
}

// visitorOf returns who is signed in behind a door. This is a demonstration: the cookie is believed.
func visitorOf(r *http.Request, d door) (visitor, bool) {
	cookie, err := r.Cookie(d.cookie())
	if err != nil {
		return visitor{}, false
	}
	name, err := url.QueryUnescape(cookie.Value)
	if err != nil || checkName(name) != "" {
		return visitor{}, false
	}
	return visitor{d, ordermanager.Actor{Role: doors[d], ID: name}}, true
}

// signedIn returns who the caller is behind each door where they are signed in.
func signedIn(r *http.Request) []visitor {
	var found []visitor
	for _, d := range slices.Sorted(maps.Keys(doors)) {
		if v, ok := visitorOf(r, d); ok {
			found = append(found, v)
		}
	}
	return found
}

// identify returns the caller of the HTTP interface behind a door.
func (d door) identify(r *http.Request) (ordermanager.Actor, error) {
	v, ok := visitorOf(r, d)
	if !ok {
		return ordermanager.Actor{}, httpapi.ErrNoIdentity
	}
	return v.actor, nil
}

// checkName returns what is wrong with a name, or "".
func checkName(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "Please enter a name."
	case utf8.RuneCountInString(name) > maxNameLength:
		return "Please enter a shorter name."
	case ordermanager.CheckID("name", name) != nil:
		return "Please enter a name that can be read."
	}
	return ""
}

func signInCookie(d door, name string) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // without Secure, because the bar is served on this machine without TLS
		Name: d.cookie(), Value: url.QueryEscape(name), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

func signOutCookie(d door) *http.Cookie {
	cookie := signInCookie(d, "") //nolint:gosec // the same as above
	cookie.MaxAge = -1
	return cookie
}

package main

import (
	"net/http"
	"strings"
)

// doorstep is the page on which one signs in.
type doorstep struct {
	// Asked is the door that was found shut, if any.
	Asked door
	// Inside is who the visitor is behind other doors.
	Inside []visitor
	// Door and Wrong say what was wrong with the name for that door.
	Door  door
	Wrong string
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	s.write(w, r, visitor{}, page{title: "Welcome", content: "home", data: doorstep{Inside: signedIn(r)}, still: true})
}

// shut is the page of a door that is shut to the visitor.
func shut(r *http.Request, d door) page {
	p := page{
		status: http.StatusUnauthorized, title: "Sign in", content: "home",
		data: doorstep{Asked: d, Inside: signedIn(r)}, still: true,
	}
	if len(signedIn(r)) > 0 {
		p.status = http.StatusForbidden
	}
	return p
}

func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	d, name := door(r.FormValue("door")), strings.TrimSpace(r.FormValue("name"))
	if d == displayDoor {
		name = screenName
	}
	if _, known := doors[d]; !known {
		s.write(w, r, visitor{}, s.problem(http.StatusNotFound, "There is no such door."))
		return
	}
	if wrong := checkName(name); wrong != "" {
		s.write(w, r, visitor{}, page{
			status: http.StatusUnprocessableEntity, title: "Welcome", content: "home",
			data: doorstep{Door: d, Wrong: wrong, Inside: signedIn(r)}, still: true,
		})
		return
	}
	http.SetCookie(w, signInCookie(d, name))
	s.write(w, r, visitor{}, page{redirect: d.path()})
}

// signOut is the way out of a door.
func (s *site) signOut(d door) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, signOutCookie(d))
		s.write(w, r, visitor{}, page{redirect: "/"})
	}
}

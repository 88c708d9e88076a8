package main

import (
	"net/http"
	"strings"
)

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	s.write(w, r, visitor{}, page{title: "Welcome", content: "home", data: doorstep{Inside: signedIn(r)}, still: true})
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

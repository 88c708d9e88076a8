package main

import (
	"net/http"
	"strings"
)

// doorstep is the page on which one signs in.
type doorstep struct {
	// Asked is the door that was found shut, if any.
	Asked door
	// Door and Wrong say what was wrong with the name for that door.
	Door  door
	Wrong string
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	s.write(w, r, visitor{}, page{title: "Welcome", content: "home", data: doorstep{}, still: true})
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
		data := doorstep{Door: d, Wrong: wrong}
		s.write(w, r, visitor{}, page{status: http.StatusUnprocessableEntity, title: "Welcome", content: "home", data: data, still: true})
		return
	}
	http.SetCookie(w, signInCookie(d, name))
	http.Redirect(w, r, d.path(), http.StatusSeeOther) //nolint:gosec // it is one of the four doors
}

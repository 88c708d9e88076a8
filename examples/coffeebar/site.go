package main

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"
)

// site is the pages of the bar.
type site struct {
	*bar
	templates *template.Template
	streams   *streams
}

// page is the answer to a visitor.
type page struct {
	// status is that of HTTP; 0 is OK.
	status int
	// title and content: the content is the name of a template, which gets the data.
	title, content string
	data           any
	// message is read out by screen readers; refused marks bad news.
	message string
	refused bool
	// redirect is where to go instead.
	redirect string
	// still is set for a page without live updates.
	still bool
}

// handler answers a visitor. An error is explained on a page of its own.
type handler func(r *http.Request, v visitor) (page, error)

// behind asks for the sign-in of a door first.
func (s *site) behind(d door, answer handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := visitorOf(r, d)
		if !ok {
			s.write(w, r, visitor{}, shut(r, d))
			return
		}
		p, err := answer(r, v)
		if err != nil {
			p = s.problem(statusOf(err), s.table.explain(err))
			// A caller who went away is no failure.
			if p.status >= http.StatusInternalServerError && r.Context().Err() == nil {
				s.log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "error", err)
			}
		}
		s.write(w, r, v, p)
	}
}

func (s *site) problem(status int, text string) page {
	return page{status: status, title: "That did not work", content: "problem", data: text, still: true}
}

// layout is the frame of every page.
type layout struct {
	Title   string
	Door    door
	Name    string
	Path    string
	Live    bool
	Content template.HTML
	Message string
	Refused bool
}

// scripted reports whether the request comes from htmx, which stays on its page.
func scripted(r *http.Request) bool { return r.Header.Get("HX-Request") != "" }

// write sends a page. To htmx, which has the rest already, it sends only the content and the message.
func (s *site) write(w http.ResponseWriter, r *http.Request, v visitor, p page) {
	switch {
	case p.redirect != "" && scripted(r):
		w.Header().Set("HX-Redirect", p.redirect)
		w.WriteHeader(http.StatusNoContent)
		return
	case p.redirect != "":
		http.Redirect(w, r, p.redirect, http.StatusSeeOther)
		return
	}
	l := layout{
		Title: p.title, Door: v.door, Name: v.actor.ID, Path: r.URL.Path, Live: !p.still,
		Message: p.message, Refused: p.refused,
	}
	if r.Method != http.MethodGet {
		l.Path = pageOf(r.URL.Path)
	}
	var content, whole bytes.Buffer
	err := s.templates.ExecuteTemplate(&content, p.content, p.data)
	if err == nil {
		l.Content = template.HTML(content.String()) //nolint:gosec // it comes from a template
		name := "layout"
		if scripted(r) {
			name = "partial"
		}
		err = s.templates.ExecuteTemplate(&whole, name, l)
	}
	if err != nil {
		s.log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "error", err)
		http.Error(w, "This page cannot be shown.", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "HX-Request")
	if p.status == 0 {
		p.status = http.StatusOK
	}
	w.WriteHeader(p.status)
	_, _ = whole.WriteTo(w) // nothing to do if the visitor is gone
}

// pageOf is the page with the form: for a customer that of the order, for all others the first one behind the door.
func pageOf(path string) string {
	parts := strings.Split(path, "/") // "", door, "orders", id, action
	d := door(parts[1])
	switch _, known := doors[d]; {
	case !known:
		return "/"
	case d == customerDoor && len(parts) == 5:
		return strings.Join(parts[:4], "/")
	}
	return d.path()
}

// shut returns the page for a visitor who is not signed in.
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

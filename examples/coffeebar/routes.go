package main

import (
	"embed"
	"html/template"
	"io/fs"
	"net/http"

	"github.com/brewline/ordermanager/httpapi"
)

//go:embed templates static
var files embed.FS

// newSite returns the pages. It serves them only under the names of the hosts, and takes only their own forms.
func newSite(b *bar, hosts []string) (http.Handler, error) {
	templates, err := template.New("").Funcs(functionsOf(b.table)).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	s := &site{bar: b, templates: templates, streams: newStreams()}
	routes := http.NewServeMux()
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, err
	}
	routes.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	routes.HandleFunc("GET /{$}", s.home)
	routes.HandleFunc("POST /signin", s.signIn)
	for d := range doors {
		if err := s.addDoor(routes, d); err != nil {
			return nil, err
		}
	}
	s.addCustomer(routes)
	s.addBarista(routes)
	s.addDisplay(routes)
	s.addManager(routes)
	routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if onlyPosted(routes, r) {
			// The browser shows the answer to a form under the form's address. Reloading it leads to the page.
			s.write(w, r, visitor{}, page{redirect: pageOf(r.URL.Path)})
			return
		}
		s.write(w, r, visitor{}, s.problem(http.StatusNotFound, "There is no such page."))
	})
	return withHeaders(onlyHosts(hosts, http.NewCrossOriginProtection().Handler(routes))), nil
}

// onlyPosted reports whether an address only takes forms.
func onlyPosted(routes *http.ServeMux, r *http.Request) bool {
	post := &http.Request{Method: http.MethodPost, URL: r.URL, Host: r.Host}
	_, pattern := routes.Handler(post)
	return r.Method != http.MethodPost && pattern != "/"
}

// addDoor adds what is behind every door: the HTTP interface, whose stream of changes keeps the pages live, and the way
// out.
func (s *site) addDoor(routes *http.ServeMux, d door) error {
	api, err := httpapi.New(s.manager, s.menu, &httpapi.Options{Identify: d.identify, Feed: s.feed, Logger: s.log})
	if err != nil {
		return err
	}
	behind := http.StripPrefix(d.path()+"/api", api)
	routes.Handle(d.path()+"/api/", behind)
	routes.Handle("GET "+d.path()+"/api/events", s.streams.limit(behind))
	routes.HandleFunc("POST "+d.path()+"/signout", s.signOut(d))
	return nil
}

// withHeaders keeps the pages from loading anything from elsewhere.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy",
			"default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

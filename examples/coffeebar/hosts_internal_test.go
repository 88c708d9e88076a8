package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestHosts_onlyTheBarsOwnAreAnswered(t *testing.T) {
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	pages := onlyHosts([]string{hostname("Bar.example:443")}, nothing)
	called := context.WithValue(t.Context(), http.LocalAddrContextKey,
		net.Addr(&net.TCPAddr{IP: net.IPv4(198, 51, 100, 7), Port: 8080}))
	for host, want := range map[string]int{
		"localhost":              http.StatusOK,
		"LOCALHOST:8080":         http.StatusOK,
		"127.0.0.1:8080":         http.StatusOK,
		"127.8.9.1":              http.StatusOK,
		"[::1]:8080":             http.StatusOK,
		"[::1]":                  http.StatusOK,
		"198.51.100.7:8080":      http.StatusOK,
		"bar.example":            http.StatusOK,
		"bar.example.:8080":      http.StatusOK,
		"":                       http.StatusMisdirectedRequest,
		"198.51.100.8:8080":      http.StatusMisdirectedRequest,
		"rebound.example:8080":   http.StatusMisdirectedRequest,
		"localhost.rebound.test": http.StatusMisdirectedRequest,
		"evil.bar.example":       http.StatusMisdirectedRequest,
		"127.0.0.1.rebound.test": http.StatusMisdirectedRequest,
		"[::1].rebound.test":     http.StatusMisdirectedRequest,
		"127.0.0.1:8080:80":      http.StatusMisdirectedRequest,
	} {
		request := newRequest(http.MethodGet, "/", nil).WithContext(called)
		request.Host = host
		if got := answerOf(pages, request).Code; got != want {
			t.Errorf("%q: %d, want %d", host, got, want)
		}
	}
}

func TestFlags_withoutASenseAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"--host", ""}, {"--host", ":8080"}, {"--addr", ""}, {"--db", ""}, {"--lifecycle="},
		{"--drink-timeout", "-5m"}, {"--completion-timeout", "0"}, {"--shelf-timeout", "0s"},
	} {
		if s, err := parse(args, io.Discard); err == nil || !strings.Contains(err.Error(), strings.Trim(args[0], "-=")) {
			t.Errorf("%q: %v, %+v", args, err, s)
		}
	}
}

// The check is before everything, and --host reaches it.
func TestSite_isServedUnderItsOwnNamesAlone(t *testing.T) {
	b, _ := testBar(t)
	s, err := parse([]string{"--host", "Bar.example", "--host", "counter"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := newSite(b, s.hosts)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		"bar.example": http.StatusOK, "counter:8080": http.StatusOK, "localhost": http.StatusOK,
		"rebound.example": http.StatusMisdirectedRequest,
	} {
		for _, path := range []string{"/", "/static/app.js", "/customer/api/menu"} {
			request := newRequest(http.MethodGet, path, nil)
			request.Host = host
			request.AddCookie(signInCookie(customerDoor, "Ada"))
			if got := answerOf(pages, request).Code; got != want {
				t.Errorf("%s%s: %d, want %d", host, path, got, want)
			}
		}
	}
}

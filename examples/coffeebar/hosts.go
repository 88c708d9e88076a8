package main

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// onlyHosts answers only requests for this bar. A page of another site whose DNS name leads to this machine (DNS
// rebinding) could act as if it were the bar's own, but that name is in the Host header. Allowed are the machine's own
// names, the address that was called, and the names given.
func onlyHosts(names []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostname(r.Host)
		if host != "localhost" && !slices.Contains(names, host) && !isCalled(r, host) {
			http.Error(w, "This server does not go by the host name that you asked for. Start it with --host NAME to add one.",
				http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostname is the host of a Host header without its port.
func hostname(header string) string {
	host, _, err := net.SplitHostPort(header)
	if err != nil {
		host = strings.Trim(header, "[]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// isCalled reports whether a host is an address of this machine: a loopback one, or the one that the request came to.
func isCalled(r *http.Request, host string) bool {
	address, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	called, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return address.IsLoopback() || called != nil && called.AddrPort().Addr().Unmap() == address.Unmap()
}

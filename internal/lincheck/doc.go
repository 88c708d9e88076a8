// Package lincheck has no code of its own. Its tests let several callers use one store at once, with faults in between,
// and check every answer against a sequential model of an order, with porcupine: is there an order of all calls, in
// which each takes effect at one instant between its beginning and its end, that explains every answer?
//
//	go test ./internal/lincheck -seeds 1000         more histories than usual
//	go test ./internal/lincheck -seed 17            this one alone
package lincheck

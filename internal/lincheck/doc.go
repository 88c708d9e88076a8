// Package lincheck has no code of its own. Its tests let several callers use one store at once, with faults in between,
// and check every answer against a sequential model of an order with porcupine: is there a sequence of all calls, each
// taking effect at one moment between its start and its end, that explains every answer?
//
//	go test ./internal/lincheck -seeds 1000         more histories than usual
//	go test ./internal/lincheck -seed 17            this one alone
package lincheck

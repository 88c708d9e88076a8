// Package soak has no code of its own. Its test runs random worlds of customers, baristas, workflows and redrivers,
// made from a seed, on every store, with crashes, clock jumps, faults, and notifications that are late, duplicated and
// out of order; at the end it counts what must be zero.
//
//	go test ./internal/soak                     a small world on each store
//	scripts/soak 10                             ten minutes of worlds
//	go test ./internal/soak -seed 17            the worlds of this seed alone
package soak

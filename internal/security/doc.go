// Package security has no code of its own. Its tests show, from outside and on every store, what docs/security.md
// promises: task tokens do not leak, nobody can do over HTTP what they may not do, and what is too large is refused
// before it is read.
package security

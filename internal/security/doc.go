// Package security has no code of its own. Its tests show, from outside and through every store, what docs/security.md promises: task
// tokens do not leak, nobody does through HTTP what they may not do, and what is too large is refused before it is read.
package security

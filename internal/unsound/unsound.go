// Package unsound makes validation accept a life-cycle table that breaks one of its rules. Proofs use it to show why
// the rule exists; nothing else may.
package unsound

var allowed = map[string]bool{}

// Allows reports whether tables that break the rule with this code are accepted.
func Allows(code string) bool { return allowed[code] }

// Allow accepts tables that break these rules, until the returned function is called. It is not safe for concurrent
// use.
func Allow(codes ...string) (restore func()) {
	before := allowed
	allowed = map[string]bool{}
	for _, code := range codes {
		allowed[code] = true
	}
	return func() { allowed = before }
}

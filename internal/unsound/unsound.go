// Package unsound lets a life-cycle table through that breaks a rule of validation. Proofs use it to show what the rule
// is there for; nothing else may.
package unsound

var allowed = map[string]bool{}

// Allows reports whether tables that break the rule with this code are let through.
func Allows(code string) bool { return allowed[code] }

// Allow lets tables through that break these rules, until the returned function is called. It is not safe for
// concurrent use.
func Allow(codes ...string) (restore func()) {
	before := allowed
	allowed = map[string]bool{}
	for _, code := range codes {
		allowed[code] = true
	}
	return func() { allowed = before }
}

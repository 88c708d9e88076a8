package explore

import "fmt"

// Invariant is a promise of the library: the nine that docs/guarantees.md states, two about the code that was run, and
// one about tables.
type Invariant string

// The invariants.
const (
	LegalPath         Invariant = "1 legal path"
	OneWinner         Invariant = "2 one winner"
	TokenConservation Invariant = "3 token conservation" //nolint:gosec // a name
	StateBeforeAnswer Invariant = "4 state before answer"
	NothingLost       Invariant = "5 nothing lost"
	OncePerRequest    Invariant = "6 once per request"
	OneClaim          Invariant = "7 one claim"
	NoLeak            Invariant = "8 no leak"
	ClearRefusal      Invariant = "9 clear refusal"
	NoPanic           Invariant = "no panic"
	Deterministic     Invariant = "deterministic calls"
	// NothingDead is about a table: every state is reachable, and every rule can apply in each of its states.
	NothingDead Invariant = "nothing dead"
)

// Violation is a broken invariant, with an explanation.
type Violation struct {
	Invariant Invariant
	Message   string
}

// String returns the invariant and the message.
func (v *Violation) String() string { return string(v.Invariant) + ": " + v.Message }

func violated(i Invariant, format string, args ...any) *Violation {
	return &Violation{i, fmt.Sprintf(format, args...)}
}

// first returns the first violation.
func first(checks ...func() *Violation) *Violation {
	for _, check := range checks {
		if v := check(); v != nil {
			return v
		}
	}
	return nil
}

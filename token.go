package ordermanager

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

const redacted = "[redacted]"

// TaskToken is the capability to resume one paused workflow: anybody with its value can answer for the order. Printed,
// logged or marshalled it reads "[redacted]"; only [TaskToken.Reveal], for stores and resumers, returns the value.
//
// The zero TaskToken means that there is none. Tokens are compared with [TaskToken.Equal].
type TaskToken struct {
	// A function, because printers that follow pointers by reflection, as those of comparison libraries do, cannot look
	// into one. The pointer to it makes tokens comparable.
	value *func() string
}

func seal(value string) *func() string {
	reveal := func() string { return value }
	return &reveal
}

// NewTaskToken wraps the value that the workflow handed out. An empty value gives the zero token.
func NewTaskToken(value string) TaskToken {
	if value == "" {
		return TaskToken{}
	}
	return TaskToken{seal(value)}
}

var masked = TaskToken{seal("")}

// Masked returns a token that says only whether there is one: it is zero when t is, and its value is empty.
func (t TaskToken) Masked() TaskToken {
	if t.IsZero() {
		return t
	}
	return masked
}

// IsZero reports whether there is no token.
func (t TaskToken) IsZero() bool { return t.value == nil }

// Reveal returns the value. Call it only to keep the token or to answer it.
func (t TaskToken) Reveal() string {
	if t.value == nil {
		return ""
	}
	return (*t.value)()
}

// Equal reports whether both are the same token, or both are none.
func (t TaskToken) Equal(u TaskToken) bool {
	return t == u || !t.IsZero() && !u.IsZero() && t.Reveal() == u.Reveal()
}

// Fingerprint identifies the token without revealing it. It is the request id under which the token is registered, so
// that a late duplicate of a registration is recognised like any other repeated request.
func (t TaskToken) Fingerprint() string {
	return fingerprintPrefix + fingerprint(t.Reveal())
}

// The prefixes distinguish a Manager's own request ids from those of callers, who may not use them.
const (
	fingerprintPrefix = "token:"
	scopePrefix       = "scope:"
)

func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// String returns "[redacted]".
func (t TaskToken) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (t TaskToken) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns "[redacted]".
func (t TaskToken) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (t TaskToken) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Wait is one of the two places where the workflow pauses.
type Wait int

const (
	// FirstWait is the wait for a drink. It is decided by the action that the [Lifecycle] names, or when an order reaches
	// a state that answers the workflow before that.
	FirstWait Wait = 1
	// SecondWait is the wait for completion. It is decided when an order reaches a state that answers the workflow.
	SecondWait Wait = 2
)

var waits = [...]Wait{FirstWait, SecondWait}

// Decision is what a wait is answered with.
type Decision string

const (
	// Undecided means that the workflow continues to wait.
	Undecided Decision = ""
	// Done means that the workflow continues.
	Done Decision = "done"
	// Cancelled means that the order was given up.
	Cancelled Decision = "cancelled"
)

func (d Decision) known() bool { return d == Undecided || d == Done || d == Cancelled }

// WaitSlot is what is kept of one wait.
//
// Its token is held while the wait is undecided, and being answered from the moment that the decision is recorded until
// it is settled; then the slot is empty. Nothing is moved between those stages: the decision tells them apart.
type WaitSlot struct {
	// Decision is what the wait is answered with. It is written with the transition that decides it, and never changes
	// after that.
	Decision Decision
	// Token resumes the workflow; zero when none is registered or when it was answered.
	Token TaskToken
	// Spare is the latest token that lost against Token: it was replaced by it, or its event was the older one. Times can
	// be wrong, so it is answered in Token's place if nothing waits on that.
	Spare TaskToken
	// RegisteredAt is the time of the event that brought the newest token. It outlives the token, so that an older
	// registration that arrives late is recognised.
	RegisteredAt time.Time
}

// held reports whether the slot has a token.
func (s *WaitSlot) held() bool { return !s.Token.IsZero() || !s.Spare.IsZero() }

// decide records a decision, unless there is one.
func (s *WaitSlot) decide(d Decision) {
	if s.Decision == Undecided {
		s.Decision = d
	}
}

// register puts a token in its place.
func (s *WaitSlot) register(r *Registration) {
	switch {
	case r.Spare:
		s.Spare = r.Token
		return
	case !s.Token.IsZero():
		s.Spare = s.Token
	}
	s.Token, s.RegisteredAt = r.Token, r.At
}

// Registration puts a token into the slot of a wait. It brings a guard of its own: the slot was never used, or was last
// registered at the same time or before; the token that is in the slot becomes the spare one.
type Registration struct {
	Wait  Wait
	Token TaskToken
	At    time.Time
	// Spare registers a token that lost: the slot was last registered after At, which is the guard then. The token
	// becomes the spare one, and the slot's time stays.
	Spare bool
}

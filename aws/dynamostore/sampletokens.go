package dynamostore

import (
	"github.com/brewline/ordermanager"
)

// holder is who holds which token.
type holder struct{ first, second ordermanager.TaskToken }

// holder tells the tokens of an item apart. A TaskToken that is not one of ours belongs to the second wait if that
// has begun, of which the order number is the sign.
func (r *reader) holder() holder {
	h := holder{r.token(ownFirst), r.token(ownSecond)}
	token := r.token(sampleToken)
	switch {
	case token.IsZero() || token.Equal(h.first) || token.Equal(h.second):
	case token.Equal(r.token(sampleRecord.first.spare)) || token.Equal(r.token(sampleRecord.second.spare)): // it lost
	case r.has(sampleNumber) || r.has(sampleRecord.second.at):
		h.second = token
	default:
		h.first = token
	}
	return h
}

// requireSame requires that an attribute is what was seen.
func requireSame(u *update, r *reader, name string) {
	if r.has(name) {
		u.requireEqual(name, r.get(name))
	} else {
		u.requireAny(u.absent(name)...)
	}
}

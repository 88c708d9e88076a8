package dynamostore

import (
	"github.com/brewline/ordermanager"
)

// holder has the token of each wait.
type holder struct{ first, second ordermanager.TaskToken }

// holder tells the tokens of an item apart. A TaskToken that is not ours belongs to the second wait if that has begun,
// which an order number or a registration of ours shows.
func (r *reader) holder() holder {
	h := holder{r.token(ownFirst), r.token(ownSecond)}
	token := ordermanager.NewTaskToken(r.text(sampleToken))
	switch {
	case token.IsZero() || token.Equal(h.first) || token.Equal(h.second):
	case token.Equal(r.token(sampleRecord.first.spare)) || token.Equal(r.token(sampleRecord.second.spare)): // replaced
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

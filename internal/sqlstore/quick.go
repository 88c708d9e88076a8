package sqlstore

import (
	"strconv"
	"strings"
)

// quick reads JSON of a known form.
type quick struct {
	rest string
	ok   bool
}

func (r *quick) has(name string) bool { return strings.HasPrefix(r.rest, name) }

func (r *quick) skip(name string) {
	var found bool
	r.rest, found = strings.CutPrefix(r.rest, name)
	r.ok = r.ok && found
}

// text reads a member that is a string without escapes. Invalid UTF-8 is not one.
func (r *quick) text(name string) string {
	r.skip(name)
	value, rest, found := strings.Cut(r.rest, `"`)
	r.rest, r.ok = rest, r.ok && found && !strings.ContainsFunc(value, unusual)
	return value
}

// texts reads a member that is a list of strings without escapes.
func (r *quick) texts(name string) []string {
	r.skip(name)
	all := []string{}
	for r.ok && !r.has("]") {
		if len(all) > 0 {
			r.skip(",")
		}
		all = append(all, r.text(`"`))
	}
	r.skip("]")
	return all
}

// unusual reports whether a character may not stand for itself.
func unusual(c rune) bool { return c < ' ' || c > '~' || c == '\\' }

// number reads a member that is a positive integer.
func (r *quick) number(name string) int64 {
	r.skip(name)
	end := strings.IndexAny(r.rest, ",}")
	if end <= 0 || r.rest[0] < '1' || r.rest[0] > '9' {
		r.ok = false
		return 0
	}
	n, err := strconv.ParseInt(r.rest[:end], 10, 64)
	r.rest, r.ok = r.rest[end:], r.ok && err == nil
	return n
}

// Package sqlstore is the contract of [ordermanager.Store] in SQL: the statement of each call, and orders out of rows.
// Each database is a [Dialect] of it. The stores themselves have the tables, connections and errors of their database.
package sqlstore

import "strings"

// Statement is SQL text with its arguments. The text depends on which guards, assignments and conditions there are, not
// on their values, so there are few texts and each can be prepared once.
type Statement struct {
	Text string
	Args []any
}

// clauses collects the parts of a statement, in the order of their placeholders.
type clauses struct {
	parts []string
	args  []any
}

func (c *clauses) add(part string, args ...any) {
	c.parts, c.args = append(c.parts, part), append(c.args, args...)
}

// placeholders returns a list of n placeholders.
func placeholders(n int) string { return "?" + strings.Repeat(", ?", n-1) }

func toAny[T any](values []T) []any {
	all := make([]any, len(values))
	for i, value := range values {
		all[i] = value
	}
	return all
}

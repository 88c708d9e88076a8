package sqlstore

import (
	"strconv"
	"strings"
	"sync"
)

// Dialect has the differences between the databases.
type Dialect struct {
	// name is the prefix of its cursors.
	name string
	// position is the function that finds its second argument in its first; 0 if it is not there.
	position string
	// remove is owed_events without the values of a JSON array, the placeholder.
	remove string
	// change is the number of the current change, and changed that of an order as an integer.
	change, changed string
	// using names the index of a listing, if the database needs a hint.
	using func(index string) string
	// render translates SQLite's names and placeholders.
	render func(text string) string
}

// SQLite is the dialect of SQLite.
var SQLite = &Dialect{
	name:     "sqlite",
	position: "instr",
	remove: `(SELECT json_group_array(value ORDER BY key) FROM json_each(owed_events)
			WHERE value NOT IN (SELECT value FROM json_each(?)))`,
	// There is one writer at a time, so a higher number was committed later.
	change: `(SELECT coalesce(max(changed), 0) + 1 FROM ordermanager_orders INDEXED BY ordermanager_orders_changed
			WHERE changed IS NOT NULL)`,
	changed: "changed",
	// SQLite cannot know that a customer has few orders and that most orders are completed.
	using:  func(index string) string { return " INDEXED BY ordermanager_orders_" + index },
	render: func(text string) string { return text },
}

// PostgreSQL is the dialect of PostgreSQL, for the tables in a schema.
func PostgreSQL(schema string) *Dialect {
	var texts sync.Map // there are few
	return &Dialect{
		name:     "postgres",
		position: "strpos",
		// Not jsonb, which cannot hold every character. Values are compared as text, because all are written by Go.
		remove: `(SELECT coalesce(json_agg(value ORDER BY n)::text, '[]')
			FROM json_array_elements(owed_events::json) WITH ORDINALITY AS owed (value, n)
			WHERE value::text NOT IN (SELECT value::text FROM json_array_elements(?::text::json)))`,
		// Transaction ids are assigned at the start, not at the commit: see the store's snapshots.
		change:  "pg_current_xact_id()",
		changed: "changed::text::bigint",
		using:   func(string) string { return "" },
		render: func(text string) string {
			if rendered, found := texts.Load(text); found {
				return rendered.(string)
			}
			rendered := strings.ReplaceAll(numbered(text), prefix, QuoteIdentifier(schema)+".")
			texts.Store(text, rendered)
			return rendered
		},
	}
}

// prefix begins the names of tables in databases without schemas.
const prefix = "ordermanager_"

// numbered replaces question marks by $1, $2 and so on. The statements use them for nothing else.
func numbered(text string) string {
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(text, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		text = after
	}
}

// QuoteIdentifier returns a name as an SQL identifier.
func QuoteIdentifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Render translates a text with SQLite's table names and question marks into the dialect.
func (d *Dialect) Render(text string) string { return d.render(text) }

// statement returns a statement in the dialect.
func (d *Dialect) statement(text string, args []any) Statement {
	return Statement{d.render(text), args}
}

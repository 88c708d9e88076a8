package sqlstore

import (
	"strconv"
	"strings"
	"sync"
)

// Dialect is what the databases say differently.
type Dialect struct {
	// name is what the cursors of its listings begin with.
	name string
	// position is the function that finds its second argument in its first, 0 when it is not there.
	position string
	// remove is owed_events without the values of the JSON array that is the placeholder.
	remove string
	// change is the number of a change that is being made, and changed that of an order as a whole number.
	change, changed string
	// using names the index of a listing, where the database has to be told.
	using func(index string) string
	// render turns a text with the names and placeholders of SQLite into the database's own.
	render func(text string) string
}

// SQLite is the dialect of SQLite.
var SQLite = &Dialect{
	name:     "sqlite",
	position: "instr",
	remove: `(SELECT json_group_array(value ORDER BY key) FROM json_each(owed_events)
			WHERE value NOT IN (SELECT value FROM json_each(?)))`,
	// There is one writer at a time, so whoever has a higher number was committed later.
	change: `(SELECT coalesce(max(changed), 0) + 1 FROM ordermanager_orders INDEXED BY ordermanager_orders_changed
			WHERE changed IS NOT NULL)`,
	changed: "changed",
	// SQLite cannot know that a customer has few orders and that completed orders are many.
	using:  func(index string) string { return " INDEXED BY ordermanager_orders_" + index },
	render: func(text string) string { return text },
}

// PostgreSQL is the dialect of PostgreSQL, for the tables in a schema.
func PostgreSQL(schema string) *Dialect {
	var texts sync.Map // there are few
	return &Dialect{
		name:     "postgres",
		position: "strpos",
		// Not as jsonb, which cannot have every character, and compared as JSON text, which is always Go's.
		remove: `(SELECT coalesce(json_agg(value ORDER BY n)::text, '[]')
			FROM json_array_elements(owed_events::json) WITH ORDINALITY AS owed (value, n)
			WHERE value::text NOT IN (SELECT value::text FROM json_array_elements(?::text::json)))`,
		// Numbers are given when a transaction begins and not when it is committed: see the store's snapshots.
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

// prefix begins the names of tables where there are no schemas.
const prefix = "ordermanager_"

// numbered writes $1, $2 and so on for the question marks. No text has one for anything else.
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

// QuoteIdentifier is a name as SQL text.
func QuoteIdentifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Render writes a text with the names of SQLite's tables and question marks for its arguments in the dialect.
func (d *Dialect) Render(text string) string { return d.render(text) }

// statement is a text in the dialect.
func (d *Dialect) statement(text string, args []any) Statement {
	return Statement{d.render(text), args}
}

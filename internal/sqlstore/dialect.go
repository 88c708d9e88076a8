package sqlstore

// Dialect is what the databases say differently.
type Dialect struct {
	// name is what the cursors of its listings begin with.
	name string
	// position is the function that finds its second argument in its first, 0 when it is not there.
	position string
	// append is owed_events, a JSON array, with one more value: the placeholder.
	append string
	// remove is owed_events without the values of the JSON array that is the placeholder.
	remove string
	// using names the index of a listing, where the database has to be told.
	using func(index string) string
}

// SQLite is the dialect of SQLite.
var SQLite = &Dialect{
	name:     "sqlite",
	position: "instr",
	append:   "json_insert(owed_events, '$[#]', ?)",
	remove: `(SELECT json_group_array(value ORDER BY key) FROM json_each(owed_events)
			WHERE value NOT IN (SELECT value FROM json_each(?)))`,
	// SQLite cannot know that a customer has few orders and that completed orders are many.
	using: func(index string) string { return " INDEXED BY ordermanager_orders_" + index },
}

// Package sqlcopy copies orders and their workflows from one SQL database to another, whatever their dialects.
//
// It copies rows rather than orders, because a store accepts only transitions: a copied order keeps its history, its
// tokens and what it owes.
package sqlcopy

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/brewline/ordermanager/internal/sqlstore"
)

// Database is the source or the target. Its tables exist and are up to date.
type Database struct {
	DB      *sql.DB
	Dialect *sqlstore.Dialect
}

// Progress is the progress of a copy.
type Progress struct {
	// Table is the table being copied.
	Table string
	// Read is how many of its rows were read, and Written how many of them were new or changed.
	Read, Written int64
}

// batch is the number of rows per transaction.
const batch = 500

// Copy copies everything, and calls progress after each batch and at the end of each table. Rows in the target stay,
// unless the source has a later version; so a copy can be repeated, after a failure or to catch up.
func Copy(ctx context.Context, from, to Database, progress func(Progress)) error {
	for _, t := range tables {
		if err := t.copy(ctx, from, to, progress); err != nil {
			return fmt.Errorf("copying the %s: %w", t.name, err)
		}
	}
	return nil
}

// kind is the type of a column.
type kind int

const (
	text kind = iota
	number
	flag
	// ids is a JSON array of request ids, which each database formats differently.
	ids
)

type column struct {
	name string
	kind kind
}

type table struct {
	name    string // without its prefix or schema
	columns []column
	// key is the column that identifies and orders rows.
	key string
	// newer is the condition under which a row, "excluded", replaces an existing one, "old". Empty for rows that never
	// change, which are read in the order of their creation.
	newer string
	// change is set if a written row gets a new change number.
	change bool
}

// The tables, ordered so that rows refer only to rows that were copied before.
var tables = []table{
	{
		name: "orders", key: "id",
		columns: []column{
			{"id", text}, {"customer", text}, {"venue", text}, {"robot", flag}, {"state", text},
			{"drink", text}, {"number", text}, {"barista", text}, {"reason", text}, {"created_at", number},
			{"updated_at", number}, {"version", number}, {"history", text},
			{"first_decision", text}, {"first_token", text}, {"first_spare", text}, {"first_at", number},
			{"second_decision", text}, {"second_token", text}, {"second_spare", text}, {"second_at", number},
			{"owed_events", ids},
		},
		newer:  "old.version < excluded.version",
		change: true,
	},
	{
		name: "workflows", key: "order_id",
		columns: []column{
			{"order_id", text}, {"customer", text}, {"venue", text}, {"stage", text}, {"number", text},
			{"token", text}, {"deadline", number},
			{"first_answer", text}, {"second_answer", text}, {"started", number}, {"ended", number},
		},
		// A workflow only moves forward: its waits are answered, then it ends.
		newer: `old.stage <> excluded.stage AND (old.first_answer IS NULL OR excluded.first_answer IS NOT NULL)
			AND (old.second_answer IS NULL OR excluded.second_answer IS NOT NULL)
			AND (old.token IS NOT NULL OR excluded.token IS NULL)`,
	},
	{
		name: "shops", key: "venue",
		columns: []column{{"venue", text}, {"closed", flag}, {"last_number", number}},
		newer:   "old.last_number < excluded.last_number",
	},
	{
		name: "notifications", key: "request_id",
		columns: []column{
			{"request_id", text}, {"order_id", text}, {"notification", text}, {"token", text}, {"cause", text}, {"at", number},
		},
	},
}

func (t *table) copy(ctx context.Context, from, to Database, progress func(Progress)) error {
	p := Progress{Table: t.name}
	after, last := "", ""
	for {
		rows, err := t.read(ctx, from, after, last)
		if err != nil {
			return err
		}
		written, err := t.write(ctx, to, rows)
		if err != nil {
			return err
		}
		p.Read, p.Written = p.Read+int64(len(rows)), p.Written+written
		progress(p)
		if t.newer == "" || len(rows) < batch {
			return nil
		}
		after, last = "WHERE "+t.key+" > ?", t.keyOf(rows[len(rows)-1])
	}
}

func (t *table) keyOf(row []any) string {
	for i, c := range t.columns {
		if c.name == t.key {
			return row[i].(*sql.Null[string]).V
		}
	}
	panic("the key is not a column")
}

func (t *table) list() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// read reads the rows after the last key.
func (t *table) read(ctx context.Context, from Database, after, last string) ([][]any, error) {
	query := fmt.Sprintf("SELECT %s FROM ordermanager_%s %s ORDER BY %s LIMIT %d", t.list(), t.name, after, t.key, batch)
	if t.newer == "" {
		query = fmt.Sprintf("SELECT %s FROM ordermanager_%s ORDER BY id", t.list(), t.name)
	}
	var args []any
	if after != "" {
		args = append(args, last)
	}
	found, err := from.DB.QueryContext(ctx, from.Dialect.Render(query), args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	var rows [][]any
	for found.Next() {
		row := make([]any, len(t.columns))
		for i, c := range t.columns {
			switch c.kind {
			case number:
				row[i] = new(sql.Null[int64])
			case flag:
				row[i] = new(bool)
			default:
				row[i] = new(sql.Null[string])
			}
		}
		if err := found.Scan(row...); err != nil {
			return nil, err
		}
		for i, c := range t.columns {
			if c.kind == ids {
				if err := canonical(&row[i].(*sql.Null[string]).V); err != nil {
					return nil, fmt.Errorf("%s of %s: %w", c.name, t.keyOf(row), err)
				}
			}
		}
		rows = append(rows, row)
	}
	return rows, found.Err()
}

// canonical formats a JSON array of strings as the stores do.
func canonical(array *string) error {
	values := []string{}
	if err := json.Unmarshal([]byte(*array), &values); err != nil {
		return err
	}
	data, err := json.Marshal(values)
	*array = string(data)
	return err
}

// write writes rows in one transaction, and returns how many were new or changed.
func (t *table) write(ctx context.Context, to Database, rows [][]any) (written int64, err error) {
	if len(rows) == 0 {
		return 0, nil
	}
	tx, err := to.DB.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	insert, err := tx.PrepareContext(ctx, to.Dialect.Render(t.insert(to.Dialect)))
	if err != nil {
		return 0, err
	}
	defer func() { _ = insert.Close() }()
	for _, row := range rows {
		if t.newer == "" {
			var known bool
			find := fmt.Sprintf("SELECT EXISTS (SELECT 1 FROM ordermanager_%s WHERE %s = ?)", t.name, t.key)
			if err := tx.QueryRowContext(ctx, to.Dialect.Render(find), t.keyOf(row)).Scan(&known); err != nil {
				return 0, err
			}
			if known {
				continue
			}
		}
		args := make([]any, len(row))
		for i, value := range row {
			switch value := value.(type) {
			case *sql.Null[string]:
				args[i] = *value
			case *sql.Null[int64]:
				args[i] = *value
			case *bool:
				args[i] = *value
			}
		}
		result, err := insert.ExecContext(ctx, args...)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", t.keyOf(row), err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		written += n
	}
	return written, tx.Commit()
}

func (t *table) insert(dialect *sqlstore.Dialect) string {
	names, values := t.list(), "?"+strings.Repeat(", ?", len(t.columns)-1)
	var set []string
	for _, c := range t.columns {
		if c.name != t.key {
			set = append(set, c.name+" = excluded."+c.name)
		}
	}
	if t.change {
		names, values, set = names+", changed", values+", "+dialect.Change(), append(set, "changed = excluded.changed")
	}
	text := fmt.Sprintf("INSERT INTO ordermanager_%s AS old (%s) VALUES (%s)", t.name, names, values)
	if t.newer == "" {
		return text
	}
	return fmt.Sprintf("%s ON CONFLICT (%s) DO UPDATE SET %s WHERE %s", text, t.key, strings.Join(set, ", "), t.newer)
}

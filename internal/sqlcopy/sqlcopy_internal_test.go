package sqlcopy

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
)

// A column that is added to a table is copied too, or this fails.
func TestEveryColumnIsCopied(t *testing.T) {
	db, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "orders.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := sqlitestore.New(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := workflow.New(t.Context(), db, nil); err != nil {
		t.Fatal(err)
	}
	rows, err := db.QueryContext(t.Context(), `SELECT t.name, c.name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
		WHERE t.name LIKE 'ordermanager_%' AND t.name NOT IN ('ordermanager_schema', 'ordermanager_changes')`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	there := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		if table == "ordermanager_notifications" && column == "id" || column == "changed" {
			continue // each database numbers them for itself
		}
		there[table] = append(there[table], column)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	copied := map[string][]string{}
	for _, table := range tables {
		for _, column := range table.columns {
			copied["ordermanager_"+table.name] = append(copied["ordermanager_"+table.name], column.name)
		}
	}
	for _, columns := range []map[string][]string{there, copied} {
		for _, names := range columns {
			slices.Sort(names)
		}
	}
	if diff := cmp.Diff(there, copied); diff != "" {
		t.Error(diff)
	}
}

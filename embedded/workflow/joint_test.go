package workflow_test

import (
	"testing"

	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
	"github.com/brewline/ordermanager/internal/jointtest"
)

// Invariants 3, 4 and 5, where the workflow is in the file of the orders.
func TestTheStoreTakesTheWorkflowAlong(t *testing.T) {
	jointtest.Run(t, func(t *testing.T, options *workflow.Options) jointtest.Database {
		db := openTemp(t)
		store, err := sqlitestore.New(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		flow, err := workflow.New(t.Context(), db, options)
		if err != nil {
			t.Fatal(err)
		}
		exec := func(text string) {
			if _, err := db.ExecContext(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		return jointtest.Database{Store: store, Workflow: flow, Break: func(*testing.T) func() {
			exec("ALTER TABLE ordermanager_shops RENAME TO broken")
			return func() { exec("ALTER TABLE broken RENAME TO ordermanager_shops") }
		}}
	})
}

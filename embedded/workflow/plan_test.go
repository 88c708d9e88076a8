package workflow_test

import (
	"testing"
)

// The statements that Run and Start send again and again must not become slower with every order that is done.
func TestWhatIsAskedOftenIsFoundThroughAnIndex(t *testing.T) {
	db := openTemp(t)
	newHouse(t, db, nil)
	for text, want := range map[string]string{
		"SELECT order_id, stage FROM ordermanager_workflows WHERE deadline <= 1 ORDER BY deadline LIMIT 1":       "SEARCH ordermanager_workflows USING INDEX ordermanager_workflows_deadline (deadline<?)",
		"SELECT count(*) FROM ordermanager_workflows WHERE venue = 'a' AND token IS NOT NULL":                    "SEARCH ordermanager_workflows USING INDEX ordermanager_workflows_queue (venue=?)",
		"SELECT count(*) FROM ordermanager_workflows WHERE venue = 'a' AND customer = 'b' AND token IS NOT NULL": "SEARCH ordermanager_workflows USING INDEX ordermanager_workflows_queue (venue=? AND customer=?)",
		"UPDATE ordermanager_workflows SET token = NULL WHERE token = 't'":                                       "SEARCH ordermanager_workflows USING INDEX sqlite_autoindex_ordermanager_workflows_2 (token=?)",
		"DELETE FROM ordermanager_notifications WHERE order_id = 'a'":                                            "SEARCH ordermanager_notifications USING INDEX ordermanager_notifications_order (order_id=?)",
	} {
		var id, parent, unused int
		var plan string
		if err := db.QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN "+text).Scan(&id, &parent, &unused, &plan); err != nil || plan != want {
			t.Errorf("%s\n got %s\nwant %s (%v)", text, plan, want, err)
		}
	}
}

package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
)

const pickup = "../../examples/pickup/lifecycle.json"

func TestLifecycle_ofAFileIsUsedByEveryCommand(t *testing.T) {
	store, _ := newFile(t)
	finish1 := `{"action":"finish","orderId":"1","baristaUserId":"ben"}`
	collect1 := `{"action":"collect","orderId":"1","body":{"userId":"ann"}}`
	code, stdout, stderr := invoke(
		t, strings.Join([]string{newOrder1, put1, make1, finish1}, "\n"), "exec", "--store", store, "--lifecycle", pickup,
	)
	if got := lines(t, stdout); code != exitAccepted || got[3]["order"].(map[string]any)["state"] != "ready" ||
		got[3]["resume"] != "delivered" {
		t.Fatalf("exit code %d, %s%s", code, stdout, stderr)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"orders", "--state", "ready", "--json"}, `"state":"ready"`},
		{[]string{"orders"}, "ready"},
		{[]string{"show", "1"}, "● ready    finish by barista ben"},
		{[]string{"show", "1"}, "○ ready    now"},
		{[]string{"stats"}, "ready    1"},
		{[]string{"redrive"}, "nothing is owed"},
	} {
		code, stdout, stderr := invoke(t, "", append(c.args, "--store", store, "--lifecycle", pickup)...)
		if code != exitAccepted || stderr != "" || !strings.Contains(stdout, c.want) {
			t.Errorf("%v: exit code %d, %s%s", c.args, code, stdout, stderr)
		}
	}
	code, stdout, _ = invoke(t, collect1, "exec", "--store", store, "--lifecycle", pickup)
	if order := lines(t, stdout)[0]["order"].(map[string]any); code != exitAccepted || order["state"] != "collected" {
		t.Errorf("the customer collects: exit code %d, %s", code, stdout)
	}
}

// An order that another table left in a state of its own is named, and hides no other.
func TestLifecycle_ofAnotherTableHidesNoOrder(t *testing.T) {
	store, _ := newFile(t)
	finish1 := `{"action":"finish","orderId":"1","baristaUserId":"ben"}`
	invoke(
		t, strings.Join([]string{newOrder1, put1, make1, finish1, newOrder2}, "\n"), "exec", "--store", store, "--lifecycle",
		pickup,
	)
	code, stdout, stderr := invoke(t, "", "orders", "--store", store, "--customer", "ann", "--json")
	if code != exitAccepted || stdout != "" || !strings.Contains(stderr, "order 1 is left out") ||
		!strings.Contains(stderr, "--lifecycle") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if code, stdout, stderr := invoke(t, "", "orders", "--store", store); code != exitAccepted ||
		!strings.Contains(stdout, "2      pending") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if code, stdout, _ := invoke(t, "", "show", "1", "--store", store); code != exitAccepted ||
		!strings.Contains(stdout, "● ready") {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
	code, stdout, _ = invoke(t, complete1, "exec", "--store", store)
	if got := lines(t, stdout)[0]; code != exitRefused || got["code"] != "unknown_state" {
		t.Errorf("exit code %d, %v", code, got)
	}
	code, _, stderr = invoke(t, "", "orders", "--store", store, "--state", "ready")
	want := `ordermanager: --state: the life cycle has no state "ready"; ` +
		`it has: pending, making, completed, cancelled; all means every one` + "\n"
	if code != exitFailed || stderr != want {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func TestLifecycleCheck_printsEveryProblemWithItsPlace(t *testing.T) {
	code, stdout, stderr := invoke(t, "", "lifecycle", "check", "testdata/lifecycle.broken.json")
	want := `rules[0].to: put leads to "pendign", which is no state of the table (unknown_state)
rules[1].claim: "grabs" is none of "takes", "needs" and "releases" (unknown_value)
testdata/lifecycle.broken.json cannot be used: 2 problems
`
	if diff := cmp.Diff(want, stdout); diff != "" || code != exitRefused || stderr != "" {
		t.Errorf("exit code %d, stderr %q, -want +got:\n%s", code, stderr, diff)
	}
	_, stdout, _ = invoke(t, "", "lifecycle", "check", "testdata/lifecycle.broken.json", "--json")
	var report lifecycleReport
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || report.Sound || len(report.Problems) != 2 ||
		report.Problems[1].Place != "rules[1].claim" {
		t.Errorf("%v: %s", err, stdout)
	}
	code, stdout, _ = invoke(t, "", "lifecycle", "check", pickup)
	want = pickup + ` is sound
states   pending, making, ready, collected, no_show, cancelled
actions  put, make, unmake, finish, collect, give_up, cancel
`
	if diff := cmp.Diff(want, stdout); diff != "" || code != exitAccepted {
		t.Errorf("exit code %d, -want +got:\n%s", code, diff)
	}
}

func TestDiagram_drawsTheTableOfAFile(t *testing.T) {
	data, err := os.ReadFile(pickup)
	if err != nil {
		t.Fatal(err)
	}
	table, err := ordermanager.ParseLifecycle(data)
	if err != nil {
		t.Fatal(err)
	}
	if code, stdout, _ := invoke(t, "", "diagram", "--lifecycle", pickup); code != exitAccepted ||
		stdout != table.Mermaid() {
		t.Errorf("exit code %d, %s", code, stdout)
	}
}

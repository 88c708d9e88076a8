package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/view"
)

func repair(t *testing.T, store, order, how string, flags ...string) (code int, stdout, stderr string) {
	t.Helper()
	args := append([]string{"repair", order, how, "--store", store, "--by", "olga", "--reason", "it hung"}, flags...)
	return invoke(t, "", args...)
}

func TestRepair_putsAnOrderRightAndKeepsWhoAndWhy(t *testing.T) {
	store, _ := newFile(t)
	execute(t, store, newOrder1)
	if code, stdout, _ := invoke(t, put1, "exec", "--store", store, "--resume", "none"); code != exitRefused {
		t.Fatal(code, stdout)
	}
	for _, step := range []struct {
		how   string
		flags []string
		code  int
		want  string
	}{
		{
			"resend", []string{"--resume", "none"}, exitRefused,
			"resend: order 1 is pending; still owed: nothing is resumed (--resume none): will not succeed by being repeated\n",
		},
		{"resend", nil, exitAccepted, "resend: order 1 is pending; its workflow goes on\n"},
		{"resend", nil, exitAccepted, "resend: order 1 is pending, and nothing is new\n"},
	} {
		if code, stdout, stderr := repair(t, store, "1", step.how, step.flags...); code != step.code || stdout != step.want {
			t.Errorf("%s %v: exit code %d, stdout %q, stderr %q", step.how, step.flags, code, stdout, stderr)
		}
	}
	execute(t, store, make1)
	for _, step := range []struct{ how, want string }{
		{"release", "release: order 1 is pending\n"},
		{"cancel", "cancel: order 1 is cancelled; its workflow goes on\n"},
		{"abandon", "abandon: order 1 is cancelled\n"},
	} {
		if code, stdout, stderr := repair(t, store, "1", step.how); code != exitAccepted || stdout != step.want {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", step.how, code, stdout, stderr)
		}
	}
	var did []ordermanager.Action
	for _, entry := range shown(t, store, "1").History {
		if entry.UserID != "olga" {
			continue
		}
		did = append(did, entry.Action)
		if entry.Role != ordermanager.RoleAdmin || entry.Reason != "it hung" {
			t.Errorf("the history has %+v", entry)
		}
	}
	want := []ordermanager.Action{
		ordermanager.ActionResent, ordermanager.ActionResent, ordermanager.ActionUnmake, ordermanager.ActionCancel,
		ordermanager.ActionAbandoned,
	}
	if diff := cmp.Diff(want, did); diff != "" {
		t.Error(diff)
	}
}

func TestRepair_keepsToTheLifeCycle(t *testing.T) {
	store, _ := newFile(t)
	refused := func(how, want string, flags ...string) {
		t.Helper()
		code, stdout, _ := repair(t, store, "1", how, flags...)
		if code != exitRefused || stdout != "refused, "+want+"\n" {
			t.Errorf("%s: exit code %d, %q", how, code, stdout)
		}
	}
	const illegal = ": the state of the order does not allow this"
	execute(t, store, newOrder1, put1)
	refused("release", "illegal_transition: cannot release order 1, which is pending"+illegal+"; allowed now: cancel")
	pickup := filepath.Join(t.TempDir(), "pickup.json")
	table, err := os.ReadFile("../../examples/pickup/lifecycle.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pickup, bytes.ReplaceAll(table, []byte("unmake"), []byte("let_go")), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("release", `unknown_action: release is the action unmake: unknown action: "unmake"; the life cycle has put, make, `+
		`let_go, finish, collect, give_up, cancel`, "--lifecycle", pickup)
	execute(t, store, make1, complete1)
	const nothing = "; it has ended and owes nothing, so there is nothing to repair"
	refused("cancel", "illegal_transition: cannot cancel order 1, which is completed"+illegal+nothing)
	refused("release", "illegal_transition: cannot release order 1, which is completed"+illegal+nothing)
	code, stdout, _ := repair(t, store, "9", "cancel", "--json")
	var problem view.Problem
	if err := json.Unmarshal([]byte(stdout), &problem); code != exitRefused || err != nil ||
		problem.Code != "order_not_found" {
		t.Errorf("exit code %d, %v, %q", code, err, stdout)
	}
}

func TestRepair_namesTheRepairThatAnEndedOrderNeeds(t *testing.T) {
	store, _ := newFile(t)
	execute(t, store, newOrder1, put1, make1)
	invoke(t, complete1, "exec", "--store", store, "--resume", "none")
	want := "refused, illegal_transition: cannot cancel order 1, which is completed: the state of the order does not allow " +
		"this; resend delivers what it owes, and abandon gives that up\n"
	if code, stdout, _ := repair(t, store, "1", "cancel", "--resume", "none"); code != exitRefused || stdout != want {
		t.Errorf("exit code %d, %q, want %q", code, stdout, want)
	}
}

func TestRepair_wantsToKnowWhoAndWhyAndHow(t *testing.T) {
	store, _ := newFile(t)
	execute(t, store, newOrder1)
	for _, args := range [][]string{
		{"repair", "1", "cancel", "--store", store, "--reason", "x"},
		{"repair", "1", "cancel", "--store", store, "--by", "olga"},
		{"repair", "1", "undo", "--store", store, "--by", "olga", "--reason", "x"},
	} {
		if code, stdout, stderr := invoke(t, "", args...); code != exitFailed || stdout != "" ||
			!strings.Contains(stderr, "try --help") {
			t.Errorf("%v: exit code %d, %q, %q", args, code, stdout, stderr)
		}
	}
}

package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/pgtest"
)

// newServer returns a postgres store whose tables do not exist yet.
func newServer(t *testing.T) (store string) {
	t.Helper()
	given := pgtest.URL(t)
	options := pgtest.Schema(t, pgtest.Pool(t, given))
	u, err := url.Parse(given)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = url.Values{"schema": {options.Schema}}.Encode()
	return u.String()
}

func TestPostgres_execGoesOnWhereTheLastRunEnded(t *testing.T) {
	store := newServer(t)
	for _, input := range []string{newOrder1, put1, make1, complete1} {
		execute(t, store, input)
	}
	if got := shown(t, store, "1"); got.State != ordermanager.StateCompleted || got.OrderNumber != "1" ||
		len(got.History) != 5 || got.Owes {
		t.Errorf("got %+v", got)
	}
	for _, command := range []string{"orders", "redrive", "stats"} {
		if code, _, stderr := invoke(t, "", command, "--store", store); code != exitAccepted {
			t.Errorf("%s: exit code %d, stderr %q", command, code, stderr)
		}
	}
}

func TestPostgres_schemaIsMadeCheckedAndPrinted(t *testing.T) {
	store := newServer(t)
	check := func(want int) {
		t.Helper()
		if code, stdout, stderr := invoke(t, "", "schema", "check", store); code != want {
			t.Errorf("check: exit code %d, want %d: %s%s", code, want, stdout, stderr)
		}
	}
	check(exitRefused)
	if _, stdout, _ := invoke(t, "", "schema", "sql", store); !strings.Contains(stdout, "CREATE TABLE orders") {
		t.Errorf("sql printed %q", stdout)
	}
	code, _, stderr := invoke(t, "", "orders", "--store", store)
	if code != exitFailed || !strings.Contains(stderr, "schema create") || strings.Contains(stderr, passwordOf(t, store)) {
		t.Errorf("a store without tables: exit code %d, %q", code, stderr)
	}
	if code, _, stderr := invoke(t, "", "schema", "create", store); code != exitAccepted {
		t.Fatalf("create: %q", stderr)
	}
	check(exitAccepted)
	if _, stdout, _ := invoke(t, "", "schema", "sql", store); stdout != "-- the tables are up to date\n" {
		t.Errorf("sql printed %q", stdout)
	}
}

func passwordOf(t *testing.T, store string) string {
	t.Helper()
	u, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	return password
}

func TestPostgres_aServerThatDoesNotAnswerIsNamedWithoutItsPassword(t *testing.T) {
	for _, store := range []string{
		"postgres://shop:secret@127.0.0.1:1/shop", "POSTGRESQL://shop:secret@127.0.0.1:1/shop", "postgres://127.0.0.1:1/shop?schema=a&user=shop&password=secret",
		"postgres://127.0.0.1:1/shop?user=shop&%70assword=secret&sslpassword=secret",
	} {
		code, _, stderr := invoke(t, "", "orders", "--store", store)
		if code != exitFailed || !strings.Contains(stderr, "127.0.0.1:1") || strings.Contains(stderr, "secret") ||
			!strings.Contains(stderr, "check host, port and network") {
			t.Errorf("exit code %d, %q", code, stderr)
		}
	}
}

// A mistake in a URL must not print its password.
func TestPostgres_aMistypedURLIsNamedWithoutItsPassword(t *testing.T) {
	for _, args := range [][]string{
		{"orders", "--store", "postgres:shop:secret@127.0.0.1:1/shop"},
		{"orders", "--store", "postgres:/shop:secret@127.0.0.1:1/shop"},
		{"serve", "--store", "host=127.0.0.1:1 user=shop password=secret"},
		{"copy", "sqlite:x", "postgresql:shop:secret@127.0.0.1:1/shop"},
		{"schema", "check", "postgres:shop?password=secret&host=127.0.0.1:1"},
		{"orders", "postgres://shop:secret@127.0.0.1:1/shop"},
	} {
		code, _, stderr := invoke(t, "", args...)
		if code != exitFailed || strings.Contains(stderr, "secret") || !strings.Contains(stderr, "127.0.0.1:1") {
			t.Errorf("%v: exit code %d, %q", args, code, stderr)
		}
	}
}

// A variable of the shell that is not set must not lead to other tables.
func TestPostgres_theSchemaIsNamedOnceOrNotAtAll(t *testing.T) {
	for _, query := range []string{"schema=", "schema=a&schema=b", "schema=&schema=a"} {
		for _, args := range [][]string{{"orders", "--store"}, {"schema", "create"}} {
			code, _, stderr := invoke(t, "", append(args, "postgres://shop:secret@127.0.0.1:1/shop?"+query)...)
			if code != exitFailed || strings.Contains(stderr, "secret") ||
				!strings.Contains(stderr, "schema is there twice, or empty") {
				t.Errorf("%v, %s: exit code %d, %q", args, query, code, stderr)
			}
		}
	}
}

func TestPostgres_parametersReachTheServerAsTheyAreWritten(t *testing.T) {
	store := newServer(t) + "&options=-c%20timezone%3DUTC%20-c%20statement_timeout%3D60000"
	execute(t, store, newOrder1)
	if got := shown(t, store, "1"); got.State != ordermanager.StatePending {
		t.Errorf("got %+v", got)
	}
}

func TestCopy_movesAFileToAServerAndBack(t *testing.T) {
	file, _ := newFile(t)
	back, _ := newFile(t)
	server := newServer(t)
	execute(t, file, newOrder1, put1, newOrder2)
	for range 2 { // it can be repeated
		for _, way := range [][2]string{{file, server}, {server, back}} {
			if code, _, stderr := invoke(t, "", "copy", way[0], way[1]); code != exitAccepted {
				t.Fatalf("exit code %d, %q", code, stderr)
			}
		}
	}
	for _, id := range []string{"1", "2"} {
		_, want, _ := invoke(t, "", "show", id, "--store", file, "--json")
		for _, store := range []string{server, back} {
			_, got, _ := invoke(t, "", "show", id, "--store", store, "--json")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order %s: %s", id, diff)
			}
		}
	}
	execute(t, server, make1, complete1)
	if got := shown(t, server, "1"); got.State != ordermanager.StateCompleted || got.Owes {
		t.Errorf("got %+v", got)
	}
}

func TestCopy_isBetweenSQLDatabasesOnly(t *testing.T) {
	code, _, stderr := invoke(t, "", "copy", "memory", "dynamodb:x")
	if code != exitFailed || !strings.Contains(stderr, `copy is between sqlite:FILE and postgres://…, not "memory"`) {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}

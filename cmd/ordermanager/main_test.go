package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"

	"github.com/brewline/ordermanager"
)

var update = flag.Bool("update", false, "write what the command prints to the golden files")

// invoke runs the program with a standard input.
func invoke(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// Each script is testdata/<input>.in.jsonl; what it prints is testdata/<golden>.out.jsonl, compared as JSON.
func TestExec_answersEveryInputOfAScript(t *testing.T) {
	for _, c := range []struct {
		about         string
		input, golden string
		flags         []string
		code          int
	}{
		{about: "the source page's two inputs", input: "source_page", code: exitRefused},
		{about: "two whole lives, with repeated requests", input: "life"},
		{about: "every kind of refusal", input: "refusals", code: exitRefused},
		{about: "every action on orders that have ended (invariant 1)", input: "terminal", code: exitRefused},
		{about: "values that are no requests", input: "not_requests", code: exitRefused},
		{about: "values that two readers would read differently (invariant 9)", input: "exact", code: exitRefused},
		{about: "values that are no events", input: "not_events", code: exitRefused},
		{
			about: "events that come twice, late, or from somebody else (invariants 3 and 6)", input: "repeated_events",
			code: exitRefused,
		},
		{about: "time-outs", input: "time_outs", code: exitRefused},
		{about: "a cancel in every window (invariant 3)", input: "cancel", code: exitRefused},
		{
			about: "nobody is resumed (invariant 5)", input: "resume_none", flags: []string{"--resume", "none"},
			code: exitRefused,
		},
		{about: "completed unclaimed in the standard life", input: "unclaimed", code: exitRefused},
		{
			about: "completed unclaimed in the sample's life", input: "unclaimed", golden: "unclaimed_serverlesspresso",
			flags: []string{"--lifecycle", "serverlesspresso"}, code: exitRefused,
		},
		{about: "a plain menu", input: "menu", flags: []string{"--menu", "testdata/menu.plain.json"}, code: exitRefused},
		{
			about: "the workshop's form of a menu", input: "menu", flags: []string{"--menu", "testdata/menu.workshop.json"},
			code: exitRefused,
		},
		{
			about: "the core's form of a menu", input: "menu", flags: []string{"--menu", "testdata/menu.core.json"},
			code: exitRefused,
		},
		{
			about: "the rules of groups", input: "groups", flags: []string{"--menu", "testdata/menu.groups.json"},
			code: exitRefused,
		},
		{about: "what is not JSON ends the run", input: "malformed", code: exitRefused},
		{about: "a value that is cut short ends the run", input: "cut_short", code: exitRefused},
	} {
		t.Run(c.about, func(t *testing.T) {
			input := filepath.Join("testdata", c.input+".in.jsonl")
			golden := c.golden
			if golden == "" {
				golden = c.input
			}
			golden = filepath.Join("testdata", golden+".out.jsonl")
			code, stdout, stderr := invoke(t, "", append([]string{"exec", input}, c.flags...)...)
			if code != c.code || stderr != "" {
				t.Errorf("exit code %d, want %d; stderr %q", code, c.code, stderr)
			}
			if *update {
				if err := os.WriteFile(golden, []byte(stdout), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(lines(t, string(want)), lines(t, stdout)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			// Invariant 8: the task tokens of the scripts all begin with this.
			if strings.Contains(stdout, "secret-") {
				t.Error("a task token was printed")
			}
		})
	}
}

// lines decodes one JSON object per line.
func lines(t *testing.T, text string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(text) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("not an object on one line: %q: %v", line, err)
		}
		all = append(all, object)
	}
	return all
}

func TestExec_readsTheStandardInput(t *testing.T) {
	script, err := os.ReadFile("testdata/life.in.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := invoke(t, "", "exec", "testdata/life.in.jsonl")
	for _, args := range [][]string{{"exec"}, {"exec", "-"}} {
		if code, got, stderr := invoke(t, string(script), args...); code != exitAccepted || got != want {
			t.Errorf("%v: exit code %d, %q, and the output differs by:\n%s", args, code, stderr, cmp.Diff(want, got))
		}
	}
}

// Some editors begin a file with a byte-order mark, and some shells write UTF-16.
func TestFiles_mayBeginWithAByteOrderMark(t *testing.T) {
	for _, c := range []struct {
		file string
		args func(file string) []string
	}{
		{"testdata/life.in.jsonl", func(file string) []string { return []string{"exec", file} }},
		{"testdata/menu.plain.json", func(file string) []string { return []string{"menu", "check", file} }},
		{"../../examples/pickup/lifecycle.json", func(file string) []string { return []string{"diagram", "--lifecycle", file} }},
	} {
		data, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		_, want, _ := invoke(t, "", c.args(c.file)...)
		for name, encoding := range map[string]encoding.Encoding{
			"UTF-8 with a mark":     unicode.UTF8BOM,
			"UTF-16, little endian": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
			"UTF-16, big endian":    unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
		} {
			encoded, err := encoding.NewEncoder().Bytes(data)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), filepath.Base(c.file))
			if err := os.WriteFile(file, encoded, 0o600); err != nil {
				t.Fatal(err)
			}
			code, got, stderr := invoke(t, "", c.args(file)...)
			if got = strings.ReplaceAll(got, file, c.file); code != exitAccepted || got != want || stderr != "" {
				t.Errorf("%v in %s: exit code %d, %q\n%s", c.args(c.file), name, code, stderr, cmp.Diff(want, got))
			}
		}
	}
}

func TestExec_acceptsAnEmptyInput(t *testing.T) {
	if code, stdout, stderr := invoke(t, " \n", "exec"); code != exitAccepted || stdout != "" || stderr != "" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestExec_answersBeforeTheNextInputComes(t *testing.T) {
	stdin, keyboard := io.Pipe()
	screen, stdout := io.Pipe()
	done := make(chan int)
	go func() {
		done <- run(t.Context(), []string{"exec"}, stdin, stdout, io.Discard)
		_ = stdout.Close()
	}()
	printed := bufio.NewScanner(screen)
	for _, input := range []string{
		`{"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":"ann"}}`,
		`{"action":"put","orderId":"1","body":{"userId":"ann","drink":"Latte"}}`,
	} {
		// The next value has not even begun when the answer must be there.
		if _, err := io.WriteString(keyboard, input); err != nil {
			t.Fatal(err)
		}
		if !printed.Scan() || !strings.Contains(printed.Text(), `"ok":true`) {
			t.Fatalf("answer to %s: %q", input, printed.Text())
		}
	}
	_ = keyboard.Close()
	if code := <-done; code != exitAccepted {
		t.Errorf("exit code %d", code)
	}
}

func TestExec_refusesWhatIsTooLargeAndGoesOn(t *testing.T) {
	padding := strings.Repeat("x", ordermanager.MaxRequestBytes)
	code, stdout, _ := invoke(t, `{"action":"make","padding":"`+padding+
		`"} {"detail-type":"Validator.NewOrder","detail":{"padding":"`+padding+`"}}
		{"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":"ann"}}`, "exec")
	var got []any
	for _, line := range lines(t, stdout) {
		got = append(got, line["ok"], line["code"])
	}
	if diff := cmp.Diff([]any{false, "invalid_request", false, "invalid_request", true, nil}, got); diff != "" ||
		code != exitRefused {
		t.Errorf("exit code %d, -want +got:\n%s", code, diff)
	}
}

func TestExec_offersTheWorkshopsMenu(t *testing.T) {
	icons := map[string]string{
		"Espresso":          "barista-icons_espresso-alternative",
		"Cappuccino":        "barista-icons_cappuccino-alternative",
		"Latte":             "barista-icons_cafe-latte",
		"Flat White":        "barista-icons_flat-white-alternative@2x",
		"Americano":         "barista-icons_americano",
		"Coffee of the day": "barista-icons_americano",
	}
	for drink, icon := range icons {
		code, stdout, _ := invoke(t, `{"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":"ann"}}
			{"action":"put","orderId":"1","body":{"userId":"ann","drink":"`+drink+`"}}`, "exec")
		if code != exitAccepted || !strings.Contains(stdout, `"icon":"`+icon+`"`) {
			t.Errorf("%s: exit code %d, %s", drink, code, stdout)
		}
	}
}

func TestExec_stopsWhenItIsInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	stdin, _ := io.Pipe() // nothing ever comes
	interrupt()
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"exec"}, stdin, &stdout, &stderr)
	if code != exitFailed || stdout.Len() != 0 ||
		stderr.String() != "ordermanager: interrupted: no input was carried out; run it again\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, &stdout, &stderr)
	}
}

func TestExec_stopsWhenNobodyReadsItsOutput(t *testing.T) {
	reader, stdout := io.Pipe()
	_ = reader.CloseWithError(errors.New("broken pipe"))
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"exec", "testdata/life.in.jsonl"}, nil, stdout, &stderr)
	if code != exitFailed ||
		stderr.String() != "ordermanager: broken pipe; input 1 was carried out, and what follows was not read\n" {
		t.Errorf("exit code %d, stderr %q", code, &stderr)
	}
}

func TestRun_saysOnOneLineWhyItCouldNotRun(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	notAMenu := filepath.Join(t.TempDir(), "menu.json")
	if err := os.WriteFile(notAMenu, []byte("{\n}"), 0o600); err != nil {
		t.Fatal(err)
	}
	tooLong := strings.Repeat("x", ordermanager.MaxIDBytes+1)
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, `expected one of "exec", "orders", "show", "watch", "stats", ... (try --help)`},
		{[]string{"brew"}, `unexpected argument brew (try --help)`},
		{[]string{"exec", "--sugar"}, `unknown flag --sugar (try --help)`},
		{[]string{"exec", "-", "-"}, `unexpected argument - (try --help)`},
		{
			[]string{"exec", "--store", "cupboard"},
			`--store: there is no store "cupboard"; there are: memory, dynamodb:TABLE, sqlite:FILE, postgres://…`,
		},
		{
			[]string{"exec", "--store", "sqlite:"},
			`--store: there is no store "sqlite:"; there are: memory, dynamodb:TABLE, sqlite:FILE, postgres://…`,
		},
		{
			[]string{"exec", "--layout", "round"},
			`--layout must be one of "native","workshop","core" but got "round" (try --help)`,
		},
		{
			[]string{"exec", "--events", "eventbridge:"},
			`--events: there is no place "eventbridge:" for events; there are: eventbridge:BUS, none`,
		},
		{
			[]string{"exec", "--webhook", "pigeon"},
			`--webhook: invalid options: the address of the webhook does not begin with https:// and a host; invalid options: ` +
				`there is no secret to sign with; write https://…, and set ORDERMANAGER_WEBHOOK_SECRET to what ` +
				`"openssl rand -base64 32" prints`,
		},
		{[]string{"exec", "--menu", "dynamodb:"}, `--menu: dynamodb: is followed by the name of the configuration table`},
		{
			[]string{"exec", "--resume", "maybe"},
			`--resume: there is no way "maybe" to resume; there are: local, stepfunctions, durable, none`,
		},
		{[]string{"orders"}, `missing flags: --store=STORE (try --help)`},
		{
			[]string{"orders", "--store", "memory"},
			`--store: memory is empty when the program starts; name dynamodb:TABLE, sqlite:FILE or postgres://…`,
		},
		{[]string{"orders", "--store", "sqlite:no/such.db"}, `there is no file no/such.db; exec and serve create one`},
		{[]string{"orders", "--store", "sqlite:x", "--limit", "-1"}, `--limit: cannot be negative; 0 means all orders`},
		{[]string{"watch", "--store", "sqlite:x", "--interval", "-2s"}, `--interval: must be more than 0; leave it out for the default`},
		{
			[]string{"stats", "--store", "sqlite:x", "--interval", "1m"},
			`--interval: changes nothing without --watch; add that, or leave --interval out`,
		},
		{
			[]string{"serve", "--store", "memory", "--window", "10m", "--max-in-queue", "3"},
			`--window: changes nothing without --max-in-window; add that, or leave --window out`,
		},
		{[]string{"exec", "--webhook", ""}, `--webhook: is empty; give it a value, or leave it out`},
		{[]string{"orders", "--store", "sqlite:x", "--customer="}, `--customer: is empty; give it a value, or leave it out`},
		{
			[]string{"orders", "--store", "sqlite:x", "--output", "table", "--json"},
			`--output: table contradicts --json; leave one of them out`,
		},
		{[]string{"exec", "--output", "table", "--json"}, `--output: table contradicts --json; leave one of them out`},
		{
			[]string{"show", "1", "--store", "sqlite:x", "--layout", "core"},
			`--layout: only a table of DynamoDB has one; leave it out for sqlite:x`,
		},
		{[]string{"show", "--store", "sqlite:x"}, `expected "<order>" (try --help)`},
		{
			[]string{"redrive", "--store", "cup"},
			`--store: there is no store "cup"; there are: dynamodb:TABLE, sqlite:FILE, postgres://…`,
		},
		{
			[]string{"orders", "--store", "orders.db"},
			`--store: there is no store "orders.db"; there are: dynamodb:TABLE, sqlite:FILE, postgres://…; ` +
				`write sqlite:orders.db`,
		},
		{
			[]string{"serve", "--store", "orders.db"},
			`--store: serve keeps orders in sqlite:FILE, postgres://… or memory, not in "orders.db"; write sqlite:orders.db`,
		},
		{
			[]string{"table", "create", "sqlite:orders"},
			`there is no table "sqlite:orders": these commands are about tables of DynamoDB; write TABLE or dynamodb:TABLE`,
		},
		{[]string{"table", "check", "orders"}, "no AWS region is set: set AWS_REGION, or AWS_PROFILE to a profile " +
			"that has one"},
		{[]string{"table", "check", "dynamodb:orders"}, "no AWS region is set: set AWS_REGION, or AWS_PROFILE to a " +
			"profile that has one"},
		{[]string{"stats", "--store", "sqlite:x", "--stuck-after", "-1s"}, `--stuck-after: must be more than 0; leave it out for the default`},
		{[]string{"help", "brew"}, `unexpected argument brew (try --help)`},
		{[]string{"completion", "csh"}, `<shell> must be one of "bash","zsh","fish" but got "csh" (try --help)`},
		{
			[]string{"serve", "--store", "dynamodb:x"},
			`--store: serve keeps orders in sqlite:FILE, postgres://… or memory, not in "dynamodb:x"`,
		},
		{[]string{"serve", "--store", "memory", "--addr", "x"}, `--addr: cannot listen on x: listen tcp: address x: ` +
			`missing port in address; write an address of this machine, like 127.0.0.1:8080`},
		{
			[]string{"serve", "--store", "memory", "--addr", "127.0.0.1:0", "--events", "pigeon"},
			`--events: there is no place "pigeon" for events; there are: eventbridge:BUS, none`,
		},
		{
			[]string{"serve", "--store", "memory", "--max-in-queue", "-5"},
			"--max-in-queue: must be more than 0; leave it out for the default",
		},
		{
			[]string{"serve", "--store", "memory", "--max-per-day", "0"},
			"--max-per-day: must be more than 0; leave it out for the default",
		},
		{
			[]string{"serve", "--store", "memory", "--max-in-window", "3", "--window", "0s"},
			"--window: must be more than 0; leave it out for the default",
		},
		{
			[]string{"orders", "--store", "sqlite:x", "--customer", tooLong},
			"invalid request: --customer is longer than 128 bytes",
		},
		{
			[]string{"watch", "--store", "sqlite:x", "--venue", tooLong},
			"invalid request: --venue is longer than 128 bytes",
		},
		{
			[]string{"stats", "--store", "sqlite:x", "--venue", tooLong},
			"invalid request: --venue is longer than 128 bytes",
		},
		{
			[]string{"repair", "1", "cancel", "--store", "sqlite:x", "--by", tooLong, "--reason", "no milk"},
			"invalid request: --by is longer than 128 bytes",
		},
		{[]string{"menu", "check", "testdata"}, "read testdata: is a directory; name the file of a menu"},
		{
			[]string{"exec", "--lifecycle", "nine"},
			"--lifecycle: open nine: no such file or directory; write standard, serverlesspresso, or the FILE of a table",
		},
		{
			[]string{"exec", "--lifecycle", "testdata/lifecycle.broken.json"},
			`--lifecycle: testdata/lifecycle.broken.json: invalid life cycle: rules[0].to: put leads to "pendign", which is no state of the table; ` +
				`rules[1].claim: "grabs" is none of "takes", "needs" and "releases"; fix the file; ` +
				`docs/lifecycle.md explains every rule`,
		},
		{[]string{"exec", "\x1b[2J"}, "open \ufffd[2J: no such file or directory; " +
			"name a file that can be read, or - for standard input"},
		{
			[]string{"lifecycle", "check", "no/such/file"},
			"open no/such/file: no such file or directory; name the file of a table",
		},
		{[]string{"diagram", "--format", "png"}, `--format must be one of "mermaid","dot" but got "png" (try --help)`},
		{[]string{"exec", "no/such/file"}, "open no/such/file: no such file or directory; " +
			"name a file that can be read, or - for standard input"},
		{[]string{"exec", "testdata"}, "read testdata: is a directory; " +
			"name a file that can be read, or - for standard input"},
		{
			[]string{"exec", "--menu", "no/such/menu"},
			"menu: open no/such/menu: no such file or directory; name the file of a menu, or leave --menu out for the " +
				"workshop's",
		},
		{[]string{"exec", "two\nlines"}, "open two; lines: no such file or directory; " +
			"name a file that can be read, or - for standard input"},
		{
			[]string{"exec", "--menu", notAMenu}, "menu " + notAMenu + ": the menu is not sound: the document is not a menu: " +
				"it has none of items, value, menu, Item and Items; fix what ordermanager menu check " + notAMenu +
				" says, or leave --menu out for the workshop's",
		},
		{[]string{"copy", "sqlite:x", "sqlite:x"}, "the source and the target are the same; name two places"},
		{
			[]string{"repair", "1", "cancel", "--store", "sqlite:x", "--by", " ", "--reason", "no milk"},
			"--by: the history keeps it, so it cannot be empty",
		},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			code, stdout, stderr := invoke(t, "", c.args...)
			if code != exitFailed || stdout != "" || stderr != "ordermanager: "+c.want+"\n" {
				t.Errorf("exit code %d, stdout %q\nstderr %q\nwant   %q", code, stdout, stderr, c.want)
			}
		})
	}
}

func TestRun_helpsEverywhere(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"--help"}, []string{"exec", "diagram", "Exit codes:"}},
		{
			[]string{"exec", "--help"},
			[]string{"--store", "--resume", "--menu", "--lifecycle", "Validator.NewOrder", "Example:"},
		},
		{[]string{"help"}, []string{"exec", "diagram", "Exit codes:"}},
		{[]string{"help", "exec"}, []string{"--store", "Validator.NewOrder", "Example:"}},
		{[]string{"help", "table", "check"}, []string{"--layout", "exit code"}},
		{[]string{"--help"}, []string{"interrupted. Ctrl-C is how watch, stats --watch and serve end: with 0."}},
		{[]string{"exec", "--help"}, []string{"Default: memory.", "still owed after it"}},
		{[]string{"stats", "--help"}, []string{"--store", "--watch", "--stuck-after", "--output", "Observer"}},
		{
			[]string{"orders", "--help"},
			[]string{"--store", "--layout", "--state", "--customer", "--venue", "--limit", "--output", "--json"},
		},
		{[]string{"show", "--help"}, []string{"--store", "--layout", "--json", "redrive"}},
		{[]string{"watch", "--help"}, []string{"--store", "--layout", "--interval", "--venue", "--json"}},
		{[]string{"redrive", "--help"}, []string{"--store", "--resume", "--events", "--dry-run", "exit code"}},
		{[]string{"serve", "--help"}, []string{"--store", "--addr", "--menu", "--lifecycle", "no sign-in", "X-Demo-User"}},
		{[]string{"table", "check", "--help"}, []string{"--layout", "exit code"}},
		{[]string{"diagram", "-h"}, []string{"--format", "--lifecycle", "Example:"}},
		{[]string{"--version"}, []string{"ordermanager "}},
		{[]string{"exec", "--version"}, []string{"ordermanager "}},
	} {
		code, stdout, stderr := invoke(t, "", c.args...)
		if code != exitAccepted || stderr != "" {
			t.Errorf("%v: exit code %d, stderr %q", c.args, code, stderr)
		}
		unwrapped := strings.Join(strings.Fields(stdout), " ")
		for _, want := range c.want {
			if !strings.Contains(unwrapped, want) {
				t.Errorf("%v does not mention %q:\n%s", c.args, want, stdout)
			}
		}
	}
}

// The example in the help is the first thing that a user copies.
func TestExec_helpShowsAnExampleThatIsAccepted(t *testing.T) {
	_, script, _ := strings.Cut((*execCommand)(nil).Help(), "<<END\n")
	script, _, found := strings.Cut(script, "    END")
	if !found {
		t.Fatal("no example")
	}
	code, stdout, _ := invoke(t, script, "exec")
	if got := lines(t, stdout); code != exitAccepted || len(got) != 4 {
		t.Errorf("exit code %d, output:\n%s", code, stdout)
	}
}

func TestDiagram_drawsTheChosenLifeInTheChosenLanguage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"diagram"}, ordermanager.StandardLifecycle().Mermaid()},
		{[]string{"diagram", "--format", "mermaid"}, ordermanager.StandardLifecycle().Mermaid()},
		{[]string{"diagram", "--format", "dot"}, ordermanager.StandardLifecycle().DOT()},
		{[]string{"diagram", "--lifecycle", "serverlesspresso"}, ordermanager.ServerlesspressoLifecycle().Mermaid()},
		{[]string{"diagram", "--lifecycle=serverlesspresso", "--format=dot"}, ordermanager.ServerlesspressoLifecycle().DOT()},
	} {
		code, stdout, stderr := invoke(t, "", c.args...)
		if code != exitAccepted || stderr != "" {
			t.Errorf("%v: exit code %d, stderr %q", c.args, code, stderr)
		}
		if diff := cmp.Diff(c.want, stdout); diff != "" {
			t.Errorf("%v: -want +got:\n%s", c.args, diff)
		}
	}
}

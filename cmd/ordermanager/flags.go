package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// senseless returns an error for a flag that was given and would change nothing: one with a tag needs whose flag is
// missing, one with an empty value, as of a shell's variable that is not set, or an --output that --json overrules. One
// with a tag positive must be more than 0.
func senseless(parsed *kong.Context) error {
	given := map[string]bool{}
	for _, step := range parsed.Path {
		if step.Flag != nil {
			given[step.Flag.Name] = true
		}
	}
	for _, step := range parsed.Path {
		if step.Flag == nil {
			continue
		}
		name, value, needs := step.Flag.Name, step.Flag.Target, step.Flag.Tag.Get("needs")
		switch {
		case step.Flag.Tag.Has("positive") && value.Int() <= 0:
			return fmt.Errorf("--%s: must be more than 0; leave it out for the default", name)
		case needs != "" && !given[needs]:
			return fmt.Errorf("--%s: changes nothing without --%s; add that, or leave --%[1]s out", name, needs)
		case value.Kind() == reflect.String && value.String() == "":
			return fmt.Errorf("--%s: is empty; give it a value, or leave it out", name)
		case name == "output" && given["json"] && value.String() != "json":
			return fmt.Errorf("--output: %s contradicts --json; leave one of them out", value)
		}
	}
	return nil
}

type lifecycleFlag struct {
	Lifecycle string `default:"standard" placeholder:"LIFECYCLE" help:"The life cycle: standard; serverlesspresso, where unclaimed orders may be completed; or a FILE (docs/lifecycle.md). Default: standard."`
}

func (f lifecycleFlag) table() (ordermanager.Lifecycle, error) {
	switch f.Lifecycle {
	case "standard":
		return ordermanager.StandardLifecycle(), nil
	case "serverlesspresso":
		return ordermanager.ServerlesspressoLifecycle(), nil
	}
	table, err := readLifecycle(f.Lifecycle)
	switch {
	case errors.Is(err, ordermanager.ErrInvalidLifecycle):
		return table, advise(
			fmt.Errorf("--lifecycle: %s: %w", f.Lifecycle, err), "fix the file; docs/lifecycle.md explains every rule",
		)
	case err != nil:
		return table, advise(
			fmt.Errorf("--lifecycle: %w", err), "write standard, serverlesspresso, or the FILE of a table",
		)
	}
	return table, nil
}

// readLifecycle reads the file of a table. An [ordermanager.LifecycleError] has all its problems.
func readLifecycle(file string) (ordermanager.Lifecycle, error) {
	input, err := os.Open(file) //nolint:gosec // the operator names the file
	if err != nil {
		return ordermanager.Lifecycle{}, err
	}
	defer func() { _ = input.Close() }()
	data, err := io.ReadAll(readText(input))
	if err != nil {
		return ordermanager.Lifecycle{}, err
	}
	return ordermanager.ParseLifecycle(data)
}

type layoutFlag struct {
	Layout dynamostore.Layout `enum:"native,workshop,core" default:"native" help:"The layout of a DynamoDB table: native; or the Serverlesspresso sample's workshop or core."`
}

// storeFlags name a store that exists.
type storeFlags struct {
	Store string `required:"" placeholder:"STORE" help:"Where the orders are: dynamodb:TABLE, sqlite:FILE or postgres://…"`
	layoutFlag
}

type resumeFlag struct {
	Resume        string `placeholder:"WAY" help:"What to resume: stepfunctions; durable (Lambda durable executions); local, this program's workflow; or none, which leaves answers owed. Default: stepfunctions for DynamoDB, otherwise local."`
	FailCancelled bool   `help:"In the layouts workshop and core: end a cancelled first wait with the failure OrderCancelled, for a workflow that catches it; otherwise with a success, as the sample's workflow needs."`
}

// outcome returns how a workflow is resumed.
func (f resumeFlag) outcome(layout dynamostore.Layout) func(ordermanager.Decided) (ordermanager.Outcome, error) {
	if f.FailCancelled || !layout.Known() {
		return nil
	}
	return serverlesspresso.Outcome
}

type menuFlag struct {
	Menu string `placeholder:"MENU" help:"The menu: a FILE, as docs/menus.md describes it; or dynamodb:TABLE, the sample's configuration table (of the core with --layout core, otherwise of the workshop). Default: the workshop's menu."`
}

type eventsFlag struct {
	Events  string `default:"none" placeholder:"BUS" help:"Where to publish events: eventbridge:BUS, or none."`
	Webhook string `placeholder:"URL" help:"Where events are posted as well, signed; docs/events.md has more."`
}

// missing says which flag to add for the events that an order owes to a publisher that was not named.
func (f eventsFlag) missing(o *ordermanager.Order) (advice string) {
	for _, flag := range []struct {
		publisher, text string
		given           bool
	}{
		{"", "--events eventbridge:BUS", f.Events != "none"},
		{webhookPublisher, "--webhook URL", f.Webhook != ""},
	} {
		owed := func(key string) bool {
			publisher, _ := ordermanager.SplitOwed(key)
			return publisher == flag.publisher
		}
		if !flag.given && slices.ContainsFunc(o.OwedEvents, owed) {
			advice += "; add " + flag.text
		}
	}
	return advice
}

// webhookPublisher is the name by which events are owed to --webhook.
const webhookPublisher = "webhook"

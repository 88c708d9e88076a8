package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/serverlesspresso"
)

type lifecycleFlag struct {
	Lifecycle string `default:"standard" placeholder:"LIFECYCLE" help:"The life cycle: standard; serverlesspresso, in which what nobody claimed may be completed; or the FILE of a table of one's own, as docs/lifecycle.md describes it. Default: standard."`
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
			fmt.Errorf("--lifecycle: %s: %w", f.Lifecycle, err), "mend the file; docs/lifecycle.md says why each rule is there",
		)
	case err != nil:
		return table, advise(
			fmt.Errorf("--lifecycle: %w", err), "there are: standard, serverlesspresso, or the FILE of a table",
		)
	}
	return table, nil
}

// readLifecycle reads the file of a table. An [ordermanager.LifecycleError] has everything that is wrong with it.
func readLifecycle(file string) (ordermanager.Lifecycle, error) {
	data, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return ordermanager.Lifecycle{}, err
	}
	return ordermanager.ParseLifecycle(data)
}

type layoutFlag struct {
	Layout dynamostore.Layout `enum:"native,workshop,core" default:"native" help:"How a DynamoDB table is laid out: native; or workshop or core, the two dialects of the Serverlesspresso sample."`
}

// storeFlags name a store that is there already.
type storeFlags struct {
	Store string `required:"" placeholder:"STORE" help:"Where the orders are: dynamodb:TABLE, sqlite:FILE or postgres://…"`
	layoutFlag
}

type resumeFlag struct {
	Resume        string `placeholder:"WAY" help:"Who is resumed: local, the workflow of this program; stepfunctions; durable, Lambda durable executions; or none, which leaves every answer owed. Default: stepfunctions for orders in DynamoDB, and local for others."`
	FailCancelled bool   `help:"In the layouts workshop and core: end the first wait of a cancelled order with the failure OrderCancelled, for a workflow that catches it. Default: with a success, as the sample's own workflow needs it."`
}

// outcome is what a workflow is resumed with.
func (f resumeFlag) outcome(layout dynamostore.Layout) func(ordermanager.Decided) (ordermanager.Outcome, error) {
	if f.FailCancelled || layout != dynamostore.Workshop && layout != dynamostore.Core {
		return nil
	}
	return serverlesspresso.Outcome
}

type menuFlag struct {
	Menu string `placeholder:"MENU" help:"The menu: a FILE, in plain JSON or as a Serverlesspresso configuration item in DynamoDB's JSON; or dynamodb:TABLE, the sample's configuration table, in the dialect of --layout core or else the workshop's. Default: the workshop's menu."`
}

type eventsFlag struct {
	Events  string `default:"none" placeholder:"BUS" help:"Where events go: eventbridge:BUS; or none, which makes none."`
	Webhook string `placeholder:"URL" help:"Where events are posted as well, signed; docs/events.md has more."`
}

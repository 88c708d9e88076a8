package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/aws/eventbridgebus"
	"github.com/brewline/ordermanager/aws/sfnresumer"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	embedded "github.com/brewline/ordermanager/embedded/workflow"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/postgres"
	"github.com/brewline/ordermanager/serverlesspresso"
	"github.com/brewline/ordermanager/webhook"
)

// This file opens everything that a flag can choose.

// lastingStores are the stores that have orders when the program starts.
const lastingStores = "dynamodb:TABLE, sqlite:FILE, postgres://…"

// openStore opens a store; it creates a SQLite file or PostgreSQL tables if they are missing.
func (b *backends) openStore(ctx context.Context, name string) (ordermanager.Store, error) {
	return b.openAmong(ctx, name, schemeMemory+", "+lastingStores)
}

// openAmong opens a store; an error for a name that is none offers those that there are.
func (b *backends) openAmong(ctx context.Context, name, offered string) (ordermanager.Store, error) {
	scheme, rest, _ := strings.Cut(name, ":")
	switch {
	case name == schemeMemory:
		return memory.NewStore(), nil
	case isPostgres(name):
		return b.openPostgres(ctx, name)
	case scheme == schemeSQLite && rest != "":
		b.path = rest
		var err error
		if b.file, err = sqlitestore.Open(ctx, rest); err != nil {
			return nil, err
		}
		return sqlitestore.New(ctx, b.file)
	case scheme == schemeDynamoDB && rest != "":
		b.remote = true
		return b.openTable(ctx, rest)
	}
	return nil, adviseFile(fmt.Errorf("--store: there is no store %q; there are: %s", masked(name), offered), name)
}

// adviseFile adds what to write to an error about the name of a store that looks like that of a file.
func adviseFile(err error, name string) error {
	if filepath.Ext(name) == "" || strings.Contains(name, ":") {
		return err
	}
	return advise(err, "write "+schemeSQLite+":"+name)
}

// openExisting opens a store that must exist.
func (b *backends) openExisting(ctx context.Context, name string) (ordermanager.Store, error) {
	if name == schemeMemory {
		return nil, errors.New(
			"--store: memory is empty when the program starts; name dynamodb:TABLE, sqlite:FILE or postgres://…",
		)
	}
	if isPostgres(name) {
		return b.openExistingPostgres(ctx, name)
	}
	if path, ok := strings.CutPrefix(name, schemeSQLite+":"); ok && path != "" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no file %s; exec and serve create one", path)
		}
	}
	return b.openAmong(ctx, name, lastingStores)
}

// probe is an order that does not exist. Reading it shows whether the table can be used.
const probe = "ordermanager-probe"

func (b *backends) openTable(ctx context.Context, table string) (ordermanager.Store, error) {
	cfg, err := b.cloud.config(ctx)
	if err != nil {
		return nil, err
	}
	store, err := dynamostore.New(dynamodb.NewFromConfig(cfg), table, &dynamostore.Options{Layout: b.layout})
	if err != nil {
		return nil, err
	}
	_, err = store.Get(ctx, probe)
	return store, err
}

// telling returns a DynamoDB store as a watch.Watcher if its table has a stream that this program may read; otherwise,
// and for other stores, the store as it is.
func (b *backends) telling(ctx context.Context, store ordermanager.Store) ordermanager.Store {
	table, ok := store.(*dynamostore.Store)
	if !ok {
		return store
	}
	cfg, err := b.cloud.config(ctx)
	if err != nil {
		return store
	}
	watched := table.Watched(dynamodbstreams.NewFromConfig(cfg, func(o *dynamodbstreams.Options) {
		// A local DynamoDB serves its streams at the same endpoint.
		if local := os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"); local != "" && o.BaseEndpoint == nil {
			o.BaseEndpoint = &local
		}
	}))
	if _, err := watched.Changes(ctx, "", 0); err != nil {
		return store
	}
	return watched
}

// openReading opens a store that must exist, for a command that only reads: it need not be writable.
func (b *backends) openReading(ctx context.Context, name string) (ordermanager.Store, error) {
	store, err := b.openExisting(ctx, name)
	if b.path == "" || !errors.Is(err, sqlitestore.ErrReadOnly) && !errors.Is(err, sqlitestore.ErrCannotOpen) {
		return store, err
	}
	b.close()
	if b.file, err = sqlitestore.OpenReadOnly(ctx, b.path); err != nil {
		return nil, err
	}
	return sqlitestore.New(ctx, b.file)
}

// manager returns a Manager that reads a store that must exist, and resumes no workflow.
func (b *backends) manager(ctx context.Context, store string, lifecycle lifecycleFlag) (*ordermanager.Manager, error) {
	_, manager, err := b.storeAndManager(ctx, store, lifecycle)
	return manager, err
}

func (b *backends) storeAndManager(
	ctx context.Context, store string, lifecycle lifecycleFlag,
) (ordermanager.Store, *ordermanager.Manager, error) {
	table, err := lifecycle.table()
	if err != nil {
		return nil, nil, err
	}
	if b.layout.Known() && !strings.HasPrefix(store, schemeDynamoDB+":") {
		return nil, nil, fmt.Errorf("--layout: only a table of DynamoDB has one; leave it out for %s", masked(store))
	}
	opened, err := b.openReading(ctx, store)
	if err != nil {
		return nil, nil, err
	}
	options := &ordermanager.Options{Lifecycle: table}
	manager, err := ordermanager.New(opened, ordermanager.NoMenu(), noResumer{}, options)
	return opened, manager, err
}

// workflow is a workflow in this process.
type workflow interface {
	ordermanager.Resumer
	Connect(manager *ordermanager.Manager)
	Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error)
	Advance(ctx context.Context) error
}

// openResumer also returns the workflow of this process; nil if workflows run elsewhere or not at all. Open the store
// first: the local workflow is in the same database.
func (b *backends) openResumer(ctx context.Context, name string) (ordermanager.Resumer, workflow, error) {
	if name == "" {
		name = "local"
		if b.remote {
			name = "stepfunctions"
		}
	}
	switch name {
	case "local":
		local, err := b.openWorkflow(ctx)
		return local, local, err
	case "none":
		return noResumer{}, nil, nil
	case "stepfunctions", "durable":
		cfg, err := b.cloud.config(ctx)
		if err != nil {
			return nil, nil, err
		}
		if name == "durable" {
			return durableresumer.New(lambda.NewFromConfig(cfg)), nil, nil
		}
		return sfnresumer.New(sfn.NewFromConfig(cfg)), nil, nil
	}
	return nil, nil, fmt.Errorf(
		"--resume: there is no way %q to resume; there are: local, stepfunctions, durable, none", name,
	)
}

func (b *backends) openWorkflow(ctx context.Context) (workflow, error) {
	switch {
	case b.remote:
		// It would report the tokens in the table as gone, and they would be discarded.
		return nil, errors.New(
			"--resume local does not know the workflows of orders in DynamoDB; there are: stepfunctions, durable, none",
		)
	case b.file != nil:
		return embedded.New(ctx, b.file, b.workflowOptions())
	case b.pool != nil:
		return postgres.NewWorkflow(ctx, b.pool, b.tables, b.workflowOptions())
	}
	workflow := memory.NewWorkflow()
	return workflow, workflow.Limit(b.limits)
}

func (b *backends) workflowOptions() *embedded.Options { return &embedded.Options{Limits: b.limits} }

// noResumer resumes nothing, so every answer stays owed.
type noResumer struct{}

var errNoResumer = fmt.Errorf("nothing is resumed (--resume none): %w", ordermanager.ErrUndeliverable)

func (noResumer) Resume(context.Context, ordermanager.TaskToken, ordermanager.Outcome) (ordermanager.Answer, error) {
	return "", errNoResumer
}

// dialect returns the dialect of menus and events: that of the table if it is one of the sample's, otherwise the
// workshop's.
func (b *backends) dialect() serverlesspresso.Dialect {
	if b.layout.Known() {
		return b.layout
	}
	return serverlesspresso.Workshop
}

// openPublishers opens the publishers: the bus, and the others by name.
func (b *backends) openPublishers(
	ctx context.Context, flag eventsFlag,
) (bus ordermanager.Publisher, others map[string]ordermanager.Publisher, err error) {
	if bus, err = b.openPublisher(ctx, flag.Events); err != nil || flag.Webhook == "" {
		return bus, nil, err
	}
	hook, err := webhook.New(flag.Webhook, strings.Fields(os.Getenv(webhookSecret)), nil)
	if err != nil {
		return nil, nil, advise(fmt.Errorf("--webhook: %w", err),
			"write https://…, and set "+webhookSecret+" to what \"openssl rand -base64 32\" prints")
	}
	return bus, map[string]ordermanager.Publisher{webhookPublisher: hook}, nil
}

// webhookSecret is the environment variable with the secrets of --webhook, separated by spaces: others on the machine
// can see arguments.
const webhookSecret = "ORDERMANAGER_WEBHOOK_SECRET"

// openPublisher returns nil if no events are to be published.
func (b *backends) openPublisher(ctx context.Context, name string) (ordermanager.Publisher, error) {
	if name == "none" {
		return nil, nil
	}
	bus, ok := strings.CutPrefix(name, "eventbridge:")
	if !ok || bus == "" {
		return nil, fmt.Errorf("--events: there is no place %q for events; there are: eventbridge:BUS, none", name)
	}
	cfg, err := b.cloud.config(ctx)
	if err != nil {
		return nil, err
	}
	client := eventbridge.NewFromConfig(cfg)
	// EventBridge drops events for a missing bus. Without permission to check, publishing may still work.
	if err := eventbridgebus.Check(ctx, client, bus); errors.Is(err, eventbridgebus.ErrNoBus) {
		return nil, advise(err, "create the bus, or name an existing one with --events eventbridge:BUS")
	}
	return eventbridgebus.New(client, &eventbridgebus.Options{Bus: bus, Dialect: b.dialect()})
}

// workshopMenu is the menu of the Serverlesspresso workshop.
//
//go:embed menu.workshop.json
var workshopMenu []byte

// openMenu opens the menu in a file or a table, or the workshop's.
func (b *backends) openMenu(ctx context.Context, name string) (ordermanager.MenuSource, error) {
	table, remote := strings.CutPrefix(name, schemeDynamoDB+":")
	switch {
	case remote && table == "":
		return nil, errors.New("--menu: dynamodb: is followed by the name of the configuration table")
	case remote:
		return b.openMenuTable(ctx, table)
	case name != "":
		menu, err := serverlesspresso.MenuFile(name)
		if _, unsound := errors.AsType[*ordermanager.InvalidMenuError](err); unsound {
			return nil, advise(err, "fix what ordermanager menu check "+name+" says, or leave --menu out for the workshop's")
		}
		if err != nil {
			return nil, advise(err, "name the file of a menu, or leave --menu out for the workshop's")
		}
		return menu, nil
	}
	menu, err := serverlesspresso.ParseMenu(workshopMenu)
	if err != nil {
		return nil, err
	}
	return ordermanager.StaticMenu(*menu), nil
}

func (b *backends) openMenuTable(ctx context.Context, table string) (ordermanager.MenuSource, error) {
	cfg, err := b.cloud.config(ctx)
	if err != nil {
		return nil, err
	}
	menu, err := dynamostore.NewMenuSource(dynamodb.NewFromConfig(cfg), table, &dynamostore.MenuOptions{
		Dialect: b.dialect(), Logger: b.log,
	})
	if err != nil {
		return nil, err
	}
	// Reading it now shows whether the table can be used. In core each venue has its own menu, and "" has none.
	if _, err := menu.Menu(ctx, ""); err != nil &&
		(b.dialect() != serverlesspresso.Core || !errors.Is(err, dynamostore.ErrNoMenu)) {
		return nil, err
	}
	return menu, nil
}

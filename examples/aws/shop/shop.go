// Package shop is what the functions of this example share: a Manager on the AWS adapters, set up from the environment
// once, before the first invocation.
package shop

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamolimits"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/aws/eventbridgebus"
	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/aws/sfnresumer"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// Shop is a Manager and what its handlers need.
type Shop struct {
	Manager *ordermanager.Manager
	Menu    ordermanager.MenuSource
	Dialect serverlesspresso.Dialect
	// Starter starts the workflows of new orders; nil beside the sample, which starts them itself.
	Starter httpapi.Starter
	Logger  *slog.Logger
}

// Open sets the shop up from the environment; template.yaml has the variables:
//
//	ORDERS_TABLE     the table of the orders
//	LAYOUT           native, or sample for a table of the Serverlesspresso sample
//	CONFIG_TABLE     the sample's configuration table, which has the menu
//	DIALECT          workshop or core: how the sample's table, its menu and its events are spelt
//	EVENT_BUS        the event bus
//	ORDER_PROCESSOR  the state machine that begins with an order; empty where something else starts it
//	LIMITS_TABLE     the table of the orders that count for MAX_IN_QUEUE, MAX_PER_CUSTOMER, MAX_PER_DAY and MAX_IN_WINDOW
//	                 (within WINDOW_SECONDS); 0 is no limit
//	CATCHES_CANCELLED  true if the workflow has a Catch for OrderCancelled; the sample's has none
//
// It calls no service. The workflow may complete an unclaimed order, as the sample's robot barista does.
func Open() (*Shop, error) {
	s := &Shop{
		Dialect: serverlesspresso.Dialect(os.Getenv("DIALECT")), Logger: slog.New(slog.NewJSONHandler(os.Stderr, nil)),
	}
	table, err := layout(os.Getenv("LAYOUT"), s.Dialect)
	if err != nil {
		return nil, err
	}
	cfg, err := Config()
	if err != nil {
		return nil, err
	}
	client := dynamodb.NewFromConfig(cfg)
	store, err := dynamostore.New(client, os.Getenv("ORDERS_TABLE"), &dynamostore.Options{Layout: table})
	if err != nil {
		return nil, err
	}
	s.Menu, err = dynamostore.NewMenuSource(client, os.Getenv("CONFIG_TABLE"), &dynamostore.MenuOptions{
		Dialect: s.Dialect, StaleFor: time.Hour, Logger: s.Logger,
	})
	if err != nil {
		return nil, err
	}
	bus, err := eventbridgebus.New(
		eventbridge.NewFromConfig(cfg), &eventbridgebus.Options{Bus: os.Getenv("EVENT_BUS"), Dialect: s.Dialect},
	)
	if err != nil {
		return nil, err
	}
	workflows := sfn.NewFromConfig(cfg)
	outcome := serverlesspresso.Outcome // the sample's own workflow catches no failure but a time-out
	if os.Getenv("CATCHES_CANCELLED") == "true" {
		outcome = ordermanager.DefaultOutcome
	}
	s.Manager, err = ordermanager.New(store, s.Menu, sfnresumer.New(workflows), &ordermanager.Options{
		Lifecycle: ordermanager.ServerlesspressoLifecycle(), Publisher: bus, Outcome: outcome, Logger: s.Logger,
		Trace: lambdahandler.Trace,
	})
	if err != nil {
		return nil, err
	}
	if processor := os.Getenv("ORDER_PROCESSOR"); processor != "" {
		limits, err := limits()
		if err != nil {
			return nil, err
		}
		next := sfnresumer.NewStarter(workflows, processor)
		s.Starter, err = dynamolimits.New(client, os.Getenv("LIMITS_TABLE"), s.Manager, next, limits)
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// limits reads the limits of the shop.
func limits() (l capacity.Limits, err error) {
	seconds := 0
	for name, into := range map[string]*int{
		"MAX_IN_QUEUE": &l.MaxInQueue, "MAX_PER_CUSTOMER": &l.MaxPerCustomer, "MAX_PER_DAY": &l.MaxPerDay,
		"MAX_IN_WINDOW": &l.MaxInWindow, "WINDOW_SECONDS": &seconds,
	} {
		if *into, err = strconv.Atoi(os.Getenv(name)); err != nil {
			return l, fmt.Errorf("%w: %s is %q, not a number", ordermanager.ErrInvalidOptions, name, os.Getenv(name))
		}
	}
	l.Window = time.Duration(seconds) * time.Second
	return l, nil
}

// layout reads LAYOUT and DIALECT.
func layout(name string, dialect serverlesspresso.Dialect) (dynamostore.Layout, error) {
	switch {
	case !dialect.Known():
		return "", fmt.Errorf("%w: DIALECT is %q, neither workshop nor core", ordermanager.ErrInvalidOptions, dialect)
	case name == "native":
		return dynamostore.Native, nil
	case name == "sample":
		return dialect, nil
	}
	return "", fmt.Errorf("%w: LAYOUT is %q, neither native nor sample", ordermanager.ErrInvalidOptions, name)
}

// Must is like Open, but logs an error and exits.
func Must() *Shop {
	s, err := Open()
	if err != nil {
		slog.New(slog.NewJSONHandler(os.Stderr, nil)).Error("the function cannot start", "error", err)
		os.Exit(1)
	}
	return s
}

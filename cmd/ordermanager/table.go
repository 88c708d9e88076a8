package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/brewline/ordermanager/aws/dynamostore"
)

type tableCommand struct {
	Create   tableCreateCommand   `cmd:"" help:"Create a table of orders, and wait until it is active."`
	Check    tableCheckCommand    `cmd:"" help:"Print every difference between a table and what its layout needs."`
	AddIndex tableAddIndexCommand `cmd:"" help:"Add the index that redrive needs to a table of the sample, and wait until it is active."`
	Migrate  tableMigrateCommand  `cmd:"" help:"Bring a table of our own layout up to date with this version."`
}

type tableArgument struct {
	Table string `arg:"" help:"The name of the table, or dynamodb:TABLE."`
	layoutFlag
}

// open returns the table's administration, and its name.
func (a *tableArgument) open(ctx context.Context, backends *backends) (dynamostore.MigrateAPI, string, error) {
	table := strings.TrimPrefix(a.Table, schemeDynamoDB+":")
	if table == "" || strings.Contains(table, ":") {
		return nil, "", fmt.Errorf(
			"there is no table %q: these commands are about tables of DynamoDB; write TABLE or dynamodb:TABLE", a.Table,
		)
	}
	cfg, err := backends.cloud.config(ctx)
	if err != nil {
		return nil, "", err
	}
	return dynamodb.NewFromConfig(cfg), table, nil
}

type tableCreateCommand struct{ tableArgument }

// Help is the long help of the command.
func (*tableCreateCommand) Help() string {
	return `The table is on demand, has every index of its layout, and deletes finished orders when a program says so. An
existing table is only compared with its layout.`
}

// Run creates the table.
func (c *tableCreateCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{layout: c.Layout}
	return backends.explain(c.create(ctx, backends, std))
}

func (c *tableCreateCommand) create(ctx context.Context, backends *backends, std *stdio) error {
	client, table, err := c.open(ctx, backends)
	if err != nil {
		return err
	}
	fmt.Fprintf(
		std.err, "creating table %s and waiting until it is active; this takes about half a minute on AWS\n", table,
	)
	if err := dynamostore.Create(ctx, client, c.Layout, table); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "table %s is active, in the layout %s\n", table, c.Layout)
	differences, err := dynamostore.Check(ctx, client, c.Layout, table)
	if err != nil {
		return err
	}
	report(std.out, &c.tableArgument, differences)
	return nil
}

type tableCheckCommand struct {
	tableArgument
	outputFlags
}

// Help is the long help of the command.
func (*tableCheckCommand) Help() string {
	return `Required differences keep orders from working; the exit code is 1 if there are any. The others are printed with
what needs them.`
}

// Run checks the table.
func (c *tableCheckCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{layout: c.Layout}
	client, table, err := c.open(ctx, backends)
	if err != nil {
		return backends.explain(err)
	}
	differences, err := dynamostore.Check(ctx, client, c.Layout, table)
	if err != nil {
		return backends.explain(err)
	}
	if c.inJSON() {
		return c.encode(std.out, table, differences)
	}
	required := report(std.out, &c.tableArgument, differences)
	switch {
	case required > 0:
		fmt.Fprintf(std.out, "table %s cannot be used in the layout %s\n", table, c.Layout)
		return errRefused
	case len(differences) > 0:
		fmt.Fprintf(std.out, "table %s can be used in the layout %s, except as noted above\n", table, c.Layout)
	default:
		fmt.Fprintf(std.out, "table %s has what the layout %s needs\n", table, c.Layout)
	}
	return nil
}

// tableReport is the report on a table in JSON.
type tableReport struct {
	Table  string             `json:"table"`
	Layout dynamostore.Layout `json:"layout"`
	// Usable is false if a difference keeps orders from working.
	Usable      bool             `json:"usable"`
	Differences []differenceLine `json:"differences"`
}

type differenceLine struct {
	Subject  string `json:"subject"`
	Want     string `json:"want"`
	Have     string `json:"have"`
	Required bool   `json:"required"`
	For      string `json:"for,omitempty"`
}

func (c *tableCheckCommand) encode(out io.Writer, table string, differences []dynamostore.Difference) error {
	report := tableReport{Table: table, Layout: c.Layout, Usable: true, Differences: []differenceLine{}}
	for _, d := range differences {
		report.Usable = report.Usable && !d.Required
		report.Differences = append(report.Differences, differenceLine(d))
	}
	if err := encoder(out).Encode(report); err != nil || report.Usable {
		return err
	}
	return errRefused
}

// report prints the differences, and returns how many are required.
func report(out io.Writer, table *tableArgument, differences []dynamostore.Difference) (required int) {
	indexMissing, outdated := false, false
	for _, d := range differences {
		if d.Required {
			required++
		}
		outdated = outdated || d.Required && d.Have == "missing" && table.Layout == dynamostore.Native
		indexMissing = indexMissing || d.For == "redrive" && d.Have == "missing"
		fmt.Fprintln(out, d)
	}
	if indexMissing && required == 0 {
		fmt.Fprintf(
			out, "add what redrive needs with: ordermanager table add-index %s --layout %s\n", table.Table, table.Layout,
		)
	}
	if outdated {
		fmt.Fprintf(out, "bring a table of an earlier version up to date with: ordermanager table migrate %s\n", table.Table)
	}
	return required
}

type tableAddIndexCommand struct{ tableArgument }

// Help is the long help of the command.
func (*tableAddIndexCommand) Help() string {
	return `The index is sparse: only orders that owe something are in it. DynamoDB fills it in the background while the
table is in use. A table that has the index is left as it is.`
}

// Run adds the index.
func (c *tableAddIndexCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{layout: c.Layout}
	client, table, err := c.open(ctx, backends)
	if err != nil {
		return backends.explain(err)
	}
	if c.Layout == dynamostore.Native {
		fmt.Fprintf(std.out, "redrive needs no index of its own in the layout %s\n", c.Layout)
		return nil
	}
	fmt.Fprintf(
		std.err, "adding the index to table %s and waiting until it is active; this takes some minutes on AWS\n", table,
	)
	if err := dynamostore.AddOwingIndex(ctx, client, c.Layout, table); err != nil {
		return backends.explain(err)
	}
	fmt.Fprintf(std.out, "table %s has the index that redrive needs\n", table)
	return nil
}

type tableMigrateCommand struct{ tableArgument }

// Help is the long help of the command.
func (*tableMigrateCommand) Help() string {
	return `Upgrade every process that uses the table first. The table stays in use meanwhile; its listings are complete
when the migration is done. It can be stopped and restarted at any time, and leaves a table that is up to date
unchanged. An item that cannot be read is printed and skipped; the exit code is then 1.`
}

// Run migrates the table.
func (c *tableMigrateCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{layout: c.Layout}
	if c.Layout != dynamostore.Native {
		return fmt.Errorf(
			"the sample's tables need no migration: only the layout %s has earlier versions", dynamostore.Native,
		)
	}
	client, table, err := c.open(ctx, backends)
	if err != nil {
		return backends.explain(err)
	}
	skipped := 0
	err = dynamostore.Migrate(ctx, client, table, func(p dynamostore.Progress) {
		switch {
		case p.Skipped != "":
			skipped++
			fmt.Fprintf(std.out, "skipped %s: %v\n", p.Skipped, p.Err)
		case p.Visited > 0:
			fmt.Fprintf(std.err, "%s: %d items read, %d written\n", p.Step, p.Visited, p.Written)
		default:
			fmt.Fprintln(std.err, p.Step)
		}
	})
	if err != nil {
		return backends.explain(err)
	}
	fmt.Fprintf(std.out, "table %s is what this version needs\n", table)
	if skipped > 0 {
		return errRefused
	}
	return nil
}

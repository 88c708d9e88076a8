package main

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

// Everything that a flag can choose is chosen in this file.

type lifecycleFlag struct {
	Lifecycle string `enum:"standard,serverlesspresso" default:"standard" help:"The life cycle: standard; or serverlesspresso, in which what nobody claimed may be completed."`
}

func (f lifecycleFlag) table() ordermanager.Lifecycle {
	if f.Lifecycle == "serverlesspresso" {
		return ordermanager.ServerlesspressoLifecycle
	}
	return ordermanager.StandardLifecycle
}

func openStore(name string) (ordermanager.Store, error) {
	if name == "memory" {
		return &memory.Store{}, nil
	}
	return nil, fmt.Errorf("--store: there is no store %q; there is: memory", name)
}

// openResumer also returns the workflow of this process, or nil when the workflows run somewhere else or nowhere.
func openResumer(name string) (ordermanager.Resumer, *memory.Workflow, error) {
	switch name {
	case "local":
		workflow := memory.NewWorkflow()
		return workflow, workflow, nil
	case "none":
		return noResumer{}, nil, nil
	}
	return nil, nil, fmt.Errorf("--resume: there is no way %q to resume; there are: local, none", name)
}

// noResumer leaves every answer owed.
type noResumer struct{}

var errNoResumer = fmt.Errorf("there is nobody to resume (--resume none): %w", ordermanager.ErrUndeliverable)

func (noResumer) Resume(context.Context, ordermanager.TaskToken, ordermanager.Outcome) (ordermanager.Answer, error) {
	return "", errNoResumer
}

// workshopMenu is the menu of the Serverlesspresso workshop.
//
//go:embed menu.workshop.json
var workshopMenu []byte

// openMenu reads a menu from a file, or takes the workshop's.
func openMenu(path string) (ordermanager.MenuSource, error) {
	if path != "" {
		return ordermanager.MenuFile(path)
	}
	menu, err := ordermanager.ParseMenu(workshopMenu)
	if err != nil {
		return nil, err
	}
	return ordermanager.StaticMenu(*menu), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/view"
)

type repairCommand struct {
	Order  string `arg:"" help:"The identifier of the order."`
	How    string `arg:"" enum:"resend,cancel,release,abandon" help:"What to do: resend, cancel, release or abandon."`
	By     string `required:"" help:"Your name; the history keeps it."`
	Reason string `required:"" help:"Why; the history keeps it."`
	storeFlags
	resumeFlag
	eventsFlag
	lifecycleFlag
	outputFlags
}

// Help is the long help of the command.
func (*repairCommand) Help() string {
	return `Acts on the order as an admin, within its life cycle; show says how the order stands.

resend: deliver what it owes now, even if an attempt just failed. cancel: end it, and tell its workflow. release: take
the claim from the barista who has it. abandon: give up what it still owes; its workflow is not told.

Use the same --resume and --events as the programs that write the orders. The exit code is 1 if the repair is refused,
or if the order still owes something.`
}

// Run repairs.
func (c *repairCommand) Run(ctx context.Context, std *stdio) error {
	for flag, value := range map[string]string{"--by": c.By, "--reason": c.Reason} {
		if strings.TrimSpace(value) == "" {
			return errors.New(flag + ": the history keeps it, so it cannot be empty")
		}
	}
	if err := ordermanager.CheckID("--by", c.By); err != nil {
		return err
	}
	backends := &backends{layout: c.Layout}
	defer backends.close()
	return backends.explain(c.repair(ctx, backends, std))
}

func (c *repairCommand) repair(ctx context.Context, backends *backends, std *stdio) error {
	store, err := backends.openExisting(ctx, c.Store)
	if err != nil {
		return err
	}
	house, err := openHouse(ctx, backends, store, ordermanager.NoMenu(), c.resumeFlag, c.eventsFlag, c.lifecycleFlag)
	if err != nil {
		return err
	}
	receipt, err := c.carryOut(ctx, house.manager)
	switch {
	case errors.Is(err, ordermanager.ErrStore), errors.Is(err, ordermanager.ErrContextDone):
		return err
	case err != nil:
		problem := view.ProblemOf(c.worded(err))
		if err := c.print(std, &problem, c.refusingText(problem, err)); err != nil {
			return err
		}
		return errRefused
	}
	view := house.view(&receipt)
	if err := c.print(std, &view, acceptingText(ordermanager.Action(c.How), &view)); err != nil {
		return err
	}
	if err := house.advance(ctx); err != nil { // lets an answered local workflow continue
		return err
	}
	if receipt.Pending != nil {
		return errRefused
	}
	return nil
}

// worded returns a refusal in the words of this command, whose release is the action unmake.
func (c *repairCommand) worded(err error) error {
	if c.How != "release" {
		return err
	}
	if e, ok := errors.AsType[*ordermanager.TransitionError](err); ok {
		worded := *e
		worded.Action = ordermanager.Action(c.How)
		return &worded
	}
	if errors.Is(err, ordermanager.ErrUnknownAction) || errors.Is(err, ordermanager.ErrForbidden) {
		return fmt.Errorf("release is the action unmake: %w", err)
	}
	return err
}

// refusingText says why a repair was refused, and which other one may help.
func (c *repairCommand) refusingText(problem view.Problem, err error) string {
	var others []ordermanager.Action
	for _, action := range problem.Allowed {
		switch action {
		case ordermanager.ActionCancel:
			others = append(others, action)
		case ordermanager.ActionUnmake:
			others = append(others, "release")
		}
	}
	problem.Allowed = others
	text := refusingText(&problem)
	e, ok := errors.AsType[*ordermanager.TransitionError](err)
	switch {
	case errors.Is(err, ordermanager.ErrOrderNotFound):
		text += "; " + listThem(c.Store)
	case ok && e.Order != nil && e.Order.Owes():
		text += "; resend delivers what it owes, and abandon gives that up"
	case ok && e.Ended:
		text += "; it has ended and owes nothing, so there is nothing to repair"
	}
	return text
}

func (c *repairCommand) print(std *stdio, value any, text string) error {
	if c.inJSON() {
		return encoder(std.out).Encode(value)
	}
	_, err := fmt.Fprintln(std.out, legible(text))
	return err
}

func (c *repairCommand) carryOut(ctx context.Context, manager *ordermanager.Manager) (ordermanager.Receipt, error) {
	r := ordermanager.Request{OrderID: c.Order, Actor: ordermanager.Admin(c.By), Reason: c.Reason}
	switch c.How {
	case "resend":
		return manager.Resend(ctx, r)
	case "abandon":
		return manager.Abandon(ctx, r)
	case "release":
		return manager.Do(ctx, ordermanager.ActionUnmake, r)
	}
	return manager.Do(ctx, ordermanager.ActionCancel, r)
}

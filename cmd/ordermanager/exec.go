package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/serverlesspresso"
	"github.com/brewline/ordermanager/view"
)

type execCommand struct {
	File  string `arg:"" optional:"" default:"-" help:"The file to read; - is standard input."`
	Store string `default:"memory" placeholder:"STORE" help:"Where the orders are: memory, which is lost at the end; dynamodb:TABLE; sqlite:FILE or postgres://…, created if missing. Default: memory."`
	layoutFlag
	resumeFlag
	menuFlag
	eventsFlag
	lifecycleFlag
	Output string `enum:"json,table" default:"json" help:"json, one object on a line, for programs; table for people."`
	JSON   bool   `help:"Short for --output json."`
}

// Help is the long help of the command.
func (*execCommand) Help() string {
	return `The input is a sequence of JSON values, on any number of lines. Each is either an input of the OrderManager
workflow, whose action is one of the life cycle (in the standard one: put, which may be left empty, make, unmake,
complete or cancel), or an EventBridge event, whose detail-type is Validator.NewOrder (which starts an order's
workflow), OrderProcessor.WorkflowStarted, OrderProcessor.WaitingCompletion or OrderProcessor.OrderTimeOut.

For each input, one line is printed: the order after it, or why it was refused. The local workflow advances after each
input: an order whose drink was accepted gets its number then. With --store sqlite:FILE or postgres://… the workflow is
kept with the orders, and the next run continues where this one ended.

What is not JSON is refused and ends the run, because the start of the next value is unknown. A store that fails ends
it too, with exit code 2: whether that input was carried out is unknown, and it can be repeated if it has a requestId.
The exit code is 1 if an input was refused, or if something was still owed after it.
An interrupt ends the run after the current input, with exit code 2, and says how many inputs were carried out.

Example:

    ordermanager exec <<END
    {"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":"1"}}
    {"action":"","orderId":"1","body":{"userId":"1","drink":"Cappuccino","modifiers":[]}}
    {"action":"make","orderId":"1","baristaUserId":"3"}
    {"action":"complete","orderId":"1","baristaUserId":"3"}
    END`
}

// Run carries out every input.
func (c *execCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{layout: c.Layout, log: warnings(std)}
	defer backends.close()
	house, err := c.open(ctx, backends)
	if err != nil {
		return backends.explain(err)
	}
	input, err := openInput(std, c.File)
	if err != nil {
		return err
	}
	defer func() { _ = input.Close() }()
	// An earlier run on the same store may have been interrupted.
	if err := house.advance(ctx); err != nil {
		return backends.explain(err)
	}
	if c.File == "-" && isTerminal(std.in) {
		fmt.Fprintln(std.err, "type JSON values; Ctrl-D ends the input; --help has an example")
	}
	write := printJSON(std.out)
	if c.Output == "table" && !c.JSON {
		write = printText(std.out)
	}
	return backends.explain(house.answerAll(ctx, input, write))
}

// house is a Manager, with the workflow that it resumes if that runs in this process.
type house struct {
	manager  *ordermanager.Manager
	workflow workflow
	events   eventsFlag
}

// view is what a receipt says at the command line: with the flag that is missing where something stays owed for it.
func (h *house) view(receipt *ordermanager.Receipt) view.Receipt {
	v := view.ReceiptOf(receipt)
	if v.Pending != "" {
		v.Pending += h.events.missing(&receipt.Order)
	}
	return v
}

func (c *execCommand) open(ctx context.Context, backends *backends) (*house, error) {
	store, err := backends.openStore(ctx, c.Store)
	if err != nil {
		return nil, err
	}
	menu, err := backends.openMenu(ctx, c.Menu)
	if err != nil {
		return nil, err
	}
	return openHouse(ctx, backends, store, menu, c.resumeFlag, c.eventsFlag, c.lifecycleFlag)
}

// openHouse opens a Manager that acts on a store.
func openHouse(
	ctx context.Context, backends *backends, store ordermanager.Store, menu ordermanager.MenuSource, resume resumeFlag,
	events eventsFlag, lifecycle lifecycleFlag,
) (*house, error) {
	table, err := lifecycle.table()
	if err != nil {
		return nil, err
	}
	resumer, workflow, err := backends.openResumer(ctx, resume.Resume)
	if err != nil {
		return nil, err
	}
	bus, others, err := backends.openPublishers(ctx, events)
	if err != nil {
		return nil, err
	}
	manager, err := ordermanager.New(store, menu, resumer, &ordermanager.Options{
		Lifecycle: table, Publisher: bus, Publishers: others, Outcome: resume.outcome(backends.layout),
	})
	if err != nil {
		return nil, err
	}
	if workflow != nil {
		workflow.Connect(manager)
	}
	return &house{manager, workflow, events}, nil
}

// answerAll carries out the inputs in order.
func (h *house) answerAll(ctx context.Context, input io.Reader, write func(line) error) error {
	inputs := read(ctx, input)
	var result error
	for n := 1; ; n++ {
		var next value
		select {
		case <-ctx.Done():
		case next = <-inputs:
		}
		switch {
		case ctx.Err() != nil:
			return interrupted(n - 1)
		case errors.Is(next.err, io.EOF):
			return result
		}
		// An input in progress is finished, so that an interrupt leaves no outcome unknown.
		line, err := h.answer(context.WithoutCancel(ctx), n, next)
		if line != nil {
			if err := write(line); err != nil {
				return advise(err, fmt.Sprintf("input %d was carried out, and what follows was not read", n))
			}
		}
		if err != nil {
			return err
		}
		if line != nil && line.negative() {
			result = errRefused
		}
		if next.err != nil { // what follows cannot be read either
			return result
		}
		if err := h.advance(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
}

// interrupted is the error for an interrupt before the end of the input.
func interrupted(inputs int) error {
	if inputs == 0 {
		return errors.New("interrupted: no input was carried out; run it again")
	}
	return fmt.Errorf(
		"interrupted: %s carried out, as printed; run it again with what follows", count(inputs, "input was", "inputs were"),
	)
}

// value is a JSON value of the input, or the error of reading it.
type value struct {
	data json.RawMessage
	err  error
}

// read decodes the input in a goroutine, so that the caller can be interrupted while it waits. The last value is an
// error: the end of the input, or why it cannot be read.
func read(ctx context.Context, input io.Reader) <-chan value {
	values := make(chan value)
	go func() {
		decoder := json.NewDecoder(readText(input))
		for {
			var next value
			next.err = decoder.Decode(&next.data)
			select {
			case values <- next:
			case <-ctx.Done():
				return
			}
			if next.err != nil {
				return
			}
		}
	}()
	return values
}

// answer carries out an input and returns its output line. An error means that the input could not be read or the store
// cannot be used, so the run ends.
func (h *house) answer(ctx context.Context, n int, input value) (line, error) {
	var malformed *json.SyntaxError
	switch {
	case errors.Is(input.err, io.ErrUnexpectedEOF):
		return refusal(n, "", &ordermanager.RequestError{Field: "input", Rule: "ends in the middle of a JSON value"}), nil
	case errors.As(input.err, &malformed):
		rule := fmt.Sprintf("is not JSON at byte %d (%v); what follows was not read", malformed.Offset, malformed)
		return refusal(n, "", &ordermanager.RequestError{Field: "input", Rule: rule}), nil
	case input.err != nil:
		return nil, advise(input.err, "name a file that can be read, or - for standard input")
	}
	action, receipt, err := h.perform(ctx, input.data)
	switch {
	case errors.Is(err, ordermanager.ErrStore) && !errors.Is(err, dynamostore.ErrBrokenItem):
		return refusal(n, action, err), advise(
			err, "whether this input was carried out is unknown: repeat it with the same requestId",
		)
	case err != nil:
		return refusal(n, action, err), nil
	}
	return acceptance(n, action, h.view(&receipt)), nil
}

// perform carries out a request or an event. It returns the action even for a refusal, if it could be read.
func (h *house) perform(ctx context.Context, data []byte) (ordermanager.Action, ordermanager.Receipt, error) {
	if serverlesspresso.IsEvent(data) {
		event, err := serverlesspresso.ParseEvent(data)
		if err != nil {
			return event.Action, ordermanager.Receipt{}, err
		}
		receipt, err := h.notify(ctx, event)
		return event.Action, receipt, err
	}
	request, err := serverlesspresso.ParseRequest(data)
	action := request.Action
	bad, _ := errors.AsType[*ordermanager.RequestError](err)
	if action == "" && (bad == nil || bad.Field != "request" && bad.Field != "action") {
		action = ordermanager.ActionPut
	}
	if err != nil {
		return action, ordermanager.Receipt{}, err
	}
	receipt, err := h.manager.Handle(ctx, request)
	return action, receipt, err
}

func (h *house) notify(ctx context.Context, event serverlesspresso.Event) (ordermanager.Receipt, error) {
	switch news := event.News.(type) {
	case ordermanager.WorkflowStarted:
		return h.manager.WorkflowStarted(ctx, news)
	case ordermanager.WaitingCompletion:
		return h.manager.WaitingCompletion(ctx, news)
	case ordermanager.TimedOut:
		return h.manager.TimedOut(ctx, news)
	case serverlesspresso.NewOrder:
		if h.workflow != nil {
			return h.workflow.Start(ctx, news.OrderID, news.Customer, news.Venue)
		}
	}
	return ordermanager.Receipt{}, &ordermanager.RequestError{
		Field: "detail-type",
		Rule: "is Validator.NewOrder, which needs --resume local; " +
			"if the workflow runs elsewhere, send OrderProcessor.WorkflowStarted",
	}
}

// advance lets the workflow take its due steps.
func (h *house) advance(ctx context.Context) error {
	if h.workflow == nil {
		return nil
	}
	if err := h.workflow.Advance(ctx); err != nil {
		return fmt.Errorf("the local workflow cannot continue: %w", err)
	}
	return nil
}

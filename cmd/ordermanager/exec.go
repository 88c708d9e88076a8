package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/processor"
	"github.com/brewline/ordermanager/memory"
)

type execCommand struct {
	File   string `arg:"" optional:"" default:"-" help:"The file to read; - is the standard input."`
	Store  string `default:"memory" help:"Where the orders are kept: memory, which starts empty and is forgotten at the end."`
	Resume string `default:"local" help:"Who is resumed: local, a workflow in this process; or none, which leaves every answer owed."`
	Menu   string `placeholder:"FILE" help:"The menu, in plain JSON or as a Serverlesspresso configuration item in DynamoDB's JSON. Default: the workshop's menu."`
	lifecycleFlag
}

// Help is the long help of the command.
func (*execCommand) Help() string {
	return `The input is one JSON value after another, on one line each or not. Each is either an input of the OrderManager workflow,
whose action is put (or empty), make, unmake, complete or cancel, or an EventBridge event, whose detail-type is
Validator.NewOrder (starts the workflow of an order), OrderProcessor.WorkflowStarted, OrderProcessor.WaitingCompletion or
OrderProcessor.OrderTimeOut.

For each of them one JSON object is printed, on one line, in order: the order after it, or why it was refused. The local
workflow moves on after each input: an order whose drink was accepted gets its number then.

What is not JSON is refused like any other input, and ends the run: where the next value begins cannot be told.

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
	house, err := c.open()
	if err != nil {
		return err
	}
	input := std.in
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		input = file
	}
	out := json.NewEncoder(std.out)
	out.SetEscapeHTML(false)
	inputs := read(ctx, input)
	var result error
	for n := 1; ; n++ {
		var next value
		var more bool
		select {
		case <-ctx.Done():
			return errors.New("interrupted")
		case next, more = <-inputs:
		}
		if !more {
			return result
		}
		// What was begun is finished: an interrupt must not leave it unknown whether an action was carried out.
		line, err := house.answer(context.WithoutCancel(ctx), n, next)
		if err != nil {
			return err
		}
		if _, bad := line.(refused); bad {
			result = errRefused
		}
		if err := out.Encode(line); err != nil {
			return err
		}
		if err := house.advance(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
}

// house is a Manager and the workflow that it resumes, if that runs in this process.
type house struct {
	manager  *ordermanager.Manager
	workflow *memory.Workflow
}

func (c *execCommand) open() (*house, error) {
	menu, err := openMenu(c.Menu)
	if err != nil {
		return nil, err
	}
	store, err := openStore(c.Store)
	if err != nil {
		return nil, err
	}
	resumer, workflow, err := openResumer(c.Resume)
	if err != nil {
		return nil, err
	}
	manager, err := ordermanager.New(store, menu, resumer, &ordermanager.Options{Lifecycle: c.table()})
	if err != nil {
		return nil, err
	}
	if workflow != nil {
		workflow.Connect(manager)
	}
	return &house{manager, workflow}, nil
}

// value is one JSON value of the input, or why there is none.
type value struct {
	data json.RawMessage
	err  error
}

// read decodes the input beside the caller, who can then be interrupted while it waits for more.
func read(ctx context.Context, input io.Reader) <-chan value {
	values := make(chan value)
	go func() {
		defer close(values)
		decoder := json.NewDecoder(input)
		for {
			var next value
			next.err = decoder.Decode(&next.data)
			if errors.Is(next.err, io.EOF) {
				return
			}
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

// answer carries out one input and returns its output line. An error means that the input could not be read.
func (h *house) answer(ctx context.Context, n int, input value) (any, error) {
	var malformed *json.SyntaxError
	switch {
	case errors.Is(input.err, io.ErrUnexpectedEOF):
		return refusal(n, "", &ordermanager.RequestError{Field: "input", Rule: "ends in the middle of a JSON value"}), nil
	case errors.As(input.err, &malformed):
		rule := fmt.Sprintf("is not JSON at byte %d (%v); what follows was not read", malformed.Offset, malformed)
		return refusal(n, "", &ordermanager.RequestError{Field: "input", Rule: rule}), nil
	case input.err != nil:
		return nil, input.err
	}
	action, receipt, err := h.perform(ctx, input.data)
	if err != nil {
		return refusal(n, action, err), nil
	}
	return acceptance(n, action, receipt), nil
}

// perform carries out a request or an event. It returns its action also when it is refused, if there is one to be read.
func (h *house) perform(ctx context.Context, data []byte) (ordermanager.Action, ordermanager.Receipt, error) {
	var kind struct {
		Action     any             `json:"action"`
		DetailType json.RawMessage `json:"detail-type"`
		Detail     json.RawMessage `json:"detail"`
	}
	// What is wrong with it, if anything, is said by who reads it in earnest.
	object := json.Unmarshal(data, &kind) == nil
	if kind.DetailType != nil || kind.Detail != nil {
		event, err := processor.Parse(data)
		if err != nil {
			return event.Action, ordermanager.Receipt{}, err
		}
		receipt, err := h.notify(ctx, event)
		return event.Action, receipt, err
	}
	text, _ := kind.Action.(string)
	action := ordermanager.Action(text)
	if object && (kind.Action == nil || kind.Action == "") {
		action = ordermanager.ActionPut
	}
	request, err := ordermanager.ParseRequest(data)
	if err != nil {
		return action, ordermanager.Receipt{}, err
	}
	receipt, err := h.manager.Handle(ctx, request)
	return action, receipt, err
}

func (h *house) notify(ctx context.Context, event processor.Event) (ordermanager.Receipt, error) {
	switch news := event.News.(type) {
	case ordermanager.WorkflowStarted:
		return h.manager.WorkflowStarted(ctx, news)
	case ordermanager.WaitingCompletion:
		return h.manager.WaitingCompletion(ctx, news)
	case ordermanager.TimedOut:
		return h.manager.TimedOut(ctx, news)
	case processor.NewOrder:
		if h.workflow != nil {
			return h.workflow.Start(ctx, news.OrderID, news.Customer, news.Venue)
		}
	}
	return ordermanager.Receipt{}, &ordermanager.RequestError{
		Field: "detail-type",
		Rule:  "is Validator.NewOrder, which needs --resume local; if the workflow runs elsewhere, send OrderProcessor.WorkflowStarted",
	}
}

// advance lets the workflow take the steps that are due.
func (h *house) advance(ctx context.Context) error {
	if h.workflow == nil {
		return nil
	}
	if err := h.workflow.Advance(ctx); err != nil {
		return fmt.Errorf("the local workflow cannot go on: %w", err)
	}
	return nil
}

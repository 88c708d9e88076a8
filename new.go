package ordermanager

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// New returns a Manager on a store, with the menu that puts are checked against and the resumer that wakes the
// workflow. All three are required. It does no I/O. Its errors are [ErrInvalidOptions] and [ErrInvalidLifecycle].
func New(store Store, menu MenuSource, resumer Resumer, options *Options) (*Manager, error) {
	if options == nil {
		options = &Options{}
	}
	if err := checkOptions(store, menu, resumer, options); err != nil {
		return nil, err
	}
	m := &Manager{
		store:     store,
		menu:      menu,
		resumer:   resumer,
		fanout:    newFanout(options.Publisher, options.Publishers),
		lifecycle: options.Lifecycle,
		policy:    options.Policy,
		outcome:   options.Outcome,
		now:       options.Now,
		log:       options.Logger,
		observer:  options.Observer,
		trace:     options.Trace,
		timeout:   options.DeliveryTimeout,
		callLimit: options.CallTimeout,
	}
	if m.lifecycle.rules == nil && m.lifecycle.states == nil {
		m.lifecycle = StandardLifecycle()
	}
	if m.policy == nil {
		m.policy = DefaultPolicy
	}
	if m.now == nil {
		m.now = time.Now
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if m.timeout == 0 {
		m.timeout = 10 * time.Second
	}
	if m.callLimit == 0 {
		m.callLimit = 10 * time.Second
	}
	decided := func(o *Order, wait Wait) (Outcome, error) { return m.outcomeOf(o, wait, m.table.decided(o, wait)) }
	m.joint = &Joint{Workflow: m.resumer, Outcome: decided, Waiting: m.waiting}
	var err error
	if m.table, err = m.lifecycle.compile(); err != nil {
		return nil, err
	}
	if checker, ok := store.(LifecycleChecker); ok {
		if err := checker.CheckLifecycle(m.lifecycle); err != nil {
			return nil, fmt.Errorf("%w: the store cannot keep it: %w", ErrInvalidLifecycle, err)
		}
	}
	return m, nil
}

// checkOptions says everything that is wrong with what New was given.
func checkOptions(store Store, menu MenuSource, resumer Resumer, options *Options) error {
	var faults []error
	for _, fault := range [...]struct {
		is   bool
		what string
	}{
		{store == nil, "the store is nil"},
		{menu == nil, "the menu is nil"},
		{resumer == nil, "the resumer is nil"},
		{options.DeliveryTimeout < 0, "the delivery timeout is negative"},
		{options.CallTimeout < 0, "the call timeout is negative"},
	} {
		if fault.is {
			faults = append(faults, fmt.Errorf("%w: %s", ErrInvalidOptions, fault.what))
		}
	}
	faults = append(faults, checkPublishers(options.Publisher, options.Publishers)...)
	if static, ok := menu.(staticMenu); ok && static.err != nil {
		faults = append(faults, fmt.Errorf("%w: %w", ErrInvalidOptions, static.err))
	}
	return errors.Join(faults...)
}

package explore

import "github.com/brewline/ordermanager"

// Mutation is a seeded bug.
type Mutation struct {
	// Ports wraps the Manager's collaborators, to change its requests on their way to the model.
	Ports func(Ports) Ports
	// Model changes what the store does.
	Model Model
}

// Ports are a Manager's collaborators. A mutation wraps them.
type Ports struct {
	Store      ordermanager.Store
	Resumer    ordermanager.Resumer
	Publishers map[string]ordermanager.Publisher // by name; the first has none
}

// Model is what the modelled store does with its input. The zero Model keeps the contract; a mutation replaces parts of
// it.
type Model struct {
	Permits func(t ordermanager.Transition, o *ordermanager.Order) bool
	Apply   func(t ordermanager.Transition, o *ordermanager.Order) *ordermanager.Order
	Settle  func(s ordermanager.Settlement, o *ordermanager.Order)
	// Unlist reports whether a settlement removes the order, whose version is given, from the listing of owing orders.
	Unlist func(s ordermanager.Settlement, version int) bool
}

func (m Model) withDefaults() Model {
	if m.Permits == nil {
		m.Permits = func(t ordermanager.Transition, o *ordermanager.Order) bool { return t.Permits(o) }
	}
	if m.Apply == nil {
		m.Apply = func(t ordermanager.Transition, o *ordermanager.Order) *ordermanager.Order { return t.Apply(o) }
	}
	if m.Settle == nil {
		m.Settle = func(s ordermanager.Settlement, o *ordermanager.Order) { s.Apply(o) }
	}
	if m.Unlist == nil {
		m.Unlist = func(s ordermanager.Settlement, version int) bool { return s.Everything && s.Version == version }
	}
	return m
}

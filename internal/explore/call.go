package explore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/brewline/ordermanager"
)

// call is one call of the Manager that somebody makes.
type call struct {
	name string
	// action, actor, drink and id are what was asked for; a redrive has none of them.
	action ordermanager.Action
	actor  ordermanager.Actor
	drink  string
	id     string
	// scoped is the request id as it is recorded if somebody else has used it.
	scoped string
	run    func(ctx context.Context, m *ordermanager.Manager) (ordermanager.Receipt, error)
}

// The calls of people. The request id is the call's name.

func request(name string, action ordermanager.Action, actor ordermanager.Actor, r ordermanager.Request) *call {
	r.OrderID, r.Action, r.Actor = orderID, action, actor
	if r.RequestID == "" {
		r.RequestID = name
	}
	scope := sha256.Sum256([]byte(string(actor.Role) + "\x00" + actor.ID + "\x00" + r.RequestID))
	return &call{
		name: name, action: action, actor: actor, drink: r.Drink.Drink, id: r.RequestID, scoped: "scope:" +
			hex.EncodeToString(scope[:16]),
		run: func(ctx context.Context, m *ordermanager.Manager) (ordermanager.Receipt, error) {
			return m.Handle(ctx, r)
		},
	}
}

// The calls of the workflow's notifications.

func redrive() *call {
	return &call{name: "redrive", run: func(ctx context.Context, m *ordermanager.Manager) (ordermanager.Receipt, error) {
		_, err := m.Redrive(ctx, nil)
		return ordermanager.Receipt{}, err
	}}
}

const (
	orderID  = "1"
	customer = "ann"
)

package ordermanager

import "slices"

// Permission says under which conditions an actor may do something. The conditions become guards of the one write, so
// they hold in the instant that it is applied.
type Permission struct {
	// Allowed is false when the actor may not do it at all; the other fields do not matter then.
	Allowed bool
	// OwnOrder requires that the actor is the order's customer.
	OwnOrder bool
	// Venues are the venues to which the actor is bound: the order's must be one of them. Empty: any.
	Venues []string
	// RespectClaim requires that no other barista holds the order, and bounds claims by [MaxClaimHistory].
	RespectClaim bool
}

// Policy decides who may do what, for the rules of a [Lifecycle] that name no roles. It is asked about the actions of
// people, before anything is read or written; it must be safe for concurrent use and must not block.
type Policy func(action Action, actor Actor) Permission

// DefaultPolicy is the policy of a coffee shop. A customer puts and cancels their own order; a barista does everything
// but put to an order that no other barista holds; an admin does what a barista does whoever holds the order; the
// system may cancel.
func DefaultPolicy(action Action, actor Actor) Permission {
	switch actor.Role {
	case RoleCustomer:
		return Permission{Allowed: action == ActionPut || action == ActionCancel, OwnOrder: true}
	case RoleBarista:
		return Permission{Allowed: action != ActionPut, RespectClaim: true}
	case RoleAdmin:
		return Permission{Allowed: action != ActionPut}
	case RoleSystem:
		return Permission{Allowed: action == ActionCancel}
	}
	return Permission{}
}

// permission is what a rule says about an actor or, if it names no roles, the policy.
func (r *Rule) permission(actor Actor, policy Policy) Permission {
	switch {
	case r.Action == ActionTimedOut:
		return Permission{Allowed: actor.Role == RoleSystem}
	case len(r.By) > 0:
		return Permission{
			Allowed:      slices.Contains(r.By, actor.Role),
			OwnOrder:     actor.Role == RoleCustomer,
			RespectClaim: actor.Role == RoleBarista,
		}
	}
	return policy(r.Action, actor)
}

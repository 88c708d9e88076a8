package ordermanager

// Role is the capacity in which somebody acts.
type Role string

const (
	// RoleCustomer is somebody who orders.
	RoleCustomer Role = "customer"
	// RoleBarista is somebody who makes what is ordered.
	RoleBarista Role = "barista"
	// RoleAdmin is a supervisor: a barista whom the claims of others do not stop.
	RoleAdmin Role = "admin"
	// RoleSystem is the workflow, or a program of the house.
	RoleSystem Role = "system"
)

var roles = [...]Role{RoleCustomer, RoleBarista, RoleAdmin, RoleSystem}

// Actor is who acts: a role and an identifier of at most [MaxIDBytes].
type Actor struct {
	Role Role
	ID   string
}

// Customer returns the actor for a customer.
func Customer(id string) Actor { return Actor{RoleCustomer, id} }

// Barista returns the actor for a barista.
func Barista(id string) Actor { return Actor{RoleBarista, id} }

// Admin returns the actor for a supervisor.
func Admin(id string) Actor { return Actor{RoleAdmin, id} }

// System returns the actor for a program of the house.
func System(id string) Actor { return Actor{RoleSystem, id} }

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

// Policy decides who may do what, for the rules of a [Lifecycle] that name no roles. It is asked about the actions of people, before
// anything is read or written; it must be safe for concurrent use and must not block.
type Policy func(action Action, actor Actor) Permission

// DefaultPolicy is the policy of a coffee shop. A customer puts and cancels their own order; a barista does everything but put to an order
// that no other barista holds; an admin does what a barista does whoever holds the order; the system may cancel.
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

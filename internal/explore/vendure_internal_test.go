package explore

import (
	"errors"
	"testing"

	om "github.com/brewline/ordermanager"
)

// vendure is the default order process of Vendure, a shop system: from each state, the states that it leads to. Here
// each of them is an action, the workflow is told when the order is delivered or cancelled, and it is over when it
// stops waiting.
func vendure(afterDelivery om.State) *law {
	l := &law{}
	to := map[om.State][]om.State{}
	for _, row := range []struct {
		state   om.State
		answers om.Decision
		leadsTo []om.State
	}{
		{"Created", "", []om.State{"AddingItems", "Draft"}},
		{"Draft", "", []om.State{"Cancelled", "ArrangingPayment"}},
		{"AddingItems", "", []om.State{"ArrangingPayment", "Cancelled"}},
		{"ArrangingPayment", "", []om.State{"PaymentAuthorized", "PaymentSettled", "AddingItems", "Cancelled"}},
		{"PaymentAuthorized", "", []om.State{"PaymentSettled", "Cancelled", "Modifying", "ArrangingAdditionalPayment"}},
		{"PaymentSettled", "", []om.State{
			"PartiallyDelivered", "Delivered", "PartiallyShipped", "Shipped", "Cancelled", "Modifying",
			"ArrangingAdditionalPayment",
		}},
		{"PartiallyShipped", "", []om.State{"Shipped", "PartiallyDelivered", "Cancelled", "Modifying"}},
		{"Shipped", "", []om.State{"PartiallyDelivered", "Delivered", "Cancelled", "Modifying"}},
		{"PartiallyDelivered", "", []om.State{"Delivered", "Cancelled", "Modifying"}},
		{"Delivered", om.Done, []om.State{afterDelivery}},
		{"Modifying", "", []om.State{
			"PaymentAuthorized", "PaymentSettled", "PartiallyShipped", "Shipped", "PartiallyDelivered",
			"ArrangingAdditionalPayment",
		}},
		{"ArrangingAdditionalPayment", "", []om.State{
			"PaymentAuthorized", "PaymentSettled", "PartiallyShipped", "Shipped", "PartiallyDelivered", "Cancelled",
		}},
		{"Cancelled", om.Cancelled, nil},
	} {
		l.states = append(l.states, om.StateRule{State: row.state, Initial: row.state == "Created", Answers: row.answers})
		for _, next := range row.leadsTo {
			to[next] = append(to[next], row.state)
		}
		if row.answers == om.Undecided {
			to[""] = append(to[""], row.state)
		}
	}
	if afterDelivery != "Cancelled" {
		l.states = append(l.states, om.StateRule{State: afterDelivery, Answers: om.Done})
	}
	for _, s := range l.states {
		if from := to[s.State]; from != nil {
			r := om.Rule{Action: "to" + om.Action(s.State), From: from, To: s.State, Event: om.EventType(s.State)}
			if s.State == "ArrangingPayment" {
				r.Answers, r.By = om.FirstWait, []om.Role{om.RoleCustomer, om.RoleAdmin}
			}
			l.rules = append(l.rules, r)
		}
	}
	l.rules = append(l.rules, om.Rule{Action: om.ActionTimedOut, From: to[""], To: "Cancelled"})
	return l
}

// A table that somebody else wrote, with other things in mind: one of its transitions would take back what the workflow
// was told, and nothing else is wrong with it.
func TestTables_anotherShopsProcessKeepsTheInvariants(t *testing.T) {
	refused, ok := errors.AsType[*om.LifecycleError](vendure("Cancelled").lifecycle().Validate())
	if !ok || len(refused.Problems) != 1 || refused.Problems[0].Code != "contradicted_answer" {
		t.Errorf("delivered orders that are cancelled: %v", refused)
	}
	l := vendure("Returned")
	if err := l.lifecycle().Validate(); err != nil {
		t.Fatal(err)
	}
	sc := l.scenario("another shop's process", 1)
	places, trace, violation, err := Roam(sc)
	if err != nil || violation != nil {
		t.Fatalf("%v %v\n%v", err, violation, trace)
	}
	result, err := Explore(sc, smallOrder)
	if err != nil || result.Violation != nil {
		t.Fatalf("%v %v\n%v", err, result.Violation, result.Trace)
	}
	t.Logf("%d places; %v", places, &result)
}

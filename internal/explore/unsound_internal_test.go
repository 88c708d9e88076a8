package explore

import (
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	om "github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/unsound"
)

type (
	rule   = om.Rule
	states = []om.State
	roles  = []om.Role
)

// with is the law of the shop with other rules.
func with(rules ...rule) *law {
	l := shopLaw(false)
	l.rules = append(l.rules, rules...)
	return l
}

func (l *law) state(s om.StateRule) *law {
	l.states = append(l.states, s)
	return l
}

// instead is the law of the shop with other rules for the actions of these.
func instead(rules ...rule) *law {
	l := shopLaw(false)
	l.rules = slices.DeleteFunc(l.rules, func(r rule) bool {
		return slices.ContainsFunc(rules, func(other rule) bool { return other.Action == r.Action })
	})
	l.rules = append(l.rules, rules...)
	return l
}

// unsoundTables has for each rule of validation a table that breaks it and no other.
var unsoundTables = map[om.Code]struct {
	law    *law
	breaks Invariant
	// json is the table where the methods of Lifecycle cannot make it.
	json string
}{
	// That names have only certain letters, and so many, is for what carries them: paths of HTTP, attributes of DynamoDB,
	// buses. A name that is missing shows here as well: nobody can ask for the action.
	"bad_name": {law: with(rule{Action: "", From: states{"making"}, To: "making"}), breaks: ClearRefusal},
	"reserved_name": {
		law: with(rule{Action: "waiting_completion", From: states{"pending"}, To: "cancelled"}), breaks: LegalPath,
	},
	"unknown_value": {
		law: with(rule{
			Action: "spill", From: states{"making"}, To: "spilt",
		}).state(om.StateRule{State: "spilt", Answers: "perhaps"}),
		breaks: TokenConservation,
	},
	"state_twice": {
		law: with().state(om.StateRule{State: "completed", Answers: om.Cancelled}), breaks: TokenConservation,
		json: `{"states": [{"name": "pending", "initial": true}, {"name": "making"}, {"name": "completed", "answers": "done"},
			{"name": "cancelled", "answers": "cancelled"}, {"name": "completed", "answers": "cancelled"}], "rules": [
			{"action": "put", "from": ["pending"], "to": "pending", "drink": "accepts", "answers": "first_wait"},
			{"action": "make", "from": ["pending"], "to": "making", "claim": "takes", "drink": "needs"},
			{"action": "unmake", "from": ["making"], "to": "pending", "claim": "releases"},
			{"action": "complete", "from": ["making"], "to": "completed", "claim": "needs", "drink": "needs"},
			{"action": "cancel", "from": ["pending", "making"], "to": "cancelled"},
			{"action": "timed_out", "from": ["pending", "making"], "to": "cancelled"}]}`,
	},
	"initial_state": {
		law: with(rule{Action: "open", From: states{"new"}, To: "pending"}, rule{
			Action: "timed_out", From: states{"new"}, To: "cancelled",
		},
			rule{Action: "renew", From: states{"pending"}, To: "new"}).state(om.StateRule{State: "new", Initial: true}),
		breaks: NothingDead,
	},
	"unknown_state":  {law: with(rule{Action: "hold", From: states{"pending"}, To: "on_hodl"}), breaks: ClearRefusal},
	"starts_nowhere": {law: with(rule{Action: "hold", To: "pending"}), breaks: NothingDead},
	"action_twice":   {law: with(rule{Action: "cancel", From: states{"making"}, To: "completed"}), breaks: LegalPath},
	"contradicted_answer": {
		law: with(rule{Action: "refund", From: states{"completed"}, To: "cancelled"}), breaks: TokenConservation,
	},
	"unreachable": {
		law: with(
			rule{Action: "find", From: states{"lost"}, To: "cancelled"},
			rule{Action: "timed_out", From: states{"lost"}, To: "cancelled"},
		).
			state(om.StateRule{State: "lost"}),
		breaks: NothingDead,
	},
	"no_answer": {
		law: with(
			rule{Action: "lose", From: states{"pending"}, To: "lost"},
			rule{Action: "timed_out", From: states{"lost"}, To: "cancelled"},
		).
			state(om.StateRule{State: "lost"}),
		breaks: TokenConservation,
	},
	"no_timeout": {
		law: with(
			rule{Action: "hold", From: states{"pending"}, To: "on_hold"},
			rule{Action: "go_on", From: states{"on_hold"}, To: "pending"},
		).
			state(om.StateRule{State: "on_hold"}),
		breaks: NothingLost,
	},
	"timeout_meaning": {
		law: instead(rule{Action: "timed_out", From: states{"pending"}, To: "cancelled", Drink: om.DrinkNeeds},
			rule{Action: "timed_out", From: states{"making"}, To: "cancelled"}),
		breaks: NothingLost,
	},
	"claimed_twice": {
		law: with(rule{Action: "steal", From: states{"making"}, To: "making", Claim: om.ClaimTakes}), breaks: OneClaim,
	},
	"sometimes_held": {
		law: instead(
			rule{Action: "unmake", From: states{"making"}, To: "making"},
			rule{Action: "begin", From: states{"pending"}, To: "making"},
		),
		breaks: ClearRefusal,
	},
	"nothing_to_release": {
		law: with(rule{Action: "drop", From: states{"pending"}, To: "pending", Claim: om.ClaimReleases}), breaks: OneClaim,
	},
	"drink_accepted_twice": {
		law: with(rule{Action: "swap", From: states{"making"}, To: "making", Drink: om.DrinkAccepts}), breaks: NothingDead,
	},
	"no_drink": {
		law: &law{
			states: []om.StateRule{{State: "new", Initial: true}, {State: "pending"}, {State: "completed", Answers: om.Done}},
			rules: []rule{
				{Action: "open", From: states{"new"}, To: "pending"},
				{Action: "taste", From: states{"new"}, To: "new", Drink: om.DrinkNeeds},
				{Action: "put", From: states{"pending"}, To: "completed", Drink: om.DrinkAccepts},
				{Action: "timed_out", From: states{"new", "pending"}, To: "completed"},
			},
		},
		breaks: NothingDead,
	},
	"sometimes_drink": {
		law: with(rule{Action: "put", From: states{"making"}, To: "making", By: roles{"customer"}}), breaks: ClearRefusal,
	},
	"nobody_can": {
		law: instead(rule{
			Action: "make", From: states{"pending"}, To: "making", By: roles{"admin"}, Claim: om.ClaimTakes,
			Drink: om.DrinkNeeds,
		},
			rule{Action: "taste", From: states{"making"}, To: "making", By: roles{"barista"}}),
		breaks: NothingDead,
	},
}

// notOfTables are the codes of what is wrong with the JSON of a table.
var notOfTables = []om.Code{"bad_form"}

// The other direction: no rule of validation could be left out.
func TestTables_oneThatBreaksOneRuleOfValidationBreaksAnInvariant(t *testing.T) {
	source, err := os.ReadFile("../../validate.go")
	if err != nil {
		t.Fatal(err)
	}
	var codes []om.Code
	for _, match := range regexp.MustCompile(`Code = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		if code := om.Code(match[1]); !slices.Contains(notOfTables, code) {
			codes = append(codes, code)
		}
	}
	if want := slices.Sorted(maps.Keys(unsoundTables)); !slices.Equal(slices.Sorted(slices.Values(codes)), want) {
		t.Errorf("the rules of validation are %q, and there are tables for %q", codes, want)
	}
	for _, code := range codes {
		t.Run(string(code), func(t *testing.T) {
			table, known := unsoundTables[code]
			if !known {
				return
			}
			breaksOnly(t, code, table.law.lifecycle(), table.json)
			defer unsound.Allow(string(code))()
			lifecycle := table.law.lifecycle()
			if table.json != "" {
				if lifecycle, err = om.ParseLifecycle([]byte(table.json)); err != nil {
					t.Fatal(err)
				}
			}
			if err := lifecycle.Validate(); err != nil {
				t.Fatalf("it breaks another rule, too: %v", err)
			}
			_, trace, violation, err := Roam(&Scenario{Name: string(code), Lifecycle: lifecycle, law: table.law})
			if err != nil {
				t.Fatal(err)
			}
			if violation == nil {
				t.Fatal("no invariant is broken: the rule is not needed")
			}
			t.Logf("%v\n%v", violation, trace)
			if violation.Invariant != table.breaks {
				t.Errorf("breaks %q, want %q", violation.Invariant, table.breaks)
			}
		})
	}
}

// breaksOnly checks that a table breaks one rule of validation.
func breaksOnly(t *testing.T, code om.Code, lifecycle om.Lifecycle, json string) {
	t.Helper()
	err := lifecycle.Validate()
	if json != "" {
		_, err = om.ParseLifecycle([]byte(json))
	}
	refused, ok := errors.AsType[*om.LifecycleError](err)
	if !ok {
		t.Fatalf("it is accepted: %v", err)
	}
	for _, problem := range refused.Problems {
		if problem.Code != code {
			t.Errorf("it breaks %s, too: %v", problem.Code, problem)
		}
	}
}

// refusedTables is how many tables that were refused for one reason a full run lets through.
const refusedTables = 400

// What Validate refuses it refuses for a reason: it is not only sound, but exact.
func TestTables_drawnOnesThatValidateRefusesForOneReasonBreakAnInvariant(t *testing.T) {
	want := refusedTables
	if testing.Short() {
		want = 20
	}
	found := map[om.Code]int{}
	for seed, n := uint64(0), 0; n < want; seed++ {
		l := drawTable(seed)
		refused, ok := errors.AsType[*om.LifecycleError](l.lifecycle().Validate())
		if !ok {
			continue
		}
		code := refused.Problems[0].Code
		// An action that starts twice from one state may happen to lead to the same one by both rules.
		if code == "action_twice" ||
			slices.ContainsFunc(refused.Problems, func(p om.LifecycleProblem) bool { return p.Code != code }) {
			continue
		}
		restore := unsound.Allow(string(code))
		_, _, violation, err := Roam(&Scenario{Name: "refused", Lifecycle: l.lifecycle(), law: l})
		restore()
		switch {
		case errors.Is(err, om.ErrInvalidLifecycle): // with this reason gone there is another one
			continue
		case err != nil:
			t.Fatal(err)
		case violation == nil:
			t.Errorf("seed %d is refused and breaks nothing: %v\n%v", seed, refused, l)
		}
		found[code]++
		n++
	}
	t.Logf("refused, let through, and found to break an invariant: %v", found)
}

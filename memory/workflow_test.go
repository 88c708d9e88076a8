package memory_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/internal/limitstest"
	"github.com/brewline/ordermanager/memory"
)

func limited(t *testing.T, limits capacity.Limits) (*memory.Workflow, *ordermanager.Manager) {
	t.Helper()
	workflow := memory.NewWorkflow()
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
	manager, err := ordermanager.New(memory.NewStore(), menu, workflow, nil)
	if err != nil {
		t.Fatal(err)
	}
	workflow.Connect(manager)
	if err := workflow.Limit(limits); err != nil {
		t.Fatal(err)
	}
	return workflow, manager
}

func TestWorkflow_neverExceedsALimit(t *testing.T) {
	limitstest.NeverExceeded(t, func(t *testing.T, limits capacity.Limits) []limitstest.Starter {
		workflow, _ := limited(t, limits)
		return []limitstest.Starter{workflow}
	})
}

func TestWorkflow_countsWhatTheLimitsAreAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		workflow, manager := limited(t, limitstest.Limits)
		limitstest.Counts(t, limitstest.Shop{
			Starter: workflow, Manager: manager, Pass: func(d time.Duration) { <-time.After(d) },
			Complete: func(id string) error {
				r := ordermanager.Request{OrderID: id, Actor: ordermanager.Barista("ben")}
				err := workflow.Advance(t.Context())
				_, made := manager.Make(t.Context(), r)
				_, completed := manager.Complete(t.Context(), r)
				return errors.Join(err, made, completed)
			},
		})
	})
}

func TestLimit_refusesWhatIsNegative(t *testing.T) {
	for _, limits := range []capacity.Limits{
		{MaxInQueue: -1}, {MaxPerCustomer: -1}, {MaxPerDay: -1}, {MaxInWindow: -1}, {Window: -1},
	} {
		if err := memory.NewWorkflow().Limit(limits); !errors.Is(err, ordermanager.ErrInvalidOptions) {
			t.Errorf("%+v: %v", limits, err)
		}
	}
}

package httpapi

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager/internal/jsonform"
	"github.com/brewline/ordermanager/view"
)

func TestOutcome_writesWhatMarshalWrites(t *testing.T) {
	full := order{
		Order: view.Order{
			OrderID: "1", State: "making", UserID: "2", EventID: "3", OrderNumber: "4", BaristaUserID: "5", Drink: "6",
			Modifiers: []string{"7", "8"}, Icon: "9", Reason: `"10"`, Version: 11,
		},
		OrderState: "12", DrinkOrder: &attribute{`{"13":"\\"}`}, TS: "14",
	}
	empty := order{Order: view.Order{Modifiers: []string{}}}
	for _, give := range []outcome{
		{Order: empty},
		{Receipt: view.Receipt{
			Action: "make", Resume: "pending", Events: "none", Replayed: true, Unchanged: true, Gone: "expired",
		}, Order: full},
	} {
		f := jsonform.New(0)
		give.write(&f)
		want, err := json.Marshal(give)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(f.Bytes())); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

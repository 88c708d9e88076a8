package httpapi

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/jsonform"
)

func TestOutcome_writesWhatMarshalWrites(t *testing.T) {
	full := order{
		View: ordermanager.View{
			OrderID: "1", State: "making", UserID: "2", EventID: "3", OrderNumber: "4", BaristaUserID: "5", Drink: "6",
			Modifiers: []string{"7", "8"}, Icon: "9", Reason: `"10"`, Version: 11,
		},
		OrderState: "12", DrinkOrder: &attribute{`{"13":"\\"}`}, TS: "14",
	}
	empty := order{View: ordermanager.View{Modifiers: []string{}}}
	for _, give := range []outcome{
		{Order: empty},
		{ReceiptView: ordermanager.ReceiptView{
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

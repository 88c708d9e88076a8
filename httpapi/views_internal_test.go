package httpapi

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/jsonform"
	"github.com/brewline/ordermanager/view"
)

func TestWriteReceipt_writesWhatMarshalWrites(t *testing.T) {
	full := ordermanager.Order{
		ID: "1", State: "making", Customer: "2", Venue: "3", Number: "4", Barista: "5", Reason: `"10"`, Version: 11,
		Drink:     &ordermanager.Drink{Name: `6\`, Modifiers: []string{"7", "8"}, Icon: "9"},
		CreatedAt: time.UnixMilli(12),
	}
	for _, give := range []ordermanager.Receipt{
		{},
		{Order: ordermanager.Order{Drink: &ordermanager.Drink{}}},
		{
			Action: "make", Order: full, Resume: "pending", Events: "none", Replayed: true, Unchanged: true, Gone: "expired",
			Pending: errors.New("for the log alone"),
		},
	} {
		f := jsonform.New(0)
		writeReceipt(&f, &give)
		receipt := view.ReceiptOf(&give)
		receipt.Pending = ""
		want, err := json.Marshal(struct {
			view.Receipt
			Order order `json:"order"`
		}{receipt, orderOf(&give.Order)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(f.Bytes())); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

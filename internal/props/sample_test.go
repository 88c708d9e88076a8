package props_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// oneItem is a table with one item in it, which can be read.
type oneItem struct {
	dynamostore.API
	item map[string]types.AttributeValue
}

func (o oneItem) GetItem(
	context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options),
) (*dynamodb.GetItemOutput, error) {
	return &dynamodb.GetItemOutput{Item: o.item}, nil
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func digits(s string) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: s}
}

// Codecs: an item as the functions of the sample write it, in every form that they give it, is read as the order that
// it is.
func TestDynamoDB_readsItemsThatTheSampleWrote(t *testing.T) {
	null, read := &types.AttributeValueMemberNULL{Value: true}, map[ordermanager.State]int{}
	often(t, func(t *rapid.T) {
		id, customer := texts.Draw(t, "id"), texts.Draw(t, "customer")
		ms := rapid.Int64Range(1_600_000_000_000, 1_900_000_000_000).Draw(t, "TS")
		at := time.UnixMilli(ms).UTC()
		item := map[string]types.AttributeValue{
			"PK": text("orders"), "SK": text(id), "USERID": text(customer),
			"TS": digits(rapid.SampledFrom([]string{
				strconv.FormatInt(ms, 10), fmt.Sprintf("%d.0", ms),
			}).Draw(t, "TS as written")),
		}
		want := &ordermanager.Order{ID: id, Customer: customer, CreatedAt: at, UpdatedAt: at}
		// optional draws whether an attribute is there, and whether it says NULL where it is not.
		optional := func(name string, nulls bool, write func()) {
			switch n := rapid.IntRange(0, 3).Draw(t, name); {
			case n > 1:
				write()
			case n == 1 && nulls:
				item[name] = null
			}
		}
		optional("robot", true, func() {
			want.Robot = rapid.Bool().Draw(t, "is a robot")
			item["robot"] = &types.AttributeValueMemberBOOL{Value: want.Robot}
		})
		optional("reason", true, func() {
			want.Reason = texts.Draw(t, "reason text")
			item["reason"] = text(want.Reason)
		})
		optional("drinkOrder", false, func() {
			want.Drink = &ordermanager.Drink{
				Name: texts.Draw(t, "drink"), Modifiers: rapid.SliceOfN(texts, 0, 3).Draw(t, "modifiers"), Icon: "i",
			}
			body, err := json.Marshal(map[string]any{
				"userId": customer, "drink": want.Drink.Name, "modifiers": want.Drink.Modifiers, "icon": "i",
				"somethingElse": []int{1},
			})
			if err != nil {
				t.Fatal(err)
			}
			item["drinkOrder"] = text(string(body))
		})
		token := texts.Draw(t, "token")
		optional("orderNumber", true, func() {
			want.Number = strconv.Itoa(rapid.IntRange(1, 5000).Draw(t, "number"))
			item["orderNumber"] = digits(want.Number)
			if rapid.Bool().Draw(t, "as a text") {
				item["orderNumber"] = text(want.Number)
			}
		})
		optional("TaskToken", false, func() {
			item["TaskToken"] = text(token)
			// One token is all that the sample keeps: after the order number came, it is the second wait's.
			if want.Number != "" {
				want.SecondWait.Token = ordermanager.NewTaskToken(token)
			} else {
				want.FirstWait.Token = ordermanager.NewTaskToken(token)
			}
		})
		optional("baristaUserId", false, func() {
			want.Barista = rapid.SampledFrom([]string{"", "ben", "é"}).Draw(t, "barista")
			item["baristaUserId"] = text(want.Barista)
		})
		layout, venue := serverlesspresso.Workshop, ""
		words := map[ordermanager.State][]string{
			ordermanager.StatePending: {"CREATED"}, ordermanager.StateCompleted: {"Completed"}, ordermanager.StateCancelled: {
				"Cancelled", "CANCELLED",
			},
		}
		if rapid.Bool().Draw(t, "core") {
			layout = serverlesspresso.Core
			venue = rapid.SampledFrom([]string{"ABC", "NYC-CREATED", "é-1", "-"}).Draw(t, "venue")
			words = map[ordermanager.State][]string{
				ordermanager.StatePending: {venue + "-CREATED"}, ordermanager.StateCompleted: {
					venue + "-COMPLETED",
				}, ordermanager.StateCancelled: {venue + "-CANCELLED"},
			}
		}
		want.Venue = venue
		want.State = rapid.SampledFrom([]ordermanager.State{
			ordermanager.StatePending, ordermanager.StateCompleted, ordermanager.StateCancelled,
		}).Draw(t, "state")
		item["ORDERSTATE"] = text(rapid.SampledFrom(words[want.State]).Draw(t, "word"))
		if want.State == ordermanager.StatePending && want.Barista != "" {
			want.State = ordermanager.StateMaking
		}
		// The sample keeps no decisions: they follow from the state and the drink.
		want.SecondWait.Decision = map[ordermanager.State]ordermanager.Decision{
			ordermanager.StateCompleted: ordermanager.Done, ordermanager.StateCancelled: ordermanager.Cancelled,
		}[want.State]
		if want.FirstWait.Decision = want.SecondWait.Decision; want.Drink != nil {
			want.FirstWait.Decision = ordermanager.Done
		}
		store, err := dynamostore.New(oneItem{item: item}, "orders", &dynamostore.Options{Layout: layout})
		if err != nil {
			t.Fatal(err)
		}
		got, err := store.Get(t.Context(), id)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		read[want.State]++
	}, func() bool { return len(read) == 4 })
}

// An item of any form at all is read, or refused as broken; and the refusal does not repeat what may be a token
// (invariant 8).
func TestDynamoDB_refusesBrokenItemsWithoutRepeatingThem(t *testing.T) {
	const secret = "planted-token"
	names := rapid.SampledFrom([]string{
		"PK", "SK", "USERID", "ORDERSTATE", "TaskToken", "robot", "TS", "drinkOrder", "orderNumber", "baristaUserId",
		"reason",
		"om_hi", "om_rq", "om_v", "om_oe", "om_t1", "om_t2", "om_t1at", "om_ca", "id", "cu", "st", "dr", "ca", "t1", "t2",
		"hi", "rq", "v", "oe", "t1at", "ro",
	})
	values := rapid.SampledFrom([]types.AttributeValue{
		text(secret), text(""), digits("7"), digits(secret), &types.AttributeValueMemberBOOL{Value: true},
		&types.AttributeValueMemberNULL{Value: true},
		&types.AttributeValueMemberL{Value: []types.AttributeValue{text(secret)}}, &types.AttributeValueMemberM{
			Value: map[string]types.AttributeValue{"n": text(secret)},
		},
		&types.AttributeValueMemberSS{Value: []string{secret}}, text("CREATED"), text("pending"),
		text(`{"drink":"` + secret + `"}`), &types.AttributeValueMemberB{Value: []byte(secret)},
	})
	read, refused := 0, 0
	often(t, func(t *rapid.T) {
		item := rapid.MapOfN(names, values, 1, 20).Draw(t, "item")
		for _, layout := range dynamostore.Layouts() {
			store, err := dynamostore.New(oneItem{item: item}, "orders", &dynamostore.Options{Layout: layout})
			if err != nil {
				t.Fatal(err)
			}
			_, err = store.Get(t.Context(), "1")
			if err == nil {
				read++
				continue
			}
			refused++
			broken, ok := errors.AsType[*dynamostore.ItemError](err)
			if !ok || broken.Attribute == "" || broken.Rule == "" || !errors.Is(err, dynamostore.ErrBrokenItem) {
				t.Fatalf("%v does not say what is broken", err)
			}
			broken.OrderID = "" // which may well be what was planted
			if shown := fmt.Sprintf("%v %+v %#v", broken, broken, broken); len(shown) > 600 || strings.Contains(shown, secret) {
				t.Fatalf("repeats what is in the item: %s", shown)
			}
		}
	}, func() bool { return read > 0 && refused > 0 })
}

package dynamostore_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
)

// The item of an order after a make, as DynamoDB answers it, without and with the token that a put leaves.
const (
	bareItem = `"id":{"S":"o1"},"cu":{"S":"c1"},"ve":{"S":"ABC"},"ca":{"N":"1700000000000"},"vc":{"S":"ABC\t1700000000000"},"vs":{"S":"ABC#5"},"d1":{"S":"done"},` +
		`"t1at":{"N":"1700000000000"},"ua":{"N":"1700000000000"},"dr":{"M":{"i":{"S":"latte-icon"},"m":{"L":[{"S":"Oat"}]},"n":{"S":"Latte"}}},`
	madeItem = `{"Attributes":{` + bareItem + `"st":{"S":"making"},"sb":{"S":"#5"},"v":{"N":"3"},"ba":{"S":"anna"},` +
		`"rq":{"L":[{"S":"token:c48621b03883cd90e6f57e195a22bca6"},{"S":"r1"},{"S":"r2"}]},"hi":{"L":[` + started1 + `,` + put2 + `,` + make3 + `]}}}`
	putItem = `{"Attributes":{` + bareItem + `"st":{"S":"pending"},"sb":{"S":"#5"},"v":{"N":"2"},"t1":{"S":"first"},` +
		`"ow":{"N":"5"},` +
		`"rq":{"L":[{"S":"token:c48621b03883cd90e6f57e195a22bca6"},{"S":"r1"}]},"hi":{"L":[` + started1 + `,` + put2 + `]}}}`
	started1 = `{"M":{"a":{"S":"workflow_started"},"m":{"N":"1700000000000"},"o":{"S":"system"},"w":{"S":"workflow"}}}`
	put2     = `{"M":{"a":{"S":"put"},"t":{"S":"pending"},"m":{"N":"1700000000000"},"o":{"S":"customer"},"w":{"S":"c1"}}}`
	make3    = `{"M":{"a":{"S":"make"},"t":{"S":"making"},"m":{"N":"1700000000000"},"o":{"S":"barista"},"w":{"S":"anna"}}}`
)

// answering is a transport that gives these answers in turn, as fast as it can.
func answering(answers ...string) *transport {
	return &transport{answer: func(n int, _ string, _ []byte) (*http.Response, error) {
		return response(http.StatusOK, answers[(n-1)%len(answers)]), nil
	}}
}

// accepting is a resumer that costs nothing.
type accepting struct{}

func (accepting) Resume(context.Context, ordermanager.TaskToken, ordermanager.Outcome) (ordermanager.Answer, error) {
	return ordermanager.Accepted, nil
}

var benchTime = time.UnixMilli(1_700_000_000_000).UTC()

func benchManager(tb testing.TB, tr *transport) *ordermanager.Manager {
	tb.Helper()
	m, err := ordermanager.New(newStore(
		tb, tr.alone(), "orders", dynamostore.Options{},
	), menu, accepting{}, &ordermanager.Options{
		Now: func() time.Time { return benchTime },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

type attributes = map[string]types.AttributeValue

func listValue(values ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: values}
}
func mapValue(m attributes) types.AttributeValue { return &types.AttributeValueMemberM{Value: m} }

// byHand is what a user would write with the SDK for the same two actions on the same table: constant expressions,
// values, the call, and an order made of the answer. It checks nothing.
type byHand struct{ client *dynamodb.Client }

func (h byHand) update(
	ctx context.Context, update, condition string, values attributes, returned types.ReturnValue,
) (*ordermanager.Order, error) {
	output, err := h.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String("orders"), Key: attributes{"id": str("o1")}, UpdateExpression: &update, ConditionExpression: &condition,
		ExpressionAttributeValues: values, ReturnValues: returned,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if err != nil || returned == types.ReturnValueNone {
		return nil, err
	}
	return readByHand(output.Attributes), nil
}

// sound requires what a reader of the item takes for granted.
const sound = "attribute_type(cu, :S) AND attribute_type(st, :S) AND attribute_type(ca, :N)" +
	" AND (attribute_not_exists(ve) OR attribute_type(ve, :S))" +
	" AND (attribute_not_exists(ba) OR attribute_type(ba, :S))" +
	" AND ((attribute_not_exists(v) AND attribute_not_exists(hi) AND attribute_not_exists(rq)) OR (size(hi) = v AND size(rq) = v))" +
	" AND (attribute_not_exists(oe) OR attribute_type(oe, :SS))" +
	" AND (attribute_not_exists(d1) OR attribute_type(d1, :S))" +
	" AND (attribute_not_exists(t1) OR attribute_type(t1, :S) OR attribute_type(t1, :B))" +
	" AND (attribute_not_exists(s1) OR attribute_type(s1, :S) OR attribute_type(s1, :B))" +
	" AND (attribute_not_exists(t1at) OR attribute_type(t1at, :N))" +
	" AND (attribute_not_exists(d2) OR attribute_type(d2, :S))" +
	" AND (attribute_not_exists(t2) OR attribute_type(t2, :S) OR attribute_type(t2, :B))" +
	" AND (attribute_not_exists(s2) OR attribute_type(s2, :S) OR attribute_type(s2, :B))" +
	" AND (attribute_not_exists(t2at) OR attribute_type(t2at, :N))"

// The entries of the history as the store writes them: words, actor (a text with its length, or the customer), time.
var madeEntry, putEntry = entryBytes("\x06\x0b\x0f\xff\x04anna"), entryBytes("\x05\x0a\x0e\xfe")

func entryBytes(who string) types.AttributeValue {
	return &types.AttributeValueMemberB{Value: append(binary.AppendVarint([]byte(who), benchTime.UnixMilli()), 0)}
}

func (h byHand) make(ctx context.Context) (*ordermanager.Order, error) {
	at := num(strconv.FormatInt(benchTime.UnixMilli(), 10))
	return h.update(ctx,
		"SET sb = :3, st = :4, hi = list_append(if_not_exists(hi, :6), :7), rq = list_append(if_not_exists(rq, :6), :8), "+
			"ua = :10, ba = :12 ADD v :9",
		sound+" AND st IN (:0) AND (attribute_exists(dr) AND NOT attribute_type(dr, :NULL)) AND (ba = :1 OR NOT st IN (:2)) "+
			"AND attribute_type(sb, :S) AND NOT contains(rq, :5) AND (attribute_not_exists(v) OR v < :11) "+
			"AND NOT contains(fe, :attempt)",
		attributes{
			":S": str("S"), ":N": str("N"), ":NULL": str("NULL"), ":SS": str("SS"), ":B": str("B"), ":attempt": str(rand.Text()),
			":0": str("pending"), ":1": str("anna"), ":2": str("making"), ":3": str("#5"), ":4": str("making"),
			":5": str("r2"), ":6": listValue(), ":7": listValue(madeEntry), ":8": listValue(str("r2")), ":9": num("1"), ":10": at,
			":11": num("100"), ":12": str("anna"),
		}, types.ReturnValueAllNew)
}

func (h byHand) put(ctx context.Context) (*ordermanager.Order, error) {
	at := num(strconv.FormatInt(benchTime.UnixMilli(), 10))
	o, err := h.update(ctx,
		"SET d1 = if_not_exists(d1, :3), sb = :4, st = :5, hi = list_append(if_not_exists(hi, :7), :8), "+
			"rq = list_append(if_not_exists(rq, :7), :9), ua = :11, dr = :12, ow = :13 REMOVE ex ADD v :10",
		sound+" AND st IN (:0) AND cu = :1 AND ve = :2 AND (attribute_not_exists(dr) OR attribute_type(dr, :NULL)) "+
			"AND attribute_type(sb, :S) AND NOT contains(rq, :6) AND NOT contains(fe, :attempt)",
		attributes{
			":S": str("S"), ":N": str("N"), ":NULL": str("NULL"), ":SS": str("SS"), ":B": str("B"), ":attempt": str(rand.Text()),
			":0": str("pending"), ":1": str("c1"), ":2": str("ABC"), ":3": str("done"), ":4": str("#5"),
			":5": str("pending"), ":6": str("r1"), ":7": listValue(), ":8": listValue(putEntry),
			":9": listValue(str("r1")), ":10": num("1"), ":11": at,
			":12": mapValue(attributes{"n": str("Latte"), "i": str("latte-icon"), "m": listValue(str("Oat"))}), ":13": num("5"),
		}, types.ReturnValueAllNew)
	if err != nil {
		return nil, err
	}
	if _, err := (accepting{}).Resume(ctx, o.FirstWait.Token, ordermanager.Outcome{Output: []byte(`{}`)}); err != nil {
		return nil, err
	}
	_, err = h.update(ctx, "REMOVE t1, ow", "attribute_exists(id) AND t1 = :0 AND v = :1",
		attributes{":0": str(o.FirstWait.Token.Reveal()), ":1": num(strconv.Itoa(o.Version))}, types.ReturnValueNone)
	return o, err
}

func text(i attributes, name string) string {
	if s, ok := i[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func moment(i attributes, name string) time.Time {
	if n, ok := i[name].(*types.AttributeValueMemberN); ok {
		if ms, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return time.UnixMilli(ms).UTC()
		}
	}
	return time.Time{}
}

func readByHand(i attributes) *ordermanager.Order {
	o := &ordermanager.Order{
		ID: text(i, "id"), Customer: text(i, "cu"), Venue: text(i, "ve"), State: ordermanager.State(text(i, "st")),
		Number: text(i, "nr"), Barista: text(i, "ba"), Reason: text(i, "re"), CreatedAt: moment(i, "ca"), UpdatedAt: moment(i, "ua"),
		FirstWait: ordermanager.WaitSlot{
			Decision: ordermanager.Decision(text(i, "d1")), Token: token(text(i, "t1")), RegisteredAt: moment(i, "t1at"),
		},
	}
	if drink, ok := i["dr"].(*types.AttributeValueMemberM); ok {
		o.Drink = &ordermanager.Drink{Name: text(drink.Value, "n"), Icon: text(drink.Value, "i")}
		if modifiers, ok := drink.Value["m"].(*types.AttributeValueMemberL); ok {
			for _, m := range modifiers.Value {
				o.Drink.Modifiers = append(o.Drink.Modifiers, m.(*types.AttributeValueMemberS).Value)
			}
		}
	}
	history, _ := i["hi"].(*types.AttributeValueMemberL)
	requests, _ := i["rq"].(*types.AttributeValueMemberL)
	from := ordermanager.State("")
	for n, value := range history.Value {
		entry := value.(*types.AttributeValueMemberM).Value
		to := ordermanager.State(text(entry, "t"))
		if to == "" {
			to = ordermanager.StatePending
		}
		o.History = append(o.History, ordermanager.Entry{
			Action: ordermanager.Action(text(entry, "a")), From: from, To: to,
			Actor: ordermanager.Actor{Role: ordermanager.Role(text(entry, "o")), ID: text(entry, "w")}, At: moment(entry, "m"),
			RequestID: requests.Value[n].(*types.AttributeValueMemberS).Value,
		})
		from = to
	}
	o.Version = len(o.History)
	return o
}

// BenchmarkAction compares an action of a Manager with the same calls written by hand, over one stub transport. The
// Manager also checks the request against menu, policy and life cycle, and checks every attribute of the answer.
func BenchmarkAction(b *testing.B) {
	ctx := context.Background()
	for _, c := range []struct {
		name    string
		answers []string
		manager func(m *ordermanager.Manager) error
		byHand  func(h byHand) error
	}{
		{
			"make", []string{madeItem},
			func(m *ordermanager.Manager) error { _, err := m.Make(ctx, makeRequest); return err },
			func(h byHand) error { _, err := h.make(ctx); return err },
		},
		{
			"put", []string{putItem, `{}`},
			func(m *ordermanager.Manager) error { _, err := m.Put(ctx, putRequest); return err },
			func(h byHand) error { _, err := h.put(ctx); return err },
		},
	} {
		run := func(name string, prepare func(tr *transport) func() error) {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				tr := answering(c.answers...)
				do := prepare(tr)
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					if err := do(); err != nil {
						b.Fatal(err)
					}
					n++
				}
				b.ReportMetric(float64(len(tr.ops))/float64(n), "requests/op")
				b.ReportMetric(float64(tr.bytes)/float64(n), "sent-B/op")
				b.ReportMetric(float64(len(c.answers[0])), "item-B")
			})
		}
		run("manager", func(tr *transport) func() error {
			m := benchManager(b, tr)
			return func() error { return c.manager(m) }
		})
		run("by hand", func(tr *transport) func() error {
			h := byHand{tr.alone()}
			return func() error { return c.byHand(h) }
		})
	}
}

var (
	makeRequest = ordermanager.Request{OrderID: "o1", Actor: anna, RequestID: "r2"}
	putRequest  = ordermanager.Request{
		OrderID: "o1", Actor: ordermanager.Customer("c1"), Venue: "ABC", Drink: latte, RequestID: "r1",
	}
)

// The benchmark is fair only if both sides send the same and get the same.
func TestBenchmark_bothSidesSendAndReadTheSame(t *testing.T) {
	ctx := t.Context()
	record := func(answers []string, do func(tr *transport)) (sent []any) {
		tr := &transport{}
		tr.answer = func(n int, _ string, body []byte) (*http.Response, error) {
			var request map[string]any
			if err := json.Unmarshal(body, &request); err != nil {
				return nil, err
			}
			delete(request["ExpressionAttributeValues"].(map[string]any), ":attempt") // each has a name of its own
			sent = append(sent, request)
			return response(http.StatusOK, answers[n-1]), nil
		}
		do(tr)
		return sent
	}
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var ours, theirs ordermanager.Order
	a := record([]string{madeItem}, func(tr *transport) {
		receipt, err := benchManager(t, tr).Make(ctx, makeRequest)
		fatal(err)
		ours = receipt.Order
	})
	b := record([]string{madeItem}, func(tr *transport) {
		o, err := byHand{tr.alone()}.make(ctx)
		fatal(err)
		theirs = *o
	})
	if diff := cmp.Diff(b, a); diff != "" {
		t.Errorf("make: %s", diff)
	}
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("make: %s", diff)
	}
	a = record(
		[]string{putItem, `{}`}, func(tr *transport) { _, err := benchManager(t, tr).Put(ctx, putRequest); fatal(err) },
	)
	b = record([]string{putItem, `{}`}, func(tr *transport) { _, err := byHand{tr.alone()}.put(ctx); fatal(err) })
	if diff := cmp.Diff(b, a); diff != "" || len(a) != 2 {
		t.Errorf("put: %d requests, %s", len(a), diff)
	}
}

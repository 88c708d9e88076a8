// Package aws_test keeps the figures in docs/aws.md honest: what is counted is counted again, what is computed is
// computed again.
package aws_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/memory"
)

// The prices, in dollars per million; the page names its sources.
const (
	perWriteUnit  = 0.625
	perTransition = 25.0
	perEvent      = 1.0
	perInvocation = 0.20
	perGBSecond   = 13.3334
)

// What an order takes beside its writes: one event each for the wait for completion, make and complete; one invocation
// for each step of its life, if they run in Lambda, of 128 MB for 50 ms.
const (
	events         = 3
	invocations    = 5
	gbSeconds      = 0.125 * 0.050
	transitionsNow = 19 // of the sample: put 7, make 6, complete 6
)

// steps are those of an order's life: what the workflow tells us, and what people do.
var steps = []string{"start", "put", "wait", "make", "complete"}

// writes are the counted requests and write units of one step.
type writes struct{ Requests, Table, Indexes int }

// page reads the rows of the tables in docs/aws.md that begin with a layout.
func page(t *testing.T) (counted map[string]writes, computed map[string][]string) {
	t.Helper()
	data, err := os.ReadFile("../docs/aws.md")
	if err != nil {
		t.Fatal(err)
	}
	counted, computed = map[string]writes{}, map[string][]string{}
	for _, row := range regexp.MustCompile(
		`(?m)^\| (native|workshop|core) \| (start|put|wait|make|complete) \| (\d+) \| (\d+) \| (\d+) \|$`,
	).FindAllStringSubmatch(string(data), -1) {
		number := func(i int) int { n, _ := strconv.Atoi(row[i]); return n }
		counted[row[1]+" "+row[2]] = writes{number(3), number(4), number(5)}
	}
	for _, row := range regexp.MustCompile(
		`(?m)^\| (native|workshop|core|the sample) \| (.*\$.*) \|$`,
	).FindAllStringSubmatch(string(data), -1) {
		computed[row[1]] = strings.Split(row[2], " | ")
	}
	return counted, computed
}

func dollars(amount float64) string { return fmt.Sprintf("$%.2f", amount) }

func TestCosts_onThePageFollowFromItsCounts(t *testing.T) {
	counted, computed := page(t)
	want := map[string][]string{
		"the sample": {
			dollars(transitionsNow * perTransition), "–", dollars(events * perEvent), "–",
			dollars(transitionsNow*perTransition + events*perEvent),
		},
	}
	for _, layout := range dynamostore.Layouts() {
		units := 0
		for _, step := range steps {
			row, found := counted[string(layout)+" "+step]
			if !found {
				t.Fatalf("the page has no counts for %s %s", layout, step)
			}
			units += row.Table + row.Indexes
		}
		write, event := float64(units)*perWriteUnit, float64(events)*perEvent
		lambda := invocations * (perInvocation + gbSeconds*perGBSecond)
		want[string(layout)] = []string{
			"–", fmt.Sprintf("%d units: %s", units, dollars(write)), dollars(event), dollars(lambda),
			dollars(write + event + lambda),
		}
	}
	if diff := cmp.Diff(want, computed); diff != "" {
		t.Errorf("docs/aws.md, -want +got:\n%s", diff)
	}
}

// meter counts requests and the write units that DynamoDB says they took.
type meter struct {
	*dynamodb.Client
	writes
}

func (m *meter) UpdateItem(
	ctx context.Context, in *dynamodb.UpdateItemInput, options ...func(*dynamodb.Options),
) (*dynamodb.UpdateItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityIndexes
	out, err := m.Client.UpdateItem(ctx, in, options...)
	if err != nil {
		return out, err
	}
	m.Requests++
	used := out.ConsumedCapacity
	m.Table += int(aws.ToFloat64(used.Table.CapacityUnits))
	for _, indexes := range []map[string]types.Capacity{used.GlobalSecondaryIndexes, used.LocalSecondaryIndexes} {
		for _, index := range indexes {
			m.Indexes += int(aws.ToFloat64(index.CapacityUnits))
		}
	}
	return out, nil
}

func TestCosts_countsOnThePageAreWhatDynamoDBSays(t *testing.T) {
	testenv.Need(t, testenv.DynamoDB)
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counted, _ := page(t)
	for _, layout := range dynamostore.Layouts() {
		client := &meter{Client: dynamodb.NewFromConfig(cfg)}
		took := life(t, client, layout)
		for _, step := range steps {
			t.Logf("| %s | %s | %d | %d | %d |", layout, step, took[step].Requests, took[step].Table, took[step].Indexes)
			if diff := cmp.Diff(counted[string(layout)+" "+step], took[step]); diff != "" {
				t.Errorf("docs/aws.md, %s %s, -page +counted:\n%s", layout, step, diff)
			}
		}
	}
}

// life takes one order from its start to its end, with events, and returns what each step took.
func life(t *testing.T, client *meter, layout dynamostore.Layout) map[string]writes {
	t.Helper()
	ctx, table := t.Context(), "cost-"+strings.ToLower(rand.Text()[:12])
	if err := dynamostore.Create(ctx, client, layout, table); err != nil {
		t.Fatal(err)
	}
	store, err := dynamostore.New(client, table, &dynamostore.Options{Layout: layout})
	if err != nil {
		t.Fatal(err)
	}
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{
		Drink: "Cappuccino", Icon: "barista-icons_cappuccino-alternative",
	}}})
	resumer := &tokens{}
	manager, err := ordermanager.New(store, menu, resumer, &ordermanager.Options{Publisher: &memory.Publisher{}})
	if err != nil {
		t.Fatal(err)
	}
	// As the sample has them: people are named by the UUIDs of a user pool, and task tokens have 684 characters.
	const orderID, venue = "2aK7cGQ0vX9mPzLw41RtYb", "ABC"
	const customer, barista = "1c5f2a9e-7b3d-4c1a-9e60-5f1d2b8a7c44", "9a4be1d0-3f62-47c8-b5aa-08c7de9162f3"
	took := map[string]writes{}
	step := func(name string) func(ordermanager.Receipt, error) {
		client.writes = writes{}
		return func(receipt ordermanager.Receipt, err error) {
			t.Helper()
			if err != nil || receipt.Pending != nil {
				t.Fatal(name, err, receipt.Pending)
			}
			took[name] = client.writes
		}
	}
	do := func(action ordermanager.Action, actor ordermanager.Actor, drink ordermanager.DrinkOrder) {
		t.Helper()
		step(string(action))(manager.Handle(ctx, ordermanager.Request{
			Action: action, OrderID: orderID, Venue: venue, Actor: actor, Drink: drink,
		}))
	}
	step("start")(manager.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
		OrderID: orderID, Customer: customer, Venue: venue, Token: resumer.issue(),
	}))
	do(ordermanager.ActionPut, ordermanager.Customer(customer), ordermanager.DrinkOrder{Drink: "Cappuccino"})
	step("wait")(manager.WaitingCompletion(
		ctx, ordermanager.WaitingCompletion{OrderID: orderID, Number: "42", Token: resumer.issue()},
	))
	do(ordermanager.ActionMake, ordermanager.Barista(barista), ordermanager.DrinkOrder{})
	do(ordermanager.ActionComplete, ordermanager.Barista(barista), ordermanager.DrinkOrder{})
	return took
}

// tokens issues task tokens as long as real ones, and takes every answer.
type tokens struct{ issued int }

func (r *tokens) issue() ordermanager.TaskToken {
	r.issued++
	return ordermanager.NewTaskToken(fmt.Sprintf("%0684d", r.issued))
}

func (*tokens) Resume(context.Context, ordermanager.TaskToken, ordermanager.Outcome) (ordermanager.Answer, error) {
	return ordermanager.Accepted, nil
}

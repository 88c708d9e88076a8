package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// emulators returns the configuration for them. Without emulators the test ends as [testenv.Skip] says.
func emulators(t *testing.T) aws.Config {
	t.Helper()
	testenv.Need(t, testenv.Shop()...)
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// dialect is one of the two versions of the sample.
type dialect struct {
	layout, venue string
	// menuKey and menuAttribute say where the menu is in the configuration table.
	menuKey, menuAttribute string
}

var dialects = []dialect{{"workshop", "", "menu", "value"}, {"core", "ABC", "config-ABC", "menu"}}

// listOf is a list of maps, as the sample keeps its menu.
func listOf(items ...map[string]types.AttributeValue) types.AttributeValue {
	values := make([]types.AttributeValue, len(items))
	for i, item := range items {
		values[i] = &types.AttributeValueMemberM{Value: item}
	}
	return &types.AttributeValueMemberL{Value: values}
}

// configTable makes the sample's configuration table, with a menu in it, and returns its name.
func (d dialect) configTable(t *testing.T, client *dynamodb.Client) string {
	t.Helper()
	text := func(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }
	item := map[string]types.AttributeValue{
		"PK": text(d.menuKey),
		d.menuAttribute: listOf(map[string]types.AttributeValue{
			"drink": text("Cappuccino"), "icon": text("barista-icons_cappuccino-alternative"),
			"available": &types.AttributeValueMemberBOOL{Value: true}, "modifiers": listOf(),
		}),
	}
	table := testenv.Unique("config")
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS},
		},
	})
	// The SDK repeats a call whose answer is late; the name is nobody else's.
	if _, repeated := errors.AsType[*types.ResourceInUseException](err); err != nil && !repeated {
		t.Fatal(err)
	}
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item}); err != nil {
		t.Fatal(err)
	}
	return table
}

// One odd entry of the menu closes no shop, and whoever runs the program is told of it.
func TestExec_goesOnWithoutAnOddEntryOfTheMenu(t *testing.T) {
	client := dynamodb.NewFromConfig(emulators(t))
	for _, d := range dialects {
		table := d.configTable(t, client)
		if _, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: &table, Key: map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: d.menuKey}},
			UpdateExpression:         aws.String("SET #menu = list_append(#menu, :odd)"),
			ExpressionAttributeNames: map[string]string{"#menu": d.menuAttribute},
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":odd": listOf(map[string]types.AttributeValue{"icon": &types.AttributeValueMemberS{Value: "x"}}),
			},
		}); err != nil {
			t.Fatal(err)
		}
		script := `{"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":"1","eventId":"` + d.venue + `"}}
			{"action":"","orderId":"1","eventId":"` + d.venue + `","body":{"userId":"1","drink":"Cappuccino","modifiers":[]}}
			{"action":"","orderId":"1","eventId":"` + d.venue + `","body":{"userId":"1","drink":"milkshake","modifiers":[]}}`
		code, stdout, stderr := invoke(t, script, "exec", "--menu", "dynamodb:"+table, "--layout", d.layout)
		if code != exitRefused || strings.Count(stdout, `"ok":true`) != 2 || !strings.Contains(stdout, "unknown_drink") {
			t.Errorf("%s: exit code %d, stdout:\n%s", d.layout, code, stdout)
		}
		if strings.Count(stderr, d.menuAttribute+"[1].drink has no name") != 1 {
			t.Errorf("%s: stderr %q", d.layout, stderr)
		}
	}
}

// waiting is an execution that waits for a task token, and the token.
type waiting struct {
	client *sfn.Client
	arn    string
	token  string
}

// waits is a state machine that hands its token out on a queue and waits for the answer.
const waits = `{"StartAt":"Wait","States":{"Wait":{
	"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken",
	"Parameters":{"QueueUrl.$":"$.queue","MessageBody":{"token.$":"$$.Task.Token","execution.$":"$$.Execution.Id"}},
	"TimeoutSeconds":300,"End":true}}}`

func startWaiting(t *testing.T, cfg aws.Config) *waiting {
	t.Helper()
	name := aws.String(testenv.Unique("wait"))
	queues, machines := sqs.NewFromConfig(cfg), sfn.NewFromConfig(cfg)
	queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: name})
	if err != nil {
		t.Fatal(err)
	}
	machine, err := machines.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: name, Definition: aws.String(waits), RoleArn: aws.String("arn:aws:iam::123456789012:role/command"),
	})
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(map[string]string{"queue": *queue.QueueUrl})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := machines.StartExecution(t.Context(), &sfn.StartExecutionInput{
		StateMachineArn: machine.StateMachineArn, Input: aws.String(string(input)),
	}); err != nil {
		t.Fatal(err)
	}
	messages, err := queues.ReceiveMessage(
		t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: 20},
	)
	if err != nil || len(messages.Messages) != 1 {
		t.Fatalf("no token came: %v", err)
	}
	// The SDK repeats a start whose answer is late, and then there are two executions: the one that the token is of counts.
	var body struct{ Token, Execution string }
	err = json.Unmarshal([]byte(*messages.Messages[0].Body), &body)
	if err != nil || body.Token == "" || body.Execution == "" {
		t.Fatalf("no token in the message: %v", err)
	}
	return &waiting{client: machines, arn: body.Execution, token: body.Token}
}

// output waits until the execution has ended, and returns what it was answered.
func (w *waiting) output(t *testing.T) (output ordermanager.WorkflowOutput) {
	t.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for range 300 {
		execution, err := w.client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &w.arn})
		if err != nil {
			t.Fatal(err)
		}
		switch execution.Status {
		case sfntypes.ExecutionStatusSucceeded:
			if err := json.Unmarshal([]byte(*execution.Output), &output); err != nil {
				t.Fatal(err)
			}
			return output
		case sfntypes.ExecutionStatusRunning:
			<-ticker.C
		default:
			t.Fatalf("the execution is %s", execution.Status)
		}
	}
	t.Fatal("the execution goes on and on")
	return output
}

// The source page's two inputs, as they are, with an order that really waits in Step Functions.
func TestSourcePage_runsOnTheSamplesTables(t *testing.T) {
	cfg := emulators(t)
	client := dynamodb.NewFromConfig(cfg)
	for _, d := range dialects {
		t.Run(d.layout, func(t *testing.T) {
			table, menu := testenv.Unique("orders"), d.configTable(t, client)
			store := []string{"--store", "dynamodb:" + table, "--layout", d.layout}
			if code, stdout, stderr := invoke(
				t, "", "table", "create", "dynamodb:"+table, "--layout", d.layout,
			); code != exitAccepted {
				t.Fatal(stdout, stderr)
			}
			bus := testenv.Unique("bus")
			_, err := eventbridge.NewFromConfig(cfg).CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: &bus})
			// The SDK repeats a call whose answer is late; the name is nobody else's.
			if _, repeated := errors.AsType[*eventbridgetypes.ResourceAlreadyExistsException](err); err != nil && !repeated {
				t.Fatal(err)
			}
			venue := ""
			if d.venue != "" {
				venue = `"eventId":"` + d.venue + `",`
			}
			first, second := startWaiting(t, cfg), startWaiting(t, cfg)
			const page = `{"action":"",VENUE"body":{"userId":"1","drink":"DRINK","modifiers":[],` +
				`"icon":"barista-icons_cappuccino-alternative"},` +
				`"orderId":"1","baristaUserId":"3"}` + "\n"
			with := func(drink string) string { return strings.NewReplacer("VENUE", venue, "DRINK", drink).Replace(page) }
			script := `{"detail-type":"OrderProcessor.WorkflowStarted","detail":{` + venue +
				`"orderId":"1","userId":"1","TaskToken":"` + first.token + `"}}` + "\n" +
				with("milkshake") + with("Cappuccino") +
				`{"detail-type":"OrderProcessor.WaitingCompletion","detail":{` + venue +
				`"orderId":"1","userId":"1","orderNumber":7,"TaskToken":"` + second.token + `"}}` + "\n" +
				`{"action":"make",` + venue + `"orderId":"1","baristaUserId":"3","body":{}}` + "\n" +
				`{"action":"complete",` + venue + `"orderId":"1","baristaUserId":"3","body":{}}` + "\n"
			args := append([]string{
				"exec", "--menu", "dynamodb:" + menu, "--resume", "stepfunctions", "--events", "eventbridge:" + bus,
			}, store...)
			code, stdout, stderr := invoke(t, script, args...)
			type answer struct{ OK, Resume, Code, State any }
			var got []answer
			for _, line := range lines(t, stdout) {
				order, _ := line["order"].(map[string]any)
				if line["resume"] == "gone" {
					// The SDK repeated a call whose answer was lost. What the executions were given is looked at below.
					line["resume"] = "delivered"
				}
				got = append(got, answer{line["ok"], line["resume"], line["code"], order["state"]})
			}
			want := []answer{
				{true, "none", nil, "pending"},
				{false, nil, "invalid_order", "pending"},
				{true, "delivered", nil, "pending"},
				{true, "none", nil, "pending"},
				{true, "none", nil, "making"},
				{true, "delivered", nil, "completed"},
			}
			if diff := cmp.Diff(want, got); diff != "" || code != exitRefused || stderr != "" {
				t.Errorf("exit code %d, stderr %q, -want +got:\n%s\n%s", code, stderr, diff, stdout)
			}
			if strings.Contains(stdout, first.token) || strings.Contains(stdout, second.token) {
				t.Error("a task token was printed") // invariant 8
			}
			if output := first.output(t); output.State != ordermanager.StatePending || output.Cancelled {
				t.Errorf("the first wait was answered %+v", output)
			}
			if output := second.output(t); output.State != ordermanager.StateCompleted || output.Cancelled {
				t.Errorf("the second wait was answered %+v", output)
			}
			list := append([]string{"orders", "--json"}, store...)
			if d.venue != "" {
				list = append(list, "--venue", d.venue)
			}
			if _, stdout, stderr := invoke(t, "", list...); len(lines(t, stdout)) != 1 ||
				!strings.Contains(stdout, `"state":"completed"`) {
				t.Errorf("orders: %s%s", stdout, stderr)
			}
			if code, stdout, _ := invoke(t, "", append([]string{"show", "1"}, store...)...); code != exitAccepted ||
				!strings.Contains(stdout, "owes         nothing") {
				t.Errorf("show: exit code %d\n%s", code, stdout)
			}
			if code, stdout, _ := invoke(t, "", append([]string{"redrive"}, store...)...); code != exitAccepted ||
				stdout != "nothing is owed\n" {
				t.Errorf("redrive: exit code %d, %s", code, stdout)
			}
		})
	}
}

// Invariant 5: nobody was there to resume; the redrive resumes the execution.
func TestRedrive_resumesAnExecutionThatWasLeftWaiting(t *testing.T) {
	cfg := emulators(t)
	for _, layout := range dynamostore.Layouts() {
		t.Run(string(layout), func(t *testing.T) {
			table := testenv.Unique("orders")
			store := []string{"--store", "dynamodb:" + table, "--layout", string(layout)}
			if code, _, stderr := invoke(
				t, "", "table", "create", "dynamodb:"+table, "--layout", string(layout),
			); code != exitAccepted {
				t.Fatal(stderr)
			}
			wait := startWaiting(t, cfg)
			script := `{"detail-type":"OrderProcessor.WorkflowStarted",
				"detail":{"eventId":"ABC","orderId":"1","userId":"1","TaskToken":"` + wait.token + `"}}
				{"action":"put","eventId":"ABC","orderId":"1","body":{"userId":"1","drink":"Latte"}}`
			if code, stdout, stderr := invoke(t, script, append([]string{
				"exec", "--resume", "none",
			}, store...)...); code != exitRefused { // the answer to the wait is owed
				t.Fatal(stdout, stderr)
			}
			for _, step := range []struct {
				flag, want string
				code       int
			}{
				{
					"--dry-run",
					"order 1, which is pending, owes the answer to the first wait\n" +
						"1 order owes something; nothing was delivered\n",
					exitRefused,
				},
				{
					"--resume=stepfunctions",
					"1 order owed something: 1 answered, 0 whose workflow no longer waits, 0 with events published, 0 still pending\n",
					exitAccepted,
				},
				{"--resume=stepfunctions", "nothing is owed\n", exitAccepted},
			} {
				code, stdout, stderr := invoke(t, "", append([]string{"redrive", step.flag}, store...)...)
				// The SDK may have repeated a call whose answer was lost. What the execution was given is looked at below.
				stdout = strings.Replace(stdout, "0 answered, 1 whose", "1 answered, 0 whose", 1)
				if code != step.code || stdout != step.want {
					t.Errorf("%s: exit code %d, stdout %q, stderr %q", step.flag, code, stdout, stderr)
				}
			}
			if output := wait.output(t); output.OrderID != "1" {
				t.Errorf("the execution was answered %+v", output)
			}
		})
	}
}

// That the index is really added is shown once, by the tests of dynamostore: after the first one DynamoDB Local 3.3
// never finishes another, on whatever table.
func TestTable_ofTheSampleLacksOneIndexAndSaysHowToGetIt(t *testing.T) {
	cfg := emulators(t)
	client := dynamodb.NewFromConfig(cfg)
	table := testenv.Unique("orders")
	input := dynamostore.Schema(serverlesspresso.Workshop, table)
	kept := input.GlobalSecondaryIndexes[:0]
	for _, index := range input.GlobalSecondaryIndexes {
		if strings.HasPrefix(*index.IndexName, "GSI-") { // the sample's
			kept = append(kept, index)
		}
	}
	input.GlobalSecondaryIndexes = kept
	input.AttributeDefinitions = without(input.AttributeDefinitions, "om_ow")
	if _, err := client.CreateTable(t.Context(), input); err != nil {
		t.Fatal(err)
	}
	name := "dynamodb:" + table
	add := "ordermanager table add-index " + name + " --layout workshop"
	code, stdout, stderr := invoke(t, "", "table", "check", name, "--layout", "workshop")
	if code != exitAccepted || !strings.Contains(stdout, "index om-owing: is missing") ||
		!strings.Contains(stdout, "add what redrive needs with: "+add+"\n") {
		t.Errorf("check: exit code %d, stderr %q, stdout:\n%s", code, stderr, stdout)
	}
	code, stdout, stderr = invoke(t, "", "redrive", "--store", name, "--layout", "workshop")
	if code != exitFailed || stdout != "" ||
		!strings.HasPrefix(stderr, "ordermanager: table "+table+": it lacks an index") || !strings.Contains(stderr, add) {
		t.Errorf("redrive: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	whole := testenv.Unique("orders")
	if code, stdout, stderr := invoke(
		t, "", "table", "create", "dynamodb:"+whole, "--layout", "workshop",
	); code != exitAccepted {
		t.Fatalf("create: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	for range 2 { // there is nothing to add, and adding it again is fine
		code, stdout, stderr := invoke(t, "", "table", "add-index", "dynamodb:"+whole, "--layout", "workshop")
		if code != exitAccepted || stdout != "table "+whole+" has the index that redrive needs\n" {
			t.Errorf("add-index: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
		}
	}
	if code, stdout, _ := invoke(
		t, "", "redrive", "--store", "dynamodb:"+whole, "--layout", "workshop",
	); code != exitAccepted || stdout != "nothing is owed\n" {
		t.Errorf("redrive: exit code %d, stdout %q", code, stdout)
	}
}

func without(definitions []types.AttributeDefinition, name string) (kept []types.AttributeDefinition) {
	for _, d := range definitions {
		if *d.AttributeName != name {
			kept = append(kept, d)
		}
	}
	return kept
}

func TestTable_checkPrintsEveryDifference(t *testing.T) {
	emulators(t)
	table := testenv.Unique("orders")
	for _, again := range []bool{false, true} {
		code, stdout, stderr := invoke(t, "", "table", "create", "dynamodb:"+table)
		if code != exitAccepted || stdout != "table "+table+" is active, in the layout native\n" {
			t.Errorf("create, again %v: exit code %d, stdout %q, stderr %q", again, code, stdout, stderr)
		}
	}
	code, stdout, _ := invoke(t, "", "table", "check", "dynamodb:"+table)
	if code != exitAccepted || stdout != "table "+table+" has what the layout native needs\n" {
		t.Errorf("check: exit code %d, stdout %q", code, stdout)
	}
	code, stdout, stderr := invoke(t, "", "table", "check", "dynamodb:"+table, "--layout", "core")
	for _, want := range []string{
		"key: is id (S), must be PK (S) and SK (S)\n", "index GSI-status: is missing", "index GSI-userId: is missing",
		"cannot be used in the layout core\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("check does not say %q", want)
		}
	}
	if code != exitRefused || stderr != "" || strings.Contains(stdout, "add-index") {
		t.Errorf("check: exit code %d, stderr %q, stdout:\n%s", code, stderr, stdout)
	}
	if code, _, stderr := invoke(t, "", "table", "create", "dynamodb:"+table, "--layout", "core"); code != exitFailed ||
		!strings.Contains(stderr, "is not what the layout needs") {
		t.Errorf("create: exit code %d, stderr %q", code, stderr)
	}
	if code, _, stderr := invoke(
		t, "", "orders", "--store", "dynamodb:"+table, "--layout", "core", "--venue", "ABC",
	); code != exitFailed ||
		!strings.HasPrefix(stderr, "ordermanager: table "+table+": its keys are not those of the layout core;") {
		t.Errorf("orders: exit code %d, stderr %q", code, stderr)
	}
}

func TestOrders_inCoreAskForAVenue(t *testing.T) {
	emulators(t)
	table := testenv.Unique("orders")
	if code, _, stderr := invoke(t, "", "table", "create", "dynamodb:"+table, "--layout", "core"); code != exitAccepted {
		t.Fatal(stderr)
	}
	for command, want := range map[string]string{
		"orders": "in the layout core orders are listed by venue or by customer: add --venue or --customer",
		"watch":  "in the layout core orders are watched by venue or by customer: add --venue or --customer",
	} {
		code, _, stderr := invoke(t, "", command, "--store", "dynamodb:"+table, "--layout", "core")
		if code != exitFailed || stderr != "ordermanager: "+want+"\n" {
			t.Errorf("%s: exit code %d, stderr %q", command, code, stderr)
		}
	}
}

func TestStats_countsInEveryLayout(t *testing.T) {
	emulators(t)
	for _, c := range []struct{ layout, event, flag string }{
		{"native", "", ""}, {"workshop", "", ""}, {"core", `"eventId":"NYC",`, "--venue=NYC"},
	} {
		table := "dynamodb:" + testenv.Unique("stats-"+c.layout)
		if code, _, stderr := invoke(t, "", "table", "create", table, "--layout", c.layout); code != exitAccepted {
			t.Fatal(stderr)
		}
		started := `{"detail-type":"OrderProcessor.WorkflowStarted","detail":{` + c.event +
			`"orderId":"%s","userId":"ann","TaskToken":"secret-%[1]s"}}`
		cancel := `{"action":"cancel","orderId":"1","body":{"userId":"ann"}}`
		inputs := fmt.Sprintf(started, "1") + fmt.Sprintf(started, "2") + cancel
		if code, stdout, _ := invoke(
			t, inputs, "exec", "--store", table, "--layout", c.layout, "--resume", "none",
		); code != exitRefused { // the answer to the cancelled order is owed
			t.Fatal(stdout)
		}
		args := []string{"stats", "--store", table, "--layout", c.layout, "--stuck-after", "1ns", "--json"}
		if c.flag != "" {
			code, _, stderr := invoke(t, "", args...)
			if want := "ordermanager: in the layout core orders are counted by venue: add --venue\n"; code != exitFailed ||
				stderr != want {
				t.Errorf("%s: exit code %d, stderr %q", c.layout, code, stderr)
			}
			args = append(args, c.flag)
		}
		_, stdout, stderr := invoke(t, "", args...)
		var got stats
		if err := json.Unmarshal([]byte(stdout), &got); err != nil {
			t.Fatalf("%s: %v, %s%s", c.layout, err, stdout, stderr)
		}
		if len(got.Open) != 2 || got.Open[0].Orders != 1 || got.Open[1].Orders != 0 || got.Owing.Orders != 1 ||
			got.Stuck.Orders != 1 ||
			got.Owing.Oldest.IsZero() || got.Stuck.Oldest.IsZero() {
			t.Errorf("%s: %s", c.layout, stdout)
		}
	}
}

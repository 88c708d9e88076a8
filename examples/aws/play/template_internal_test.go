package main

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/brewline/ordermanager/aws/dynamostore"
	stack "github.com/brewline/ordermanager/examples/aws"
)

// with are the parameters of the whole shop, and more.
func with(more map[string]string) map[string]string {
	all := map[string]string{"JwtIssuer": "https://issuer.example", "JwtAudience": "shop"}
	maps.Copy(all, more)
	return all
}

func TestTemplate_refusesParametersThatDoNotFit(t *testing.T) {
	for _, test := range []struct {
		name       string
		parameters map[string]string
		want       string
	}{
		{"the whole shop", nil, ""},
		{
			"beside the sample", map[string]string{"ConfigTable": "config", "EventBus": "Serverlesspresso", "Dialect": "core"},
			"",
		},
		{"the sample's own table", map[string]string{
			"ConfigTable": "config", "EventBus": "bus", "Layout": "sample", "OrdersTable": "orders",
			"OrdersTableStream": "arn:aws:dynamodb:us-east-1:1:table/orders/stream/1",
		}, ""},
		{"half of the sample", map[string]string{"EventBus": "Serverlesspresso"},
			"Name both ConfigTable and EventBus of the sample, or neither for a whole shop."},
		{"a whole shop in the core's dialect", map[string]string{"Dialect": "core"},
			`The dialect "core" needs the sample's ConfigTable and EventBus.`},
		{"the sample's layout without its table", map[string]string{"Layout": "sample"},
			`With the layout "sample", name the sample's table in OrdersTable.`},
		{"a stream of no table", map[string]string{"OrdersTableStream": "arn:aws:dynamodb:us-east-1:1:table/orders/stream/1"},
			"OrdersTableStream is the stream of the table in OrdersTable; name that too."},
		{"an issuer that is no address", map[string]string{"JwtIssuer": "issuer"},
			"the parameter JwtIssuer is an address that begins with https://."},
		{"an origin with a path", map[string]string{"AllowedOrigin": "https://shop.example/"},
			"the parameter AllowedOrigin is an origin as https://shop.example, without a path, or empty."},
		{
			"a topic by its name", map[string]string{"AlarmTopic": "alarms"},
			"the parameter AlarmTopic is the ARN of an SNS topic, or empty.",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if _, err := readTemplate("shop", with(test.parameters)); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestTemplate_isAShopByItselfAndAPartOfTheSample(t *testing.T) {
	for _, test := range []struct {
		name       string
		parameters map[string]string
		shop       bool
		env        []string
	}{
		{"alone", nil, true, []string{
			"CATCHES_CANCELLED=true", "CONFIG_TABLE=shop-config", "DIALECT=workshop", "EVENT_BUS=shop-bus", "LAYOUT=native",
			"ORDERS_TABLE=shop-orders",
		}},
		{"beside the sample", map[string]string{
			"ConfigTable": "serverlesspresso-config-table", "EventBus": "Serverlesspresso", "Layout": "sample",
			"OrdersTable": "serverlesspresso-order-table",
		}, false, []string{
			"CATCHES_CANCELLED=false", "CONFIG_TABLE=serverlesspresso-config-table", "DIALECT=workshop",
			"EVENT_BUS=Serverlesspresso", "LAYOUT=sample",
			"ORDERS_TABLE=serverlesspresso-order-table",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			template, err := readTemplate("shop", with(test.parameters))
			if err != nil {
				t.Fatal(err)
			}
			for _, resource := range []string{
				"Orders", "Config", "Limits", "Bus", "OrderProcessor", "Seed", "Seeded", "StartWorkflow", "WriteConfig",
			} {
				if there, err := template.there(resource); err != nil || there != test.shop {
					t.Errorf("%s: %t %v", resource, there, err)
				}
			}
			env, err := template.environment("Queue")
			if diff := cmp.Diff(test.env, env); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

// What keeps a shop safe is said for every resource of a kind.
func TestTemplate_protectsWhatItCreates(t *testing.T) {
	template, err := readTemplate("shop", with(nil))
	if err != nil {
		t.Fatal(err)
	}
	wants := map[string][]string{
		"AWS::DynamoDB::Table": {
			"DeletionPolicy: Retain", "SSEEnabled: true", "PointInTimeRecoveryEnabled: true",
			"DeletionProtectionEnabled: !Ref DeletionProtection",
		},
		"AWS::Logs::LogGroup":           {"RetentionInDays: !Ref LogRetentionDays"},
		"AWS::SQS::Queue":               {"SqsManagedSseEnabled: true"},
		"AWS::Serverless::Function":     {"Policies:", "Description:"},
		"AWS::Serverless::StateMachine": {"IncludeExecutionData: false", "Tracing:\n"},
		"AWS::Serverless::HttpApi":      {"DefaultAuthorizer: Callers", "ThrottlingRateLimit", "AccessLogSettings"},
		"AWS::CloudWatch::Alarm":        {"TreatMissingData", "AlarmActions"},
		"AWS::IAM::ManagedPolicy":       nil,
		"AWS::Events::EventBus":         nil,
		"AWS::Logs::MetricFilter":       nil,
		"AWS::SQS::QueuePolicy":         nil,
		"Custom::Seed":                  {"ServiceTimeout"},
	}
	for name, resource := range pairs(field(template.root, "Resources")) {
		kind := field(resource, "Type").Value
		want, known := wants[kind]
		if !known {
			t.Errorf("%s: what keeps a %s safe?", name, kind)
		}
		text := flowless(resource)
		for _, line := range want {
			if !strings.Contains(text, line) {
				t.Errorf("%s has no %s", name, line)
			}
		}
		for _, action := range actions(resource) {
			if strings.Contains(action, "*") {
				t.Errorf("%s may do %s", name, action)
			}
		}
		for event, declared := range pairs(field(resource, "Properties", "Events")) {
			kind := field(declared, "Type").Value
			want := map[string]string{
				"EventBridgeRule": "DeadLetterConfig", "SQS": "ScalingConfig", "DynamoDB": "DestinationConfig",
			}[kind]
			if want != "" && field(declared, "Properties", want) == nil {
				t.Errorf("%s.%s has no %s", name, event, want)
			}
		}
	}
	if tracing := field(template.root, "Globals", "Function", "Tracing"); tracing == nil || tracing.Value != "Active" {
		t.Error("the functions are not traced")
	}
}

// A listing reads an index, and then the orders that it names: each needs a permission of its own.
func TestTemplate_letsFunctionsDoWhatTheStoreCalls(t *testing.T) {
	template, err := readTemplate("shop", with(nil))
	if err != nil {
		t.Fatal(err)
	}
	may := func(policy string) []string { return actions(field(template.root, "Resources", policy)) }
	allowed := append(may("Act"), may("ListOrders")...)
	for method := range reflect.TypeFor[dynamostore.API]().Methods() {
		if !slices.Contains(allowed, "dynamodb:"+method.Name) {
			t.Errorf("no policy allows dynamodb:%s", method.Name)
		}
	}
}

// actions are those that the policies in a resource allow.
func actions(n *yaml.Node) (all []string) {
	for name, value := range pairs(n) {
		if name == "Action" {
			all = append(all, value.Value)
			for _, each := range value.Content {
				all = append(all, each.Value)
			}
		}
	}
	for _, child := range n.Content {
		all = append(all, actions(child)...)
	}
	return all
}

// flowless writes a resource in the long form.
func flowless(n *yaml.Node) string {
	var long func(*yaml.Node)
	long = func(n *yaml.Node) {
		n.Style &^= yaml.FlowStyle
		for _, child := range n.Content {
			long(child)
		}
	}
	long(n)
	text, _ := yaml.Marshal(n)
	return string(text)
}

// Every task of the workflow that can be retried is, no wait lasts for ever, and neither does the workflow.
func TestWorkflow_neverWaitsForEverAndNeverGivesUpAtOnce(t *testing.T) {
	data, err := stack.Files.ReadFile("orderprocessor.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		TimeoutSeconds int
		States         map[string]struct {
			Type, Resource, TimeoutSecondsPath string
			Retry                              []struct{ MaxAttempts int }
			Catch                              []struct{ ErrorEquals []string }
		}
	}
	if err := json.Unmarshal(data, &workflow); err != nil {
		t.Fatal(err)
	}
	if workflow.TimeoutSeconds < 2*3600 {
		t.Errorf("the workflow ends after %d s, before both of its waits can", workflow.TimeoutSeconds)
	}
	waits := 0
	for name, state := range workflow.States {
		if state.Type != "Task" {
			continue
		}
		if len(state.Retry) == 0 || state.Retry[0].MaxAttempts < 3 {
			t.Errorf("%s is not retried", name)
		}
		if strings.HasSuffix(state.Resource, ".waitForTaskToken") {
			waits++
			if state.TimeoutSecondsPath == "" || !slices.Equal(state.Catch[0].ErrorEquals, []string{"States.Timeout"}) {
				t.Errorf("%s waits for ever", name)
			}
		}
	}
	if waits != 2 {
		t.Errorf("%d waits", waits)
	}
}

package aws_test

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager/aws/durableresumer"
	"github.com/brewline/ordermanager/aws/dynamolimits"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/aws/eventbridgebus"
	"github.com/brewline/ordermanager/aws/sfnresumer"
)

// The permission for a call has the name of the call. So the actions of a policy are the methods of the interface that
// its part takes.
func TestPolicies_onThePageAllowWhatIsCalledAndNothingElse(t *testing.T) {
	data, err := os.ReadFile("../docs/aws.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(data, -1)
	wanted := []struct {
		prefix string
		calls  reflect.Type
	}{
		{"dynamodb:", reflect.TypeFor[dynamostore.API]()},
		{"dynamodb:", reflect.TypeFor[dynamostore.MigrateAPI]()},
		{"dynamodb:", reflect.TypeFor[dynamostore.StreamsAPI]()},
		{"dynamodb:", reflect.TypeFor[dynamostore.MenuAPI]()},
		{"states:", reflect.TypeFor[sfnresumer.API]()},
		{"lambda:", reflect.TypeFor[durableresumer.API]()},
		{"events:", reflect.TypeFor[eventbridgebus.API]()},
		{"dynamodb:", reflect.TypeFor[dynamolimits.API]()},
	}
	if len(blocks) != len(wanted) {
		t.Fatalf("the page has %d policies, want %d", len(blocks), len(wanted))
	}
	for i, want := range wanted {
		var policy struct{ Statement []struct{ Action []string } }
		if err := json.Unmarshal(blocks[i][1], &policy); err != nil {
			t.Errorf("policy %d: %v", i+1, err)
		}
		var allowed, called []string
		for _, statement := range policy.Statement {
			allowed = append(allowed, statement.Action...)
		}
		for method := range want.calls.Methods() {
			name := method.Name
			if name == "TransactWriteItems" { // the permission is that of what is in it
				name = "PutItem"
			}
			called = append(called, want.prefix+name)
		}
		slices.Sort(allowed)
		slices.Sort(called)
		if diff := cmp.Diff(called, allowed); diff != "" {
			t.Errorf("policy %d, -called +allowed:\n%s", i+1, diff)
		}
	}
}

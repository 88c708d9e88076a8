package lambdahandler_test

import (
	"context"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/lambdahandler"
)

func TestTrace_isThatOfTheInvocation(t *testing.T) {
	const want = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"
	for _, test := range []struct{ name, header, want string }{
		{"sampled", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", want},
		{"with more", "Root=1-5759e988-bd862e3fe1be46a994272793; Parent=53995c3f42cd8ad8; Sampled=1; Lineage=1:a:0", want},
		{"not sampled", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0", ""},
		{"without a parent", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", ""},
		{"of another version", "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", ""},
		{"not hexadecimal", "Root=1-5759e988-bd862e3fe1be46a99427279z;Parent=53995c3f42cd8ad8;Sampled=1", ""},
		{"none", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := context.WithValue(t.Context(), "x-amzn-trace-id", test.header) //nolint:staticcheck // its key is a text
			got := lambdahandler.Trace(ctx)
			if got != test.want || len(got) > ordermanager.MaxTraceBytes {
				t.Errorf("got %q", got)
			}
		})
	}
	if got := lambdahandler.Trace(t.Context()); got != "" {
		t.Errorf("outside of Lambda: %q", got)
	}
}

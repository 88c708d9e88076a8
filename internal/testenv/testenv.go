// Package testenv tells a test where its servers are, and skips or fails it without them.
package testenv

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"
)

// The environment variables with the addresses of scripts/emulators' servers.
const (
	DynamoDB    = "AWS_ENDPOINT_URL_DYNAMODB"
	SFN         = "AWS_ENDPOINT_URL_SFN"
	EventBridge = "AWS_ENDPOINT_URL_EVENTBRIDGE"
	SQS         = "AWS_ENDPOINT_URL_SQS"
	Lambda      = "AWS_ENDPOINT_URL_LAMBDA"
	PostgreSQL  = "ORDERMANAGER_POSTGRES"
)

// Shop lists the servers of a whole shop on AWS.
func Shop() []string { return []string{DynamoDB, SFN, EventBridge, SQS} }

// Need ends the test as [Skip] does unless all servers are available.
func Need(t testing.TB, servers ...string) {
	t.Helper()
	for _, server := range servers {
		URL(t, server)
	}
}

// URL returns the address of a server. Without it, the test ends as [Skip] says.
func URL(t testing.TB, server string) string {
	t.Helper()
	url := os.Getenv(server)
	if url == "" {
		Skip(t, server+` is not set: run the test with "scripts/emulators run -- go test …"`)
	}
	return url
}

// Skip skips a test that lacks something. In a run that must skip nothing, it fails the test.
func Skip(t testing.TB, why any) {
	t.Helper()
	if os.Getenv("ORDERMANAGER_REQUIRE_EMULATORS") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// Unique returns a name that nobody has used yet: servers may be shared, and keep their data.
func Unique(kind string) string { return kind + "-" + strings.ToLower(rand.Text()[:12]) }

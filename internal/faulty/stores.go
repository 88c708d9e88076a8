package faulty

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/internal/pgtest"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/postgres"
)

// Home is a store of this module.
type Home string

// Memory and SQLite are the stores in process; Postgres has a server. Every other home is DynamoDB in one of
// dynamostore's layouts.
const (
	Memory   Home = "memory"
	SQLite   Home = "sqlite"
	Postgres Home = "postgres"
	Native   Home = "dynamodb native"
	Workshop Home = "dynamodb workshop"
	Core     Home = "dynamodb core"
)

// Homes lists every home.
func Homes() []Home { return []Home{Memory, SQLite, Postgres, Native, Workshop, Core} }

// Venue is the venue to use in tests: one of the layouts requires one.
const Venue = "ABC"

// OnDynamoDB reports whether the home is DynamoDB, whose SDK may retry calls.
func (h Home) OnDynamoDB() bool { return strings.HasPrefix(string(h), "dynamodb ") }

// Retries is whether the AWS SDK retries failed calls.
type Retries bool

// Open returns an empty store, whose calls pass through the network in their context. It is closed after the test.
// Without the home's server the test ends as [testenv.Skip] says.
func Open(t testing.TB, home Home, retries Retries) ordermanager.Store {
	t.Helper()
	store, err := open(t, home, retries)
	if err != nil {
		t.Fatal(err)
	}
	if home.OnDynamoDB() {
		return store // its network is below the SDK
	}
	return Store(store)
}

func open(t testing.TB, home Home, retries Retries) (ordermanager.Store, error) {
	t.Helper()
	switch home {
	case Memory:
		return memory.NewStore(), nil
	case SQLite:
		db, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "orders.db"))
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { _ = db.Close() })
		return sqlitestore.New(t.Context(), db)
	case Postgres:
		pool := pgtest.Pool(t, pgtest.URL(t))
		return postgres.NewStore(t.Context(), pool, pgtest.Schema(t, pool))
	}
	return openDynamoDB(t, dynamostore.Layout(strings.TrimPrefix(string(home), "dynamodb ")), retries)
}

func openDynamoDB(t testing.TB, layout dynamostore.Layout, retries Retries) (ordermanager.Store, error) {
	t.Helper()
	endpoint := testenv.URL(t, testenv.DynamoDB)
	attempts := 1
	if retries {
		attempts = 3
	}
	client := dynamodb.New(dynamodb.Options{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
		BaseEndpoint: &endpoint, HTTPClient: &Transport{},
		// DynamoDB Local sends a wrong checksum with a large answer that is not ASCII.
		DisableValidateResponseChecksum: true,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff, o.RateLimiter = attempts, 5*time.Millisecond, ratelimit.None
		}),
	})
	table := testenv.Unique("faulty-" + string(layout))
	if err := dynamostore.Create(t.Context(), client, layout, table); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_, _ = client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &table})
	})
	return dynamostore.New(client, table, &dynamostore.Options{Layout: layout})
}

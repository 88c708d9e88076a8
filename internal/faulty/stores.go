package faulty

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/memory"
)

// Home is a store of this module.
type Home string

// Memory and SQLite are the stores in process, and Postgres has a server. Every other home is DynamoDB in one of the
// layouts of dynamostore.
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

// Venue is the venue to use in tests: one of the layouts must have one.
const Venue = "ABC"

// OnDynamoDB reports whether the home is DynamoDB, whose SDK may repeat calls by itself.
func (h Home) OnDynamoDB() bool { return strings.HasPrefix(string(h), "dynamodb ") }

// Retries says whether the AWS SDK repeats by itself what failed.
type Retries bool

// Open returns an empty store, of which every call passes through the network of its context, and what closes it. A
// store with a file has it in the directory.
func Open(ctx context.Context, home Home, dir string, retries Retries) (ordermanager.Store, func(), error) {
	switch home {
	case Memory:
		return Store(memory.NewStore()), func() {}, nil
	case SQLite:
		db, err := sqlitestore.Open(ctx, filepath.Join(dir, "orders.db"))
		if err != nil {
			return nil, nil, err
		}
		store, err := sqlitestore.New(ctx, db)
		return Store(store), func() { _ = db.Close() }, err
	case Postgres:
		return openPostgres(ctx)
	}
	return openDynamoDB(ctx, dynamostore.Layout(strings.TrimPrefix(string(home), "dynamodb ")), retries)
}

func openDynamoDB(ctx context.Context, layout dynamostore.Layout, retries Retries) (ordermanager.Store, func(), error) {
	endpoint := os.Getenv("AWS_ENDPOINT_URL_DYNAMODB")
	if endpoint == "" {
		return nil, nil, fmt.Errorf("AWS_ENDPOINT_URL_DYNAMODB is not set: %w", ErrNoEmulator)
	}
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
	table := "faulty-" + string(layout) + "-" + rand.Text()
	if err := dynamostore.Create(ctx, client, layout, table); err != nil {
		return nil, nil, fmt.Errorf("creating a table at %s: %w", endpoint, err)
	}
	store, err := dynamostore.New(client, table, &dynamostore.Options{Layout: layout})
	return store, func() {
		_, _ = client.DeleteTable(context.WithoutCancel(ctx), &dynamodb.DeleteTableInput{TableName: aws.String(table)})
	}, err
}

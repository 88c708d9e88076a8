package shop

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/brewline/ordermanager"
)

// Config reads what Lambda puts into a function's environment: the region and the credentials of its role. The SDK's
// package config also supports profiles, single sign-on and instances, which no function has; it would be a third of
// the binary and of the cold start.
func Config() (aws.Config, error) {
	region := os.Getenv("AWS_REGION")
	if region == "" {
		return aws.Config{}, fmt.Errorf("%w: AWS_REGION is empty", ordermanager.ErrInvalidOptions)
	}
	return aws.Config{
		Region: region,
		Credentials: credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
		HTTPClient:    awshttp.NewBuildableClient(), // one for all services
		ConfigSources: []any{endpoints{}},
	}, nil
}

// endpoints are those of emulators, or VPC endpoints.
type endpoints struct{}

// GetServiceBaseEndpoint reads AWS_ENDPOINT_URL_DYNAMODB and the like.
func (endpoints) GetServiceBaseEndpoint(_ context.Context, service string) (url string, found bool, _ error) {
	url, found = os.LookupEnv("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(service, " ", "_")))
	return url, found, nil
}

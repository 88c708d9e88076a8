package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// A person is waiting, and the SDK's default is three connection attempts of half a minute each. A slow answer is
// waited for, though: retrying a resume loses its first answer, and it counts as one whose workflow no longer waits.
const (
	dialTimeout    = 3 * time.Second
	requestTimeout = 10 * time.Second
)

// cloud is the AWS configuration, loaded when first needed.
type cloud struct{ loaded *aws.Config }

var errNoRegion = errors.New("no AWS region is set: set AWS_REGION, or AWS_PROFILE to a profile that has one")

func (c *cloud) config(ctx context.Context) (aws.Config, error) {
	if c.loaded != nil {
		return *c.loaded, nil
	}
	// The SDK's warnings are about problems that it handles; failures are returned.
	client := awshttp.NewBuildableClient().WithTimeout(requestTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout })
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client), config.WithLogger(logging.Nop{}))
	switch {
	case err != nil:
		err = fmt.Errorf("the AWS configuration cannot be used: %w", err)
		return cfg, advise(err, "check ~/.aws/config and AWS_PROFILE")
	case cfg.Region == "":
		return cfg, errNoRegion
	}
	c.loaded = &cfg
	return cfg, nil
}

// region is empty until the configuration is loaded.
func (c *cloud) region() string {
	if c.loaded == nil {
		return ""
	}
	return c.loaded.Region
}

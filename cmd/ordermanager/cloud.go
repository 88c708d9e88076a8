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

// A person waits for the answer, and the SDK alone would wait half a minute for a connection, three times. But an answer that is only slow is
// waited for: when a resume is repeated, its first answer is lost, and it counts as one whose workflow no longer waits.
const (
	dialTimeout    = 3 * time.Second
	requestTimeout = 10 * time.Second
)

// cloud is the configuration of AWS, loaded when it is first needed.
type cloud struct{ loaded *aws.Config }

var errNoRegion = errors.New("no AWS region is chosen: set AWS_REGION, or AWS_PROFILE to a profile that has one")

func (c *cloud) config(ctx context.Context) (aws.Config, error) {
	if c.loaded != nil {
		return *c.loaded, nil
	}
	// The SDK's warnings are about things that it copes with; what fails is returned.
	client := awshttp.NewBuildableClient().WithTimeout(requestTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout })
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client), config.WithLogger(logging.Nop{}))
	switch {
	case err != nil:
		return cfg, advise(fmt.Errorf("the AWS configuration cannot be used: %w", err), "look at ~/.aws/config and at AWS_PROFILE")
	case cfg.Region == "":
		return cfg, errNoRegion
	}
	c.loaded = &cfg
	return cfg, nil
}

// region is empty before the configuration was loaded.
func (c *cloud) region() string {
	if c.loaded == nil {
		return ""
	}
	return c.loaded.Region
}

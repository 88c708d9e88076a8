// Package awserror is what the AWS adapters share about errors: which are worth a retry, and how to report one without
// a secret that the service or the transport quotes in it.
package awserror

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// transient is the SDK's own rule for what to retry.
var transient = retry.IsErrorRetryables(retry.DefaultRetryables)

// Transient reports whether a service's error may pass: throttling, a failure of the service, and whatever the SDK
// retries.
func Transient(err error) bool {
	var response interface{ HTTPStatusCode() int }
	status := 0
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests ||
		transient.IsErrorRetryable(err) == aws.TrueTernary
}

// Without returns the error or, if its text reveals a secret, the first error in its chain that does not. If none
// remains, the message that replaces it says what the secret is.
func Without(err error, what string, secrets ...string) error {
	clean := func(text string) bool {
		return !slices.ContainsFunc(secrets, func(secret string) bool { return mentions(text, secret) })
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if clean(e.Error()) {
			return e
		}
	}
	var api smithy.APIError
	if errors.As(err, &api) && clean(api.ErrorCode()) {
		return fmt.Errorf("%s (the message is withheld, because %s is in it)", api.ErrorCode(), what)
	}
	return fmt.Errorf("the message is withheld, because %s is in it", what)
}

// telling is the length from which part of a secret counts as revealing it.
const telling = 16

// mentions reports whether a text contains the secret, or a telling part of it.
func mentions(text, secret string) bool {
	for i := range max(len(secret)-telling, 0) + 1 {
		if strings.Contains(text, secret[i:min(i+telling, len(secret))]) {
			return true
		}
	}
	return false
}

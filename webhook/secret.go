package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The length of a secret in bytes, as Standard Webhooks specifies it.
const (
	minSecret = 24
	maxSecret = 64
)

// keysOf parses secrets. Its error does not contain them.
func keysOf(secrets []string) ([]*standardwebhooks.Webhook, error) {
	if len(secrets) == 0 {
		return nil, errors.New("there is no secret to sign with")
	}
	keys := make([]*standardwebhooks.Webhook, len(secrets))
	for i, secret := range secrets {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(raw) < minSecret || len(raw) > maxSecret {
			return nil, fmt.Errorf("secret %d is not base64 of %d to %d bytes", i+1, minSecret, maxSecret)
		}
		if keys[i], err = standardwebhooks.NewWebhookRaw(raw); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

package sfnresumer_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/sfnresumer"
)

type acceptAll struct{}

func (acceptAll) RoundTrip(r *http.Request) (*http.Response, error) {
	_, err := io.Copy(io.Discard, r.Body)
	return respond(http.StatusOK, "{}"), err
}

// BenchmarkResume compares a resume with the same call written by hand, over one stub transport. The two take turns in
// one run, so that the ratio does not depend on what else the machine does; "ratio" is time over time by hand.
func BenchmarkResume(b *testing.B) {
	client := newClient(acceptAll{})
	resumer := sfnresumer.New(client)
	token := ordermanager.NewTaskToken(secret)
	ctx := b.Context()

	resume := func() error {
		_, err := resumer.Resume(ctx, token, success)
		return err
	}
	byHand := func() error {
		_, err := client.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{
			TaskToken: aws.String(token.Reveal()), Output: aws.String(string(success.Output)),
		})
		return err
	}
	measure := func(do func() error) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("sfnresumer", measure(resume))
	b.Run("by hand", measure(byHand))
	b.Run("ratio", func(b *testing.B) {
		var ours, theirs time.Duration
		timed := func(do func() error, sum *time.Duration) {
			start := time.Now()
			if err := do(); err != nil {
				b.Fatal(err)
			}
			*sum += time.Since(start)
		}
		for b.Loop() {
			timed(resume, &ours)
			timed(byHand, &theirs)
		}
		b.ReportMetric(float64(ours)/float64(theirs), "ratio")
	})
}

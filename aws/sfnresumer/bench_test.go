package sfnresumer_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/awstest"
	"github.com/brewline/ordermanager/aws/sfnresumer"
)

// BenchmarkResume compares a resume with the same call written by hand, over one stub transport. The two take turns in
// one run, so that the ratio does not depend on what else the machine does; "ratio" is median time over median time by
// hand.
func BenchmarkResume(b *testing.B) {
	client := newClient((&awstest.Service{Answer: awstest.Always(accepted)}).Client())
	resumer := sfnresumer.New(client)
	secret := ordermanager.NewTaskToken(token)
	ctx := b.Context()

	resume := func() error {
		_, err := resumer.Resume(ctx, secret, awstest.Success)
		return err
	}
	byHand := func() error {
		_, err := client.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{
			TaskToken: aws.String(secret.Reveal()), Output: aws.String(string(awstest.Success.Output)),
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
		var ours, theirs []time.Duration
		timed := func(do func() error) time.Duration {
			start := time.Now()
			if err := do(); err != nil {
				b.Fatal(err)
			}
			return time.Since(start)
		}
		for b.Loop() {
			ours, theirs = append(ours, timed(resume)), append(theirs, timed(byHand))
		}
		b.ReportMetric(float64(median(ours))/float64(median(theirs)), "ratio")
	})
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

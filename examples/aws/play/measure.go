package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// starts is how often each function is started; the median is reported.
const starts = 11

// measure compares the built function with one that does nothing: from the start of the process to its first answer,
// and the size of its zip. The starts alternate, so that other load on this machine affects both.
func measure(ctx context.Context, out io.Writer, binaries, zips string) error {
	var ours, empty []time.Duration
	for range starts {
		for name, times := range map[string]*[]time.Duration{"direct": &ours, "empty": &empty} {
			took, err := coldStart(ctx, filepath.Join(binaries, name, "bootstrap"))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			*times = append(*times, took)
		}
	}
	fmt.Fprintf(out, "\ncold start, process start to first answer, median of %d: "+
		"direct %.1f ms, empty %.1f ms: %.2f times\n",
		starts, milliseconds(median(ours)), milliseconds(median(empty)), float64(median(ours))/float64(median(empty)))
	sizes := os.DirFS(zips)
	direct, err := fs.Stat(sizes, "direct.zip")
	if err != nil {
		return err
	}
	nothing, err := fs.Stat(sizes, "empty.zip")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "zip: direct %.2f MB, empty %.2f MB: %.2f times\n",
		float64(direct.Size())/1e6, float64(nothing.Size())/1e6, float64(direct.Size())/float64(nothing.Size()))
	return nil
}

var coldEnvironment = []string{
	"ORDERS_TABLE=orders", "CONFIG_TABLE=config", "EVENT_BUS=bus", "LAYOUT=sample", "DIALECT=workshop",
}

// coldStart measures the time until a new process answers an empty input, which is refused without calling a service.
func coldStart(ctx context.Context, binary string) (time.Duration, error) {
	began := time.Now()
	f, err := start(ctx, io.Discard, binary, coldEnvironment...)
	if err != nil {
		return 0, err
	}
	defer f.stop()
	_, err = f.invoke(ctx, "cold", []byte(`{}`))
	if refused, ok := errors.AsType[*failure](err); ok && refused.Type == "invalid_request" {
		err = nil
	}
	return time.Since(began), err
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

package main

import (
	"slices"
	"time"
)

// scale returns the distance between the lines of a scale up to most: a round time that gives at most four steps.
func scale(most time.Duration) time.Duration {
	for _, step := range []time.Duration{
		time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	} {
		if most <= 4*step {
			return step
		}
	}
	return (most/4 + time.Hour).Truncate(time.Hour)
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

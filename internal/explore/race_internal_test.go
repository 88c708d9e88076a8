//go:build race

package explore

// raceDetector says that the race detector is on. An exploration runs in one goroutine and takes many times as long
// with it, so only the short scenarios are run.
const raceDetector = true

// Package wrong proves the conformance suites: its tests run storetest and resumertest against deliberately wrong
// stores and resumers, each with one mistake that somebody has really made. A suite must fail each of them, and the
// case that is named after the mistake must be among those that fail.
package wrong

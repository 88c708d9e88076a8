package main

import "time"

// settings are the values of the flags.
type settings struct {
	db, addr          string
	hosts             []string
	lifecycle         string
	seed, reset       bool
	drinkTimeout      time.Duration
	completionTimeout time.Duration
	shelfTimeout      time.Duration
}

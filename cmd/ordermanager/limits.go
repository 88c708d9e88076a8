package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/brewline/ordermanager/capacity"
)

type limitFlags struct {
	MaxInQueue     int           `placeholder:"N" positive:"" help:"How many orders of a venue can be open at once. Default: no limit."`
	MaxPerCustomer int           `placeholder:"N" positive:"" help:"How many orders of a customer can be open at a venue at once. Default: no limit."`
	MaxPerDay      int           `placeholder:"N" positive:"" help:"How many orders a customer can begin at a venue in 24 hours, cancelled ones aside. Default: no limit."`
	MaxInWindow    int           `placeholder:"N" positive:"" help:"How many orders can begin at a venue within --window. Default: no limit."`
	Window         time.Duration `default:"5m" positive:"" needs:"max-in-window" help:"The time that --max-in-window looks back."`
	Hours          hours         `placeholder:"FROM-TO" help:"When new orders are taken, in local time, such as 08:00-18:30 or overnight 22:00-02:00. Default: always."`
}

func (f limitFlags) limits() capacity.Limits {
	return capacity.Limits{
		MaxInQueue: f.MaxInQueue, MaxPerCustomer: f.MaxPerCustomer, MaxPerDay: f.MaxPerDay,
		MaxInWindow: f.MaxInWindow, Window: f.Window,
	}
}

// hours are opening hours. The zero hours are the whole day.
type hours struct{ from, to time.Duration }

// UnmarshalText parses hours.
func (h *hours) UnmarshalText(text []byte) error {
	from, to, _ := strings.Cut(string(text), "-")
	for _, edge := range []struct {
		text string
		into *time.Duration
	}{{from, &h.from}, {to, &h.to}} {
		at, err := time.Parse("15:04", edge.text)
		if err != nil {
			return fmt.Errorf("%q is not two times of day, like 08:00-18:30", text)
		}
		*edge.into = sinceMidnight(at)
	}
	if h.from == h.to {
		return fmt.Errorf("%q ends when it begins", text)
	}
	return nil
}

func sinceMidnight(at time.Time) time.Duration {
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

// open reports whether a moment is within the hours.
func (h hours) open(at time.Time) bool {
	now := sinceMidnight(at)
	switch {
	case h.from == h.to:
		return true
	case h.from < h.to:
		return h.from <= now && now < h.to
	}
	return now >= h.from || now < h.to
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// screen shows every order, as a web page would: it listens to one replica, and when that is gone it continues at
// another after the last event that it has seen.
type screen struct {
	service *service
	at      *replica
	// states are the orders as shown.
	states map[string]order
	lastID string
	// moves counts its moves to another replica, and rereads how often it was told to read everything (again).
	moves, rereads int
}

// show listens until all orders have ended. It closes listening once it will miss nothing more.
func (s *screen) show(ctx context.Context, orders int, listening chan<- struct{}) error {
	for s.ended() < orders {
		if err := s.listen(ctx, orders, listening); err != nil && ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if s.ended() < orders {
			s.service.lose(s.at)
			s.at = s.service.next()
			s.moves++
		}
	}
	return nil
}

func (s *screen) ended() (n int) {
	for _, o := range s.states {
		if o.State == "completed" {
			n++
		}
	}
	return n
}

// resumed says how it continued after it moved.
func (s *screen) resumed() string {
	if s.moves > 0 && s.rereads == 1 {
		return "after the last event that it had seen,"
	}
	return fmt.Sprintf("%d times, read everything again %d times,", s.moves, s.rereads-1)
}

// listen reads the stream of one replica.
func (s *screen) listen(ctx context.Context, orders int, listening chan<- struct{}) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.at.url+"/events", nil)
	if err != nil {
		return err
	}
	request.Header.Set("X-Demo-User", "barista:screen")
	if s.lastID != "" {
		request.Header.Set("Last-Event-ID", s.lastID)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	for event, id := "", s.lastID; s.ended() < orders && lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case lines.Text() == "":
			s.lastID = id // an incomplete event is not seen
		case field == "id":
			id = value
		case field == "event":
			event = value
		case field == "data" && event == "reread":
			if s.rereads++; s.rereads == 1 {
				close(listening)
			}
		case field == "data":
			var o order
			if err := json.Unmarshal([]byte(value), &o); err != nil {
				return err
			}
			if known := s.states[o.ID]; known.Version < o.Version {
				s.states[o.ID] = o
			}
		}
	}
	return lines.Err()
}

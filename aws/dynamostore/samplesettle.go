package dynamostore

import (
	"time"

	"github.com/brewline/ordermanager"
)

// settle first assumes that TaskToken holds the newest token; if it does not, it is called again with the item. A token
// must be taken off TaskToken too: left there alone, it would pass for a newer token of the sample's.
func (sample) settle(s *ordermanager.Settlement, seen item, ttl time.Duration) *update {
	u := newUpdate()
	u.require(exists(sampleID))
	if seen != nil {
		settleSeen(u, s, &reader{item: seen})
	} else {
		settleBlind(u, s)
	}
	u.takeToken(sampleRecord.first.spare, s.FirstSpare, plainToken, seen)
	u.takeToken(sampleRecord.second.spare, s.SecondSpare, plainToken, seen)
	sampleRecord.settle(u, s, seen, ttl)
	if !u.changes() {
		return nil
	}
	return u
}

func settleBlind(u *update, s *ordermanager.Settlement) {
	newest, own := s.Second, ownSecond
	if newest.IsZero() {
		newest, own = s.First, ownFirst
	}
	if newest.IsZero() {
		return
	}
	token := u.value(str(newest.Reveal()))
	u.require(sampleToken + " = " + token)
	u.requireAny(append(u.absent(own), own+" = "+token)...)
	u.remove(sampleToken, own)
	if own == ownSecond && !s.First.IsZero() {
		u.requireEqual(ownFirst, str(s.First.Reveal()))
		u.remove(ownFirst)
	}
}

func settleSeen(u *update, s *ordermanager.Settlement, r *reader) {
	held := r.holder()
	taken := false
	for _, slot := range [...]struct {
		own           string
		settled, held ordermanager.TaskToken
	}{{ownFirst, s.First, held.first}, {ownSecond, s.Second, held.second}} {
		if slot.settled.IsZero() || !slot.held.Equal(slot.settled) {
			continue
		}
		requireSame(u, r, slot.own)
		u.remove(slot.own)
		taken = taken || r.token(sampleToken).Equal(slot.settled)
	}
	if !u.changes() {
		return
	}
	requireSame(u, r, sampleToken)
	if taken {
		u.remove(sampleToken)
	}
}

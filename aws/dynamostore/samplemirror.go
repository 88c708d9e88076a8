package dynamostore

import (
	"github.com/brewline/ordermanager"
)

// tokens assigns the tokens: each to its own attribute, and the newest to TaskToken. A token that is replaced becomes
// the spare one; an empty text means none.
func (w *writing) tokens() {
	r := w.t.Assign.Register
	switch {
	case r == nil:
	case r.Spare:
		w.set(sampleRecord.slot(r.Wait).spare, str(r.Token.Reveal()))
	default:
		token := w.value(str(r.Token.Reveal()))
		w.setTo(sampleRecord.slot(r.Wait).token, token)
		if r.Wait == ordermanager.SecondWait {
			w.secondToken(token)
		} else {
			w.firstToken(token)
		}
	}
	if w.t.Assign.AnswerFirst {
		w.remove(ownFirst)
		if r == nil || r.Spare {
			w.unmirrorFirst()
		}
	}
}

func (w *writing) firstToken(token string) {
	spare := sampleRecord.first.spare
	switch {
	case w.t.Create != nil:
		w.setTo(sampleToken, token)
	case w.seen == nil:
		// Usually the second wait has not begun. If it has, TaskToken may be its token.
		w.notBegun()
		w.require("NOT ", w.kind(sampleToken, "NULL"))
		w.setTo(sampleToken, token)
		none := w.value(str(""))
		w.setTo(spare, "if_not_exists(", sampleToken, ", if_not_exists(", ownFirst,
			", if_not_exists(", spare, ", ", none, ")))")
	default:
		w.requireUnchanged(sampleToken, ownFirst, ownSecond)
		held := w.seen.holder()
		if !held.first.IsZero() {
			w.set(spare, str(held.first.Reveal()))
		}
		if held.second.IsZero() || w.seen.token(sampleToken).Equal(w.seen.token(ownFirst)) {
			w.setTo(sampleToken, token)
		}
	}
}

func (w *writing) secondToken(token string) {
	w.setTo(sampleToken, token)
	if w.t.Create != nil {
		return
	}
	// As in the sample, TS changes; the time of creation is kept.
	at := w.value(millis(w.t.Entry.At))
	w.setTo(ownCreated, "if_not_exists("+ownCreated+", if_not_exists("+sampleTime+", "+at+"))")
	w.setTo(sampleTime, at)
	if w.seen == nil {
		// Usually the second wait begins now, and has no token yet.
		w.notBegun()
		if !w.t.Assign.AnswerFirst {
			// The first token stays, so it must be safe in its own attribute before TaskToken is overwritten.
			w.requireAny(append(w.absent(sampleToken), sampleToken+" = "+ownFirst, sampleToken+" = "+ownSecond)...)
		}
		return
	}
	w.requireUnchanged(sampleToken, ownFirst, ownSecond)
	held := w.seen.holder()
	if !held.second.IsZero() {
		w.set(sampleRecord.second.spare, str(held.second.Reveal()))
	}
	if !held.first.IsZero() && !w.t.Assign.AnswerFirst {
		w.set(ownFirst, str(held.first.Reveal()))
	}
}

// notBegun requires that there is no sign of the second wait.
func (w *writing) notBegun() {
	w.requireAny(w.absent(sampleNumber)...)
	w.requireAny(w.absent(sampleRecord.second.at)...)
}

// unmirrorFirst removes a first token from TaskToken when it is taken off.
func (w *writing) unmirrorFirst() {
	if w.seen == nil {
		w.require("NOT ", sampleToken, " = ", ownFirst)
		return
	}
	w.requireUnchanged(sampleToken, ownFirst)
	if w.seen.token(sampleToken).Equal(w.seen.token(ownFirst)) {
		w.remove(sampleToken)
	}
}

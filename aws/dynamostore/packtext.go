package dynamostore

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
)

// The short forms that are texts. Request ids in sets are written like that, since sets of earlier versions are of
// texts; entries are only read.

// escape begins what is written short. What begins with it already is written with another one before it.
const escape = "~"

// textPrefixes begin the fingerprints, whose digits are written in base64.
var textPrefixes = map[string]string{"token:": "~t", "scope:": "~s"}

// packIDText writes a request id without the encoding of a fingerprint.
func packIDText(id string) string {
	for long, short := range textPrefixes {
		if raw, ok := digestOf(id, long); ok {
			return short + base64.RawURLEncoding.EncodeToString(raw)
		}
	}
	if strings.HasPrefix(id, escape) {
		return escape + id
	}
	return id
}

// digestOf returns the bytes of a fingerprint that begins like that.
func digestOf(id, prefix string) ([]byte, bool) {
	digits, ok := strings.CutPrefix(id, prefix)
	if !ok {
		return nil, false
	}
	raw, err := hex.DecodeString(digits)
	return raw, err == nil && len(raw) == idBytes && digits == strings.ToLower(digits)
}

func unpackIDText(packed string) string {
	for long, short := range textPrefixes {
		text, ok := strings.CutPrefix(packed, short)
		if raw, err := base64.RawURLEncoding.DecodeString(text); ok && err == nil && len(raw) == idBytes {
			return long + hex.EncodeToString(raw)
		}
	}
	if short, ok := strings.CutPrefix(packed, escape); ok && strings.HasPrefix(short, escape) {
		return short
	}
	return packed
}

// unpackEntryText reads as much of an entry as there is in a text of before: its parts with tabs between them.
func unpackEntryText(packed string) ordermanager.Entry {
	const most = 7
	parts := append(strings.SplitN(packed, "\t", most), make([]string, most)...)
	e := ordermanager.Entry{
		Action: ordermanager.Action(unpackWord(parts[0])), To: ordermanager.State(unpackWord(parts[1])),
		Actor: ordermanager.Actor{Role: ordermanager.Role(unpackWord(parts[2])), ID: unpackWord(parts[3])},
		Trace: parts[5], Reason: parts[6],
	}
	if at, err := strconv.ParseInt(parts[4], 36, 64); err == nil {
		e.At = time.UnixMilli(at).UTC()
	}
	return e
}

func unpackWord(packed string) string {
	short, ok := strings.CutPrefix(packed, escape)
	if ok && len(short) == 1 && int(short[0]-'a') < len(shortWords) {
		return shortWords[short[0]-'a']
	}
	if ok && strings.HasPrefix(short, escape) {
		return short
	}
	return packed
}

// shortWords are the words of the standard life cycle and of the workflow's notifications. It must only ever grow at
// its end.
var shortWords = []string{
	string(ordermanager.ActionWorkflowStarted), string(ordermanager.ActionWaitingCompletion),
	string(ordermanager.ActionTimedOut), "workflow",
	string(ordermanager.ActionPut), string(ordermanager.ActionMake), string(ordermanager.ActionUnmake),
	string(ordermanager.ActionComplete), string(ordermanager.ActionCancel),
	string(ordermanager.StatePending), string(ordermanager.StateMaking), string(ordermanager.StateCompleted),
	string(ordermanager.StateCancelled),
	string(ordermanager.RoleCustomer), string(ordermanager.RoleBarista),
	string(ordermanager.RoleAdmin), string(ordermanager.RoleSystem),
}

// idBytes is the length of a UUID and of a fingerprint.
const idBytes = 16

package dynamostore

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
)

// The short forms that are texts. Request ids in sets are still written in them, because a set that an earlier version
// wrote is a set of texts. Entries are only read.

// escape begins every short form. A text that begins with it is written with another one in front.
const escape = "~"

// textPrefixes are the prefixes of fingerprints and their short forms. The digits after them are written in base64.
var textPrefixes = map[string]string{"token:": "~t", "scope:": "~s"}

// packIDText writes a request id as a text, a fingerprint in base64.
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

// digestOf returns the bytes of a fingerprint with this prefix.
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

// unpackEntryText reads an entry from the text of an earlier version, whose parts are separated by tabs.
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

// shortWords are the words of the standard life cycle and of the workflow's notifications. Items refer to them by
// position: add new ones at the end.
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

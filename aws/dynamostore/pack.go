package dynamostore

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// An item of up to 1 KB costs one unit to write, and one with a task token is near it. So in the layout of our own
// what repeats in every item is written short: well-known words as two characters, fingerprints and tokens without
// their encoding. Whatever has no short form is written as it is, and a reader takes both.

// escape begins what is written short. What begins with it already is written with another one before it.
const escape = "~"

// shortWords are the words of the standard life cycle and of the workflow's notifications. It must only ever grow at
// its end.
var shortWords = []string{
	string(ordermanager.ActionWorkflowStarted), string(ordermanager.ActionWaitingCompletion),
	string(ordermanager.ActionTimedOut), "workflow",
	string(ordermanager.ActionPut), string(ordermanager.ActionMake), string(ordermanager.ActionUnmake),
	string(ordermanager.ActionComplete), string(ordermanager.ActionCancel),
	string(ordermanager.StatePending), string(ordermanager.StateMaking), string(ordermanager.StateCompleted),
	string(ordermanager.StateCancelled),
	string(ordermanager.RoleCustomer), string(ordermanager.RoleBarista), string(ordermanager.RoleAdmin), string(ordermanager.RoleSystem),
}

func packWord(word string) string {
	if i := slices.Index(shortWords, word); i >= 0 {
		return escape + "abcdefghijklmnopqrstuvwxyz"[i:i+1]
	}
	if strings.HasPrefix(word, escape) {
		return escape + word
	}
	return word
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

// packEntry writes an entry of the history in one text: its parts with tabs between them, which no identifier has. It
// reports whether that can be done.
func packEntry(e *ordermanager.Entry, to ordermanager.State) (string, bool) {
	parts := []string{
		packWord(string(e.Action)), packWord(string(to)), packWord(string(e.Actor.Role)), packWord(e.Actor.ID),
		strconv.FormatInt(e.At.UnixMilli(), 36), e.Trace,
	}
	fits := !slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(part, "\t") })
	if e.Reason == "" {
		return strings.TrimSuffix(strings.Join(parts, "\t"), "\t"), fits
	}
	return strings.Join(append(parts, e.Reason), "\t"), fits
}

// unpackEntry reads as much of an entry as there is.
func unpackEntry(packed string) ordermanager.Entry {
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

// The fingerprints that a Manager makes: a prefix and 32 hexadecimal digits.
var fingerprints = map[string]string{"token:": "~t", "scope:": "~s"}

// packID writes a request id without the encoding of a fingerprint.
func packID(id string) string {
	for long, short := range fingerprints {
		digits, ok := strings.CutPrefix(id, long)
		raw, err := hex.DecodeString(digits)
		if ok && err == nil && len(raw) == 16 && digits == strings.ToLower(digits) {
			return short + base64.RawURLEncoding.EncodeToString(raw)
		}
	}
	if strings.HasPrefix(id, escape) {
		return escape + id
	}
	return id
}

func unpackID(packed string) string {
	for long, short := range fingerprints {
		text, ok := strings.CutPrefix(packed, short)
		if raw, err := base64.RawURLEncoding.DecodeString(text); ok && err == nil && len(raw) == 16 {
			return long + hex.EncodeToString(raw)
		}
	}
	if short, ok := strings.CutPrefix(packed, escape); ok && strings.HasPrefix(short, escape) {
		return short
	}
	return packed
}

func packIDs(ids []string) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = packID(id)
	}
	return all
}

// packToken writes a token that is base64, as those of Step Functions are, as the bytes that it stands for.
func packToken(token ordermanager.TaskToken) types.AttributeValue {
	text := token.Reveal()
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) == 0 || base64.StdEncoding.EncodeToString(raw) != text {
		return str(text)
	}
	return &types.AttributeValueMemberB{Value: raw}
}

package dynamostore

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// An item of up to 1 KB costs one unit to write, and an item with a task token comes near that. So the layout Native
// writes what repeats in every item in few bytes: a well-known word as one byte, identifiers and tokens without their
// encoding. What has no short form is written unchanged. The forms of earlier versions, where an entry was a text, can
// still be read.

// The first byte of a part of an entry: the number of a short word, counted from 1, or one of these.
const (
	partNone     = 0
	partTrace    = 0xFC // a W3C trace context of version 00: 25 bytes
	partUUID     = 0xFD // 16 bytes
	partCustomer = 0xFE // the order's customer, who never changes
	partText     = 0xFF // its length, and the text
)

// packEntry writes an entry of the history: the action, the state after it, the actor's role and identifier, the time,
// the trace context, and last the reason.
func packEntry(e *ordermanager.Entry, to ordermanager.State, customer string) []byte {
	b := make([]byte, 0, 32)
	b = packPart(b, string(e.Action), "")
	b = packPart(b, string(to), "")
	b = packPart(b, string(e.Actor.Role), "")
	b = packPart(b, e.Actor.ID, customer)
	b = binary.AppendVarint(b, e.At.UnixMilli())
	b = packPart(b, e.Trace, "")
	return append(b, e.Reason...)
}

func packPart(b []byte, text, customer string) []byte {
	if text == "" {
		return append(b, partNone)
	}
	if i := slices.Index(shortWords, text); i >= 0 {
		return append(b, byte(i+1)) //nolint:gosec // there are few words
	}
	if text == customer {
		return append(b, partCustomer)
	}
	if raw, ok := uuidOf(text); ok {
		return append(append(b, partUUID), raw...)
	}
	if raw, ok := traceOf(text); ok {
		return append(append(b, partTrace), raw...)
	}
	b = binary.AppendUvarint(append(b, partText), uint64(len(text)))
	return append(b, text...)
}

// unpackEntry reads an entry, or as much of it as there is.
func unpackEntry(packed []byte, customer string) ordermanager.Entry {
	p := parts{packed, customer}
	e := ordermanager.Entry{
		Action: ordermanager.Action(p.text()), To: ordermanager.State(p.text()),
		Actor: ordermanager.Actor{Role: ordermanager.Role(p.text()), ID: p.text()},
	}
	if at, n := binary.Varint(p.rest); n > 0 {
		e.At = time.UnixMilli(at).UTC()
		p.rest = p.rest[n:]
	}
	e.Trace = p.text()
	e.Reason = string(p.rest)
	return e
}

// parts are the parts of an entry that are still to be read.
type parts struct {
	rest     []byte
	customer string
}

// take removes n bytes from the front, or as many as there are.
func (p *parts) take(n uint64) []byte {
	n = min(n, uint64(len(p.rest)))
	taken := p.rest[:n]
	p.rest = p.rest[n:]
	return taken
}

func (p *parts) text() string {
	kind := p.take(1)
	if len(kind) == 0 {
		return ""
	}
	switch k := int(kind[0]); {
	case k == partCustomer:
		return p.customer
	case k == partUUID:
		return uuidText(p.take(idBytes))
	case k == partTrace:
		return traceText(p.take(traceBytes))
	case k == partText:
		length, n := binary.Uvarint(p.rest)
		p.take(uint64(max(n, 0)))
		return string(p.take(length))
	case 0 < k && k <= len(shortWords):
		return shortWords[k-1]
	}
	return ""
}

// uuidOf returns the bytes of a UUID in its usual form. User pools name people, and gateways name requests, like that.
func uuidOf(text string) ([]byte, bool) {
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	return raw, err == nil && len(raw) == idBytes && uuidText(raw) == text
}

func uuidText(raw []byte) string {
	if len(raw) != idBytes {
		return ""
	}
	digits := hex.EncodeToString(raw)
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}

// traceBytes is the length of a trace context: the trace, the span and the flags.
const traceBytes = 16 + 8 + 1

// traceOf returns the bytes of a trace context written as in the header traceparent.
func traceOf(text string) ([]byte, bool) {
	digits, ok := strings.CutPrefix(text, "00-")
	if !ok {
		return nil, false
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(digits, "-", ""))
	return raw, err == nil && len(raw) == traceBytes && traceText(raw) == text
}

func traceText(raw []byte) string {
	if len(raw) != traceBytes {
		return ""
	}
	digits := hex.EncodeToString(raw)
	return strings.Join([]string{"00", digits[:32], digits[32:48], digits[48:]}, "-")
}

// The forms of a request id that have a short one: a Manager's fingerprint (a prefix and 32 hexadecimal digits), a
// UUID, or a number, as the identifiers that a Manager makes are.
const (
	idToken = 1 + iota
	idScope
	idUUID
	idNumber // plus the number of digits
)

var fingerprints = map[byte]string{idToken: "token:", idScope: "scope:"}

// numberBase is the base of those numbers, which have between leastDigits and mostDigits digits.
const (
	numberBase              = 32
	leastDigits, mostDigits = 16, 26
)

// packID writes a request id, as bytes if it has one of the known forms and as a text otherwise.
func packID(id string) types.AttributeValue {
	short := func(form byte, raw []byte) types.AttributeValue {
		return &types.AttributeValueMemberB{Value: append([]byte{form}, raw...)}
	}
	for form, prefix := range fingerprints {
		if raw, ok := digestOf(id, prefix); ok {
			return short(form, raw)
		}
	}
	if raw, ok := uuidOf(id); ok {
		return short(idUUID, raw)
	}
	if digits := len(id); leastDigits <= digits && digits <= mostDigits {
		if n, ok := new(big.Int).SetString(id, numberBase); ok && n.Sign() >= 0 && numberText(n, digits) == id {
			return short(byte(idNumber+digits), n.Bytes())
		}
	}
	return str(packIDText(id))
}

func numberText(n *big.Int, digits int) string {
	text := n.Text(numberBase)
	return strings.Repeat("0", max(digits-len(text), 0)) + text
}

// unpackID reads a request id in any form.
func unpackID(value types.AttributeValue) string {
	packed, ok := value.(*types.AttributeValueMemberB)
	if !ok {
		return unpackIDText(plainText(value))
	}
	if len(packed.Value) == 0 {
		return ""
	}
	switch form, raw := packed.Value[0], packed.Value[1:]; {
	case fingerprints[form] != "":
		return fingerprints[form] + hex.EncodeToString(raw)
	case form == idUUID:
		return uuidText(raw)
	default:
		return numberText(new(big.Int).SetBytes(raw), int(form)-idNumber)
	}
}

// packToken writes a base64 token, as those of Step Functions are, as bytes, and any other as a text.
func packToken(token ordermanager.TaskToken) types.AttributeValue {
	text := token.Reveal()
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) == 0 || base64.StdEncoding.EncodeToString(raw) != text {
		return str(text)
	}
	return &types.AttributeValueMemberB{Value: raw}
}

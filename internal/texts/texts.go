// Package texts has the rules for texts from people and programs: names, identifiers and explanations.
package texts

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rule returns the rule that a text breaks, or "".
func Rule(value string, limit int) string {
	switch {
	case len(value) > limit:
		return "is longer than " + strconv.Itoa(limit) + " bytes"
	case Plain(value):
		return ""
	case !utf8.ValidString(value):
		return "is not valid UTF-8"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "contains a control character"
	}
	return ""
}

// IDRule returns the rule that an identifier breaks, or "". Two orders whose identifiers look the same on a screen
// cannot be told apart, so identifiers have visible characters only. Letters that look alike in two scripts are still
// different.
func IDRule(value string, limit int) string {
	if len(value) <= limit && folded(value) && value[0] != '.' { // a fast path for nearly every identifier
		return ""
	}
	rule := Rule(value, limit)
	switch {
	case rule != "":
		return rule
	case value == "." || value == "..":
		return "is " + value + ", which no address can name"
	case strings.TrimSpace(value) != value:
		return "begins or ends with a space"
	case Plain(value):
		return ""
	case strings.ContainsRune(value, utf8.RuneError):
		return "contains U+FFFD, which stands for something that could not be read"
	case strings.ContainsFunc(value, unseen):
		return "contains a character that cannot be seen"
	}
	return ""
}

// Plain is a fast path for nearly every identifier: printable ASCII.
func Plain(value string) bool {
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return true
}

// Line turns a text into one line, shortened to the limit: an explanation must not prevent the action that it explains.
func Line(text string, limit int) string {
	if len(text) <= limit && Plain(text) {
		return text
	}
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if len(text) <= limit {
		return text
	}
	const more = "…"
	return strings.ToValidUTF8(text[:limit-len(more)], "") + more
}

// Clip shortens a value for a message, to at most limit bytes, without cutting a character in two.
func Clip(value string, limit int) string {
	if len(value) <= limit {
		return value
	}
	return strings.ToValidUTF8(value[:limit], "")
}

package jsonform_test

import (
	"encoding/json"
	"testing"

	"github.com/brewline/ordermanager/internal/jsonform"
)

func TestForm_isWhatMarshalWrites(t *testing.T) {
	for _, text := range []string{"", "plain", `"quoted" \`, "<a href='&'>", "café", "\u2028", "tab\t", "\x7f", "\xff"} {
		f := jsonform.New(0)
		f.Begin("inner")
		f.Texts("none", nil)
		f.Texts("texts", []string{text, "b"})
		f.End()
		f.Text("text", text)
		f.Optional("optional", text)
		f.Number("number", -7)
		f.NumberText("numberText", -8)
		f.Bool("yes", true)
		f.Null("null")
		want, err := json.Marshal(struct {
			Inner struct {
				None  []string `json:"none"`
				Texts []string `json:"texts"`
			} `json:"inner"`
			Text     string `json:"text"`
			Optional string `json:"optional,omitempty"`
			Number   int    `json:"number"`
			Digits   int    `json:"numberText,string"`
			Yes      bool   `json:"yes"`
			Null     *int   `json:"null"`
		}{
			Inner: struct {
				None  []string `json:"none"`
				Texts []string `json:"texts"`
			}{[]string{}, []string{text, "b"}},
			Text: text, Optional: text, Number: -7, Digits: -8, Yes: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Bytes(); string(got) != string(want) {
			t.Errorf("%q:\n%s, want\n%s", text, got, want)
		}
	}
}

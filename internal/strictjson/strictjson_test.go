package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager/internal/strictjson"
)

func TestParse_refusesWhatIsNotOneJSONText(t *testing.T) {
	for _, data := range []string{
		``, ` `, `{`, `{} {}`, `{"a":1,}`, `nul`, "\ufeff{}", // no byte-order mark inside a program
		"\"a\xff\"", "{\"a\xc3\":1}", "\"\xed\xa0\x80\"", // not UTF-8
		`"a\ud800"`, `"a\udfff"`, `"\udc00\ud800"`, `"\ud800\u0041"`, `"\ud800\\udc00"`, `{"\ud83d":1}`,
		`["\uD83D\uD83D\uDE00"]`,
	} {
		if v, err := strictjson.Parse("input", []byte(data)); err == nil {
			t.Errorf("%q was taken for %s", data, v.Raw())
		} else if bad, ok := errors.AsType[*strictjson.Error](err); !ok || bad.Path != "input" {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestParse_takesEveryCharacter(t *testing.T) {
	for data, want := range map[string]string{
		`"\ud83d\ude00"`:         "😀",
		`"\uD83D\uDE00\u00e9"`:   "😀é",
		`"\\ud800"`:              `\ud800`,
		`"\\\\ud800"`:            `\\ud800`,
		`"\"\/\b\f\n\r\té"`:      "\"/\b\f\n\r\té",
		" \"\u2028\U0010ffff\" ": "\u2028\U0010ffff", //nolint:gocritic // blanks around a value are what is tested
	} {
		v, err := strictjson.Parse("", []byte(data))
		if got, ok := v.Text(); err != nil || !ok || got != want {
			t.Errorf("%s: %q, %v", data, got, err)
		}
	}
}

func TestText_doesNotKeepTheDocument(t *testing.T) {
	v, err := strictjson.Parse("", []byte(`"latte"`))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := v.Text()
	if unsafe.StringData(text) == unsafe.StringData(v.Raw()[1:]) {
		t.Error("a text is a part of the document, which stays in memory with it")
	}
}

func TestObject_hasEachNameOnce(t *testing.T) {
	for data, path := range map[string]string{
		`{"a":1,"a":1}`:           "in.a",
		`{"a":1,"\u0061":2}`:      "in.a",
		`{"b":1,"a":{},"a":null}`: "in.a",
		`{"":1,"":2}`:             "in.",
		`[1]`:                     "in",
		`"a"`:                     "in",
		`null`:                    "in",
	} {
		v, err := strictjson.Parse("in", []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Object()
		if bad, ok := errors.AsType[*strictjson.Error](err); !ok || bad.Path != path {
			t.Errorf("%s: %v", data, err)
		}
	}
}

func TestObject_isReadByItsExactNames(t *testing.T) {
	v, err := strictjson.Parse("", []byte(`{"a":"x","A":"y","n":-1.5,"t":true,"l":["p",null],"o":{"i":1},"z":null}`))
	if err != nil {
		t.Fatal(err)
	}
	o, err := v.Object()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "A", "n", "t", "l", "o", "z"}, o.Names()); diff != "" {
		t.Error(diff)
	}
	text, _ := o.Get("a").Text()
	number, _ := o.Get("n").Number()
	truth, _ := o.Get("t").Bool()
	list, _ := o.Get("l").List()
	if text != "x" || number != "-1.5" || !truth || len(list) != 2 || list[1].Path() != "l[1]" || !list[1].Absent() {
		t.Errorf("%q, %q, %v, %v", text, number, truth, list)
	}
	inner, err := o.Get("o").Object()
	if err != nil || inner.Get("i").Path() != "o.i" {
		t.Errorf("%v, %v", inner, err)
	}
	for _, name := range []string{"N", "absent", "z"} {
		if !o.Get(name).Absent() {
			t.Errorf("%s is there", name)
		}
	}
	// Each kind of value is that kind alone.
	for _, name := range o.Names() {
		v := o.Get(name)
		_, isText := v.Text()
		_, isNumber := v.Number()
		_, isBool := v.Bool()
		_, isList := v.List()
		_, err := v.Object()
		kinds := 0
		for _, is := range []bool{isText, isNumber, isBool, isList, err == nil} {
			if is {
				kinds++
			}
		}
		if want := map[bool]int{true: 0, false: 1}[name == "z"]; kinds != want {
			t.Errorf("%s is of %d kinds", name, kinds)
		}
	}
}

func TestObject_hasEachNameOnceHoweverManyThereAre(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 18, 100} {
		members := make([]string, n)
		for i := range members {
			members[i] = fmt.Sprintf(`"n%d":%d`, i, i)
		}
		for i := range members {
			v, err := strictjson.Parse("", []byte("{"+strings.Join(members, ",")+"}"))
			if err != nil {
				t.Fatal(err)
			}
			o, err := v.Object()
			if err != nil || o.Get(fmt.Sprintf("n%d", i)).Raw() != strconv.Itoa(i) || !o.Get("n").Absent() {
				t.Fatalf("%d of %d: %v", i, n, err)
			}
			again, _ := strictjson.Parse("", []byte("{"+strings.Join(slices.Concat(members, members[i:i+1]), ",")+"}"))
			if _, err := again.Object(); err == nil {
				t.Fatalf("%d of %d is there twice", i, n)
			}
		}
	}
}

func TestMisspelt_findsAKnownNameInOtherLetters(t *testing.T) {
	for data, path := range map[string]string{
		`{"userId":1,"orderId":2,"other":3}`: "",
		`{"UserId":1}`:                       "UserId",
		`{"userId":1,"uſerId":2}`:            "uſerId",
		`{"orderID":1}`:                      "orderID",
	} {
		v, _ := strictjson.Parse("", []byte(data))
		o, err := v.Object()
		if err != nil {
			t.Fatal(err)
		}
		err = o.Misspelt("userId", "orderId")
		if bad, _ := errors.AsType[*strictjson.Error](err); (err != nil) != (path != "") || bad != nil && bad.Path != path {
			t.Errorf("%s: %v", data, err)
		}
	}
}

// What is taken is taken as encoding/json takes it, and nothing of it was made up.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`[1,-2.5e3 , "a\\"]", [],[[{}],"]"] ,true,null ]`, `{ "a" : {"b":"}\\\\"} ,"c":[1 , 2]}`, `[ ]`, ` { } `, `[""]`,
		`{"a":["\ud83d\ude00",{"b":null}]}`, `"\ud800"`, "\"\xff\"", `{"a":1,"a":2}`, `"\\u"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := strictjson.Parse("", data)
		if err != nil {
			return
		}
		if !utf8.Valid(data) || !json.Valid(data) {
			t.Fatalf("took %q", data)
		}
		if text, ok := v.Text(); ok {
			again, _ := json.Marshal(text)
			var back string
			if json.Unmarshal(again, &back) != nil || back != text {
				t.Fatalf("%q is not %q", back, text)
			}
		}
		if list, ok := v.List(); ok {
			var want []json.RawMessage
			if json.Unmarshal(data, &want) != nil || len(want) != len(list) {
				t.Fatalf("%q has %d elements", data, len(list))
			}
			for i, element := range want {
				if got := list[i].Raw(); got != string(element) {
					t.Fatalf("%q has %q in place %d", data, got, i)
				}
			}
		}
		if o, err := v.Object(); err == nil {
			var want map[string]json.RawMessage
			if json.Unmarshal(data, &want) != nil || len(want) != len(o.Names()) {
				t.Fatalf("%q has %q", data, o.Names())
			}
			for name, member := range want {
				if got := o.Get(name).Raw(); got != string(member) {
					t.Fatalf("%q has %q as %q", data, got, name)
				}
			}
		}
	})
}

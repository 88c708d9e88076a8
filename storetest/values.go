package storetest

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"

	"github.com/brewline/ordermanager"
)

// odd are texts that are legal everywhere, and that stores have stumbled over.
var odd = []struct{ name, text string }{
	{"letters of many scripts", "Ärger-日本語-😀-עברית"},
	{"a number sign", "a#b#c"},
	{"slashes", "/a/b//c\\d"},
	{"spaces around it", "  a b  "},
	{"quotes", `'a' "b" ` + "`c`" + ` ''; --`},
	{"signs of patterns", "100% a_b *.* [x] {y} ? (z) ^$"},
	{"signs of URLs and JSON", `?a=b&c=d%20+e;{"x":[null]}`},
	{"dots and colons", "..:a:b:::."},
	{"another text's decomposed form", "e\u0301 and \u00e9"},
	{"what looks like a number", "00012e3"},
	{"what looks like nothing", "null"},
}

func valueCases() []promise {
	var cases []promise
	for _, text := range odd {
		cases = append(cases, promise{name: "identifiers and texts with " + text.name +
			" come back unchanged", run: func(c *checker) {
			oddOrder(c, text.text)
		}})
	}
	for _, separator := range []string{"#", "/", "|", ":", "-", "_", ".", ",", " ", "@", "\\"} {
		name := fmt.Sprintf("identifiers that are alike when joined with %q do not meet", separator)
		cases = append(
			cases, promise{name: strings.ReplaceAll(name, "/", "slash"), run: func(c *checker) { joined(c, separator) }},
		)
	}
	return append(cases,
		promise{name: "identifiers that begin alike, or differ in case or at their ends, are different", run: alike},
		promise{name: "everything can be as long as the limits allow", run: func(c *checker) { largest(c) }},
		promise{name: "a full history of the longest entries survives", invariant: "6", run: fullHistory},
		promise{name: "a drink has no modifiers, one or many, in their order", run: func(c *checker) {
			for _, modifiers := range [][]string{
				nil, {}, {"b"}, {"b", "a", "c", "b2"}, {"with, comma", "with|bar", "with\"quote", " "},
			} {
				o := c.begun()
				t := o.put()
				t.Assign.Drink = &ordermanager.Drink{Name: "Latte", Modifiers: modifiers}
				o.must(t)
			}
		}},
	)
}

// oddOrder takes an order through its whole life, with the text in every place that takes one.
func oddOrder(c *checker, text string) {
	o := c.order()
	o.id = fit(text+rand.Text(), ordermanager.MaxIDBytes)
	customer, venue := "c"+text+rand.Text(), "v"+text+rand.Text()
	o.must(o.create(customer, venue))
	t := o.put()
	t.Assign.Drink = &ordermanager.Drink{Name: text, Icon: text, Modifiers: []string{text, text + text}}
	t.Entry.RequestID = text
	o.must(t)
	o.mustNot(t)
	o.must(withEvent(o.claim(text)))
	cancelled := o.cancel(text)
	cancelled.Entry.RequestID = text + text
	cancelled.Assign.Number = fit(text, ordermanager.MaxNumberBytes)
	o.must(withEvents(cancelled))
	c.listed(ordermanager.Query{Customer: customer, Limit: 5}, o.id)
	c.listed(ordermanager.Query{Venue: venue, State: ordermanager.StateCancelled, Limit: 5}, o.id)
	o.settle(settlement{Version: o.model.Version, Events: []string{cancelled.Entry.RequestID}})
	o.settleAll()
}

// joined makes two orders whose identifiers give the same text when they are joined with the separator.
func joined(c *checker, separator string) {
	left, right := rand.Text(), rand.Text()
	middle := "x"
	a, b := c.order(), c.order()
	a.id, b.id = left+separator+middle, left
	customerA, customerB := right, middle+separator+right
	a.must(a.create(customerA, customerA))
	b.must(b.create(customerB, customerB))
	b.must(b.put())
	a.must(a.cancel("no time"))
	c.same(a.id, a.model)
	c.same(b.id, b.model)
	c.listed(ordermanager.Query{Customer: customerA, Limit: 5}, a.id)
	c.listed(ordermanager.Query{Customer: customerB, Limit: 5}, b.id)
	c.listed(ordermanager.Query{Venue: customerA, Limit: 5}, a.id)
	c.listed(ordermanager.Query{Venue: customerB, Limit: 5}, b.id)
}

func alike(c *checker) {
	unique := rand.Text() + "é"
	decomposed := strings.TrimSuffix(unique, "é") + "e\u0301"
	var all []*order
	for _, id := range []string{
		unique, unique + " ", " " + unique, unique + "x", strings.ToLower(unique), unique + "%", decomposed,
	} {
		o := c.order()
		o.id = id
		o.must(o.create(id, id))
		all = append(all, o)
	}
	all[3].must(all[3].cancel("no time"))
	for _, o := range all {
		c.same(o.id, o.model)
		c.listed(ordermanager.Query{Customer: o.id, Limit: 50}, o.id)
		c.listed(ordermanager.Query{Venue: o.id, Limit: 50}, o.id)
	}
}

// largest is an order in which every text is as long as it can be.
func largest(c *checker) *order {
	o := c.order()
	o.id = long(ordermanager.MaxIDBytes)
	t := o.create(long(ordermanager.MaxIDBytes), long(ordermanager.MaxIDBytes))
	t.Assign.Register.Token = ordermanager.NewTaskToken(long(ordermanager.MaxTokenBytes))
	t.Entry.RequestID = t.Assign.Register.Token.Fingerprint()
	o.must(t)
	t = o.put()
	t.Assign.Drink = &ordermanager.Drink{Name: long(ordermanager.MaxNameBytes), Icon: long(ordermanager.MaxNameBytes)}
	for range ordermanager.MaxModifiers {
		t.Assign.Drink.Modifiers = append(t.Assign.Drink.Modifiers, long(ordermanager.MaxNameBytes))
	}
	o.must(t)
	second := o.register(secondWait, ordermanager.NewTaskToken(long(ordermanager.MaxTokenBytes)), o.now)
	second.Assign.Number = long(ordermanager.MaxNumberBytes)
	o.must(withEvent(second))
	o.must(o.claim(long(ordermanager.MaxIDBytes)))
	t = o.step(ordermanager.ActionCancel, ordermanager.Admin(long(ordermanager.MaxIDBytes)))
	t.Assign.Reason = long(ordermanager.MaxReasonBytes)
	t.Entry.Reason = t.Assign.Reason
	t.Entry.RequestID = long(ordermanager.MaxRequestIDBytes)
	t.Entry.Trace = strings.Repeat("x", ordermanager.MaxTraceBytes)
	o.must(withEvent(t))
	return o
}

func fullHistory(c *checker) {
	o := largest(c)
	first := ""
	o.fill(func() ordermanager.Transition {
		t := o.step(ordermanager.ActionMake, ordermanager.Barista(long(ordermanager.MaxIDBytes)))
		t.Entry.RequestID, t.Entry.Reason = long(ordermanager.MaxRequestIDBytes), long(ordermanager.MaxReasonBytes)
		t.Entry.Trace = strings.Repeat("x", ordermanager.MaxTraceBytes)
		if first == "" {
			first = t.Entry.RequestID
		}
		return withLongestEvents(t)
	})
	again := o.step(ordermanager.ActionMake, workflow)
	again.Entry.RequestID = first
	o.mustNot(again)
	o.settleAll()
}

// withLongestEvents makes a transition owe its event to as many publishers as there can be, with the longest names.
func withLongestEvents(t ordermanager.Transition) ordermanager.Transition {
	for i := range ordermanager.MaxPublishers {
		name := strings.Repeat("n", ordermanager.MaxPublisherNameBytes-1) + strconv.Itoa(i)
		t.Assign.Events = append(t.Assign.Events, " "+name+" "+t.Entry.RequestID)
	}
	t.Owing = true
	return t
}

// long is a text of exactly this many bytes, different every time.
func long(size int) string {
	text := rand.Text()
	return (text + strings.Repeat("ä", size))[:size-size%2] + strings.Repeat("x", size%2)
}

// fit shortens a text to a limit, between two characters.
func fit(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.yaml.in/yaml/v3"

	"github.com/brewline/ordermanager/internal/sampleapps"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// The contract of each web app of the sample, against the stack: the workshop's against the whole shop, and the core's
// against the functions in the place of the sample's, on its table.
func TestStack_servesTheAppsOfTheSample(t *testing.T) {
	testenv.Need(t, testenv.Shop()...)
	for _, dialect := range serverlesspresso.Dialects() {
		for name, contract := range sampleapps.Apps() {
			t.Run(string(dialect)+"/"+name, func(t *testing.T) {
				parameters := with(nil)
				if dialect == serverlesspresso.Core {
					parameters = besideTheSample(strings.ToLower(rand.Text()[:10]))
					parameters["Dialect"] = string(dialect)
				}
				parameters["AllowedOrigin"] = sampleapps.Origin
				var told bytes.Buffer
				stage, err := openStage(t.Context(), &told, build(t), parameters)
				if err != nil {
					t.Fatal(err)
				}
				defer stage.close()
				s := &shop{t, stage, t.Context()}
				s.offersTheAppsMenu(dialect)
				contract(t, &sampleapps.Bar{
					Dialect: dialect,
					Do:      func(t *testing.T, c sampleapps.Call) sampleapps.Answer { return s.in(t).gateway(c) },
					Begin: func(t *testing.T, orderID, customer, venue string) {
						s := s.in(t)
						if _, err := s.begin(t.Context(), orderID, customer, venue); err != nil {
							t.Fatal(err)
						}
						s.passesOn(orderID, "WorkflowStarted")
					},
					Step: func(t *testing.T, orderID string) { s.in(t).passesOn(orderID, "WaitingCompletion") },
				})
				if t.Failed() {
					t.Log(told.String())
				}
			})
		}
	}
}

// in is the shop in a part of its test.
func (s *shop) in(t *testing.T) *shop { return &shop{t, s.stage, s.life} }

// passesOn gives an event of the workflow to the function behind the rule.
func (s *shop) passesOn(orderID, kind string) {
	s.Helper()
	o := &order{shop: *s, id: orderID}
	o.hears(kind, `"state":"pending"`)
}

// offersTheAppsMenu puts the menu of the contracts where the functions read it.
func (s *shop) offersTheAppsMenu(dialect serverlesspresso.Dialect) {
	s.Helper()
	text := func(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }
	list := func(values ...types.AttributeValue) types.AttributeValue {
		return &types.AttributeValueMemberL{Value: values}
	}
	milk := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
		"Name": text("Milk"), "Options": list(text("Oat"), text("Whole")),
	}}
	menu := list(&types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
		"drink": text("Latte"), "icon": text("latte"), "modifiers": list(milk),
		"available": &types.AttributeValueMemberBOOL{Value: true},
	}})
	items := []map[string]types.AttributeValue{{"PK": text("menu"), "value": menu}}
	if dialect == serverlesspresso.Core {
		items = nil
		for _, venue := range []string{sampleapps.Venue, "elsewhere"} {
			items = append(items, map[string]types.AttributeValue{"PK": text("config-" + venue), "menu": menu})
		}
	}
	for _, item := range items {
		if _, err := s.dynamo.PutItem(s.Context(), &dynamodb.PutItemInput{TableName: &s.config, Item: item}); err != nil {
			s.Fatal(err)
		}
	}
}

// gateway is the HTTP API of the template: what it says of other origins it does itself, preflight requests included,
// and the rest is the function's.
func (s *shop) gateway(c sampleapps.Call) sampleapps.Answer {
	s.Helper()
	cors := field(s.template.root, "Resources", "Api", "Properties", "CorsConfiguration").Content[1]
	origins, err := s.template.text(field(cors, "AllowOrigins").Content[0])
	if err != nil {
		s.Fatal(err)
	}
	if c.Method == http.MethodOptions {
		return sampleapps.Answer{Status: http.StatusNoContent, Header: http.Header{
			"Access-Control-Allow-Origin":  {origins},
			"Access-Control-Allow-Methods": {joined(field(cors, "AllowMethods"))},
			"Access-Control-Allow-Headers": {joined(field(cors, "AllowHeaders"))},
		}}
	}
	c.Path = "/sample" + c.Path
	var out events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal([]byte(s.invokes("http", marshal(sampleapps.HTTPAPIRequest(s.T, c)))), &out); err != nil {
		s.Fatal(err)
	}
	answer := sampleapps.HTTPAPIAnswer(out)
	answer.Header.Set("Access-Control-Allow-Origin", origins)
	return answer
}

func joined(list *yaml.Node) string {
	var all []string
	for _, each := range list.Content {
		all = append(all, each.Value)
	}
	return strings.Join(all, ",")
}

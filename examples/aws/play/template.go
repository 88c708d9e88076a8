package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	stack "github.com/brewline/ordermanager/examples/aws"
)

// template is the CloudFormation template with values for its parameters. It supports only the intrinsic functions that
// this program needs; any other is an error.
type template struct {
	root *yaml.Node
	// names are the values of parameters, and of !Ref and !GetAtt for resources.
	names map[string]string
}

// readTemplate reads the template with the parameters that differ from their defaults. The name of each resource is
// made of the stack's and its own, in lower case.
func readTemplate(stackName string, parameters map[string]string) (*template, error) {
	data, err := stack.Files.ReadFile("template.yaml")
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, err
	}
	t := &template{root: document.Content[0], names: map[string]string{
		"AWS::StackName": stackName, "AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012",
	}}
	for name, declared := range pairs(field(t.root, "Parameters")) {
		value, given := parameters[name]
		if fallback := field(declared, "Default"); !given && fallback != nil {
			value, given = fallback.Value, true
		}
		if !given {
			return nil, fmt.Errorf("the parameter %s has no value", name)
		}
		pattern := field(declared, "AllowedPattern")
		if pattern != nil && !regexp.MustCompile(pattern.Value).MatchString(value) {
			return nil, fmt.Errorf("the parameter %s %s", name, field(declared, "ConstraintDescription").Value)
		}
		t.names[name] = value
	}
	for name := range pairs(field(t.root, "Resources")) {
		t.names[name] = strings.ToLower(stackName + "-" + name)
	}
	return t, t.assertRules()
}

// assertRules refuses parameters that the template's rules refuse.
func (t *template) assertRules() error {
	for _, rule := range pairs(field(t.root, "Rules")) {
		if condition := field(rule, "RuleCondition"); condition != nil {
			if applies, err := t.holds(condition); err != nil || !applies {
				if err != nil {
					return err
				}
				continue
			}
		}
		for _, assertion := range field(rule, "Assertions").Content {
			holds, err := t.holds(field(assertion, "Assert"))
			if err != nil {
				return err
			}
			if !holds {
				return errors.New(field(assertion, "AssertDescription").Value)
			}
		}
	}
	return nil
}

// field returns the value of a name, or nil.
func field(n *yaml.Node, path ...string) *yaml.Node {
	for _, name := range path {
		n = pairs(n)[name]
	}
	return n
}

func pairs(n *yaml.Node) map[string]*yaml.Node {
	all := map[string]*yaml.Node{}
	if n == nil || n.Kind != yaml.MappingNode {
		return all
	}
	for i := 0; i < len(n.Content); i += 2 {
		all[n.Content[i].Value] = n.Content[i+1]
	}
	return all
}

// there reports whether a resource is created.
func (t *template) there(resource string) (bool, error) {
	declared := field(t.root, "Resources", resource)
	if declared == nil {
		return false, fmt.Errorf("there is no resource %s", resource)
	}
	condition := field(declared, "Condition")
	if condition == nil {
		return true, nil
	}
	return t.holds(field(t.root, "Conditions", condition.Value))
}

// holds evaluates a condition.
func (t *template) holds(n *yaml.Node) (bool, error) {
	if n == nil {
		return false, errors.New("a condition is missing")
	}
	switch n.Tag {
	case "!Condition":
		return t.holds(field(t.root, "Conditions", n.Value))
	case "!Equals":
		left, err := t.text(n.Content[0])
		if err != nil {
			return false, err
		}
		right, err := t.text(n.Content[1])
		return left == right, err
	case "!Not":
		holds, err := t.holds(n.Content[0])
		return !holds, err
	case "!And", "!Or":
		for _, each := range n.Content {
			holds, err := t.holds(each)
			if err != nil || holds == (n.Tag == "!Or") {
				return holds, err
			}
		}
		return n.Tag == "!And", nil
	}
	return false, fmt.Errorf("line %d: the condition %s is not known here", n.Line, n.Tag)
}

// text evaluates a string. An attribute of a resource is the resource's name.
func (t *template) text(n *yaml.Node) (string, error) {
	switch n.Tag {
	case "!Ref":
		return t.name(n.Value)
	case "!GetAtt":
		resource, _, _ := strings.Cut(n.Value, ".")
		return t.name(resource)
	case "!If":
		holds, err := t.holds(field(t.root, "Conditions", n.Content[0].Value))
		if err != nil {
			return "", err
		}
		if holds {
			return t.text(n.Content[1])
		}
		return t.text(n.Content[2])
	case "!Sub":
		var failed error
		text := regexp.MustCompile(`\$\{([^}]+)\}`).ReplaceAllStringFunc(n.Value, func(found string) string {
			value, err := t.name(found[2 : len(found)-1])
			failed = errors.Join(failed, err)
			return value
		})
		return text, failed
	}
	if n.Kind != yaml.ScalarNode || strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return "", fmt.Errorf("line %d: %s is not known here", n.Line, n.Tag)
	}
	return n.Value, nil
}

func (t *template) name(name string) (string, error) {
	value, found := t.names[name]
	if !found {
		return "", fmt.Errorf("the template names %s, which is not there", name)
	}
	return value, nil
}

// texts evaluates a map of strings.
func (t *template) texts(n *yaml.Node) (map[string]string, error) {
	all := map[string]string{}
	for name, value := range pairs(n) {
		text, err := t.text(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[name] = text
	}
	return all, nil
}

// environment returns the environment of a function.
func (t *template) environment(function string) ([]string, error) {
	all, err := t.texts(field(t.root, "Globals", "Function", "Environment", "Variables"))
	if err != nil {
		return nil, err
	}
	own, err := t.texts(field(t.root, "Resources", function, "Properties", "Environment", "Variables"))
	if err != nil {
		return nil, err
	}
	maps.Copy(all, own)
	var variables []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		variables = append(variables, name+"="+all[name])
	}
	return variables, nil
}

// workflow returns the definition of the OrderProcessor as deployed.
func (t *template) workflow() (string, error) {
	properties := field(t.root, "Resources", "OrderProcessor", "Properties")
	data, err := stack.Files.ReadFile(field(properties, "DefinitionUri").Value)
	if err != nil {
		return "", err
	}
	substitutions, err := t.texts(field(properties, "DefinitionSubstitutions"))
	definition := string(data)
	for name, value := range substitutions {
		definition = strings.ReplaceAll(definition, "${"+name+"}", value)
	}
	return definition, err
}

// pattern returns the event pattern of a function's rule, as JSON.
func (t *template) pattern(function, rule string) (string, error) {
	var pattern map[string]any
	declared := field(t.root, "Resources", function, "Properties", "Events", rule, "Properties", "Pattern")
	if err := declared.Decode(&pattern); err != nil {
		return "", err
	}
	data, err := json.Marshal(pattern)
	return string(data), err
}

// Writes test/vectors-cel/*.json: what Kubernetes says of rules in CEL. See README.md.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/common"
	"k8s.io/apiserver/pkg/cel/environment"
)

var scheme = runtime.NewScheme()

func init() { install.Install(scheme) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

type fieldError struct {
	Reason  string `json:"reason"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

// The type of self has a name that is made anew at each compilation.
var selfType = regexp.MustCompile(`selfType[0-9]+`)

func listed(errs field.ErrorList) []fieldError {
	out := []fieldError{}
	for _, e := range errs {
		out = append(out, fieldError{string(e.Type), e.Field, selfType.ReplaceAllString(e.ErrorBody(), "selfType")})
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Field+"\x00"+out[i].Message < out[j].Field+"\x00"+out[j].Message
	})
	return out
}

func structural(text string) *structuralschema.Structural {
	var external v1.JSONSchemaProps
	if err := json.Unmarshal([]byte(text), &external); err != nil {
		panic(fmt.Sprint(text, ": ", err))
	}
	var internal apiextensions.JSONSchemaProps
	must(v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&external, &internal, nil))
	out, err := structuralschema.NewStructural(&internal)
	must(err)
	return out
}

func parsed(text string) any {
	var value any
	if err := utiljson.Unmarshal([]byte(text), &value); err != nil {
		panic(fmt.Sprint(text, ": ", err))
	}
	return value
}

type expressionVector struct {
	Rule string `json:"rule"`
	// Why it does not compile; a syntax error is cut to its place.
	Refused string `json:"refused,omitempty"`
	// Of one evaluation, at most.
	MaxCost uint64 `json:"maxCost,omitempty"`
	// What evaluating it on the value cost, and the errors; none when it is true.
	Cost   int64        `json:"cost,omitempty"`
	Errors []fieldError `json:"errors,omitempty"`
}

func withRule(schema, rule string) *structuralschema.Structural {
	s := structural(schema)
	s.XValidations = v1.ValidationRules{{Rule: rule, Message: "m"}}
	return s
}

var syntaxError = regexp.MustCompile(`(?s)^(compilation failed: ERROR: <input>:\d+:\d+: Syntax error).*`)

func expressionVectors() any {
	out := []expressionVector{}
	for _, rule := range expressions {
		s := withRule(expressionSchema, rule)
		vector := expressionVector{Rule: rule}
		compiled, err := cel.Compile(s, model.SchemaDeclType(s, true), celconfig.PerCallLimit, environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()), cel.NewExpressionsEnvLoader())
		must(err)
		if compiled[0].Error != nil {
			vector.Refused = selfType.ReplaceAllString(compiled[0].Error.Detail, "selfType")
			vector.Refused = syntaxError.ReplaceAllString(vector.Refused, "$1")
			out = append(out, vector)
			continue
		}
		vector.MaxCost = compiled[0].MaxCost
		validator := cel.NewValidator(s, true, celconfig.PerCallLimit)
		value := parsed(expressionValue)
		errs, remaining := validator.Validate(context.Background(), nil, s, value, value, celconfig.RuntimeCELCostBudget)
		if remaining >= 0 {
			vector.Cost = celconfig.RuntimeCELCostBudget - remaining
		}
		vector.Errors = listed(errs)
		out = append(out, vector)
	}
	return struct {
		Schema      json.RawMessage    `json:"schema"`
		Value       json.RawMessage    `json:"value"`
		Expressions []expressionVector `json:"expressions"`
	}{json.RawMessage(expressionSchema), json.RawMessage(expressionValue), out}
}

type ruleVector struct {
	Schema json.RawMessage `json:"schema"`
	Value  json.RawMessage `json:"value"`
	Old    json.RawMessage `json:"old,omitempty"`
	Errors []fieldError    `json:"errors"`
}

func ruleVectors() any {
	out := []ruleVector{}
	for _, c := range ruleCases {
		s := structural(c.schema)
		validator := cel.NewValidator(s, true, celconfig.PerCallLimit)
		var old any
		var options []cel.Option
		if c.old != "" {
			old = parsed(c.old)
			options = append(options, cel.WithRatcheting(common.NewCorrelatedObject(parsed(c.value), old, &model.Structural{Structural: s})))
		}
		errs, _ := validator.Validate(context.Background(), nil, s, parsed(c.value), old, celconfig.RuntimeCELCostBudget, options...)
		vector := ruleVector{json.RawMessage(c.schema), json.RawMessage(c.value), nil, listed(errs)}
		if c.old != "" {
			vector.Old = json.RawMessage(c.old)
		}
		out = append(out, vector)
	}
	return out
}

type schemaVector struct {
	Schema json.RawMessage `json:"schema"`
	Errors []fieldError    `json:"errors"`
}

func schemaVectors() any {
	out := []schemaVector{}
	for _, schema := range schemaCases {
		var props v1.JSONSchemaProps
		if err := json.Unmarshal([]byte(schema), &props); err != nil {
			panic(fmt.Sprint(schema, ": ", err))
		}
		external := &v1.CustomResourceDefinition{
			ObjectMeta: metav1.ObjectMeta{Name: "things.example.com"},
			Spec: v1.CustomResourceDefinitionSpec{
				Group:    "example.com",
				Scope:    v1.NamespaceScoped,
				Names:    v1.CustomResourceDefinitionNames{Plural: "things", Singular: "thing", Kind: "Thing", ListKind: "ThingList"},
				Versions: []v1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true, Schema: &v1.CustomResourceValidation{OpenAPIV3Schema: &props}}},
			},
			Status: v1.CustomResourceDefinitionStatus{StoredVersions: []string{"v1"}},
		}
		scheme.Default(external)
		var internal apiextensions.CustomResourceDefinition
		must(scheme.Convert(external, &internal, nil))
		var errs field.ErrorList
		for _, e := range crdvalidation.ValidateCustomResourceDefinition(context.Background(), &internal) {
			if strings.HasPrefix(e.Field, "spec.validation") {
				errs = append(errs, e)
			}
		}
		out = append(out, schemaVector{json.RawMessage(schema), listed(errs)})
	}
	return out
}

func main() {
	topics := map[string]func() any{"expressions": expressionVectors, "rules": ruleVectors, "schemas": schemaVectors}
	for topic, make := range topics {
		if len(os.Args) > 1 && os.Args[1] != topic {
			continue
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		must(encoder.Encode(make()))
		must(os.WriteFile(topic+".json", text.Bytes(), 0o644))
		fmt.Println(topic+".json", text.Len(), "bytes")
	}
}

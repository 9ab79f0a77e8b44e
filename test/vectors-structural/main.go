// Writes test/vectors-structural/*.json: what Kubernetes says of schemas of CustomResourceDefinitions and of objects by
// them. See README.md.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/cel/common"
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

func listed(errs field.ErrorList) []fieldError {
	out := []fieldError{}
	for _, e := range errs {
		out = append(out, fieldError{string(e.Type), e.Field, e.ErrorBody()})
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Field+"\x00"+out[i].Message < out[j].Field+"\x00"+out[j].Message
	})
	return out
}

func internalSchema(text string) *apiextensions.JSONSchemaProps {
	var external v1.JSONSchemaProps
	if err := json.Unmarshal([]byte(text), &external); err != nil {
		panic(fmt.Sprint(text, ": ", err))
	}
	var internal apiextensions.JSONSchemaProps
	must(v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&external, &internal, nil))
	return &internal
}

func parsed(text string) any {
	var value any
	if err := utiljson.Unmarshal([]byte(text), &value); err != nil {
		panic(fmt.Sprint(text, ": ", err))
	}
	return value
}

func raw(text string) json.RawMessage { return json.RawMessage(text) }

func rawOf(value any) json.RawMessage {
	text, err := json.Marshal(value)
	must(err)
	return text
}

type valueVector struct {
	Schema json.RawMessage `json:"schema"`
	Value  json.RawMessage `json:"value"`
	Old    json.RawMessage `json:"old,omitempty"`
	Errors []fieldError    `json:"errors"`
}

// valueErrors is what the strategy of custom resources checks, but for rules.
func valueErrors(schema string, value, old any) []fieldError {
	internal := internalSchema(schema)
	validator, _, err := validation.NewSchemaValidator(internal)
	must(err)
	structural, err := structuralschema.NewStructural(internal)
	must(err)
	var errs field.ErrorList
	if old == nil {
		errs = validation.ValidateCustomResource(nil, value, validator)
	} else {
		correlated := common.NewCorrelatedObject(value, old, &model.Structural{Structural: structural})
		errs = validation.ValidateCustomResourceUpdate(nil, value, old, validator, validation.WithRatcheting(correlated))
	}
	errs = append(errs, objectmeta.Validate(nil, value, structural, false)...)
	if object, ok := value.(map[string]any); ok {
		oldObject, _ := old.(map[string]any)
		if len(listtype.ValidateListSetsAndMaps(nil, structural, oldObject)) == 0 {
			errs = append(errs, listtype.ValidateListSetsAndMaps(nil, structural, object)...)
		}
	}
	return listed(errs)
}

func valueVectors() any {
	out := []valueVector{}
	for _, group := range valueCases {
		for _, schema := range group.schemas {
			wrapped := `{"type":"object","properties":{"v":` + schema + `}}`
			for _, value := range group.values {
				object := `{"v":` + value + `}`
				out = append(out, valueVector{raw(wrapped), raw(object), nil, valueErrors(wrapped, parsed(object), nil)})
			}
		}
	}
	for _, c := range objectCases {
		for _, value := range c.values {
			out = append(out, valueVector{raw(c.schemas[0]), raw(value), nil, valueErrors(c.schemas[0], parsed(value), nil)})
		}
	}
	for _, c := range updateCases {
		out = append(out, valueVector{raw(c.schema), raw(c.value), raw(c.old), valueErrors(c.schema, parsed(c.value), parsed(c.old))})
	}
	return out
}

type shapeVector struct {
	Schema    json.RawMessage `json:"schema"`
	Value     json.RawMessage `json:"value"`
	Defaulted json.RawMessage `json:"defaulted"`
	Pruned    json.RawMessage `json:"pruned"`
	// Of a whole resource: apiVersion, kind and metadata stay.
	PrunedResource json.RawMessage `json:"prunedResource"`
	Unknown        []string        `json:"unknown"`
}

func shapeVectors() any {
	out := []shapeVector{}
	for _, c := range shapeCases {
		structural, err := structuralschema.NewStructural(internalSchema(c.schemas[0]))
		must(err)
		for _, text := range c.values {
			defaulted := parsed(text)
			defaulting.PruneNonNullableNullsWithoutDefaults(defaulted, structural)
			defaulting.Default(defaulted, structural)
			pruned := parsed(text)
			unknown := pruning.PruneWithOptions(pruned, structural, false, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
			resource := parsed(text)
			pruning.Prune(resource, structural, true)
			out = append(out, shapeVector{raw(c.schemas[0]), raw(text), rawOf(defaulted), rawOf(pruned), rawOf(resource), append([]string{}, unknown...)})
		}
	}
	return out
}

type schemaVector struct {
	Schema json.RawMessage `json:"schema"`
	Status bool            `json:"status,omitempty"`
	Errors []fieldError    `json:"errors"`
}

func schemaErrors(schema string, status bool) []fieldError {
	var props v1.JSONSchemaProps
	if err := json.Unmarshal([]byte(schema), &props); err != nil {
		panic(fmt.Sprint(schema, ": ", err))
	}
	version := v1.CustomResourceDefinitionVersion{Name: "v1", Served: true, Storage: true, Schema: &v1.CustomResourceValidation{OpenAPIV3Schema: &props}}
	if status {
		version.Subresources = &v1.CustomResourceSubresources{Status: &v1.CustomResourceSubresourceStatus{}}
	}
	external := &v1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "things.example.com"},
		Spec: v1.CustomResourceDefinitionSpec{
			Group:    "example.com",
			Scope:    v1.NamespaceScoped,
			Names:    v1.CustomResourceDefinitionNames{Plural: "things", Singular: "thing", Kind: "Thing", ListKind: "ThingList"},
			Versions: []v1.CustomResourceDefinitionVersion{version},
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
	return listed(errs)
}

func schemaVectors() any {
	out := []schemaVector{}
	for _, schema := range schemaCases() {
		out = append(out, schemaVector{raw(schema), false, schemaErrors(schema, false)})
	}
	for _, schema := range statusSchemaCases {
		out = append(out, schemaVector{raw(schema), true, schemaErrors(schema, true)})
	}
	return out
}

type patternVector struct {
	Pattern string `json:"pattern"`
	Error   string `json:"error,omitempty"`
	// For each of the texts, whether it matches, and where the leftmost match is, in characters.
	Matches [][]int `json:"matches,omitempty"`
}

func main() {
	topics := map[string]func() any{
		"values":   valueVectors,
		"shapes":   shapeVectors,
		"schemas":  schemaVectors,
		"patterns": patternVectors,
	}
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

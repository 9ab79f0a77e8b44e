package main

import (
	"context"
	"fmt"
	"reflect"

	openapi_v2 "github.com/google/gnostic-models/openapiv2"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kube-openapi/pkg/util/proto"
)

// runOpenAPI reads the OpenAPI v2 document as client-go does, in protobuf, and says whether that is the same as the JSON,
// and what Kubernetes' own reader of models makes of it.
func runOpenAPI(ctx context.Context, args []string) error {
	flags, kubeconfig := newFlags("openapi")
	if err := flags.Parse(args); err != nil {
		return err
	}
	clientset, err := connect(*kubeconfig, connectOptions{gzip: true})
	if err != nil {
		return err
	}
	document, err := clientset.Discovery().OpenAPISchema()
	if err != nil {
		return fmt.Errorf("OpenAPISchema: %w", err)
	}
	text, err := clientset.RESTClient().Get().AbsPath("/openapi/v2").SetHeader("Accept", "application/json").Do(ctx).Raw()
	if err != nil {
		return err
	}
	parsed, err := openapi_v2.ParseDocument(text)
	if err != nil {
		return fmt.Errorf("ParseDocument: %w", err)
	}
	ofProtobuf, err := plain(document)
	if err != nil {
		return err
	}
	ofJSON, err := plain(parsed)
	if err != nil {
		return err
	}
	models, err := proto.NewOpenAPIData(document)
	if err != nil {
		return fmt.Errorf("NewOpenAPIData: %w", err)
	}
	kinds := map[string]string{}
	for _, name := range models.ListModels() {
		model := models.LookupModel(name)
		if model == nil {
			return fmt.Errorf("model %s is not there", name)
		}
		list, _ := model.GetExtensions()["x-kubernetes-group-version-kind"].([]any)
		for _, one := range list {
			gvk, err := kindOf(one)
			if err != nil {
				return fmt.Errorf("model %s: %w", name, err)
			}
			kinds[gvk.String()] = name
		}
	}
	say(map[string]any{
		"event": "openapi",
		"same":  reflect.DeepEqual(ofProtobuf, ofJSON),
		"paths": len(document.GetPaths().GetPath()),
		"kinds": kinds,
	})
	return nil
}

func plain(document *openapi_v2.Document) (any, error) {
	text, err := document.YAMLValue("")
	if err != nil {
		return nil, err
	}
	var value any
	return value, yaml.Unmarshal(text, &value)
}

func kindOf(value any) (schema.GroupVersionKind, error) {
	at := func(name string) string { return "" }
	switch given := value.(type) {
	case map[string]any:
		at = func(name string) string { return fmt.Sprint(given[name]) }
	case map[any]any:
		at = func(name string) string { return fmt.Sprint(given[name]) }
	default:
		return schema.GroupVersionKind{}, fmt.Errorf("%T is no kind", value)
	}
	return schema.GroupVersionKind{Group: at("group"), Version: at("version"), Kind: at("kind")}, nil
}

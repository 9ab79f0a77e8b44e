// Writes test/vectors-apply/histories.jsonl, the schemas first and then a history a line: what Kubernetes' field managers make of histories of applies and updates.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

type object = map[string]any

// step is one request. Its answer is `object` and `managedFields`, or `error` with `causes`.
type step struct {
	Apply       bool   `json:"apply,omitempty"`
	Manager     string `json:"manager"`
	Version     string `json:"version,omitempty"`
	Force       bool   `json:"force,omitempty"`
	Subresource string `json:"subresource,omitempty"`
	Time        string `json:"time"`
	Given       any    `json:"given"`

	Result        object   `json:"result,omitempty"`
	ManagedFields []entry  `json:"managedFields,omitempty"`
	Error         string   `json:"error,omitempty"`
	Causes        []string `json:"causes,omitempty"`
}

// entry has fieldsV1 as text, for its order.
type entry struct {
	Manager     string `json:"manager,omitempty"`
	Operation   string `json:"operation"`
	APIVersion  string `json:"apiVersion"`
	Time        string `json:"time,omitempty"`
	FieldsV1    string `json:"fieldsV1"`
	Subresource string `json:"subresource,omitempty"`
}

type history struct {
	Type  string  `json:"type"`
	Steps []*step `json:"steps"`
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A worker runs the requests of one history, as the handlers of kube-apiserver do.
type worker struct {
	kind  typeCase
	live  *unstructured.Unstructured
	steps int
}

func (w *worker) run(s *step) {
	s.Time = epoch.Add(time.Duration(w.steps) * time.Second).Format(time.RFC3339)
	w.steps++
	if s.Version == "" {
		s.Version = "v1"
	}
	manager := w.kind.manager(s.Version, s.Subresource)
	gvk := schema.GroupVersionKind{Group: group, Version: s.Version, Kind: w.kind.name}
	live := &unstructured.Unstructured{Object: object{}}
	live.SetGroupVersionKind(gvk)
	if w.live != nil {
		live = w.live.DeepCopy()
		live.SetGroupVersionKind(gvk)
	}
	given := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(s.Given.(object))}
	var result runtime.Object
	var err error
	if s.Apply {
		result, err = manager.Apply(live, given, s.Manager, s.Force)
	} else {
		result = manager.UpdateNoErrors(live, given, s.Manager)
	}
	if err != nil {
		s.Error = err.Error()
		if status, ok := err.(*apierrors.StatusError); ok && status.ErrStatus.Details != nil {
			for _, cause := range status.ErrStatus.Details.Causes {
				s.Causes = append(s.Causes, fmt.Sprintf("%s: %s: %s", cause.Type, cause.Field, cause.Message))
			}
			sort.Strings(s.Causes)
		}
		return
	}
	now := result.(*unstructured.Unstructured)
	entries := now.GetManagedFields()
	for i := range entries {
		if entries[i].Time != nil && entries[i].Time.Year() != 2026 || entries[i].Time != nil && entries[i].Time.After(started) {
			at, err := time.Parse(time.RFC3339, s.Time)
			must(err)
			entries[i].Time = &metav1.Time{Time: at}
		}
	}
	now.SetManagedFields(entries)
	for _, e := range entries {
		text := entry{Manager: e.Manager, Operation: string(e.Operation), APIVersion: e.APIVersion, FieldsV1: inOrder(e.FieldsV1), Subresource: e.Subresource}
		if e.Time != nil {
			text.Time = e.Time.UTC().Format(time.RFC3339)
		}
		s.ManagedFields = append(s.ManagedFields, text)
	}
	stored := now.DeepCopy()
	stored.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: "v1", Kind: w.kind.name})
	if stored.GetUID() == "" {
		stored.SetUID("uid-1")
	}
	w.live = stored
	answer := now.DeepCopy()
	answer.SetManagedFields(nil)
	s.Result = answer.Object
}

// inOrder is fieldsV1 as field sets are written: an unstructured object has its members sorted.
func inOrder(fields *metav1.FieldsV1) string {
	set := fieldpath.Set{}
	must(set.FromJSON(fields.GetRawReader()))
	text, err := set.ToJSON()
	must(err)
	return string(text)
}

var started = time.Now().Add(-time.Hour)

const group = "test.drover.io"

// A typeCase is a custom type: its schema in each version.
type typeCase struct {
	name     string
	versions map[string]object
	status   bool
}

func (t typeCase) manager(version, subresource string) *managedfields.FieldManager {
	models := map[string]*spec.Schema{"meta": parseSchema(objectMeta)}
	for name, schemaOf := range t.versions {
		whole := runtime.DeepCopyJSON(schemaOf)
		whole["properties"].(object)["metadata"] = object{"$ref": "#/components/schemas/meta"}
		whole["x-kubernetes-group-version-kind"] = []any{object{"group": group, "version": name, "kind": t.name}}
		models[t.name+name] = parseSchema(whole)
	}
	converter, err := managedfields.NewTypeConverter(models, false)
	must(err)
	var reset map[fieldpath.APIVersion]fieldpath.Filter
	if t.status {
		reset = map[fieldpath.APIVersion]fieldpath.Filter{}
		for name := range t.versions {
			filter := fieldpath.NewExcludeSetFilter(fieldpath.NewSet(fieldpath.MakePathOrDie("status")))
			if subresource == "status" {
				filter = fieldpath.NewIncludeMatcherFilter(fieldpath.MakePrefixMatcherOrDie("status"))
			}
			reset[fieldpath.APIVersion(group+"/"+name)] = filter
		}
	}
	kind := schema.GroupVersionKind{Group: group, Version: version, Kind: t.name}
	manager, err := managedfields.NewDefaultCRDFieldManager(converter, sameVersions{}, noDefaults{}, makes{}, kind, kind.GroupVersion(), subresource, reset)
	must(err)
	return manager
}

// sameVersions converts as a CustomResourceDefinition with the strategy None does.
type sameVersions struct{}

func (sameVersions) Convert(_, _, _ any) error { return fmt.Errorf("not used") }
func (sameVersions) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}
func (sameVersions) ConvertToVersion(in runtime.Object, to runtime.GroupVersioner) (runtime.Object, error) {
	copied := in.DeepCopyObject()
	kind, ok := to.KindForGroupVersionKinds([]schema.GroupVersionKind{copied.GetObjectKind().GroupVersionKind()})
	if !ok {
		return nil, fmt.Errorf("no such version")
	}
	copied.GetObjectKind().SetGroupVersionKind(kind)
	return copied, nil
}

type noDefaults struct{}

func (noDefaults) Default(runtime.Object) {}

type makes struct{}

func (makes) New(kind schema.GroupVersionKind) (runtime.Object, error) {
	made := &unstructured.Unstructured{}
	made.SetGroupVersionKind(kind)
	return made, nil
}

func parseSchema(from object) *spec.Schema {
	text, err := json.Marshal(from)
	must(err)
	parsed := &spec.Schema{}
	must(json.Unmarshal(text, parsed))
	return parsed
}

func main() {
	r := rand.New(rand.NewSource(20261130))
	histories := append(written(), random(r)...)
	schemas := map[string]any{}
	for _, t := range types {
		schemas[t.name] = object{"versions": t.versions, "status": t.status}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	must(encoder.Encode(object{"metadata": objectMeta, "types": schemas}))
	for _, h := range histories {
		must(encoder.Encode(h))
	}
	must(os.WriteFile("histories.jsonl", text.Bytes(), 0o644))
	count := 0
	failed := 0
	for _, h := range histories {
		count += len(h.Steps)
		for _, s := range h.Steps {
			if s.Error != "" {
				failed++
			}
		}
	}
	fmt.Println(len(histories), "histories,", count, "requests,", failed, "refused,", text.Len(), "bytes")
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

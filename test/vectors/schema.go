package main

import (
	"reflect"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Cases is a type with the strategies that core types have few or none of.
type Cases struct {
	Replaced        map[string]Item   `json:"replaced,omitempty" patchStrategy:"replace"`
	ReplacedObject  *Item             `json:"replacedObject,omitempty" patchStrategy:"replace"`
	Retained        *Item             `json:"retained,omitempty" patchStrategy:"retainKeys"`
	ReplacedRetains *Item             `json:"replacedRetains,omitempty" patchStrategy:"replace,retainKeys"`
	Items           []Item            `json:"items,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	RetainedItems   []Item            `json:"retainedItems,omitempty" patchStrategy:"retainKeys,merge" patchMergeKey:"name"`
	Numbered        []Item            `json:"numbered,omitempty" patchStrategy:"merge" patchMergeKey:"number"`
	Keyless         []Item            `json:"keyless,omitempty" patchStrategy:"merge"`
	Atomic          []Item            `json:"atomic,omitempty"`
	ReplacedItems   []Item            `json:"replacedItems,omitempty" patchStrategy:"replace" patchMergeKey:"name"`
	Strings         []string          `json:"strings,omitempty" patchStrategy:"merge"`
	Integers        []int64           `json:"integers,omitempty" patchStrategy:"merge"`
	Flags           []bool            `json:"flags,omitempty" patchStrategy:"merge"`
	Plain           []string          `json:"plain,omitempty"`
	Nested          [][]string        `json:"nested,omitempty"`
	Map             map[string]string `json:"map,omitempty"`
	Maps            map[string]Item   `json:"maps,omitempty"`
	Unclear         []string          `json:"unclear,omitempty" patchStrategy:"merge,replace"`
	Text            string            `json:"text,omitempty"`
}

// Item is an element and a member of Cases.
type Item struct {
	Name    string   `json:"name,omitempty"`
	Number  int64    `json:"number,omitempty"`
	Value   string   `json:"value,omitempty"`
	Other   *Leaf    `json:"other,omitempty"`
	Items   []Leaf   `json:"items,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	Strings []string `json:"strings,omitempty" patchStrategy:"merge"`
}

// Leaf ends the nesting.
type Leaf struct {
	Name  string `json:"name,omitempty"`
	Value string `json:"value,omitempty"`
	Flag  *bool  `json:"flag,omitempty"`
}

var strategicTypes = map[string]any{
	"Cases":          Cases{},
	"ConfigMap":      corev1.ConfigMap{},
	"Deployment":     appsv1.Deployment{},
	"Pod":            corev1.Pod{},
	"Service":        corev1.Service{},
	"ServiceAccount": corev1.ServiceAccount{},
}

// The members of large types that vectors and schemas have.
var chosenFields = map[string][]string{
	"ObjectMeta":         {"name", "labels", "annotations", "finalizers", "ownerReferences"},
	"OwnerReference":     {"apiVersion", "kind", "name", "uid", "controller"},
	"ServiceSpec":        {"ports", "selector", "type", "externalIPs", "clusterIPs", "sessionAffinityConfig", "loadBalancerSourceRanges"},
	"ServicePort":        {"name", "port", "protocol", "targetPort"},
	"ServiceStatus":      {"conditions", "loadBalancer"},
	"PodSpec":            {"containers", "initContainers", "volumes", "tolerations", "imagePullSecrets", "nodeSelector", "hostAliases", "securityContext", "restartPolicy", "terminationGracePeriodSeconds", "nodeName"},
	"PodStatus":          {"conditions", "podIPs", "phase"},
	"PodSecurityContext": {"runAsUser", "supplementalGroups", "sysctls"},
	"Container":          {"name", "image", "command", "args", "env", "ports", "volumeMounts", "resources"},
	"EnvVar":             {"name", "value", "valueFrom"},
	"EnvVarSource":       {"configMapKeyRef"},
	"Volume":             {"name", "emptyDir", "configMap", "hostPath"},
	"DeploymentStatus":   {"replicas", "conditions"},
}

func isChosen(t reflect.Type, field string) bool {
	chosen, limited := chosenFields[t.Name()]
	if !limited {
		return true
	}
	for _, name := range chosen {
		if name == field {
			return true
		}
	}
	return false
}

type member struct {
	name               string
	t                  reflect.Type
	strategy, mergeKey string
}

// members are the chosen JSON members of a struct, embedded ones included, in their order.
func members(t reflect.Type) []member {
	all := []member{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if strings.Contains(options, "inline") {
			all = append(all, members(field.Type)...)
		} else if name != "" && name != "-" && isChosen(t, name) {
			all = append(all, member{name, field.Type, field.Tag.Get("patchStrategy"), field.Tag.Get("patchMergeKey")})
		}
	}
	return all
}

var scalarTypes = map[reflect.Type]map[string]any{
	reflect.TypeFor[metav1.Time]():        {"type": "string", "format": "date-time"},
	reflect.TypeFor[time.Time]():          {"type": "string", "format": "date-time"},
	reflect.TypeFor[resource.Quantity]():  {"x-kubernetes-int-or-string": true},
	reflect.TypeFor[intstr.IntOrString](): {"x-kubernetes-int-or-string": true},
	reflect.TypeFor[[]byte]():             {"type": "string", "format": "byte"},
}

// schemaOf derives a JSON schema from Go's struct tags; structs are named in `definitions` and referred to by $ref.
func schemaOf(t reflect.Type, definitions map[string]any) map[string]any {
	if scalar, ok := scalarTypes[t]; ok {
		return map[string]any{"type": scalar["type"], "x-kubernetes-int-or-string": scalar["x-kubernetes-int-or-string"]}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), definitions)
	case reflect.Struct:
		if _, ok := definitions[t.Name()]; !ok {
			properties := map[string]any{}
			definitions[t.Name()] = map[string]any{"type": "object", "properties": properties}
			for _, field := range members(t) {
				property := schemaOf(field.t, definitions)
				if field.strategy != "" {
					property["x-kubernetes-patch-strategy"] = field.strategy
				}
				if field.mergeKey != "" {
					property["x-kubernetes-patch-merge-key"] = field.mergeKey
				}
				properties[field.name] = property
			}
		}
		return map[string]any{"$ref": t.Name()}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem(), definitions)}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem(), definitions)}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	}
	panic("no schema for " + t.String())
}

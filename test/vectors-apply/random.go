package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"sort"

	"k8s.io/apimachinery/pkg/runtime"
)

func pick[T any](r *rand.Rand, from ...T) T { return from[r.Intn(len(from))] }

func chance(r *rand.Rand, percent int) bool { return r.Intn(100) < percent }

var names = []string{"a", "b", "c", "a.b/c", "<x>", "ü", "a\"b", "\U0001F600", "\uFF5E"}

func someText(r *rand.Rand) string {
	if chance(r, 80) {
		return pick(r, names[:3]...)
	}
	return pick(r, names...)
}

// value makes a value of a schema; now and then one that is null or empty.
func value(r *rand.Rand, s object, depth int) any {
	if chance(r, 2) {
		return nil
	}
	if s["x-kubernetes-int-or-string"] == true {
		return pick[any](r, "a", "80%", int64(3))
	}
	switch s["type"] {
	case "string":
		if s["format"] == "date-time" {
			return pick(r, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
		}
		return someText(r)
	case "integer":
		return int64(r.Intn(3))
	case "number":
		return pick[any](r, int64(1), 1.5, -2.25, int64(1000000), 1e21, 1e-7)
	case "boolean":
		return chance(r, 50)
	case "array":
		return items(r, s, depth)
	case "object":
		return members(r, s, depth)
	default:
		return anything(r, depth)
	}
}

func members(r *rand.Rand, s object, depth int) object {
	result := object{}
	if properties, ok := s["properties"].(object); ok {
		keys := []string{}
		for key := range properties {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		for _, key := range keys {
			if chance(r, 50) {
				result[key] = value(r, properties[key].(object), depth+1)
			}
		}
	}
	if more, ok := s["additionalProperties"].(object); ok {
		for range r.Intn(3) {
			result[someText(r)] = value(r, more, depth+1)
		}
	} else if s["properties"] == nil || s["x-kubernetes-preserve-unknown-fields"] == true {
		for range r.Intn(3) {
			result[pick(r, "x", "y", "z")] = anything(r, depth+1)
		}
	}
	return result
}

func anything(r *rand.Rand, depth int) any {
	switch n := r.Intn(10); {
	case n < 5 || depth > 5:
		return pick[any](r, "a", "b", int64(1), true, nil)
	case n < 8:
		result := object{}
		for range r.Intn(3) {
			result[pick(r, "x", "y", "z")] = anything(r, depth+1)
		}
		return result
	default:
		result := []any{}
		for range r.Intn(3) {
			result = append(result, anything(r, depth+1))
		}
		return result
	}
}

// items makes a list that holds to its kind; duplicates only where that is allowed.
func items(r *rand.Rand, s object, depth int) []any {
	result := []any{}
	seen := map[string]bool{}
	of := s["items"].(object)
	keys, _ := s["x-kubernetes-list-map-keys"].([]any)
	if key, ok := s["x-kubernetes-patch-merge-key"]; ok {
		keys = []any{key}
	}
	isSet := s["x-kubernetes-list-type"] == "set" || (s["x-kubernetes-patch-strategy"] == "merge" && len(keys) == 0)
	for range r.Intn(4) {
		item := value(r, of, depth+1)
		identity := any(nil)
		if len(keys) > 0 {
			member, ok := item.(object)
			if !ok {
				continue
			}
			parts := []any{}
			for _, key := range keys {
				schemaOf := of["properties"].(object)[key.(string)].(object)
				if member[key.(string)] == nil {
					delete(member, key.(string))
					if schemaOf["default"] == nil || chance(r, 50) {
						for member[key.(string)] == nil {
							member[key.(string)] = value(r, schemaOf, depth+1)
						}
					}
				}
				part := member[key.(string)]
				if part == nil {
					part = schemaOf["default"]
				}
				parts = append(parts, part)
			}
			identity = parts
		} else if isSet {
			if item == nil {
				continue
			}
			identity = item
		}
		if identity != nil {
			id := fmt.Sprint(identity)
			if seen[id] {
				continue
			}
			seen[id] = true
		}
		result = append(result, item)
	}
	return result
}

func objectOf(r *rand.Rand, t typeCase, version string) object {
	result := object{"apiVersion": group + "/" + version, "kind": t.name}
	metadata := object{"name": "one", "namespace": "default"}
	if chance(r, 40) {
		metadata["labels"] = members(r, texts, 0)
	}
	if chance(r, 30) {
		metadata["annotations"] = members(r, texts, 0)
	}
	if chance(r, 20) {
		metadata["finalizers"] = items(r, set(text), 0)
	}
	if chance(r, 15) {
		references := objectMeta["properties"].(object)["ownerReferences"].(object)
		metadata["ownerReferences"] = items(r, references, 0)
	}
	result["metadata"] = metadata
	properties := t.versions[version]["properties"].(object)
	// Few members each, so that histories meet in them.
	spec := object{}
	of := properties["spec"].(object)["properties"].(object)
	keys := []string{}
	for key := range of {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for range 1 + r.Intn(7) {
		key := pick(r, keys...)
		spec[key] = value(r, of[key].(object), 1)
	}
	result["spec"] = spec
	if chance(r, 40) {
		result["status"] = members(r, properties["status"].(object), 0)
	}
	return result
}

// edited is the live object with some of it taken from another one.
func edited(r *rand.Rand, live, other object) object {
	result := runtime.DeepCopyJSON(live)
	result["apiVersion"] = other["apiVersion"]
	overlay(r, result, other, 0)
	return result
}

func overlay(r *rand.Rand, into, from object, depth int) {
	keys := []string{}
	for key := range from {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		if key == "apiVersion" || key == "kind" || depth == 1 && (key == "name" || key == "uid" || key == "managedFields") {
			continue
		}
		mine, isMap := into[key].(object)
		theirs, both := from[key].(object)
		if isMap && both && (depth == 0 || chance(r, 60)) {
			overlay(r, mine, theirs, depth+1)
		} else if chance(r, 60) {
			into[key] = from[key]
		}
	}
	if depth > 0 {
		own := []string{}
		for key := range into {
			own = append(own, key)
		}
		sort.Strings(own)
		for _, key := range own {
			if depth > 1 && chance(r, 15) || depth == 1 && key != "name" && key != "uid" && key != "managedFields" && chance(r, 10) {
				delete(into, key)
			}
		}
	}
}

func random(r *rand.Rand) []*history {
	result := []*history{}
	for n := range 300 {
		t := types[n%len(types)]
		// Half of the histories stay within few fields.
		if n%2 == 0 {
			t = narrowed(r, t)
		}
		h := &history{Type: types[n%len(types)].name}
		w := &worker{kind: typeNamed(h.Type)}
		lastApplied := map[string]object{}
		for range 3 + r.Intn(7) {
			version := "v1"
			if h.Type == "Versioned" && chance(r, 30) {
				version = "v1beta1"
			}
			s := &step{Manager: pick(r, "one", "two", "three", "kubectl", "client"), Version: version, Force: chance(r, 30)}
			if t.status && w.live != nil && chance(r, 25) {
				s.Subresource = "status"
			}
			if chance(r, 55) {
				s.Apply = true
				given := objectOf(r, t, version)
				if last, ok := lastApplied[s.Manager]; ok && chance(r, 60) {
					given = edited(r, last, given)
				}
				if chance(r, 5) {
					given["spec"].(object)["unknown"] = "a"
				}
				s.Given = given
				w.run(s)
				if s.Error == "" {
					lastApplied[s.Manager] = given
				}
			} else {
				given := objectOf(r, t, version)
				if w.live != nil {
					given = edited(r, w.live.Object, given)
					if chance(r, 40) {
						delete(given["metadata"].(object), "managedFields")
					}
					if chance(r, 3) {
						given["metadata"].(object)["managedFields"] = pick[any](r, []any{}, []any{object{}})
					}
					if chance(r, 25) {
						for key := range given {
							delete(given, key)
						}
						for key, v := range runtime.DeepCopyJSON(w.live.Object) {
							given[key] = v
						}
						given["apiVersion"] = group + "/" + version
						if spec, ok := given["spec"].(object); ok {
							spec["text"] = someText(r)
						}
					}
				}
				s.Given = given
				w.run(s)
			}
			h.Steps = append(h.Steps, s)
		}
		result = append(result, h)
	}
	return result
}

func narrowed(r *rand.Rand, t typeCase) typeCase {
	keep := map[string]bool{}
	keys := []string{}
	for key := range everything {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for range 4 {
		keep[pick(r, keys...)] = true
	}
	result := typeCase{name: t.name, status: t.status, versions: map[string]object{}}
	for name, s := range t.versions {
		copied := clone(s)
		of := copied["properties"].(object)["spec"].(object)["properties"].(object)
		for key := range of {
			if !keep[key] {
				delete(of, key)
			}
		}
		result.versions[name] = copied
	}
	return result
}

func clone(from object) object {
	text, err := json.Marshal(from)
	must(err)
	result := object{}
	must(json.Unmarshal(text, &result))
	return result
}

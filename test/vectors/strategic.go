package main

import (
	"bytes"
	"math/rand"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

type strategicVector struct {
	Type     string `json:"type"`
	Document any    `json:"document"`
	Patch    any    `json:"patch"`
	Error    bool   `json:"error,omitempty"`
	// Several where Kubernetes answers by the random order of a Go map.
	Results []any `json:"results,omitempty"`
}

// As often as it takes to see each order of a few map keys.
const attempts = 60

func strategicVector1(kind string, document, patch []byte) (strategicVector, bool) {
	vector := strategicVector{Type: kind, Document: written(document), Patch: written(patch)}
	results := map[string]bool{}
	failed := 0
	for range attempts {
		result, err := attempt(func() ([]byte, error) {
			return strategicpatch.StrategicMergePatch(document, patch, strategicTypes[kind])
		})
		if err != nil {
			failed++
		} else {
			results[string(result)] = true
		}
	}
	vector.Error = failed > 0
	for _, result := range sortedKeys(asAny(results)) {
		vector.Results = append(vector.Results, written(result))
	}
	return vector, failed == 0 || failed == attempts
}

func asAny(set map[string]bool) map[string]any {
	result := map[string]any{}
	for key := range set {
		result[key] = true
	}
	return result
}

func strategicVectors(r *rand.Rand) any {
	definitions := map[string]any{}
	kinds := []string{}
	for kind, example := range strategicTypes {
		schemaOf(reflect.TypeOf(example), definitions)
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)

	vectors := []strategicVector{}
	add := func(kind string, document, patch []byte) {
		// What sometimes fails proves nothing.
		if vector, steady := strategicVector1(kind, document, patch); steady {
			vectors = append(vectors, vector)
		}
	}
	for _, v := range writtenCases {
		add(v.kind, []byte(v.document), []byte(v.patch))
	}
	generator := generator{r}
	for i := range 240 {
		kind := kinds[i%len(kinds)]
		t := reflect.TypeOf(strategicTypes[kind])
		live := encoded(generator.document(t, 0))
		switch i / len(kinds) % 4 {
		case 0:
			// As clients compute it from two states.
			wanted := encoded(generator.document(t, 0))
			patch, err := strategicpatch.CreateTwoWayMergePatch(live, wanted, strategicTypes[kind])
			if err != nil {
				continue
			}
			add(kind, live, patch)
		case 1:
			// As kubectl apply does, from what was applied last.
			meta, err := strategicpatch.NewPatchMetaFromStruct(strategicTypes[kind])
			must(err)
			last, wanted := encoded(generator.document(t, 0)), encoded(generator.document(t, 0))
			patch, err := strategicpatch.CreateThreeWayMergePatch(last, wanted, live, meta, true)
			if err != nil {
				continue
			}
			add(kind, live, patch)
		default:
			add(kind, live, encoded(generator.patch(t, parsed(live), 0)))
		}
	}
	return map[string]any{"definitions": definitions, "vectors": vectors}
}

type generator struct{ *rand.Rand }

var words = []string{"a", "b", "c", "d", "e"}

// document is a value of a type, as JSON has it; merge keys are unique in their list.
func (g generator) document(t reflect.Type, depth int) any {
	if scalar, ok := scalarTypes[t]; ok {
		if scalar["type"] == nil {
			return pick[any](g.Rand, 1, "a")
		}
		return pick(g.Rand, "2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z")
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.document(t.Elem(), depth)
	case reflect.Struct:
		object := map[string]any{}
		for _, field := range members(t) {
			if chance(g.Rand, g.density(t, depth)) {
				object[field.name] = g.member(field, depth+1)
			}
		}
		return object
	case reflect.Map:
		object := map[string]any{}
		for range g.Intn(4) {
			object[pick(g.Rand, words...)] = g.document(t.Elem(), depth+1)
		}
		return object
	case reflect.Slice:
		return g.list(t, "", depth)
	case reflect.String:
		return pick(g.Rand, words...)
	case reflect.Bool:
		return chance(g.Rand, 50)
	}
	return 1 + g.Intn(4)
}

// Wide and deep types get fewer members each.
func (g generator) density(t reflect.Type, depth int) int {
	return max(15, 190/(2+len(members(t)))+45-9*depth)
}

func (g generator) member(field member, depth int) any {
	t := field.t
	if t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
		return g.list(t, field.mergeKey, depth)
	}
	return g.document(t, depth)
}

func (g generator) list(t reflect.Type, mergeKey string, depth int) []any {
	list := []any{}
	if t.Elem().Kind() != reflect.Struct {
		for range g.Intn(5) {
			if item := g.document(t.Elem(), depth+1); g.isNew(list, item) {
				list = append(list, item)
			}
		}
		return list
	}
	for range g.Intn(4) {
		item := g.document(t.Elem(), depth+1).(map[string]any)
		if mergeKey == "" {
			list = append(list, item)
			continue
		}
		item[mergeKey] = g.key(t.Elem(), mergeKey)
		if g.isNew(keysOf(list, mergeKey), item[mergeKey]) {
			list = append(list, item)
		}
	}
	return list
}

func (g generator) key(t reflect.Type, mergeKey string) any {
	for _, field := range members(t) {
		if field.name == mergeKey {
			return g.document(field.t, 0)
		}
	}
	panic("no " + mergeKey + " in " + t.Name())
}

func (g generator) isNew(list []any, item any) bool {
	return !slices.ContainsFunc(list, func(other any) bool { return bytes.Equal(encoded(other), encoded(item)) })
}

func keysOf(list []any, mergeKey string) []any {
	keys := []any{}
	for _, item := range list {
		if object, ok := item.(map[string]any); ok && object[mergeKey] != nil {
			keys = append(keys, object[mergeKey])
		}
	}
	return keys
}

// patch is one that somebody might write for a struct, with a mistake here and there.
func (g generator) patch(t reflect.Type, live any, depth int) map[string]any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	original, _ := live.(map[string]any)
	patch := map[string]any{}
	if chance(g.Rand, 4) && depth > 0 {
		patch["$patch"] = pick(g.Rand, "replace", "replace", "delete", "delete", "merge", "x")
	}
	for _, field := range members(t) {
		current, present := original[field.name]
		if !chance(g.Rand, g.density(t, depth)/2) && !(present && chance(g.Rand, 40)) {
			continue
		}
		switch {
		case chance(g.Rand, 8):
			patch[field.name] = nil
		case chance(g.Rand, 1):
			patch[field.name] = pick[any](g.Rand, 1, "a", true, []any{}, map[string]any{}, []any{"a"}, []any{1, "a"}, []any{nil}, map[string]any{"a": nil})
		default:
			g.patchMember(patch, field, current, depth+1)
		}
	}
	if chance(g.Rand, 2) {
		patch["unknown"] = pick[any](g.Rand, 1, []any{"a"}, map[string]any{"a": 1})
	}
	if chance(g.Rand, 4) {
		patch["$retainKeys"] = g.retained(patch, original)
	}
	return patch
}

func (g generator) retained(patch, original map[string]any) []any {
	keys := []any{}
	for _, key := range sortedKeys(patch) {
		if key[0] != '$' && !chance(g.Rand, 3) {
			keys = append(keys, key)
		}
	}
	for _, key := range sortedKeys(original) {
		if chance(g.Rand, 40) && g.isNew(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

func (g generator) patchMember(patch map[string]any, field member, current any, depth int) {
	t := field.t
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, isScalar := scalarTypes[t]
	switch {
	case isScalar:
		patch[field.name] = g.document(t, depth)
	case t.Kind() == reflect.Struct:
		patch[field.name] = g.patch(t, current, depth)
	case t.Kind() == reflect.Map:
		object := g.document(t, depth).(map[string]any)
		for _, key := range words {
			if chance(g.Rand, 15) {
				object[key] = nil
			}
		}
		patch[field.name] = object
	case t.Kind() == reflect.Slice:
		list, _ := current.([]any)
		if t.Elem().Kind() == reflect.Struct && field.mergeKey != "" {
			g.patchObjects(patch, field, t.Elem(), list, depth)
		} else {
			g.patchScalars(patch, field, t, list, depth)
		}
	default:
		patch[field.name] = g.document(t, depth)
	}
}

func (g generator) patchScalars(patch map[string]any, field member, t reflect.Type, current []any, depth int) {
	list := g.list(t, "", depth)
	if chance(g.Rand, 80) {
		patch[field.name] = list
	} else {
		list = nil
	}
	if chance(g.Rand, 30) {
		patch["$deleteFromPrimitiveList/"+field.name] = g.sublist(append(slices.Clone(current), pick[any](g.Rand, "a", "b", 1)), 40)
	}
	if chance(g.Rand, 35) {
		patch["$setElementOrder/"+field.name] = g.order(list, current)
	}
}

func (g generator) patchObjects(patch map[string]any, field member, t reflect.Type, current []any, depth int) {
	list, named := []any{}, []any{}
	for _, item := range g.shuffled(current) {
		object := item.(map[string]any)
		key := object[field.mergeKey]
		switch g.Intn(4) {
		case 0:
			list = append(list, map[string]any{field.mergeKey: key, "$patch": "delete"})
		case 1:
			change := g.patch(t, object, depth+1)
			change[field.mergeKey] = key
			list = append(list, change)
			if change["$patch"] == nil {
				named = append(named, key)
			}
		}
	}
	for range g.Intn(3) {
		added := g.document(t, depth+1).(map[string]any)
		added[field.mergeKey] = g.key(t, field.mergeKey)
		if g.isNew(keysOf(list, field.mergeKey), added[field.mergeKey]) {
			list = append(list, added)
			named = append(named, added[field.mergeKey])
		}
	}
	if chance(g.Rand, 5) {
		list = append(list, map[string]any{"$patch": "replace"})
	}
	if chance(g.Rand, 2) {
		list = append(list, pick[any](g.Rand, "a", nil, map[string]any{"value": "a"}, map[string]any{"$patch": "delete"}, []any{}))
	}
	if chance(g.Rand, 85) {
		patch[field.name] = list
	} else {
		named = nil
	}
	if chance(g.Rand, 40) {
		order := []any{}
		for _, key := range g.order(named, keysOf(current, field.mergeKey)) {
			order = append(order, map[string]any{field.mergeKey: key})
		}
		patch["$setElementOrder/"+field.name] = order
	}
}

// order names what the patch has, in its order, and some of what is there; seldom it is wrong.
func (g generator) order(named, current []any) []any {
	order := slices.Clone(named)
	for _, item := range g.sublist(g.shuffled(current), 70) {
		if g.isNew(order, item) {
			order = slices.Insert(order, g.Intn(len(order)+1), item)
		}
	}
	if chance(g.Rand, 5) {
		order = g.shuffled(order)
	}
	if order == nil {
		order = []any{}
	}
	return order
}

func (g generator) sublist(list []any, percent int) []any {
	kept := []any{}
	for _, item := range list {
		if chance(g.Rand, percent) {
			kept = append(kept, item)
		}
	}
	return kept
}

func (g generator) shuffled(list []any) []any {
	shuffled := slices.Clone(list)
	g.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return shuffled
}

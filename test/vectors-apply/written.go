package main

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
)

func widget(spec object, annotations ...string) object {
	metadata := object{"name": "one"}
	if len(annotations) > 0 {
		metadata["annotations"] = object{annotations[0]: annotations[1]}
	}
	return object{"apiVersion": group + "/v1", "kind": "Widget", "metadata": metadata, "spec": spec}
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// written are the histories that chance would hardly find.
func written() []*history {
	result := []*history{}
	run := func(kind string, steps ...func(*worker) *step) {
		w := &worker{kind: typeNamed(kind)}
		h := &history{Type: kind}
		for _, make := range steps {
			s := make(w)
			w.run(s)
			h.Steps = append(h.Steps, s)
		}
		result = append(result, h)
	}
	apply := func(manager string, force bool, given object) func(*worker) *step {
		return func(*worker) *step { return &step{Apply: true, Manager: manager, Force: force, Given: given} }
	}
	update := func(manager string, change func(object)) func(*worker) *step {
		return func(w *worker) *step {
			given := widget(object{})
			if w.live != nil {
				given = runtime.DeepCopyJSON(w.live.Object)
			}
			change(given)
			return &step{Manager: manager, Given: given}
		}
	}
	spec := func(o object) object {
		if o["spec"] == nil {
			o["spec"] = object{}
		}
		return o["spec"].(object)
	}

	// More managers of updates than are kept.
	steps := []func(*worker) *step{}
	for n := range 14 {
		steps = append(steps, update(fmt.Sprintf("manager-%d", n), func(o object) {
			if spec(o)["texts"] == nil {
				spec(o)["texts"] = object{}
			}
			spec(o)["texts"].(object)[fmt.Sprintf("key-%d", n)] = "a"
		}))
	}
	run("Widget", append(steps, apply("applier", false, widget(object{"texts": object{"key-0": "b"}})), apply("applier", true, widget(object{"texts": object{"key-0": "b"}})))...)

	// Client-side apply, then kubectl's server-side apply, with the same and with other values.
	clientSide := func(given object, extra func(object)) func(*worker) *step {
		return update("kubectl-client-side-apply", func(o object) {
			text, err := json.Marshal(given)
			must(err)
			for key, value := range runtime.DeepCopyJSON(given) {
				o[key] = value
			}
			o["metadata"] = object{"name": "one", "annotations": object{lastApplied: string(text) + "\n"}}
			extra(o)
		})
	}
	nothing := func(object) {}
	for _, next := range []object{{"text": "a"}, {"text": "b"}, {"integer": int64(1)}, {"text": "b", "integer": int64(2), "texts": object{"<a>": "&"}}} {
		run("Widget", clientSide(widget(object{"text": "a", "integer": int64(1)}), nothing), apply("kubectl", false, widget(next)), apply("kubectl", false, widget(next)))
		run("Widget", clientSide(widget(object{"text": "a", "integer": int64(1)}), nothing), update("editor", func(o object) { spec(o)["text"] = "c" }), apply("kubectl", false, widget(next)))
		run("Widget", clientSide(widget(object{"text": "a", "integer": int64(1)}), nothing), apply("other", false, widget(next)), apply("other", true, widget(next)))
		run("Widget", clientSide(widget(object{"text": "a"}), nothing), apply("kubectl", true, widget(next, lastApplied, "{}")), apply("kubectl", true, widget(next)))
	}

	// Nobody is known to own anything: before-first-apply.
	reset := func(o object) { o["metadata"].(object)["managedFields"] = []any{object{}} }
	run("Widget", update("one", func(o object) { spec(o)["text"] = "a" }), update("two", reset), update("three", func(o object) { spec(o)["integer"] = int64(1) }),
		apply("four", false, widget(object{"text": "b"})), apply("four", true, widget(object{"text": "b"})), apply("four", false, widget(object{})))
	run("Plain", func(*worker) *step {
		return &step{Manager: "one", Given: with(widget(object{"text": "a"}), "kind", "Plain", "status", object{"phase": "b"})}
	})

	// Configurations that do not fit.
	for _, given := range []any{
		object{"set": []any{"a", "a"}}, object{"items": []any{object{"name": "a"}, object{"name": "a"}}}, object{"items": []any{object{"value": "a"}}},
		object{"set": []any{object{}}}, object{"text": int64(1)}, object{"items": "a"}, object{"struct": []any{}}, object{"unknown": "a"}, object{"set": []any{nil}},
	} {
		run("Widget", apply("one", false, widget(given.(object))), apply("one", false, widget(object{"text": "a"})))
	}
	run("Widget", apply("one", false, with(widget(object{}), "kind", "Other")), apply("one", false, with(widget(object{}), "metadata", object{"name": "one", "managedFields": []any{}})))

	// A live list that holds an item twice.
	run("Widget", update("one", func(o object) {
		spec(o)["set"] = []any{"a", "b", "a"}
		spec(o)["items"] = []any{object{"name": "a", "value": "1"}, object{"name": "b"}, object{"name": "a", "value": "2"}}
	}), apply("two", false, widget(object{"set": []any{"b", "c"}, "items": []any{object{"name": "b", "value": "1"}}})),
		apply("three", true, widget(object{"set": []any{"a"}, "items": []any{object{"name": "a", "value": "3"}}})),
		update("one", func(o object) { spec(o)["set"] = []any{"a"}; delete(spec(o), "items") }))

	// Managers whose version is not served any more.
	run("Widget", update("one", func(o object) { spec(o)["text"] = "a" }), update("two", func(o object) {
		entries := o["metadata"].(object)["managedFields"].([]any)
		entries[0].(object)["apiVersion"] = group + "/v0"
	}), apply("three", false, widget(object{"text": "b"})))
	return result
}

package main

func with(base object, more ...any) object {
	result := object{}
	for key, value := range base {
		result[key] = value
	}
	for i := 0; i < len(more); i += 2 {
		result[more[i].(string)] = more[i+1]
	}
	return result
}

var (
	text    = object{"type": "string"}
	integer = object{"type": "integer"}
	number  = object{"type": "number"}
	flag    = object{"type": "boolean"}
	moment  = object{"type": "string", "format": "date-time"}
	either  = object{"x-kubernetes-int-or-string": true}
	texts   = object{"type": "object", "additionalProperties": text}
	free    = object{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
)

func list(items object, more ...any) object {
	return with(object{"type": "array", "items": items}, more...)
}

func struct_(properties object, more ...any) object {
	return with(object{"type": "object", "properties": properties}, more...)
}

func keyed(items object, keys ...any) object {
	return list(items, "x-kubernetes-list-type", "map", "x-kubernetes-list-map-keys", keys)
}

func set(items object) object { return list(items, "x-kubernetes-list-type", "set") }

var objectMeta = struct_(object{
	"name": text, "generateName": text, "namespace": text, "uid": text, "resourceVersion": text,
	"generation": integer, "creationTimestamp": moment, "labels": texts, "annotations": texts,
	"finalizers": with(set(text), "x-kubernetes-patch-strategy", "merge"),
	"ownerReferences": keyed(struct_(object{"apiVersion": text, "kind": text, "name": text, "uid": text, "controller": flag},
		"x-kubernetes-map-type", "atomic"), "uid"),
	"managedFields": list(struct_(object{"manager": text, "operation": text, "apiVersion": text, "time": moment,
		"fieldsType": text, "fieldsV1": object{"type": "object"}, "subresource": text}), "x-kubernetes-list-type", "atomic"),
})

var leaf = struct_(object{"name": text, "value": text, "count": integer})

var port = struct_(object{"port": integer, "protocol": with(text, "default", "TCP"), "name": text, "tags": set(text)})

func root(spec object) object {
	return struct_(object{
		"apiVersion": text, "kind": text, "spec": spec,
		"status": struct_(object{"phase": text, "observed": integer,
			"conditions": keyed(struct_(object{"type": text, "status": text, "reason": text}), "type")}),
	})
}

var everything = object{
	"text": text, "integer": integer, "number": number, "flag": flag, "moment": moment, "either": either,
	"texts": texts, "atomicTexts": with(texts, "x-kubernetes-map-type", "atomic"),
	"maps":   object{"type": "object", "additionalProperties": leaf},
	"struct": struct_(object{"name": text, "inner": struct_(object{"a": text, "b": integer})}),
	"atomic": struct_(object{"name": text, "count": integer}, "x-kubernetes-map-type", "atomic"),
	"plain":  list(text), "marked": list(leaf, "x-kubernetes-list-type", "atomic"),
	"set": set(text), "numbers": set(number), "flags": set(flag),
	"items": keyed(with(leaf, "properties", object{"name": text, "value": text, "count": integer, "texts": texts, "plain": list(text),
		"ports": keyed(port, "port", "protocol")}), "name"),
	"ports": keyed(port, "port", "protocol"), "numbered": keyed(struct_(object{"id": integer, "value": text}), "id"),
	"lists": list(list(text)), "free": free, "empty": object{"type": "object"}, "any": object{"x-kubernetes-preserve-unknown-fields": true},
	"partial":  with(struct_(object{"name": text, "inner": struct_(object{"a": text})}), "x-kubernetes-preserve-unknown-fields", true),
	"merged":   list(leaf, "x-kubernetes-patch-strategy", "merge", "x-kubernetes-patch-merge-key", "name"),
	"retained": list(text, "x-kubernetes-patch-strategy", "merge"),
}

func without(from object, names ...string) object {
	result := with(from)
	for _, name := range names {
		delete(result, name)
	}
	return result
}

// Versions differ where a schema may change: what is atomic in one is granular in the other.
var types = []typeCase{
	{name: "Widget", versions: map[string]object{"v1": root(struct_(everything))}, status: true},
	{name: "Plain", versions: map[string]object{"v1": root(struct_(everything))}},
	{name: "Versioned", versions: map[string]object{
		"v1":      root(struct_(everything)),
		"v1beta1": root(struct_(with(everything, "texts", with(texts, "x-kubernetes-map-type", "atomic"), "set", list(text)))),
	}},
}

func typeNamed(name string) typeCase {
	for _, t := range types {
		if t.name == name {
			return t
		}
	}
	panic(name)
}

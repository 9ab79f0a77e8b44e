package main

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	kjson "sigs.k8s.io/json"
)

type strictVector struct {
	Text  string `json:"text"`
	Error bool   `json:"error,omitempty"`
	// As JSON text with sorted keys: Node 24 misreads some escaped keys, so no test should read it.
	Value      string   `json:"value,omitempty"`
	Duplicates []string `json:"duplicates,omitempty"`
}

func strictJSONVectors(r *rand.Rand) any {
	texts := []string{
		`{}`, `[]`, `null`, `1`, `"a"`, `true`, ` { } `, `{"a":1,"a":2}`, `{"a":1,"a":2,"a":3}`, `{"a":{"b":1,"b":2}}`, `{"a":{"b":1,"b":2},"a":{"c":1}}`,
		`{"a":[{"b":1},{"b":1,"b":2}]}`, `[{"a":1,"a":2}]`, `[[{"a":{"x":1},"a":2}]]`, `{"a.b":{"c":1,"c":2}}`, `{"\u0061":1,"a":2}`, `{"":1,"":2}`,
		`{"":{"a":1,"a":2}}`, `{"a":"\"b\":1,\"b\":2"}`, `{"a":":"}`, `{"a\\":1,"a\\":2}`, `{"a\"":1,"b\"":{"c":0,"c":0}}`, `{"a":1.5e3,"b":-0,"d":1E+2,"e":1e-2}`,
		`{"a":9007199254740991,"b":-9007199254740991}`, `{"a":9007199254740993.5}`, `{"a":"9007199254740993"}`, `{"toString":1,"toString":2}`,
		`{"__proto__":1,"__proto__":{"a":1}}`, `{"metadata":{"labels":{"a":"b","a":"c"}},"spec":{"list":[{"b":1},{"b":1,"b":2}]}}`,
		``, ` `, `{`, `}`, `[`, `]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `[1,]`, `[,]`, `[1 2]`, `{"a":1 "b":2}`, `{a:1}`, `{'a':1}`, `{"a":1}}`, `{} {}`, `01`, `-`, `-01`, `1.`, `.5`,
		`1e`, `1e+`, `+1`, `0x1`, `NaN`, `Infinity`, `tru`, `trux`, `nul`, `falsey`, `"a`, `"\x"`, `"\u12"`, `"\u123g"`, "\"a\nb\"", "\"\t\"", "\ufeff{}", `{}` + "\ufeff", "\u00a0{}", `[1]]`,
		`[[1}`, `{"a":[1}`, `/**/{}`, `{}//`, `"\"`, `{"a":1,"a":}`, "{\"a\"\u2028:1}", "\x0b{}", "{}\x00", `1e400`, `-1e400`, `{"a":1e999}`,
	}
	for range 120 {
		texts = append(texts, randomText(r, 0))
	}
	for range 120 {
		broken := []byte(randomText(r, 0))
		for range 1 + r.Intn(2) {
			at := r.Intn(len(broken))
			switch r.Intn(3) {
			case 0:
				broken = append(broken[:at], broken[at+1:]...)
			case 1:
				broken[at] = pick(r, []byte(`{}[]:,"\ 1-e.at`)...)
			default:
				broken = append(broken[:at], append([]byte{pick(r, []byte(`{}[]:,"\ 1-e.at`)...)}, broken[at:]...)...)
			}
			if len(broken) == 0 {
				broken = []byte(" ")
			}
		}
		texts = append(texts, string(broken))
	}
	vectors := []strictVector{}
	for _, text := range texts {
		var value any
		strictErrors, err := kjson.UnmarshalStrict([]byte(text), &value)
		if err != nil {
			vectors = append(vectors, strictVector{Text: text, Error: true})
			continue
		}
		vector := strictVector{Text: text, Value: string(encoded(value)), Duplicates: []string{}}
		for _, e := range strictErrors {
			vector.Duplicates = append(vector.Duplicates, e.(kjson.FieldError).FieldPath())
		}
		vectors = append(vectors, vector)
	}
	return vectors
}

func randomText(r *rand.Rand, depth int) string {
	blank := pick(r, "", "", "", " ", "\n", "\t")
	if depth < 4 && r.Intn(3) > 0 {
		parts := []string{}
		for range r.Intn(4) {
			part := randomText(r, depth+1)
			if depth%2 == 0 {
				part = pick(r, `"a"`, `"a"`, `"b"`, `"a.b"`, `"\u0062"`, `"\\"`) + blank + ":" + part
			}
			parts = append(parts, blank+part+blank)
		}
		if depth%2 == 0 {
			return "{" + strings.Join(parts, ",") + "}"
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return blank + pick(r, `1`, `-2.5`, `1e3`, `"x"`, `"a\"b"`, `"{\"a\":1,\"a\":2}"`, `true`, `null`, `""`, `[]`, `{}`) + blank
}

type patchVector struct {
	Document any  `json:"document"`
	Patch    any  `json:"patch"`
	Error    bool `json:"error,omitempty"`
	Result   any  `json:"result,omitempty"`
}

type written string

func (w written) MarshalJSON() ([]byte, error) { return []byte(w), nil }

func jsonPatchVectors(r *rand.Rand) any {
	vectors := []patchVector{}
	add := func(document, patch string) {
		result, err := attempt(func() ([]byte, error) {
			operations, err := jsonpatch.DecodePatch([]byte(patch))
			if err != nil {
				return nil, err
			}
			return operations.Apply([]byte(document))
		})
		if _, crashed := err.(panicked); crashed {
			return
		}
		vector := patchVector{Document: written(document), Patch: written(patch), Error: err != nil}
		if err == nil {
			vector.Result = written(result)
		}
		vectors = append(vectors, vector)
	}
	for _, v := range []struct{ document, operations string }{
		{`{"a":1}`, ``},
		{`{"a":1}`, `{"op":"add","path":"/b","value":2}`},
		{`{"a":1}`, `{"op":"add","path":"/a","value":{"b":[1]}}`},
		{`{"a":1}`, `{"op":"add","path":"/b/c","value":2}`},
		{`{"a":1}`, `{"op":"add","path":"/a/c","value":2}`},
		{`{"a":null}`, `{"op":"add","path":"/a/c","value":2}`},
		{`{"a":"x"}`, `{"op":"add","path":"/a/0","value":2}`},
		{`{"a":1}`, `{"op":"add","path":"/b"}`},
		{`{"a":1}`, `{"op":"add","path":"/","value":2}`},
		{`{"a":1}`, `{"op":"add","value":2}`},
		{`{"a":1}`, `{"op":"add","path":5,"value":2}`},
		{`{"a":1}`, `{"op":"add","path":null,"value":2}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/-","value":3}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/0","value":0}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/1","value":[9]}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/2","value":3}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/3","value":3}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/-1","value":3}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/-2","value":3}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/-3","value":3}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/-4","value":3}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/x","value":3}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/1e0","value":3}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/","value":3}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/01","value":3}`},
		{`{"a":[1,2]}`, `{"op":"add","path":"/a/+1","value":3}`},
		{`{"a":[[1],[2]]}`, `{"op":"add","path":"/a/1/-","value":3}`},
		{`{"a":[[1],[2]]}`, `{"op":"add","path":"/a/-/-","value":3}`},
		{`{"a":[{"b":1}]}`, `{"op":"add","path":"/a/0/c","value":3}`},
		{`{"a/b":1,"m~n":2}`, `{"op":"replace","path":"/a~1b","value":3},{"op":"remove","path":"/m~0n"}`},
		{`{"~1":1,"/":2}`, `{"op":"remove","path":"/~01"}`},
		{`{"a":1}`, `{"op":"add","path":"/~2","value":3},{"op":"add","path":"/x~","value":3}`},
		{`{"a":1}`, `{"op":"remove","path":"/a"}`},
		{`{"a":1}`, `{"op":"remove","path":"/b"}`},
		{`{"a":null}`, `{"op":"remove","path":"/a"}`},
		{`{"a":[1,2,3]}`, `{"op":"remove","path":"/a/1"}`},
		{`{"a":[1,2,3]}`, `{"op":"remove","path":"/a/-1"}`},
		{`{"a":[1,2,3]}`, `{"op":"remove","path":"/a/3"}`},
		{`{"a":[1,2,3]}`, `{"op":"remove","path":"/a/-"}`},
		{`{"a":[1,2,3]}`, `{"op":"remove","path":"/a/-4"}`},
		{`{"a":1}`, `{"op":"replace","path":"/a","value":null}`},
		{`{"a":1}`, `{"op":"replace","path":"/b","value":2}`},
		{`{"a":1}`, `{"op":"replace","path":"/b/c","value":2}`},
		{`{"a":[1,2]}`, `{"op":"replace","path":"/a/1","value":{}}`},
		{`{"a":[1,2]}`, `{"op":"replace","path":"/a/2","value":{}}`},
		{`{"a":[1,2]}`, `{"op":"replace","path":"/a/-","value":{}}`},
		{`{"a":1}`, `{"op":"replace","path":"","value":{"b":2}}`},
		{`{"a":1}`, `{"op":"replace","path":"","value":[1]},{"op":"add","path":"/-","value":2}`},
		{`{"a":1}`, `{"op":"replace","path":"","value":5}`},
		{`{"a":1}`, `{"op":"replace","path":"","value":null}`},
		{`{"a":{"b":1},"c":2}`, `{"op":"move","from":"/a/b","path":"/d"}`},
		{`{"a":{"b":1},"c":2}`, `{"op":"move","from":"/a","path":"/a/x"}`},
		{`{"a":{"b":1},"c":2}`, `{"op":"move","from":"/a","path":"/a"}`},
		{`{"a":{"b":1},"c":2}`, `{"op":"move","from":"/x","path":"/y"}`},
		{`{"a":{"b":1},"c":2}`, `{"op":"move","path":"/y"}`},
		{`{"a":{"b":1},"c":2}`, `{"op":"move","from":"/c"}`},
		{`{"a":[1,2,3]}`, `{"op":"move","from":"/a/0","path":"/a/2"}`},
		{`{"a":[1,2,3]}`, `{"op":"move","from":"/a/2","path":"/a/0"}`},
		{`{"a":[1,2,3]}`, `{"op":"move","from":"/a/0","path":"/a/3"}`},
		{`{"a":[1,2,3]}`, `{"op":"move","from":"/a/0","path":"/a/-"}`},
		{`{"a":{"b":1}}`, `{"op":"copy","from":"/a","path":"/a/c"}`},
		{`{"a":{"b":1}}`, `{"op":"copy","from":"/a","path":"/c"},{"op":"add","path":"/c/b","value":2}`},
		{`{"a":{"b":1}}`, `{"op":"copy","from":"/a","path":"/c"},{"op":"add","path":"/a/b","value":2}`},
		{`{"a":[1]}`, `{"op":"copy","from":"/a/0","path":"/a/-"}`},
		{`{"a":[1]}`, `{"op":"copy","from":"/a/1","path":"/a/-"}`},
		{`{"a":1}`, `{"op":"copy","from":"/x","path":"/y"}`},
		{`{"a":1}`, `{"op":"copy","from":"/x/z","path":"/y"}`},
		{`{"a":1}`, `{"op":"copy","path":"/y"}`},
		{`{"a":{"b":[1,"x",null,true]}}`, `{"op":"test","path":"/a","value":{"b":[1,"x"]}}`},
		{`{"a":{"b":[1,"x",{"c":[]}],"d":2}}`, `{"op":"test","path":"/a","value":{"d":2,"b":[1,"x",{"c":[]}]}}`},
		{`{"a":1}`, `{"op":"test","path":"/a","value":1},{"op":"remove","path":"/a"}`},
		{`{"a":1}`, `{"op":"test","path":"/a","value":2},{"op":"remove","path":"/a"}`},
		{`{"a":1}`, `{"op":"test","path":"/a","value":"1"}`},
		{`{"a":1}`, `{"op":"test","path":"/a","value":null}`},
		{`{"a":1}`, `{"op":"test","path":"/a"}`},
		{`{"a":1}`, `{"op":"test","path":"/b","value":null}`},
		{`{"a":1}`, `{"op":"test","path":"/b"}`},
		{`{"a":1}`, `{"op":"test","path":"/b","value":1}`},
		{`{"a":1}`, `{"op":"test","path":"/b/c","value":null}`},
		{`{"a":null}`, `{"op":"test","path":"/a","value":null}`},
		{`{"a":[]}`, `{"op":"test","path":"/a","value":{}}`},
		{`{"a":{}}`, `{"op":"test","path":"/a","value":[]}`},
		{`{"a":1}`, `{"op":"test","path":"","value":{"a":1}}`},
		{`{"a":1}`, `{"op":"test","path":"","value":{"a":2}}`},
		{`{"a":1}`, `{"op":"test","path":"/a/0","value":1}`},
		{`{"a":1}`, `{"op":"spam","path":"/a"}`},
		{`{"a":1}`, `{"path":"/a","value":1}`},
		{`{"a":1}`, `{"op":5,"path":"/a","value":1}`},
		{`{"a":1}`, `{"op":"add","path":"/b","value":1,"extra":true}`},
		{`{"a":1}`, `5`},
		{`{"a":1}`, `null`},
		{`{"a":1}`, `"x"`},
		{`{"a":1}`, `[]`},
		{`{"a":1}`, `{"op":"add","path":"/b","value":1},{"op":"remove","path":"/x"}`},
		{`{"":{"":1}}`, `{"op":"add","path":"//","value":2},{"op":"add","path":"//x","value":2}`},
		{`{}`, `{"op":"add","path":"/__proto__","value":{"x":1}},{"op":"add","path":"/__proto__/y","value":2}`},
		{`{}`, `{"op":"add","path":"/__proto__/y","value":2}`},
		{`{}`, `{"op":"add","path":"/constructor/prototype/y","value":2}`},
		{`{}`, `{"op":"remove","path":"/toString"}`},
		{`{}`, `{"op":"copy","from":"/constructor","path":"/x"}`},
	} {
		add(v.document, "["+v.operations+"]")
	}
	add(`{"a":1}`, `{"op":"add","path":"/b","value":1}`)
	add(`{"a":1}`, `"x"`)
	for range 300 {
		document := randomValue(r, 0, true)
		if _, ok := document.(map[string]any); !ok {
			document = map[string]any{"a": document}
		}
		operations := []any{}
		for range 1 + r.Intn(4) {
			operations = append(operations, randomOperation(r, document))
		}
		add(string(encoded(document)), string(encoded(operations)))
	}
	return vectors
}

func randomOperation(r *rand.Rand, document any) map[string]any {
	path := func() string {
		if chance(r, 8) {
			return "/" + pick(r, "x", "a/b/c", "a/x", "0", "a~1b/0", "-")
		}
		pointer := randomPointer(r, document)
		if chance(r, 30) {
			pointer += pick(r, "/-", "/0", "/1", "/a", "/c", "/-1")
		}
		return pointer
	}
	operation := map[string]any{"op": pick(r, "add", "add", "remove", "replace", "move", "copy", "test"), "path": path()}
	switch operation["op"] {
	case "add", "replace":
		operation["value"] = randomValue(r, 2, true)
	case "move", "copy":
		operation["from"] = path()
	case "test":
		operation["value"] = randomValue(r, 3, true)
		if chance(r, 60) {
			if found, ok := lookUp(document, operation["path"].(string)); ok {
				operation["value"] = found
			}
		}
	}
	return operation
}

// randomPointer names something that is there, never the document itself.
func randomPointer(r *rand.Rand, document any) string {
	pointer := ""
	at := document
	for {
		switch typed := at.(type) {
		case map[string]any:
			if len(typed) == 0 {
				return pointer + "/a"
			}
			keys := sortedKeys(typed)
			key := pick(r, keys...)
			pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
			at = typed[key]
		case []any:
			if len(typed) == 0 {
				return pointer + "/0"
			}
			index := r.Intn(len(typed))
			pointer += fmt.Sprintf("/%d", index)
			at = typed[index]
		default:
			return pointer
		}
		if chance(r, 40) {
			return pointer
		}
	}
}

func lookUp(document any, pointer string) (any, bool) {
	at := document
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch typed := at.(type) {
		case map[string]any:
			next, ok := typed[token]
			if !ok {
				return nil, false
			}
			at = next
		case []any:
			var index int
			if _, err := fmt.Sscanf(token, "%d", &index); err != nil || index < 0 || index >= len(typed) {
				return nil, false
			}
			at = typed[index]
		default:
			return nil, false
		}
	}
	return at, true
}

// randomValue is JSON; nulls only as members and elements, and only when wanted.
func randomValue(r *rand.Rand, depth int, nulls bool) any {
	if depth < 4 && chance(r, 75-15*depth) {
		if chance(r, 60) {
			object := map[string]any{}
			for range r.Intn(4) {
				key := pick(r, "a", "b", "c", "a/b", "m~n", "", "__proto__", "constructor")
				object[key] = randomValue(r, depth+1, nulls)
			}
			return object
		}
		list := []any{}
		for range r.Intn(4) {
			list = append(list, randomValue(r, depth+1, false))
		}
		return list
	}
	if nulls && chance(r, 15) {
		return nil
	}
	return pick[any](r, 1, 2, 1.5, "x", "y", "", true, false)
}

func mergePatchVectors(r *rand.Rand) any {
	vectors := []patchVector{}
	add := func(document, patch string) {
		result, err := attempt(func() ([]byte, error) { return jsonpatch.MergePatch([]byte(document), []byte(patch)) })
		must(err)
		vectors = append(vectors, patchVector{Document: written(document), Patch: written(patch), Result: written(result)})
	}
	for _, v := range [][2]string{
		{`{"a":"b"}`, `{"a":"c"}`}, {`{"a":"b"}`, `{"b":"c"}`}, {`{"a":"b"}`, `{"a":null}`}, {`{"a":"b","b":"c"}`, `{"a":null}`},
		{`{"a":["b"]}`, `{"a":"c"}`}, {`{"a":"c"}`, `{"a":["b"]}`}, {`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`}, {`{"e":null}`, `{"a":1}`}, {`{"a":"foo"}`, `{"b":{"c":{"d":null}}}`}, {`{}`, `{"a":{"bb":{"ccc":null}}}`},
		{`{"a":1}`, `{"__proto__":{"x":1},"constructor":null}`}, {`{"__proto__":{"x":1,"y":2}}`, `{"__proto__":{"x":null}}`}, {`{"a":{}}`, `{"a":{"toString":null,"x":1}}`},
		{`{"a":1}`, `[1,{"b":2}]`}, {`{"a":null}`, `{"a":{"b":1}}`},
	} {
		add(v[0], v[1])
	}
	for range 150 {
		document, patch := randomValue(r, 0, true), randomValue(r, 0, true)
		if _, ok := document.(map[string]any); !ok {
			document = map[string]any{"a": document}
		}
		if _, ok := patch.(map[string]any); !ok {
			patch = map[string]any{"a": patch}
		}
		add(string(encoded(document)), string(encoded(patch)))
	}
	return vectors
}

func sortedKeys(object map[string]any) []string { return slices.Sorted(maps.Keys(object)) }

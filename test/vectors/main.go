// Writes test/vectors/*.json: what the Kubernetes libraries answer to selectors, JSON texts and patches. See README.md.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
)

// Each topic has its own source of random numbers, so that a change of one does not change the others.
var topics = map[string]func(*rand.Rand) any{
	"labels":      labelVectors,
	"fields":      fieldVectors,
	"strict-json": strictJSONVectors,
	"json-patch":  jsonPatchVectors,
	"merge-patch": mergePatchVectors,
	"strategic":   strategicVectors,
	"yaml":        yamlVectors,
}

func main() {
	wanted := os.Args[1:]
	if len(wanted) == 0 {
		for topic := range topics {
			wanted = append(wanted, topic)
		}
	}
	for _, topic := range wanted {
		make, ok := topics[topic]
		if !ok {
			panic("unknown topic " + topic)
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		must(encoder.Encode(make(rand.New(rand.NewSource(20261125)))))
		must(os.WriteFile(topic+".json", text.Bytes(), 0o644))
		fmt.Println(topic+".json", text.Len(), "bytes")
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// attempt runs what may fail or panic: kube-apiserver answers both with an error.
func attempt[T any](run func() (T, error)) (result T, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = panicked{caught}
		}
	}()
	return run()
}

type panicked struct{ cause any }

func (p panicked) Error() string { return fmt.Sprint("panic: ", p.cause) }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.Intn(len(from))] }

func chance(r *rand.Rand, percent int) bool { return r.Intn(100) < percent }

// parsed is JSON text as a value, numbers as written.
func parsed(text []byte) any {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	must(decoder.Decode(&value))
	return value
}

func encoded(value any) []byte {
	text, err := json.Marshal(value)
	must(err)
	return text
}

package main

import (
	"encoding/json"
	"math/rand"

	"sigs.k8s.io/yaml"
)

type yamlVector struct {
	Scalar string `json:"scalar"`
	// Value is absent where the text is refused.
	Value json.RawMessage `json:"value,omitempty"`
}

var yamlScalars = []string{
	"y", "Y", "yes", "Yes", "YES", "yEs", "n", "N", "no", "No", "NO", "nO", "on", "On", "ON", "oN", "off", "Off", "OFF", "oFF",
	"true", "True", "TRUE", "tRue", "false", "False", "FALSE", "~", "null", "Null", "NULL", "nULL", "",
	"0", "7", "08", "007", "0644", "010", "-010", "+010", "0o10", "0x10", "0xfF", "-0x10", "0b11", "-0b11", "0b12", "1_000", "0_7", "1_", "_1", "1__0",
	"1:30", "1e3", "1.0", "1.5", "+1", "-1", "-0", "0.", "1.", ".5", "1e", "+.inf", "-.INF", ".nan", ".5e-1",
	"2026-01-01", "2026-01-01T00:00:00Z", "<<", "=", "'yes'", `"on"`, "yes and no", "0x", "0b", "00", "9007199254740991",
}

// yamlVectors asks what sigs.k8s.io/yaml makes of plain scalars: kube-apiserver reads its YAML bodies by it.
func yamlVectors(*rand.Rand) any {
	var vectors []yamlVector
	for _, scalar := range yamlScalars {
		vector := yamlVector{Scalar: scalar}
		var found map[string]json.RawMessage
		if text, err := yaml.YAMLToJSON([]byte("a: " + scalar)); err == nil {
			must(json.Unmarshal(text, &found))
			vector.Value = found["a"]
		}
		vectors = append(vectors, vector)
	}
	return vectors
}

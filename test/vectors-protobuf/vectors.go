package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// vector is one line of the file. JSON is null where the bytes are to be refused.
type vector struct {
	Name  string          `json:"name"`
	Bytes []byte          `json:"bytes"`
	JSON  json.RawMessage `json:"json"`
}

const (
	randomPerKind = 7
	mutated       = 500
	// Mutated messages are short, so that a change hits more than text.
	longestMutated = 260
)

func writeVectors(path string) {
	scheme := newScheme()
	serializer := protobuf.NewSerializer(scheme, scheme)
	var vectors []vector
	add := func(name string, data []byte) {
		vectors = append(vectors, vector{name, data, verdict(serializer, data)})
	}
	for _, version := range append(groups, group{schema.GroupVersion{Group: "coordination.k8s.io", Version: "v1"}, []kruntime.Object{&meta.DeleteOptions{}}}) {
		for _, prototype := range version.kinds {
			of := reflect.TypeOf(prototype).Elem()
			for number := range randomPerKind + 2 {
				object := reflect.New(of).Interface().(kruntime.Object)
				density := []float64{0, 1}[min(number, 1)]
				if number > 1 {
					density = 0.75
				}
				fill := &filler{Rand: rand.New(rand.NewSource(int64(1000*len(vectors) + number))), density: density}
				for i := range of.NumField() {
					fill.value(reflect.ValueOf(object).Elem().Field(i))
				}
				object.GetObjectKind().SetGroupVersionKind(version.version.WithKind(of.Name()))
				var data bytes.Buffer
				must(serializer.Encode(object, &data))
				add(fmt.Sprintf("%s %s %d", version.version, of.Name(), number), data.Bytes())
			}
		}
	}
	chance := rand.New(rand.NewSource(7))
	whole := len(vectors)
	for count := 0; count < mutated; {
		base := vectors[chance.Intn(whole)]
		if len(base.Bytes) > longestMutated || base.JSON == nil {
			continue
		}
		// Most chance changes break a message: of those that do, one in three is kept.
		data := mutate(chance, base.Bytes)
		if verdict(serializer, data) == nil && chance.Intn(3) > 0 {
			continue
		}
		add(fmt.Sprintf("mutated %d of %s", count, base.Name), data)
		count++
	}
	vectors = append(vectors, wellKnownVectors()...)
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for _, one := range vectors {
		must(encoder.Encode(one))
	}
	must(os.WriteFile(path, lines.Bytes(), 0o644))
}

// verdict is what a JSON client that means the same object would have sent: what Go decodes, as Go writes it in JSON.
// Nothing when Go refuses the bytes, or the object has no JSON form that Go would read as the same (text that is not
// UTF-8, years beyond 9999) or that JavaScript would (integers beyond 2^53).
func verdict(serializer kruntime.Decoder, data []byte) json.RawMessage {
	object, _, err := serializer.Decode(data, nil, nil)
	if err != nil {
		return nil
	}
	text, err := json.Marshal(object)
	if err != nil || bytes.Contains(text, []byte(`\ufffd`)) {
		return nil
	}
	again := reflect.New(reflect.TypeOf(object).Elem()).Interface()
	if json.Unmarshal(text, again) != nil {
		return nil
	}
	var numbers any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	must(decoder.Decode(&numbers))
	if !safe(numbers) {
		return nil
	}
	return text
}

func safe(value any) bool {
	switch of := value.(type) {
	case json.Number:
		if strings.ContainsAny(of.String(), ".eE") {
			return true
		}
		number, err := of.Int64()
		return err == nil && number < 1<<53 && number > -1<<53
	case []any:
		for _, item := range of {
			if !safe(item) {
				return false
			}
		}
	case map[string]any:
		for _, member := range of {
			if !safe(member) {
				return false
			}
		}
	}
	return true
}

// mutate changes the message, and sometimes what it is wrapped in, in one to three places.
func mutate(chance *rand.Rand, data []byte) []byte {
	if chance.Intn(4) == 0 {
		// The magic number is not what is tried here.
		return append(bytes.Clone(data[:4]), mutateBytes(chance, data[4:])...)
	}
	var envelope kruntime.Unknown
	must(envelope.Unmarshal(data[4:]))
	envelope.Raw = mutateBytes(chance, envelope.Raw)
	wrapped, err := envelope.Marshal()
	must(err)
	return append(bytes.Clone(data[:4]), wrapped...)
}

func mutateBytes(chance *rand.Rand, base []byte) []byte {
	data := bytes.Clone(base)
	for range 1 + chance.Intn(3) {
		if len(data) == 0 {
			return data
		}
		at := chance.Intn(len(data))
		switch chance.Intn(10) {
		case 0:
			data = append(data[:at], data[at+1:]...)
		case 1:
			data = append(data[:at], append([]byte{byte(chance.Intn(256))}, data[at:]...)...)
		case 2:
			data = data[:at]
		case 3:
			end := at + chance.Intn(len(data)-at)
			data = append(bytes.Clone(data[:end]), data[at:]...)
		case 4:
			// A field that nobody knows, of each wire type.
			unknown := [][]byte{{0xf8, 0x3f, 1}, {0xf9, 0x3f, 1, 2, 3, 4, 5, 6, 7, 8}, {0xfa, 0x3f, 2, 1, 2}, {0xfb, 0x3f, 8, 1, 0xfc, 0x3f}, {0xfd, 0x3f, 1, 2, 3, 4}}
			data = append(bytes.Clone(data), unknown[chance.Intn(len(unknown))]...)
		case 5:
			// All of it twice: fields that come again replace, merge or append.
			data = append(bytes.Clone(data), data...)
		case 6, 7:
			data[at] = byte(chance.Intn(256))
		default:
			data[at] ^= 1 << chance.Intn(8)
		}
	}
	return data
}

// wellKnownVectors are messages that no kind above holds.
func wellKnownVectors() []vector {
	var vectors []vector
	add := func(name string, message interface{ Marshal() ([]byte, error) }) {
		data, err := message.Marshal()
		must(err)
		text, err := json.Marshal(message)
		must(err)
		vectors = append(vectors, vector{name, data, text})
	}
	for _, value := range []intstr.IntOrString{intstr.FromInt32(0), intstr.FromInt32(-8080), intstr.FromString(""), intstr.FromString("25%")} {
		add("IntOrString", &value)
	}
	for _, text := range strings.Fields("0 1 -1 1500m 0.1 1Gi 100n 12e6 1E 3k .5 +7 9223372036854775807") {
		value := resource.MustParse(text)
		add("Quantity", &value)
	}
	return vectors
}

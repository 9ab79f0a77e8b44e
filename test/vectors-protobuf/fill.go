package main

import (
	"fmt"
	"math/rand"
	"reflect"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// filler fills Go values by chance, the same for the same seed. With density 0 nothing is set, with 1 everything.
type filler struct {
	*rand.Rand
	density float64
	// Schemas around the value: they hold schemas, which hold no more here.
	schemas int
}

var texts = []string{
	"", "a", "default", "system:serviceaccount:kube-system:x", "Zürich-密码-🔐", "line\nbreak\ttab \"quoted\" \\ </b>&",
	"\u0000\u0001\u001f\u007f", "\ufeffbom", "\u2028\u2029\ufffd", "__proto__", "constructor", "0", "10", "true", "null",
}

func (fill *filler) text() string {
	if fill.Intn(3) == 0 || fill.density == 1 {
		return fmt.Sprintf("text-%d", fill.Intn(1_000_000))
	}
	return texts[fill.Intn(len(texts))]
}

// size of a list or a map: never empty where everything is set.
func (fill *filler) size() int {
	if fill.density == 1 {
		return 1 + fill.Intn(2)
	}
	return fill.Intn(4)
}

func (fill *filler) integer(bits int) int64 {
	switch fill.Intn(5) {
	case 0:
		return int64(fill.Intn(3)) - 1
	case 1:
		return []int64{1<<31 - 1, -1 << 31}[fill.Intn(2)]
	case 2:
		if bits == 64 {
			return []int64{1<<53 - 1, -(1<<53 - 1), 1 << 32, -1 << 35}[fill.Intn(4)]
		}
	}
	return int64(fill.Intn(100_000)) - 1000
}

func (fill *filler) time() time.Time {
	switch fill.Intn(6) {
	case 0:
		return time.Time{}
	case 1:
		return time.Unix([]int64{0, -1, -62135596799, 253402300799, 951782400}[fill.Intn(5)], int64(fill.Intn(1_000_000_000)))
	}
	return time.Unix(1_700_000_000+fill.Int63n(200_000_000), int64(fill.Intn(1_000_000_000)))
}

func (fill *filler) value(of reflect.Value) {
	if fill.Float64() >= fill.density {
		return
	}
	switch of.Interface().(type) {
	case meta.TypeMeta:
		return
	case meta.Time:
		of.Set(reflect.ValueOf(meta.NewTime(fill.time())))
		return
	case meta.MicroTime:
		of.Set(reflect.ValueOf(meta.NewMicroTime(fill.time())))
		return
	case apiextensions.JSON:
		raws := []string{"{}", `{"a":[1,null,"ü"],"__proto__":{}}`, "[]", "true", `"text"`, "0.5", "-3"}
		of.Set(reflect.ValueOf(apiextensions.JSON{Raw: []byte(raws[fill.Intn(len(raws))])}))
		return
	case apiextensions.JSONSchemaProps:
		if fill.schemas == 2 {
			of.Set(reflect.ValueOf(apiextensions.JSONSchemaProps{Title: fill.text()}))
			return
		}
		fill.schemas++
		defer func() { fill.schemas-- }()
	case meta.FieldsV1:
		raws := []string{"{}", `{"f:metadata":{"f:labels":{".":{},"f:a":{}}}}`, `{"f:__proto__": {}, "k:{\"uid\":\"ü\"}":{}}`, ""}
		of.Set(reflect.ValueOf(meta.FieldsV1{Raw: []byte(raws[fill.Intn(len(raws))])}))
		return
	}
	switch of.Kind() {
	case reflect.String:
		of.SetString(fill.text())
	case reflect.Bool:
		of.SetBool(fill.density == 1 || fill.Intn(3) > 0)
	case reflect.Int32:
		of.SetInt(fill.integer(32))
	case reflect.Int64:
		of.SetInt(fill.integer(64))
	case reflect.Float64:
		of.SetFloat([]float64{0, 1, -1.5, 0.25, 100, 1e300, 1e-7, -1 << 40}[fill.Intn(8)])
	case reflect.Pointer:
		of.Set(reflect.New(of.Type().Elem()))
		fill.value(of.Elem())
	case reflect.Struct:
		for i := range of.NumField() {
			fill.value(of.Field(i))
		}
	case reflect.Slice:
		size := fill.size()
		of.Set(reflect.MakeSlice(of.Type(), size, size))
		for i := range size {
			if of.Type().Elem().Kind() == reflect.Uint8 {
				of.Index(i).SetUint(uint64(fill.Intn(256)))
			} else {
				fill.value(of.Index(i))
			}
		}
	case reflect.Map:
		of.Set(reflect.MakeMap(of.Type()))
		for range fill.size() {
			value := reflect.New(of.Type().Elem()).Elem()
			fill.value(value)
			of.SetMapIndex(reflect.ValueOf(fill.text()).Convert(of.Type().Key()), value)
		}
	default:
		panic("no way to fill " + of.Type().String())
	}
}

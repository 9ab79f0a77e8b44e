package main

import (
	"math/rand"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

type labelRequirement struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

type labelVector struct {
	Selector     string             `json:"selector"`
	Error        string             `json:"error,omitempty"`
	Requirements []labelRequirement `json:"requirements,omitempty"`
	// One for each of the sets.
	Matches []bool `json:"matches,omitempty"`
}

type labelObjectVector struct {
	Object  *metav1.LabelSelector `json:"object"`
	Error   string                `json:"error,omitempty"`
	Matches []bool                `json:"matches,omitempty"`
}

var labelSets = []labels.Set{
	{},
	{"a": "b"},
	{"a": "", "b": "a"},
	{"a": "c", "b": "1", "x": "in"},
	{"b": "7", "c": "-3", "d": "notin", "a": "9223372036854775807"},
	{"b": "9223372036854775808", "a": "007", "example.com/a": "b"},
	{"x": "notin", "in": "a", "notin": "b", "c": "x.y_z-1", "b": "12a"},
	{"toString": "a", "constructor": "b", "__proto__": "c"},
}

var operatorNames = map[selection.Operator]string{
	selection.In: "In", selection.Equals: "In", selection.DoubleEquals: "In",
	selection.NotIn: "NotIn", selection.NotEquals: "NotIn",
	selection.Exists: "Exists", selection.DoesNotExist: "DoesNotExist",
	selection.GreaterThan: "GreaterThan", selection.LessThan: "LessThan",
}

func matchesOf(selector labels.Selector) []bool {
	matches := []bool{}
	for _, set := range labelSets {
		matches = append(matches, selector.Matches(set))
	}
	return matches
}

func labelVector1(text string) labelVector {
	selector, err := labels.Parse(text)
	if err != nil {
		return labelVector{Selector: text, Error: err.Error()}
	}
	vector := labelVector{Selector: text, Requirements: []labelRequirement{}, Matches: matchesOf(selector)}
	requirements, _ := selector.Requirements()
	for _, r := range requirements {
		vector.Requirements = append(vector.Requirements,
			labelRequirement{r.Key(), operatorNames[r.Operator()], r.Values().List()})
	}
	return vector
}

func labelVectors(r *rand.Rand) any {
	long := strings.Repeat("x", 64)
	texts := []string{
		"", " ", "a", "!a", "! a", "a=b", "a==b", "a!=b", "a = b", "a=", "a==", "a!=", "a=,b", "a in (b)", "a in (b,c)",
		"a notin (b,c)", "a in ()", "a notin ()", "a in (,)", "a in (b,)", "a in (,b)", "a in (b,,c)", "a in ( b , c )",
		"a in(b)", "a in (c,b,b,a)", "b>1", "b<8", "b > 1 , b < 8", "b>", "b>x", "b>-1", "b>1.5", "b>9223372036854775807",
		"b<9223372036854775808", "b>007", "c<0", "in", "notin", "in in (a)", "notin notin (in,notin)", "x=in", "x==notin",
		"x in (in,notin)", "!in", "a,b", "a,!b", "a,b=1,x!=in", "b,a", "\ta\n=\rb ", "example.com/a=b", "example.com/a",
		"toString", "constructor=b", "__proto__=c", "!hasOwnProperty",
		"a b", "a,", ",", ",a", "a,,b", "a=b,", "=b", "==", "!", "!!a", "!a=b", "!a in (b)", "a=b=c", "a==b==c", "a===b", "a!==b",
		"a=!b", "a>b>c", "a<>1", "a=>1", "a in b", "a in", "a in (", "a in (b", "a in (b,", "a in (b c)", "a in (b))",
		"a in ((b)", "a in (b,c", "a notin", "a in (!)", "a in (b!)", "a in (=)", "(a)", ")", "a)", "a(b)", "in in", "a in in", "a in (b) c",
		"a is b", "a=b c", "a/b/c", "/a", "a/", "A.com/a", "a_b.com/a", "-a", "a-", ".a", "a..b", "a b=c", "ä=b", "a=ä", "a=-b",
		"a=b-", "a=b/c", "a=b:c", "a in (b,-c)", "a in (-b,-c)", "a=\"b\"", "a='b'", "a=b\\c", "a\x00b", "a=\x00b", "\x00a", "a=b\x00,c=d",
		"a=\u2028", long, long + "=a", "a=" + long, "a in (" + long + ",b)", long[:63] + "=" + long[:63],
		strings.Repeat("y", 254) + "/a", strings.Repeat("y.", 130) + "z/a", strings.Repeat("ä", 40), "a\u00a0=b", "a;b", "a&b=c",
	}
	pieces := []string{
		"a", "b", "c", "x", "in", "notin", "in ", " in", "notin ", "=", "==", "!=", "!", ",", ",", "(", ")", " ", ">", "<", "1", "-",
		"a=b", "a in (b)", "b>3", "example.com/a", "/", "\t",
	}
	for range 300 {
		var text strings.Builder
		for range 1 + r.Intn(8) {
			text.WriteString(pick(r, pieces...))
		}
		texts = append(texts, text.String())
	}
	wellFormed := func() string {
		key := pick(r, "a", "b", "c", "d", "x", "in", "example.com/a")
		value := func() string { return pick(r, "", "a", "b", "c", "1", "7", "in", "notin", "x.y_z-1") }
		switch r.Intn(7) {
		case 0:
			return key + pick(r, "=", "==", "!=", " = ", " != ") + value()
		case 1:
			return key + pick(r, " in ", " notin ", " in", " notin") + "(" + value() + "," + value() + ")"
		case 2:
			return "!" + key
		case 3:
			return key + pick(r, "<", ">", " < ", " > ") + pick(r, "0", "1", "7", "9223372036854775807")
		default:
			return key
		}
	}
	for range 100 {
		parts := []string{}
		for range 1 + r.Intn(3) {
			parts = append(parts, wellFormed())
		}
		texts = append(texts, strings.Join(parts, pick(r, ",", " , ")))
	}
	seen := map[string]bool{}
	vectors := []labelVector{}
	for _, text := range texts {
		if !seen[text] {
			vectors = append(vectors, labelVector1(text))
		}
		seen[text] = true
	}
	return map[string]any{"sets": labelSets, "selectors": vectors, "objects": labelObjects(r)}
}

func labelObjects(r *rand.Rand) []labelObjectVector {
	objects := []*metav1.LabelSelector{nil, {}, {MatchLabels: map[string]string{}}}
	for _, e := range []metav1.LabelSelectorRequirement{
		{}, {Key: "a"}, {Key: "a", Operator: "In"}, {Key: "a", Operator: "NotIn"}, {Key: "a", Operator: "Exists", Values: []string{"b"}},
		{Key: "a", Operator: "DoesNotExist", Values: []string{"b"}}, {Key: "a", Operator: "Gt", Values: []string{"1"}},
		{Key: "a", Operator: "in", Values: []string{"1"}}, {Key: "-a", Operator: "Exists"}, {Key: "a", Operator: "In", Values: []string{"-b", "c"}},
		{Key: "-a", Operator: "In", Values: []string{"-b", "-b", "c"}}, {Operator: "Exists"},
	} {
		objects = append(objects, &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{e}})
	}
	for range 60 {
		object := &metav1.LabelSelector{MatchLabels: map[string]string{}}
		for range r.Intn(3) {
			object.MatchLabels[pick(r, "a", "b", "example.com/a")] = pick(r, "", "b", "c", "1")
		}
		for range r.Intn(3) {
			e := metav1.LabelSelectorRequirement{
				Key:      pick(r, "a", "b", "c", "x"),
				Operator: pick(r, metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist),
			}
			if e.Operator == metav1.LabelSelectorOpIn || e.Operator == metav1.LabelSelectorOpNotIn {
				e.Values = []string{pick(r, "", "b", "in"), pick(r, "c", "1", "7")}
			}
			object.MatchExpressions = append(object.MatchExpressions, e)
		}
		objects = append(objects, object)
	}
	vectors := []labelObjectVector{}
	for _, object := range objects {
		selector, err := metav1.LabelSelectorAsSelector(object)
		if err != nil {
			vectors = append(vectors, labelObjectVector{Object: object, Error: err.Error()})
		} else {
			vectors = append(vectors, labelObjectVector{Object: object, Matches: matchesOf(selector)})
		}
	}
	return vectors
}

type fieldVector struct {
	Selector     string             `json:"selector"`
	Error        string             `json:"error,omitempty"`
	Requirements []fieldRequirement `json:"requirements,omitempty"`
	Matches      []bool             `json:"matches,omitempty"`
}

type fieldRequirement struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

var fieldSets = []fields.Set{
	{}, {"a": "b"}, {"a": "c", "metadata.name": "x"}, {"metadata.name": "y", "spec.nodeName": ""}, {"a": "b,c", "b": "=", "c": "\\"},
}

func fieldVectors(r *rand.Rand) any {
	texts := []string{
		"", ",", ",,", "a=b", "a==b", "a!=b", "a=", "a==", "a!=", "=", "==", "!=", "=b", "!=b", "a", "a,b=c", "a=b,", ",a=b", "a=b,,b=c",
		"metadata.name=x", "metadata.name!=x,spec.nodeName=", "a=b\\,c", "a=b\\=c", "b=\\=", "c=\\\\", "a=b=c", "a==b=c", "a=b==c", "a===b",
		"a!==b", "a!b", "a=!b", "a=\\", "a=b\\", "a=\\n", "a=\\ä", "a=\\😀", "a=ä", "a\\,b=c", "a\\=b", "\\", "a=b\\,", "a=b\\\\,b=c", " a = b ",
		"a>1", "a in (b)", "x=1,a!=b,x=0", "a=\x00", "a=\\,\\=\\\\",
	}
	pieces := []string{"a", "b", "metadata.name", "=", "==", "!=", ",", "\\", "\\\\", "\\,", "\\=", "!", " ", "x", "a=b", "b!=c"}
	for range 250 {
		var text strings.Builder
		for range 1 + r.Intn(7) {
			text.WriteString(pick(r, pieces...))
		}
		texts = append(texts, text.String())
	}
	seen := map[string]bool{}
	vectors := []fieldVector{}
	for _, text := range texts {
		if seen[text] {
			continue
		}
		seen[text] = true
		selector, err := fields.ParseSelector(text)
		if err != nil {
			vectors = append(vectors, fieldVector{Selector: text, Error: err.Error()})
			continue
		}
		vector := fieldVector{Selector: text, Requirements: []fieldRequirement{}, Matches: []bool{}}
		for _, requirement := range selector.Requirements() {
			vector.Requirements = append(vector.Requirements,
				fieldRequirement{requirement.Field, string(requirement.Operator), requirement.Value})
		}
		for _, set := range fieldSets {
			vector.Matches = append(vector.Matches, selector.Matches(set))
		}
		vectors = append(vectors, vector)
	}
	return map[string]any{"sets": fieldSets, "selectors": vectors}
}

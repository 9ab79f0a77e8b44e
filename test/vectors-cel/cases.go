package main

type ruleCase struct{ schema, old, value string }

const transition = `{"type":"object","properties":{"spec":{"type":"object","x-kubernetes-validations":[{"rule":"self.a == oldSelf.a","message":"a is immutable"},{"rule":"self.b > 0","messageExpression":"'b is ' + string(self.b)","reason":"FieldValueForbidden","fieldPath":".b"},{"rule":"!oldSelf.hasValue() || oldSelf.value().c == self.c","optionalOldSelf":true,"messageExpression":"'c was ' + string(oldSelf.orValue({}))"},{"rule":"self.d != ''","reason":"FieldValueRequired","message":"  need d  ","fieldPath":".d"}],"properties":{"a":{"type":"string"},"b":{"type":"integer","x-kubernetes-validations":[{"rule":"self < 100"},{"rule":"self >= oldSelf","message":"b may only grow"}]},"c":{"type":"integer"},"d":{"type":"string"}}}}}`

const lists = `{"type":"object","properties":{"map":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"v":{"type":"integer","x-kubernetes-validations":[{"rule":"self >= oldSelf"}]}},"x-kubernetes-validations":[{"rule":"self.v < 10"}]}},"atomic":{"type":"array","items":{"type":"integer","x-kubernetes-validations":[{"rule":"self % 2 == 0","reason":"FieldValueDuplicate"}]}},"free":{"type":"object","additionalProperties":{"type":"string","x-kubernetes-validations":[{"rule":"self.size() < 4","fieldPath":""},{"rule":"self == oldSelf"}]}},"nu":{"type":"string","nullable":true,"x-kubernetes-validations":[{"rule":"self == 'x'"}]},"ios":{"x-kubernetes-int-or-string":true,"x-kubernetes-validations":[{"rule":"self == 5 || self == 'five'"}]},"emb":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true,"x-kubernetes-validations":[{"rule":"self.metadata.name.startsWith('x')"}]},"keyed":{"type":"object","properties":{"q":{"type":"object","additionalProperties":{"type":"integer"}}},"x-kubernetes-validations":[{"rule":"self.q.all(k, self.q[k] > 0)","fieldPath":".q['a b']","reason":"FieldValueDuplicate"}]}}}`

const budget = `{"type":"object","properties":{"l":{"type":"array","maxItems":100,"items":{"type":"string","maxLength":100}}},"x-kubernetes-validations":[{"rule":"self.l.all(x, self.l.all(y, self.l.all(z, x == y || y == z || x != z)))"},{"rule":"true"}]}`

const message = `{"type":"object","properties":{"s":{"type":"string"},"n":{"type":"integer"}},"x-kubernetes-validations":[{"rule":"self.n > 5","message":"static","messageExpression":"self.s"}]}`

const root = `{"type":"object","x-kubernetes-validations":[{"rule":"self.metadata.name.size() < 3"},{"rule":"self.kind == 'K' && self.apiVersion == 'v1'"}],"properties":{"spec":{"type":"object","properties":{"a":{"type":"integer"}},"x-kubernetes-validations":[{"rule":"self.a / (self.a - 1) > 0"},{"rule":"has(self.a)"}]}}}`

var ruleCases = []ruleCase{
	{transition, "", `{"spec":{"a":"x","b":1,"c":1,"d":"d"}}`},
	{transition, "", `{"spec":{"a":"x","b":0,"c":1,"d":""}}`},
	{transition, `{"spec":{"a":"x","b":1,"c":1,"d":"d"}}`, `{"spec":{"a":"y","b":1,"c":1,"d":"d"}}`},
	{transition, `{"spec":{"a":"x","b":5,"c":1,"d":"d"}}`, `{"spec":{"a":"x","b":3,"c":2,"d":"d"}}`},
	{transition, `{"spec":{"a":"x","b":0,"c":1,"d":""}}`, `{"spec":{"a":"x","b":0,"c":1,"d":""}}`},
	{transition, `{"spec":{"a":"x","b":0,"c":1,"d":""}}`, `{"spec":{"a":"x","b":200,"c":1,"d":""}}`},
	{transition, `{"spec":{"a":"x","b":200,"c":1,"d":"d"}}`, `{"spec":{"a":"x","b":200,"c":1,"d":"e"}}`},
	{transition, `{}`, `{"spec":{"a":"y","b":1,"c":1,"d":"d"}}`},
	{transition, "", `{"spec":{}}`},
	{transition, "", `{}`},
	{lists, "", `{"map":[{"k":"a","v":1},{"k":"b","v":11}],"atomic":[1,2,3],"free":{"a":"ab","b":"abcde"}}`},
	{lists, `{"map":[{"k":"a","v":5},{"k":"b","v":6}]}`, `{"map":[{"k":"b","v":7},{"k":"a","v":4},{"k":"c","v":1}]}`},
	{lists, `{"map":[{"k":"a","v":50}]}`, `{"map":[{"k":"a","v":50},{"k":"b","v":60}]}`},
	{lists, `{"atomic":[1,2]}`, `{"atomic":[1,2]}`},
	{lists, `{"atomic":[1,2]}`, `{"atomic":[1,2,4]}`},
	{lists, `{"free":{"a":"abcde","b":"x"}}`, `{"free":{"a":"abcde","b":"y","c":"abcdef"}}`},
	{lists, "", `{"nu":null,"ios":"six"}`},
	{lists, "", `{"nu":"y","ios":5}`},
	{lists, "", `{"emb":{"apiVersion":"v1","kind":"P","metadata":{"name":"y"}}}`},
	{lists, "", `{"emb":{"apiVersion":"v1","kind":"P"}}`},
	{lists, "", `{"keyed":{"q":{"a b":0}}}`},
	{lists, "", `{"map":[{"k":"a"}]}`},
	{budget, "", `{"l":["a","b","c"]}`},
	{budget, "", `{"l":["aaaaaaaaaa1","aaaaaaaaaa2","aaaaaaaaaa3","aaaaaaaaaa4","aaaaaaaaaa5","aaaaaaaaaa6","aaaaaaaaaa7","aaaaaaaaaa8","aaaaaaaaaa9","aaaaaaaaa10","aaaaaaaaa11","aaaaaaaaa12","aaaaaaaaa13","aaaaaaaaa14","aaaaaaaaa15","aaaaaaaaa16","aaaaaaaaa17","aaaaaaaaa18","aaaaaaaaa19","aaaaaaaaa20","aaaaaaaaa21","aaaaaaaaa22","aaaaaaaaa23","aaaaaaaaa24","aaaaaaaaa25","aaaaaaaaa26","aaaaaaaaa27","aaaaaaaaa28","aaaaaaaaa29","aaaaaaaaa30","aaaaaaaaa31","aaaaaaaaa32","aaaaaaaaa33","aaaaaaaaa34","aaaaaaaaa35","aaaaaaaaa36","aaaaaaaaa37","aaaaaaaaa38","aaaaaaaaa39","aaaaaaaaa40","aaaaaaaaa41","aaaaaaaaa42","aaaaaaaaa43","aaaaaaaaa44","aaaaaaaaa45","aaaaaaaaa46","aaaaaaaaa47","aaaaaaaaa48","aaaaaaaaa49","aaaaaaaaa50"]}`},
	{message, "", `{"s":"dynamic","n":1}`},
	{message, "", `{"s":"  spaced  ","n":1}`},
	{message, "", `{"s":"","n":1}`},
	{message, "", `{"s":"a\nb","n":1}`},
	{message, "", `{"n":1}`},
	{message, "", `{"s":"x","n":9}`},
	{root, "", `{"apiVersion":"v1","kind":"K","metadata":{"name":"ab"},"spec":{"a":3}}`},
	{root, "", `{"apiVersion":"v1","kind":"X","metadata":{"name":"abc"},"spec":{"a":1}}`},
	{root, "", `{"apiVersion":"v1","kind":"K","metadata":{},"spec":{}}`},
	{root, `{"apiVersion":"v1","kind":"K","metadata":{"name":"abc"},"spec":{"a":1}}`, `{"apiVersion":"v1","kind":"K","metadata":{"name":"abc"},"spec":{"a":1}}`},
}

func spec(schema string) string { return `{"type":"object","properties":{"spec":` + schema + `}}` }

var schemaCases = []string{
	spec(`{"type":"object","properties":{"a":{"type":"string"}},"x-kubernetes-validations":[{"rule":"self.a == 'x'"}]}`),
	spec(`{"type":"object","properties":{"a":{"type":"string"}},"x-kubernetes-validations":[{"rule":"self.b == 'x'"}]}`),
	spec(`{"type":"object","properties":{"a":{"type":"string"}},"x-kubernetes-validations":[{"rule":"self.a == 5 && self.b < '<&>'","message":"<m>","reason":"FieldValueInvalid","fieldPath":".a","optionalOldSelf":false}]}`),
	spec(`{"type":"object","properties":{"a":{"type":"string"}},"x-kubernetes-validations":[{"rule":"self.a"}]}`),
	spec(`{"type":"object","properties":{"a":{"type":"string"}},"x-kubernetes-validations":[{"rule":"true","messageExpression":"5"},{"rule":"true","messageExpression":"self.q"},{"rule":"true","messageExpression":"'a' +"}]}`),
	spec(`{"type":"object","properties":{"a":{"type":"string"}},"x-kubernetes-validations":[{"rule":"self.a.matches(self.a)"}]}`),
	spec(`{"type":"array","items":{"type":"string","x-kubernetes-validations":[{"rule":"self.contains('x')"}]}}`),
	spec(`{"type":"array","maxItems":10,"items":{"type":"string","maxLength":10,"x-kubernetes-validations":[{"rule":"self.contains('x')"}]}}`),
	spec(`{"type":"array","items":{"type":"array","items":{"type":"string","x-kubernetes-validations":[{"rule":"self.contains('x')"}]}}}`),
	spec(`{"type":"array","items":{"type":"string"},"x-kubernetes-validations":[{"rule":"self.all(x, self.all(y, x == y))"}]}`),
	spec(`{"type":"array","maxItems":1000,"items":{"type":"string","maxLength":100},"x-kubernetes-validations":[{"rule":"self.all(x, self.all(y, x == y))"}]}`),
	spec(`{"type":"array","maxItems":100,"items":{"type":"string","maxLength":10},"x-kubernetes-validations":[{"rule":"self.all(x, self.all(y, x == y))"}]}`),
	spec(`{"type":"object","additionalProperties":{"type":"object","properties":{"a":{"type":"array","maxItems":100,"items":{"type":"integer"},"x-kubernetes-validations":[{"rule":"self.all(x, x > 0)"},{"rule":"self.exists(x, x > 0)"}]}}}}`),
	spec(`{"type":"object","maxProperties":400,"additionalProperties":{"type":"array","maxItems":1000,"items":{"type":"integer"},"x-kubernetes-validations":[{"rule":"self.all(x, x > 0)"},{"rule":"self.all(x, x > 1)"},{"rule":"self.all(x, x > 2)"},{"rule":"self.all(x, x > 3)"},{"rule":"self.all(x, x > 4)"},{"rule":"self.all(x, x > 5)"},{"rule":"self.all(x, x > 6)"},{"rule":"self.all(x, x > 7)"},{"rule":"self.all(x, x > 8)"},{"rule":"self.all(x, x > 9)"},{"rule":"self.all(x, x > 10)"},{"rule":"self.all(x, x > 11)"},{"rule":"self.all(x, x > 12)"},{"rule":"self.all(x, x > 13)"},{"rule":"self.all(x, x > 14)"},{"rule":"self.all(x, x > 15)"},{"rule":"self.all(x, x > 16)"},{"rule":"self.all(x, x > 17)"},{"rule":"self.all(x, x > 18)"},{"rule":"self.all(x, x > 19)"},{"rule":"self.all(x, x > 20)"},{"rule":"self.all(x, x > 21)"},{"rule":"self.all(x, x > 22)"},{"rule":"self.all(x, x > 23)"},{"rule":"self.all(x, x > 24)"},{"rule":"self.all(x, x > 25)"},{"rule":"self.all(x, x > 26)"},{"rule":"self.all(x, x > 27)"},{"rule":"self.all(x, x > 28)"},{"rule":"self.all(x, x > 29)"},{"rule":"self.all(x, x > 30)"},{"rule":"self.all(x, x > 31)"},{"rule":"self.all(x, x > 32)"},{"rule":"self.all(x, x > 33)"},{"rule":"self.all(x, x > 34)"},{"rule":"self.all(x, x > 35)"}]}}`),
	spec(`{"type":"array","items":{"type":"integer","x-kubernetes-validations":[{"rule":"self > oldSelf"}]}}`),
	spec(`{"type":"array","x-kubernetes-list-type":"set","items":{"type":"integer","x-kubernetes-validations":[{"rule":"self > oldSelf"}]}}`),
	spec(`{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"v":{"type":"array","items":{"type":"integer","x-kubernetes-validations":[{"rule":"self > oldSelf"}]}},"w":{"type":"integer","x-kubernetes-validations":[{"rule":"self > oldSelf"}]}}}}`),
	spec(`{"type":"integer","x-kubernetes-validations":[{"rule":"self > 1","optionalOldSelf":true},{"rule":"oldSelf.hasValue()","optionalOldSelf":true},{"rule":"oldSelf.hasValue()"},{"rule":"self > oldSelf","optionalOldSelf":true}]}`),
	spec(`{"x-kubernetes-preserve-unknown-fields":true,"x-kubernetes-validations":[{"rule":"true"}]}`),
	spec(`{"type":"object","x-kubernetes-preserve-unknown-fields":true,"x-kubernetes-validations":[{"rule":"has(self.a)"}]}`),
	spec(`{"type":"array","items":{"x-kubernetes-preserve-unknown-fields":true},"x-kubernetes-validations":[{"rule":"true"}]}`),
	spec(`{"type":"object","properties":{"a":{"type":"string","default":"x","x-kubernetes-validations":[{"rule":"self == 'y'"}]}}}`),
	spec(`{"type":"object","default":{"a":1},"properties":{"a":{"type":"integer"}},"x-kubernetes-validations":[{"rule":"self.a > 5","message":"too small"}]}`),
	spec(`{"type":"integer","default":3,"x-kubernetes-validations":[{"rule":"self > oldSelf"},{"rule":"oldSelf.hasValue()","optionalOldSelf":true}]}`),
	spec(`{"type":"string","x-kubernetes-validations":[{"rule":"self.matches('(')"},{"rule":"duration('x') == duration('1s')"},{"rule":"int('x') == 1"}]}`),
	spec(`{"type":"string","x-kubernetes-validations":[{"rule":"self == 'a'\n|| self == 5","message":"m"}]}`),
	spec(`{"type":"object","properties":{"l":{"type":"array","items":{"type":"object","properties":{"n":{"type":"string"}}}}},"x-kubernetes-validations":[{"rule":"self.l.all(x, x.q == 1)"},{"rule":"self.l == 5"},{"rule":"self.l[0] == 5"}]}`),
	`{"type":"object","x-kubernetes-validations":[{"rule":"self.metadata.name == 'x' && self.metadata.labels == {}"}]}`,
	spec(`{"type":"object","properties":{"e":{"type":"string","enum":["aaaa","b"]},"t":{"type":"string","format":"date-time"},"i":{"x-kubernetes-int-or-string":true},"l":{"type":"array","items":{"type":"string","enum":["x"]}}},"x-kubernetes-validations":[{"rule":"self.e.contains('a') && self.l.all(x, x.contains('a') && self.e.matches(x))"}]}`),
	spec(`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"x-kubernetes-validations":[{"rule":"self.a.replace('a', self.b).contains(self.b)"},{"rule":"true","messageExpression":"self.a.replace('a', self.b).replace('b', self.a).upperAscii()"}]}`),
}

package main

type valueCase struct {
	schemas []string
	values  []string
}

var scalars = []string{`null`, `true`, `false`, `0`, `1`, `-1`, `5`, `1.5`, `2147483648`, `-2147483649`, `""`, `"a"`, `"abc"`, `"äöü😀"`, `"5"`, `[]`, `[1]`, `["a","b"]`, `{}`, `{"a":1}`, `{"a":"x","b":2}`}

// Schemas of one field, each with each value.
var valueCases = []valueCase{
	{[]string{
		`{"type":"string"}`, `{"type":"integer"}`, `{"type":"number"}`, `{"type":"boolean"}`, `{"type":"array","items":{"type":"string"}}`, `{"type":"object"}`, `{"type":"string","nullable":true}`,
		`{"x-kubernetes-int-or-string":true}`, `{"x-kubernetes-int-or-string":true,"pattern":"^[0-9]+$"}`, `{"x-kubernetes-preserve-unknown-fields":true}`,
		`{"type":"integer","format":"int32"}`, `{"type":"integer","format":"int64"}`, `{"type":"integer","format":"float"}`, `{"type":"number","format":"double"}`, `{"type":"number","format":"float"}`,
		`{"type":"integer","minimum":1,"maximum":5}`, `{"type":"integer","minimum":1,"exclusiveMinimum":true,"maximum":5,"exclusiveMaximum":true}`, `{"type":"number","minimum":0.5,"maximum":1.5}`, `{"type":"number","minimum":0.5,"exclusiveMinimum":true,"maximum":1.5,"exclusiveMaximum":true}`,
		`{"type":"integer","multipleOf":5}`, `{"type":"number","multipleOf":0.5}`, `{"type":"number","multipleOf":2.5}`, `{"type":"integer","multipleOf":1.5}`, `{"type":"integer","maximum":1.5}`, `{"type":"integer","minimum":-1.5,"maximum":1e3}`, `{"type":"number","maximum":1e21}`, `{"type":"number","maximum":1e-7}`,
		`{"type":"string","minLength":2}`, `{"type":"string","maxLength":2}`, `{"type":"string","maxLength":1}`, `{"type":"string","minLength":1,"maxLength":4,"pattern":"^a"}`, `{"type":"string","pattern":"^[a-z]+$"}`, `{"type":"string","pattern":"(?i)^A"}`,
		`{"type":"string","enum":["a","b"]}`, `{"type":"number","enum":[1.5]}`, `{"type":"object","enum":[{"a":1}]}`, `{"type":"array","items":{"type":"integer"},"enum":[[1]]}`, `{"type":"boolean","enum":[true]}`,
		`{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":1}`, `{"type":"array","items":{"type":"string"},"maxItems":1}`, `{"type":"array","items":{"type":"string","enum":["a"]}}`, `{"type":"array","items":{"type":"string","nullable":true}}`,
		`{"type":"object","additionalProperties":{"type":"string"}}`, `{"type":"object","additionalProperties":{"type":"integer"},"minProperties":1,"maxProperties":1}`, `{"type":"object","additionalProperties":true}`, `{"type":"object","additionalProperties":false}`, `{"type":"object","properties":{"a":{"type":"string"}},"required":["a","c"]}`, `{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`,
		`{"type":"object","minProperties":1,"maxProperties":1,"x-kubernetes-preserve-unknown-fields":true}`,
		`{"type":"integer","anyOf":[{"minimum":5},{"maximum":0}]}`, `{"type":"integer","oneOf":[{"minimum":1},{"maximum":5}]}`, `{"type":"integer","allOf":[{"minimum":1},{"maximum":1}]}`, `{"type":"string","anyOf":[{"minLength":2},{"pattern":"^$"}]}`,
		`{"type":"string","oneOf":[{"minLength":1},{"pattern":"^a"}]}`, `{"type":"string","allOf":[{"minLength":2},{"maxLength":1},{"enum":["q"]}]}`, `{"type":"string","anyOf":[{"format":"date"},{"format":"ipv4"}]}`, `{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"anyOf":[{"required":["a"]},{"required":["b"]}]}`,
		`{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"oneOf":[{"required":["a"]},{"required":["b"]}]}`, `{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"not":{"required":["b"]},"allOf":[{"properties":{"a":{"minimum":2}}}]}`,
		`{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]}`, `{"x-kubernetes-int-or-string":true,"allOf":[{"anyOf":[{"type":"integer"},{"type":"string"}]},{"minimum":1}]}`,
		`{"type":"array","items":{"type":"string"},"anyOf":[{"minItems":1},{"items":{"minLength":3}}]}`, `{"type":"string","not":{"not":{"minLength":1}}}`, `{"type":"string","anyOf":[{"allOf":[{"minLength":2},{"maxLength":3}]},{"enum":["a"]}]}`,
		`{"type":"string","format":"made-up"}`, `{"type":"array","items":{"type":"integer","minimum":2},"x-kubernetes-list-type":"set"}`,
	}, scalars},
	// Not 1.5: Kubernetes takes it for 1, since Go converts it so; and no lists where a text with a format is wanted, which it takes.
	{[]string{`{"type":"integer","nullable":true,"enum":[1,5]}`, `{"type":"integer","enum":[1,2]}`, `{"type":"integer","not":{"enum":[1]}}`, `{"type":"string","format":"password"}`}, []string{`null`, `true`, `0`, `1`, `5`, `""`, `"a"`, `{}`}},
	{[]string{`{"type":"integer","multipleOf":3}`, `{"type":"number","multipleOf":0.1}`, `{"type":"number","multipleOf":3}`}, []string{`9`, `10`, `0.3`, `0.35`, `1.5`, `-3`, `0`}},
	{[]string{`{"type":"string","format":"bsonobjectid"}`}, []string{`"507f1f77bcf86cd799439011"`, `"507F1F77BCF86CD799439011"`, `"507f"`, `"zzzf1f77bcf86cd799439011"`, `""`}},
	{[]string{`{"type":"string","format":"uri"}`}, []string{`"http://example.com"`, `"/a/b"`, `"a/b"`, `""`, `"mailto:a@b"`, `"http://[::1]:80/x?y=z"`, `"http://[::1"`, `"http://a b/"`, `"http://exa mple.com"`, `"http://x:99999/"`, `"http://x:a/"`, `"https://user:pass@host/p#f"`, `"*"`, `":x"`, `"//host/path"`, `"http://a/%zz"`, `"http://a/%20b"`, `"urn:isbn:1"`, `"?q"`, `"http://"`}},
	{[]string{`{"type":"string","format":"email"}`}, []string{`"a@b"`, `"a@b.c"`, `"Name <a@b.c>"`, `"\"N, M\" <a@b>"`, `"a"`, `""`, `"a@"`, `"@b"`, `"a b@c"`, `"a@b, c@d"`, `"<a@b>"`, `"ä@b.de"`}},
	{[]string{`{"type":"string","format":"hostname"}`}, []string{`"example.com"`, `"localhost"`, `"a_b.com"`, `"1.2.3.4"`, `"-a.com"`, `"a-.com"`, `""`, `"exämple.com"`, `"a..b"`, `"example.c"`, `"x"`, `"a.b.c.d.e"`, `"☃.com"`}},
	{[]string{`{"type":"string","format":"ipv4"}`, `{"type":"string","format":"ipv6"}`, `{"type":"string","format":"cidr"}`}, []string{`"1.2.3.4"`, `"01.02.03.04"`, `"1.2.3"`, `"1.2.3.256"`, `"::1"`, `"fe80::1%eth0"`, `"::ffff:1.2.3.4"`, `"1::2::3"`, `"2001:db8::/32"`, `"10.0.0.0/8"`, `"10.0.0.1/33"`, `"10.0.0.0/08"`, `"/8"`, `""`, `"2001:DB8:0:0:0:0:0:1"`, `"::1/129"`, `"1:2:3:4:5:6:7:8:9"`, `"1:2:3:4:5:6:1.2.3.4"`}},
	{[]string{`{"type":"string","format":"mac"}`}, []string{`"01:23:45:67:89:ab"`, `"01-23-45-67-89-AB"`, `"0123.4567.89ab"`, `"01:23:45:67:89"`, `"01:23-45:67:89:ab"`, `"01:23:45:67:89:ab:cd:ef"`, `""`, `"zz:23:45:67:89:ab"`}},
	{[]string{`{"type":"string","format":"uuid"}`, `{"type":"string","format":"uuid3"}`, `{"type":"string","format":"uuid4"}`, `{"type":"string","format":"uuid5"}`}, []string{`"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`, `"6BA7B8109DAD11D180B400C04FD430C8"`, `"a3bb189e-8bf9-3888-9912-ace4e6543002"`, `"f47ac10b-58cc-4372-a567-0e02b2c3d479"`, `"886313e1-3b8a-5372-9b90-0c9aee199e5d"`, `"x"`, `""`}},
	{[]string{`{"type":"string","format":"isbn"}`, `{"type":"string","format":"isbn10"}`, `{"type":"string","format":"isbn13"}`}, []string{`"0321751043"`, `"0-321-75104-3"`, `"978-0321751041"`, `"9780321751042"`, `"080442957X"`, `"123"`, `""`}},
	{[]string{`{"type":"string","format":"creditcard"}`}, []string{`"4111 1111 1111 1111"`, `"4111-1111-1111-1112"`, `"378282246310005"`, `"1"`, `""`}},
	{[]string{`{"type":"string","format":"ssn"}`}, []string{`"123-45-6789"`, `"123 45 6789"`, `"123456789"`, `"12-345-6789"`}},
	{[]string{`{"type":"string","format":"hexcolor"}`, `{"type":"string","format":"rgbcolor"}`}, []string{`"#fff"`, `"FFFFFF"`, `"#ffff"`, `"rgb(1,2,3)"`, `"rgb( 255 , 0,255)"`, `"rgb(256,0,0)"`, `""`}},
	{[]string{`{"type":"string","format":"byte"}`}, []string{`"YQ=="`, `"YQ="`, `"YWI="`, `"YWJj"`, `""`, `"YQ==\n"`, `"a-_b"`, `"===="`}},
	{[]string{`{"type":"string","format":"date"}`, `{"type":"string","format":"date-time"}`, `{"type":"string","format":"datetime"}`}, []string{`"2026-01-02"`, `"2026-02-29"`, `"2024-02-29"`, `"2026-1-2"`, `"2026-01-02T03:04:05Z"`, `"2026-01-02t03:04:05z"`, `"2026-01-02T03:04:05.123+01:00"`, `"2026-01-02T03:04:05"`, `"2026-01-02 03:04:05Z"`, `"2026-01-02T24:00:00Z"`, `"2026-01-02T23:60:00Z"`, `"2026-01-02T23:00:60Z"`, `"2026-13-02T03:04:05Z"`, `""`, `"2026-01-02T03:04:05x1Z"`, `"0000-01-01"`}},
	{[]string{`{"type":"string","format":"duration"}`}, []string{`"1h"`, `"1h30m"`, `"1.5s"`, `"-2m"`, `"3 weeks"`, `"2 days"`, `"1 wk"`, `"5"`, `""`, `"abc"`, `"1y"`, `"0"`, `"10 millis"`, `"1d"`, `".5h"`, `"1e3s"`, `"+1m"`, `"9999999999h"`}},
	{[]string{`{"type":"string","format":"k8s-short-name"}`, `{"type":"string","format":"k8s-long-name"}`}, []string{`"a"`, `"a-b"`, `"-a"`, `"A"`, `"a.b"`, `"a..b"`, `""`, `"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`}},
}

const listSchema = `{"type":"object","properties":{"set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},"objs":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"object","x-kubernetes-map-type":"atomic","properties":{"a":{"type":"integer"}}}},"map":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"integer"}}}}},"two":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["a","b"],"items":{"type":"object","properties":{"a":{"type":"string","default":""},"b":{"type":"integer","default":1}}}},"deep":{"type":"object","additionalProperties":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"integer"}}}}}`

const embeddedSchema = `{"type":"object","properties":{"e":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},"l":{"type":"array","items":{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"spec":{"type":"object"}}}},"m":{"type":"object","additionalProperties":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}}}}`

var objectCases = []valueCase{
	{[]string{listSchema}, []string{`{"set":["a","b","a","a"]}`, `{"set":["a","b"]}`, `{"objs":[{"a":1},{"a":1},{"a":2},{}]}`, `{"map":[{"k":"a"},{"k":"b"},{"k":"a"}]}`, `{"map":[{"k":"a","set":[1,1]}]}`, `{"map":[{},{}]}`, `{"map":[{"k":"x"},5]}`, `{"two":[{"a":"x","b":1},{"a":"x","b":2},{"b":1,"a":"x"},{},{}]}`, `{"deep":{"x.y":[1,2,1],"z":[3]}}`}},
	{[]string{embeddedSchema}, []string{
		`{"e":{"apiVersion":"v1","kind":"Pod"}}`, `{"e":{}}`, `{"e":{"apiVersion":"","kind":""}}`, `{"e":{"apiVersion":"a/b/c","kind":"No Kind"}}`, `{"e":{"apiVersion":1,"kind":true}}`, `{"e":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","labels":{"a":"b"}}}}`,
		`{"e":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a/b"}}}`, `{"e":{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"a b":"c"}}}}`, `{"e":{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"a":"b c"}}}}`, `{"e":{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"/a":"x"}}}}`, `{"e":{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"A"}}}`,
		`{"l":[{"apiVersion":"v1","kind":"Pod"},{"kind":"Pod"}]}`, `{"m":{"x":{"apiVersion":"v1"}}}`, `{"e":{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"x/y/z":"c"}}}}`,
	}},
	{[]string{`{"type":"object","required":["spec"],"properties":{"spec":{"type":"object","required":["a"],"properties":{"a":{"type":"integer"},"list":{"type":"array","items":{"type":"object","required":["n"],"properties":{"n":{"type":"integer","minimum":1},"m":{"type":"object","additionalProperties":{"type":"string","maxLength":1}}}}}}}}}`}, []string{`{}`, `{"spec":{}}`, `{"spec":{"a":"x","list":[{},{"n":0},{"n":"x","m":{"k":"long","a.b/c":1}},5]}}`, `{"spec":null}`, `{"spec":[]}`}},
}

type updateCase struct{ schema, old, value string }

const ratchetSchema = `{"type":"object","properties":{"a":{"type":"integer","minimum":10},"b":{"type":"object","required":["r"],"properties":{"r":{"type":"string"},"s":{"type":"string","maxLength":2}}},"atomic":{"type":"array","items":{"type":"string","maxLength":2}},"map":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string","maxLength":1},"v":{"type":"integer","minimum":5}}}},"set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string","maxLength":2}},"free":{"type":"object","additionalProperties":{"type":"integer","maximum":3}},"kind":{"type":"string","enum":["X"]},"any":{"type":"integer","anyOf":[{"minimum":5},{"maximum":0}]},"nest":{"type":"object","properties":{"x":{"type":"integer"},"y":{"type":"string"}},"allOf":[{"properties":{"x":{"minimum":5}}}]},"open":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"required":["z"]}}}`

var updateCases = []updateCase{
	{ratchetSchema, `{"a":1}`, `{"a":1}`},
	{ratchetSchema, `{"a":1}`, `{"a":2}`},
	{ratchetSchema, `{"a":1,"b":{"s":"long"}}`, `{"a":1,"b":{"s":"long"},"any":7}`},
	{ratchetSchema, `{"b":{"s":"long"}}`, `{"b":{"s":"longer"}}`},
	{ratchetSchema, `{"b":{"s":"long","r":"x"}}`, `{"b":{"s":"long"}}`},
	{ratchetSchema, `{"atomic":["long","x"]}`, `{"atomic":["long","x"],"a":11}`},
	{ratchetSchema, `{"atomic":["long","x"]}`, `{"atomic":["long","y"]}`},
	{ratchetSchema, `{"map":[{"k":"a","v":1},{"k":"bb","v":6}]}`, `{"map":[{"k":"bb","v":6},{"k":"a","v":1}]}`},
	{ratchetSchema, `{"map":[{"k":"a","v":1},{"k":"bb","v":6}]}`, `{"map":[{"k":"a","v":1},{"k":"bb","v":1}]}`},
	{ratchetSchema, `{"map":[{"k":"a","v":1}]}`, `{"map":[{"k":"a","v":1},{"k":"c","v":1}]}`},
	{ratchetSchema, `{"set":["long"]}`, `{"set":["long","x"]}`},
	{ratchetSchema, `{"set":["long"]}`, `{"set":["long"],"a":10}`},
	{ratchetSchema, `{"set":["a","a"]}`, `{"set":["a","a","b","b"]}`},
	{ratchetSchema, `{"set":["a"]}`, `{"set":["a","a"]}`},
	{ratchetSchema, `{"free":{"x":5,"y":1}}`, `{"free":{"x":5,"y":2}}`},
	{ratchetSchema, `{"free":{"x":5}}`, `{"free":{"x":6,"z":9}}`},
	{ratchetSchema, `{"kind":"Y"}`, `{"kind":"Y"}`},
	{ratchetSchema, `{"kind":"Y","a":10}`, `{"kind":"Y","a":11}`},
	{ratchetSchema, `{"any":3}`, `{"any":3,"a":10}`},
	{ratchetSchema, `{"any":3}`, `{"any":4}`},
	{ratchetSchema, `{"nest":{"x":1,"y":"a"}}`, `{"nest":{"x":1,"y":"b"}}`},
	{ratchetSchema, `{"nest":{"x":1,"y":"a"}}`, `{"nest":{"x":2,"y":"a"}}`},
	{ratchetSchema, `{"nest":{"x":1}}`, `{"nest":{"x":1},"a":10}`},
	{ratchetSchema, `{"open":{"q":1}}`, `{"open":{"q":1},"a":10}`},
	{ratchetSchema, `{"open":{"q":1}}`, `{"open":{"q":2}}`},
	{ratchetSchema, `{"open":{}}`, `{"open":{},"a":10}`},
	{ratchetSchema, `{"a":null}`, `{"a":null,"any":6}`},
	{ratchetSchema, `{"atomic":[null]}`, `{"atomic":[null],"any":6}`},
}

var shapeCases = []valueCase{
	{[]string{`{"type":"object","properties":{"a":{"type":"string","default":"x"},"n":{"type":"string","nullable":true,"default":"y"},"z":{"type":"string"},"zn":{"type":"string","nullable":true},"deep":{"type":"object","default":{},"properties":{"b":{"type":"integer","default":1},"c":{"type":"object","properties":{"d":{"type":"boolean","default":true}}}}},"list":{"type":"array","items":{"type":"object","nullable":true,"properties":{"c":{"type":"boolean","default":true}}}},"strs":{"type":"array","items":{"type":"string","default":"i"}},"map":{"type":"object","additionalProperties":{"type":"object","default":{"q":0},"properties":{"q":{"type":"integer","default":7}}}},"null":{"type":"object","nullable":true,"default":null,"properties":{"q":{"type":"integer","default":7}}},"ios":{"x-kubernetes-int-or-string":true,"default":"50%"}}}`}, []string{
		`{}`, `{"a":null,"n":null,"z":null,"zn":null}`, `{"a":"","deep":{}}`, `{"deep":{"b":null,"c":{}}}`, `{"deep":null}`, `{"list":[{},{"c":false},null]}`, `{"strs":[null,"a"]}`, `{"map":{"a":{},"b":null,"c":{"q":1}}}`, `{"null":null}`, `{"list":null,"map":null}`, `{"ios":null}`, `{"unknown":null,"x":{"y":null}}`, `{"list":{"a":1}}`,
	}},
	{[]string{`{"type":"object","properties":{"known":{"type":"object","properties":{"a":{"type":"string"}}},"open":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"object","properties":{"x":{"type":"string"}}}}},"openlist":{"x-kubernetes-preserve-unknown-fields":true},"map":{"type":"object","additionalProperties":{"type":"object","properties":{"a":{"type":"string"}}}},"anymap":{"type":"object","additionalProperties":true},"nomap":{"type":"object","additionalProperties":false},"list":{"type":"array","items":{"type":"object","properties":{"a":{"type":"string"}}}},"emb":{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"spec":{"type":"object","properties":{"s":{"type":"string"}}}}},"embopen":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},"olist":{"type":"array","x-kubernetes-preserve-unknown-fields":true,"items":{"type":"object","properties":{"a":{"type":"object"}}}},"untyped":{"type":"object"}}}`}, []string{
		`{"x":1,"known":{"a":"a","x":1}}`, `{"open":{"x":{"y":1},"a":{"x":"1","z":2}}}`, `{"openlist":[{"a":1},[{"b":2}]]}`, `{"map":{"any":{"a":"a","x":1},"other":5}}`, `{"anymap":{"a":1,"b":{"c":1},"d":[{"e":1}]}}`, `{"nomap":{"a":1,"b":{"c":1}}}`, `{"list":[{"a":"a","x":1},5,[{"q":1}]]}`,
		`{"emb":{"apiVersion":"v1","kind":"X","metadata":{"name":"n","foo":1},"spec":{"s":"","t":1},"q":1}}`, `{"embopen":{"apiVersion":"v1","kind":"X","metadata":{"foo":1},"spec":{"s":1}}}`, `{"olist":[{"a":{"b":1},"c":1}]}`, `{"untyped":{"a":1}}`, `{"apiVersion":"v1","kind":"K","metadata":{"name":"x"},"q":1}`, `{"known":[{"a":1}],"list":{"a":1}}`, `[{"a":1}]`,
	}},
}

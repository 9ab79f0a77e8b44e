package main

import "strings"

const expressionSchema = `{"type":"object","required":["s"],"properties":{"s":{"type":"string","maxLength":20},"long":{"type":"string"},"i":{"type":"integer"},"z":{"type":"integer"},"n":{"type":"number"},"b":{"type":"boolean"},"l":{"type":"array","maxItems":10,"items":{"type":"string","maxLength":5}},"ul":{"type":"array","items":{"type":"string"}},"li":{"type":"array","items":{"type":"integer"}},"ln":{"type":"array","maxItems":4,"items":{"type":"number"}},"lo":{"type":"array","maxItems":5,"items":{"type":"object","properties":{"k":{"type":"string","maxLength":3},"v":{"type":"integer"}}}},"ll":{"type":"array","items":{"type":"array","items":{"type":"integer"}}},"m":{"type":"object","maxProperties":5,"additionalProperties":{"type":"string","maxLength":4}},"um":{"type":"object","additionalProperties":{"type":"integer"}},"o":{"type":"object","properties":{"a":{"type":"string"},"c":{"type":"object","properties":{"d":{"type":"integer"}}},"absent":{"type":"string"}}},"ios":{"x-kubernetes-int-or-string":true},"ios2":{"x-kubernetes-int-or-string":true},"ts":{"type":"string","format":"date-time"},"d":{"type":"string","format":"date"},"dur":{"type":"string","format":"duration"},"by":{"type":"string","format":"byte"},"e":{"type":"string","enum":["one","two"]},"set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},"set2":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},"ml":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"v":{"type":"integer"}}}},"ml2":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"v":{"type":"integer"}}}},"nu":{"type":"string","nullable":true},"namespace":{"type":"string"},"a-b":{"type":"string"},"x.y/z":{"type":"string"},"__u":{"type":"integer"},"in":{"type":"string"},"1st":{"type":"string"},"pres":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"p":{"type":"string"}}},"anyv":{"x-kubernetes-preserve-unknown-fields":true},"emb":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},"absent":{"type":"string"},"absento":{"type":"object","properties":{"q":{"type":"object","properties":{"r":{"type":"integer"}}}}}}}`

const expressionValue = `{"apiVersion":"v1","kind":"K","metadata":{"name":"name","labels":{"x":"y"}},"s":"hello","long":"loooong","i":5,"z":0,"n":1.5,"b":true,"l":["a","bb","a"],"ul":["x","y"],"li":[3,1,2],"ln":[1,2.5],"lo":[{"k":"a","v":1},{"k":"b","v":2}],"ll":[[1,2],[3]],"m":{"a":"x","b":"y"},"um":{"one":1,"two":2},"o":{"a":"A","c":{"d":7}},"ios":"50%","ios2":8,"ts":"2026-01-02T03:04:05.678Z","d":"2026-01-02","dur":"1h30m","by":"aGVsbG8=","e":"one","set":["p","q"],"set2":["q","p"],"ml":[{"k":"a","v":1},{"k":"b","v":2}],"ml2":[{"k":"b","v":2},{"k":"a","v":1}],"nu":null,"namespace":"ns","a-b":"dash","x.y/z":"dots","__u":1,"in":"inside","1st":"first","pres":{"p":"p","q":1},"anyv":{"a":1},"emb":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"pod"},"spec":{"x":1}}}`

// One rule a line.
var expressions = strings.Split(strings.TrimSpace(`
true
false
self.s == 'hello'
self.s != 'hello'
self.s == "hello" && self.i == 5
self.b
!self.b
self.i > 4 && self.i < 6
self.i >= 5 || self.i / 0 == 1
self.i / 0 == 1 || self.i >= 5
self.i / 0 == 1
self.i % self.z == 1
self.i / 0 == 1 && self.b
self.b && self.i / 0 == 1
-self.i == -5
self.i + 1 == 6
self.i - 10 == -5
self.i * 3 == 15
self.i / 2 == 2
self.i % 3 == 2
9223372036854775807 + self.i > 0
-9223372036854775808 - self.i > 0
9223372036854775807 * self.i > 0
-(-9223372036854775808 + self.z) > 0
self.n == 1.5
self.n + 0.5 == 2.0
self.n * 2.0 == 3.0
self.n / 0.0 > 1.0
self.n > 1
self.i == 5.0
self.i == 5u
1u + 2u == 3u
1u - 2u == 3u
5u % 2u == 1u
5u / 0u == 1u
self.i < 5.5
1 < 2u && 2u < 3.5 && 1.5 > 1
0x10 == 16 && 0xFFu == 255u
1e3 == 1000.0 && .5 == 0.5
self.s + ' world' == 'hello world'
self.s < 'i'
self.s >= self.long
size(self.s) == 5
self.s.size() == 5
self.s.contains('ell')
self.s.startsWith('he') && self.s.endsWith('lo')
self.s.matches('^h.*o$')
matches(self.s, 'l+')
self.s.matches(self.long)
self.s.matches('(')
self.s.matches('(' + self.s)
self.s.charAt(1) == 'e'
self.s.charAt(5) == ''
self.s.charAt(6) == ''
self.s.indexOf('l') == 2 && self.s.lastIndexOf('l') == 3
self.s.indexOf('l', 3) == 3
self.s.indexOf('l', 9) == 3
self.s.lastIndexOf('l', 2) == 2
self.s.indexOf('') == 0 && self.s.lastIndexOf('') == 5
self.s.upperAscii() == 'HELLO' && self.s.lowerAscii() == 'hello'
self.s.replace('l', 'L') == 'heLLo'
self.s.replace('l', 'L', 1) == 'heLlo'
self.s.replace('', '-') == '-h-e-l-l-o-'
self.s.replace('l', '', -1) == 'heo'
self.s.split('l') == ['he', '', 'o']
self.s.split('l', 2) == ['he', 'lo']
self.s.split('') == ['h', 'e', 'l', 'l', 'o']
self.s.split('l', 0).size() == 0
self.s.substring(1) == 'ello'
self.s.substring(1, 3) == 'el'
self.s.substring(3, 1) == 'el'
self.s.substring(7) == ''
self.s.substring(-1) == ''
'  x '.trim() == 'x'
strings.quote('a"b') == '"a\\"b"'
self.s.reverse() == 'olleh'
['a', 'b'].join() == 'ab' && ['a', 'b'].join('-') == 'a-b'
self.l.join(',') == 'a,bb,a'
'%s is %d'.format([self.s, 5]) == 'hello is 5'
'%s %s %s'.format(dyn([1, true, 'x'])) == '1 true x'
'%d %s'.format([1]) == ''
'%.2f'.format([self.n]) == '1.50'
'%x %X %b %o'.format([255, 255, 5, 8]) == 'ff FF 101 10'
'%s'.format([[1, 2]]) == '[1, 2]'
'%s'.format([{'a': 1}]) == '{"a":1}'
'%s'.format([duration('1h')]) == '3600s'
'%d'.format(['x']) == ''
'%y'.format([1]) == ''
'100%%'.format([]) == '100%'
'%e'.format([1234.5]) == 'x'
'%.3e|%f'.format([1234.5, 12345.678]) == 'x'
self.s.find('l+') == 'll'
self.s.find('x') == ''
self.s.find('(') == ''
self.s.findAll('l') == ['l', 'l']
self.s.findAll('l', 1) == ['l']
self.s.findAll('x') == []
'abc 123'.find('[0-9]*') == ''
'123 abc 456'.findAll('[0-9]*') == ['123', '', '', '', '', '456']
self.l.all(x, size(x) > 0)
self.l.all(x, size(x) > 1)
self.l.exists(x, x == 'bb')
self.l.exists(x, x == 'zz')
self.l.exists_one(x, x == 'bb')
self.l.existsOne(x, x == 'a')
self.l.map(x, x + 'c') == ['ac', 'bbc', 'ac']
self.l.map(x, x == 'a', x + '!') == ['a!', 'a!']
self.l.filter(x, x != 'a') == ['bb']
self.li.all(x, x > 0) && self.li.exists(x, 10 / (x - 1) > 0)
self.li.all(x, 10 / (x - 1) > 0)
self.li.exists(x, 10 / (x - 1) > 100)
self.li.all(i, x, x > i)
self.li.all(i, x, x > 0 && i >= 0)
self.li.exists(i, x, x == i)
self.li.exists_one(i, x, i == 1)
self.li.existsOne(i, x, x == 3)
self.li.transformList(i, x, x * i) == [0, 1, 4]
self.li.transformList(i, x, i > 0, x * i) == [1, 4]
self.m.transformMap(k, v, v + k) == {'a': 'xa', 'b': 'yb'}
self.m.transformMap(k, v, k == 'a', v) == {'a': 'x'}
self.m.transformMapEntry(k, v, {v: k}) == {'x': 'a', 'y': 'b'}
self.li.transformMapEntry(i, v, {'same': i}) == {}
self.m.transformList(k, v, k + v).size() == 2
self.m.all(k, v, k != v)
self.m.all(k, self.m[k] != '')
self.m.exists(k, k == 'b')
self.m.map(k, k).size() == 2
'a' in self.m
'z' in self.m
self.m['a'] == 'x'
self.m['z'] == 'x'
self.m.a == 'x'
self.m.z == 'x'
has(self.m.a) && !has(self.m.z)
self.m == {'a': 'x', 'b': 'y'}
{'a': 'x', 'b': 'y'} == self.m
self.m.size() == 2 && size(self.um) == 2
self.um.all(k, self.um[k] > 0)
'a' in self.l
'zz' in self.l
self.s in ['hello', 'world']
self.i in [1, 2, 5]
5.0 in [1, 2, 5]
self.i in []
self.s in self.l
self.l[0] == 'a'
self.l[5] == 'a'
self.l[-1] == 'a'
self.li[self.z] == 3
self.li[self.li[1]] == 1
self.lo[0].k == 'a'
self.lo[1].v + self.lo[0].v == 3
self.ll[0][1] == 2
self.lo.map(x, x.v).sum() == 3
self.lo.all(x, has(x.k))
self.lo.filter(x, x.v > 1).map(x, x.k) == ['b']
self.lo.exists(x, self.lo.exists(y, x.v + y.v == 4))
self.l == ['a', 'bb', 'a']
self.l + ['c'] == ['a', 'bb', 'a', 'c']
self.l.size() + self.ul.size() == 5
self.set == self.set2
self.set + self.set2 == self.set
self.ml == self.ml2
(self.ml + self.ml2).size() == 2
self.li.isSorted()
[1, 2, 3].isSorted() && ['a', 'b'].isSorted()
self.li.sum() == 6 && self.li.min() == 1 && self.li.max() == 3
self.ln.sum() == 3.5
[].sum() == 0
[].min() == 0
self.li.filter(x, x > 10).max() == 0
self.l.indexOf('a') == 0 && self.l.lastIndexOf('a') == 2 && self.l.indexOf('z') == -1
[duration('1s'), duration('2s')].sum() == duration('3s')
self.li.slice(0, 2) == [3, 1]
self.li.slice(0, 9) == []
self.li.slice(2, 1) == []
self.li.slice(-1, 1) == []
self.ll.flatten() == [1, 2, 3]
[[1, [2]], [3]].flatten(2) == [1, 2, 3]
dyn([1, [2]]).flatten() == [1, 2]
self.li.sort() == [1, 2, 3]
self.lo.sortBy(x, -x.v).map(x, x.k) == ['b', 'a']
self.li.reverse() == [2, 1, 3]
self.l.distinct() == ['a', 'bb']
lists.range(3) == [0, 1, 2]
self.li.first().value() == 3 && self.li.last().value() == 2
[].first().hasValue()
sets.contains([1, 2, 3], [1, 2])
sets.equivalent([1, 2], [2, 1, 1])
sets.intersects(self.l, ['bb'])
sets.intersects(self.l, [])
has(self.o.a) && has(self.o.c.d)
has(self.o.absent)
has(self.absent)
has(self.absento.q)
has(self.absento.q.r)
self.absent == 'x'
self.absento.q.r == 1
!has(self.absento) || self.absento.q.r == 1
self.o.a == 'A' && self.o.c.d == 7
self.o.?absent.hasValue()
self.o.?a.orValue('x') == 'A'
self.?absent.orValue('x') == 'x'
self.?absento.?q.?r.orValue(3) == 3
self.?absento.q.r.orValue(4) == 4
self.o.?c.d.value() == 7
self.?absent.value() == 'x'
self.m[?'z'].orValue('none') == 'none'
self.m[?'a'].hasValue()
self.l[?9].orValue('none') == 'none'
self.l[?0].value() == 'a'
optional.of(1).or(optional.of(2)).value() == 1
optional.none().or(optional.of(2)).value() == 2
optional.ofNonZeroValue('').hasValue()
optional.ofNonZeroValue(5).value() == 5
optional.none() == optional.none()
optional.of(1) == optional.of(1)
self.?s.optMap(x, x + '!').orValue('') == 'hello!'
self.?absent.optMap(x, x + '!').orValue('no') == 'no'
self.?o.optFlatMap(x, x.?absent).hasValue()
[?self.?s, ?self.?absent] == ['hello']
{?'a': self.?s, ?'b': self.?absent} == {'a': 'hello'}
optional.unwrap([self.?s, self.?absent]) == ['hello']
[self.?s, self.?absent].unwrapOpt().size() == 1
self.b ? self.i == 5 : self.i == 6
(self.b ? self.o : self.o).a == 'A'
(self.b ? self.l : self.ul)[0] == 'a'
(self.b ? self.s : self.long) == 'hello'
self.m[self.b ? 'a' : 'b'] == 'x'
self.i > 3 ? true : self.i / 0 == 1
type(self.ios) == string
type(self.ios2) == int
type(self.ios) == int ? self.ios < 10 : self.ios.matches('^[0-9]+%$')
self.ios2 < 10
self.ios < 10
self.ios == '50%'
self.ios == 50
self.ios2 + 2 == 10
self.ios + 2 == 10
self.ios.startsWith('5')
self.ios2.startsWith('5')
string(self.ios2) == '8'
type(self.s) == string && type(self.l) == list && type(self.m) == map && type(1.0) == double && type(null) == null_type && type(b'x') == bytes && type(1u) == uint && type(true) == bool && type(type(1)) == type
type(self.ts) == google.protobuf.Timestamp && type(self.dur) == google.protobuf.Duration
self.ts == timestamp('2026-01-02T03:04:05.678Z')
self.ts > timestamp('2026-01-01T00:00:00Z')
self.ts.getFullYear() == 2026 && self.ts.getMonth() == 0 && self.ts.getDate() == 2 && self.ts.getDayOfMonth() == 1
self.ts.getHours() == 3 && self.ts.getMinutes() == 4 && self.ts.getSeconds() == 5 && self.ts.getMilliseconds() == 678
self.ts.getDayOfWeek() == 5 && self.ts.getDayOfYear() == 1
self.ts.getHours('+02:00') == 5
self.ts.getHours('Europe/Berlin') == 4
self.ts.getHours('-03:30') == 23
self.ts.getHours('Nowhere/Land') == 4
self.ts + duration('1h') == timestamp('2026-01-02T04:04:05.678Z')
self.ts - duration('1h') < self.ts
self.ts - timestamp('2026-01-02T03:04:05Z') == duration('678ms')
timestamp('9999-12-31T23:59:59Z') + self.dur > self.ts
int(self.ts) == 1767323045
string(self.ts) == '2026-01-02T03:04:05.678Z'
timestamp(0) == timestamp('1970-01-01T00:00:00Z')
timestamp('not a time') == self.ts
timestamp(self.s) == self.ts
self.d == timestamp('2026-01-02T00:00:00Z')
self.d.getFullYear() == 2026
self.dur == duration('90m')
self.dur.getHours() == 1 && self.dur.getMinutes() == 90 && self.dur.getSeconds() == 5400 && self.dur.getMilliseconds() == 5400000
self.dur + self.dur == duration('3h')
self.dur < duration('2h')
string(self.dur) == '5400s'
duration('x') == self.dur
duration(self.s) == self.dur
duration('1.5s') == duration('1500ms')
self.by == b'hello'
size(self.by) == 5
string(self.by) == 'hello'
bytes(self.s) == self.by
b'\xff' == b'\377'
string(b'\xff') == ''
self.by + b'!' == b'hello!'
int('5') == 5 && int(5.9) == 5 && int(3u) == 3
int('x') == 5
int(self.s) == 5
int(1e30) == 5
uint(5) == 5u
uint(-1) == 5u
uint('7') == 7u
double('1.5') == 1.5 && double(2) == 2.0
double(self.s) == 1.5
double('1e3') == 1000.0 && double('inf') > 1.0
string(1.5) == '1.5' && string(5) == '5' && string(true) == 'true' && string(1e21) == '1e+21' && string(1000000.0) == '1e+06'
bool('true') && !bool('false')
bool(self.s)
dyn(self.i) == 5
dyn(self.i) == 'x'
dyn(self.s) > 5
dyn(1) + dyn('a') == 'x'
self.e == 'one' || self.e == 'two'
self.nu == null
has(self.nu)
self.nu == 'x'
self.namespace == 'x'
self.__namespace__ == 'ns'
self.a__dash__b == 'dash'
self.x__dot__y__slash__z == 'dots'
self.__underscores__u == 1
self.__in__ == 'inside'
self.__in__ in ['inside']
self.1st == 'first'
self['1st'] == 'first'
self.pres.p == 'p'
self.pres.q == 1
self.pres == self.pres
self.anyv == 1
self.metadata.name == 'name'
self.metadata.generateName == ''
has(self.metadata.generateName)
self.metadata.labels == {}
self.apiVersion == 'v1' && self.kind == 'K'
self.emb.kind == 'Pod' && self.emb.metadata.name == 'pod'
self.emb.spec == 1
self.undefined == 1
self.o.undefined == 1
undefined == 1
self.s == 5
self.s + 5 == ''
self.i + 1.5 == 1.0
self.i && self.b
self.s ? true : false
!self.s
-self.s == ''
self.s.foo() == 1
foo(self.s) == 1
self.s.startsWith(5)
self.s.startsWith('a', 'b')
size(self.i) == 1
self.i.size() == 1
self.i.x == 1
self.s[0] == 'h'
self.l['a'] == 'h'
self.m[0] == 'h'
self.l.all(self.s, true)
self.l.all(x, x)
self.i.all(x, true)
self.l.map(x.y, x) == []
self.l.filter(1, true) == []
has(self)
has(self.l[0])
has(self['s'])
[1, 'a'] == []
[1, 2.0].size() == 2
{'a': 1, 'b': 'c'} == {}
{'a': 1, 2: 3} == {}
[1, null].size() == 2
[self.s, null].size() == 2
self.l == self.li
self.l.sum() == 'x'
self.m.sum() == 0
self.s
self.i
5
'true'
null
self
self.b == true ? 'yes' : 'no'
self.s ==
self.s = 'x'
(self.b
self.b)
self.s == 'unterminated
self..s
&& self.b
self.l[0
{'a' 1}
[1 2]
1 + + 2 == 3
self.s ! self.b
a.b.c.d == 1
@self.b
self.s == "a\qb"
'\u00e9' == 'é' && '\x41' == 'A' && '\101' == 'A'
r'\d' == '\\d' && R"a\b" == 'a\\b'
'''triple 'quoted' text''' == "triple 'quoted' text"
"""a""" == 'a'
// a comment
self.b // a comment
self.s == 'hello' /* no */
Foo{} == 1
if == 1
self.if == 1
package
cel.bind(x, 1, x == 1)
math.greatest(1, 2) == 2
base64.encode(b'x') == ''
oldSelf.s == self.s
oldSelf.i <= self.i && self.b
url('https://example.com:8080/a/b?c=d&e=f#g').getHost() == 'example.com:8080'
url('https://example.com:8080/a b?c=d').getHost() == 'x'
url('https://example.com:8080/p').getHostname() == 'example.com' && url('https://example.com:8080/p').getPort() == '8080'
url('https://[::1]:80/').getHostname() == '::1'
url('https://example.com/a%20b').getEscapedPath() == '/a%20b'
url('https://example.com/?a=1&a=2&b=3').getQuery() == {'a': ['1', '2'], 'b': ['3']}
url('https://example.com/').getScheme() == 'https' && url('/x').getScheme() == ''
url('https://a/') == url('https://a/')
string(url('https://a/b?c=d')) == 'https://a/b?c=d'
isURL('https://example.com') && !isURL('example') && isURL('/abs')
url(self.s).getHost() == ''
url('').getHost() == ''
quantity('1Gi').compareTo(quantity('1024Mi')) == 0
quantity('1.5').isGreaterThan(quantity('1500m')) || quantity('1.5').isLessThan(quantity('1501m'))
quantity('100k').asInteger() == 100000
quantity('1.5').asInteger() == 1
quantity('1.5').isInteger()
quantity('1.5').asApproximateFloat() == 1.5
quantity('1').add(quantity('2')) == quantity('3')
quantity('1').add(2).sub(quantity('500m')).sub(1) == quantity('1500m')
sign(quantity('-1')) == -1 && sign(quantity('0')) == 0
quantity('-1').sign() == -1
isQuantity('1Gi') && !isQuantity('1GG') && isQuantity('1e3') && isQuantity('.5') && !isQuantity('') && isQuantity('-1.5m') && isQuantity('1E')
quantity(self.s) == quantity('1')
quantity('1Ki') == quantity('1024')
quantity(self.ios) == quantity('1')
ip('192.168.0.1').family() == 4 && ip('::1').family() == 6
ip('::1').isLoopback() && ip('127.0.0.1').isLoopback() && !ip('10.0.0.1').isLoopback()
ip('0.0.0.0').isUnspecified() && ip('169.254.1.1').isLinkLocalUnicast() && ip('224.0.0.1').isLinkLocalMulticast() && ip('8.8.8.8').isGlobalUnicast()
ip('fe80::1').isLinkLocalUnicast() && ip('ff02::1').isLinkLocalMulticast() && ip('2001:db8::1').isGlobalUnicast()
isIP('1.2.3.4') && !isIP('1.2.3') && !isIP('01.2.3.4') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0')
ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1')
ip('2001:DB8:0:0:0:0:0:1') == ip('2001:db8::1')
string(ip('2001:DB8::1')) == '2001:db8::1'
ip(self.s).family() == 4
ip('fe80::1%eth0').family() == 4
ip('::ffff:1.2.3.4').family() == 4
type(ip('1.2.3.4')) == net.IP
cidr('192.168.0.0/24').containsIP('192.168.0.1') && !cidr('192.168.0.0/24').containsIP('192.168.1.1')
cidr('192.168.0.0/24').containsIP(ip('192.168.0.1'))
cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24') && cidr('192.168.0.0/16').containsCIDR(cidr('192.168.0.0/16'))
cidr('192.168.0.0/16').containsCIDR('192.0.0.0/8')
cidr('192.168.1.5/24').ip() == ip('192.168.1.5') && cidr('192.168.1.5/24').masked() == cidr('192.168.1.0/24') && cidr('192.168.1.5/24').prefixLength() == 24
isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0/08')
string(cidr('10.0.0.0/8')) == '10.0.0.0/8'
cidr('2001:db8::/32').containsIP('2001:db8::1')
cidr('10.0.0.0/8').containsIP('x')
cidr(self.s).prefixLength() == 1
format.named('dns1123Label').hasValue() && !format.named('nope').hasValue()
format.dns1123Label().validate('my-label').hasValue()
format.dns1123Label().validate('My_Label').value().size() == 1
format.dns1123Label().validate('My_Label').value()[0] == 'x'
format.dns1035Label().validate('1abc').hasValue() && !format.dns1123Subdomain().validate('a.b.c').hasValue()
format.qualifiedName().validate('a/b/c').hasValue() && !format.labelValue().validate('').hasValue()
format.dns1123LabelPrefix().validate('abc-').hasValue()
format.uri().validate('https://x').hasValue() || format.uuid().validate('x').hasValue()
format.byte().validate('YQ==').hasValue() || format.date().validate('2026-01-02').hasValue() || format.datetime().validate('2026-01-02T03:04:05Z').hasValue()
format.named('uuid').value().validate('x').value()[0] == 'does not match the UUID format'
format.dns1123Label() == format.dns1123Label()
semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3
semver('1.2.3').isLessThan(semver('1.10.0')) && semver('2.0.0').isGreaterThan(semver('2.0.0-rc.1'))
semver('1.0.0-alpha.1').compareTo(semver('1.0.0-alpha.beta')) == -1
semver('1.0.0+a') == semver('1.0.0+b')
isSemver('1.2.3') && !isSemver('v1.2.3') && isSemver('v1.2', true) && !isSemver('1.2')
semver('v01.02', true) == semver('1.2.0')
semver(self.s).major() == 1
self.s.lowerAscii().upperAscii().trim().substring(1).size() == 4
self.long.contains(self.s) || self.long.startsWith(self.s)
self.long.matches('^o+$')
self.ul.all(x, self.ul.all(y, x.contains(y)))
self.ul.map(x, x + x).join(',').size() > 1
self.ul.exists(x, self.um.exists(k, k == x))
self.long.replace('o', self.long).size() > 10
self.long.split('').all(c, c == 'l' || c == 'o' || c == 'n' || c == 'g')
self.ul.join(self.long).size() > 3
self.ul.isSorted() && self.ul.indexOf('y') == 1
[self.s, self.long].exists(x, x == 'hello')
{'a': self.s}.a == self.s
{'a': {'b': self.s}}['a']['b'] == 'hello'
[1, 2, 3][self.z] == 1
[self.i, 2][0] == 5
self.l.map(x, [x, x])[1][0] == 'bb'
self.l.map(x, {'k': x})[0].k == 'a'
self.lo.map(x, x.k).exists(k, k == 'b')
string(self.i).size() == 1
self.i == 5 && self.i == 5 && self.i == 5 && self.i == 5
self.i == 1 || self.i == 2 || self.i == 3 || self.i == 5
self.m.map(k, self.m[k]).exists(v, v == 'y')
self.set.exists(x, x in self.set2)
self.ml.exists(x, x.k == 'a' && x.v == 1)
self.ml[0] == self.ml2[1]
self.lo[0] == {'k': 'a', 'v': 1}
self.um['one'] + self.um.two == 3
lists.range(100).all(x, x < 100)
lists.range(1000).map(x, lists.range(1000).map(y, x * y)).size() == 1000
lists.range(2000000).size() == 1
'x'.replace('x', self.s).size() == 5
self.b && (self.i > 3 || self.z > 1) && !(self.s == 'x')
[[1], [2, 3]].map(x, x.size()) == [1, 2]
[1, 2, 3].map(x, x * 2).filter(x, x > 2).exists(x, x == 4)
self.s.size() > 3 ? self.l.size() == 3 : self.l.size() == 0
dyn(self.l)[0] == 'a'
dyn(self.m).a == 'x'
dyn(self.m)['a'] == 'x'
dyn(self.i).x == 1
dyn(self.l).x == 1
dyn(self.l)['x'] == 1
dyn(self.s).all(x, true)
dyn([1, 2]).exists(x, x == 2)
dyn(self.s) && true
dyn(self.s) ? true : false
true ? dyn(1) : dyn('a')
(self.b ? dyn(1) : dyn('a')) == 1
1 in dyn(self.s)
'a' in dyn(self.l)
self.s in dyn({'hello': 1})
type(self) == type(self)
self == oldSelf
self.o == oldSelf.o
self.lo == oldSelf.lo && self.ul == oldSelf.ul
size(self.l.filter(x, x.startsWith('b'))) == 1
self.s.matches('hel+o') && self.s.matches(r'^\w+$')
'AbC'.lowerAscii() == 'abc' && 'ÄbC'.upperAscii() == 'ÄBC'
'日本語'.size() == 3 && '日本語'.charAt(1) == '本' && '日本語'.indexOf('語') == 2 && '日本語'.substring(1, 2) == '本'
'😀x'.size() == 2 && '😀x'.indexOf('x') == 1
'日本' + undefined == 1
`), "\n")

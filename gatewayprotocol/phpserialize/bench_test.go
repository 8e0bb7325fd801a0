package phpserialize

import "testing"

// session is what a chat keeps of a client.
const session = `a:5:{s:11:"client_name";s:6:"张三";s:7:"room_id";i:7;s:8:"login_at";d:1732100000.25;s:4:"auth";a:2:{s:3:"uid";i:12345;s:5:"roles";a:2:{i:0;s:4:"user";i:1;s:5:"admin";}}s:5:"muted";b:0;}`

func BenchmarkUnmarshalSession(b *testing.B) {
	data := []byte(session)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Unmarshal(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendSession(b *testing.B) {
	v, err := Unmarshal([]byte(session))
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.SetBytes(int64(len(session)))
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = Append(buf[:0], v); err != nil {
			b.Fatal(err)
		}
	}
}

// What CMD_UPDATE_SESSION costs.
func BenchmarkMergeSession(b *testing.B) {
	base, update := []byte(session), []byte(`a:2:{s:7:"room_id";i:8;s:4:"auth";a:1:{s:3:"uid";i:6;}}`)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		v, err := Unmarshal(base)
		if err != nil {
			b.Fatal(err)
		}
		w, err := Unmarshal(update)
		if err != nil {
			b.Fatal(err)
		}
		if buf, err = Append(buf[:0], ArrayReplaceRecursive(v.(*Array), w.(*Array))); err != nil {
			b.Fatal(err)
		}
	}
}

const clients = 10_000

// The reply to CMD_GET_ALL_CLIENT_SESSIONS, as a gateway builds it.
func appendSessions(dst []byte) []byte {
	dst = AppendArrayStart(dst, clients)
	for id := range int64(clients) {
		dst = AppendIntKey(dst, id+1)
		dst = AppendString(dst, session)
	}
	return AppendArrayEnd(dst)
}

func BenchmarkBuildSessionsReply(b *testing.B) {
	buf := appendSessions(nil)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = appendSessions(buf[:0])
	}
}

func BenchmarkUnmarshalSessionsReply(b *testing.B) {
	data := appendSessions(nil)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Unmarshal(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkArraySetGetDelete(b *testing.B) {
	a := NewArray()
	for i := range int64(clients) {
		a.Set(IntKey(i*7), nil)
	}
	var i int64
	b.ReportAllocs()
	for b.Loop() {
		k := IntKey(clients*7 + i)
		a.Set(k, nil)
		a.Get(k)
		a.Delete(IntKey(i * 7 % (clients * 7)))
		a.Delete(k)
		i++
	}
}

func BenchmarkParseStr(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseStr("token=abcdef0123456789&room=5&tags[]=a&tags[]=b&user[name]=%E5%BC%A0")
	}
}

// The functions of append.go are the way of replies with many thousand
// elements: they must not allocate.
func TestAppendAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 1024)
	bytes := []byte("abc")
	if n := testing.AllocsPerRun(100, func() {
		b := AppendArrayStart(buf, 8)
		b = AppendInt(AppendIntKey(b, 5), -7)
		b = AppendString(AppendKey(b, "123"), "x")
		b = AppendBytes(AppendKey(b, "007"), bytes)
		b = AppendFloat(AppendKey(b, "f"), 3.3333333333333333e24)
		b = AppendFloat(AppendKey(b, "g"), 0.1)
		b = AppendBool(AppendKey(b, ""), true)
		b = AppendNull(AppendKey(b, "-0"))
		b = AppendArrayEnd(AppendArrayStart(AppendKey(b, "list"), 0))
		b = AppendArrayEnd(b)
		if want := `a:8:{i:5;i:-7;i:123;s:1:"x";s:3:"007";s:3:"abc";s:1:"f";d:3.3333333333333333E+24;s:1:"g";d:0.1;s:0:"";b:1;s:2:"-0";N;s:4:"list";a:0:{}}`; string(b) != want {
			t.Fatalf("got  %s\nwant %s", b, want)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

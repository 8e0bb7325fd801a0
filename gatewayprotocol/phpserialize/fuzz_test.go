package phpserialize

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

var querySeeds = []string{
	"", "a=1", "a[]=1&a[]=2", "a[b]=2&a[b][c]=3", "a.b=1&a%20c=2", "  a=1", "a[=1", "a[b=1", "a[b.c=1", "a[b][c=1",
	"a[ ]=1&a[ b]=2", "[a]=1", "=1", "a&b&=&&c", "a=1&a[x]=2&a=3", "a[5]=x&a[]=y&a[07]=z", "a%5Bb%5D=1", "a%00b=1&c=%00",
	"a=%zz%4&b=%41+%2b", "a]b[c]d=1", "a[b]c[d]=1", "a[]]=1", "a[[]=1", "a[b[c]]=1", "a=b=c", "\x00a=1", "a[\n]=1",
}

var cookieSeeds = []string{
	"", "a=1", "a=1; b=2", " a = 1 ;b=2", "a", "a=1;;b", "5=x; 05=y", "a=1=2", "=x", "a=%41+", "a=1,b=2", "a=1; a=2; b=3; a=4", "\x00a\v=1",
}

func FuzzUnmarshal(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, c := range corpus {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, n, err := Limits{}.Decode(data)
		if err != nil {
			return
		}
		if n < 2 || n > len(data) {
			t.Fatalf("took %d of %d bytes", n, len(data))
		}
		if _, err := Unmarshal(data[:n]); err != nil {
			t.Fatalf("the bytes that it took are refused: %v", err)
		}
		once, err := Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		w, err := Unmarshal(once)
		if err != nil && strings.Contains(err.Error(), badClassName) {
			return // a property renamed the object, in PHP as here: TestRenamedUnreadably
		}
		if err != nil {
			t.Fatalf("%q: own output %q is refused: %v", data, once, err)
		}
		// Arrays that contain themselves may unroll by a level per round.
		if bytes.Contains(data, []byte("R:")) || bytes.Contains(data, []byte("r:")) {
			return
		}
		if twice, err := Marshal(w); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q, %v", once, twice, err)
		}
	})
}

func FuzzReplaceRecursive(tf *testing.F) {
	f := fuzzvolume.For(tf)
	f.Add([]byte(`a:1:{i:0;a:1:{i:1;N;}}`), []byte(`a:2:{i:0;a:1:{i:1;i:5;}i:1;a:0:{}}`))
	f.Add([]byte(`a:1:{i:0;a:1:{i:0;R:2;}}`), []byte(`a:1:{i:0;a:1:{i:0;R:2;}}`))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		v, err1 := Unmarshal(one)
		w, err2 := Unmarshal(two)
		base, ok1 := v.(*Array)
		repl, ok2 := w.(*Array)
		if err1 != nil || err2 != nil || !ok1 || !ok2 {
			return
		}
		before, err := Marshal(base)
		if err != nil {
			t.Fatal(err)
		}
		if out := ArrayReplaceRecursive(base, repl); out != nil {
			for k := range repl.All() {
				if _, ok := out.Get(k); !ok {
					t.Fatalf("key %v is lost", k)
				}
			}
		}
		if after, _ := Marshal(base); !bytes.Equal(before, after) {
			t.Fatalf("base changed from %q to %q", before, after)
		}
	})
}

func FuzzParseStr(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, s := range querySeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		roundTrip(t, ParseStr(query))
	})
}

func FuzzParseCookie(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, s := range cookieSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		roundTrip(t, ParseCookie(header))
	})
}

func roundTrip(t *testing.T, a *Array) {
	t.Helper()
	once, err := Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Unmarshal(once)
	if err != nil {
		t.Fatalf("%q: %v", once, err)
	}
	if twice, _ := Marshal(v); !bytes.Equal(once, twice) {
		t.Fatalf("%q became %q", once, twice)
	}
}

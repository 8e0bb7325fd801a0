package gatewayprotocol

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

// The fast paths must mean what phpjson would have made of the same bytes.

func FuzzDecodeSendToAllExt(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, tt := range sendToAllCases {
		f.Add([]byte(tt.ext))
	}
	f.Fuzz(func(t *testing.T, ext []byte) {
		var fast, slow SendToAll
		understood := fast.decodeFast(ext)
		err := slow.decodeSlow(ext)
		if !understood {
			return
		}
		if err != nil {
			t.Fatalf("fast path accepts what the slow path refuses: %v", err)
		}
		if fast.Only != slow.Only || !slices.Equal(fast.Connections, slow.Connections) || !sameSet(&fast.Exclude, &slow.Exclude) {
			t.Fatalf("fast %+v\nslow %+v", fast, slow)
		}
	})
}

func FuzzDecodeNamesExt(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, tt := range namesCases {
		f.Add([]byte(tt.ext))
	}
	f.Fuzz(func(t *testing.T, ext []byte) {
		r := jsonScanner{buf: ext}
		fast := r.names(nil)
		if !r.done() {
			return
		}
		slow, err := appendNames(nil, decodeJSON(ext))
		if err != nil || !cmp.Equal(texts(fast), texts(slow)) {
			t.Fatalf("fast %q\nslow %q, %v", fast, slow, err)
		}
	})
}

func FuzzDecodeSendToGroupExt(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, tt := range sendToGroupCases {
		f.Add([]byte(tt.ext))
	}
	f.Fuzz(func(t *testing.T, ext []byte) {
		var fast, slow SendToGroup
		understood := fast.decodeFast(ext)
		err := slow.decodeSlow(ext)
		if !understood {
			return
		}
		if err != nil || !cmp.Equal(texts(fast.Groups), texts(slow.Groups)) || !sameSet(&fast.Exclude, &slow.Exclude) {
			t.Fatalf("fast %+v\nslow %+v, %v", fast, slow, err)
		}
	})
}

func FuzzDecodeSelectExt(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, tt := range selectCases {
		f.Add([]byte(tt.ext))
	}
	f.Fuzz(func(t *testing.T, ext []byte) {
		s, err := DecodeSelectExt(ext)
		if err != nil {
			return
		}
		// What was decoded can be encoded again and means the same, except that
		// there is no ext_data for no client, nor for all.
		if s.None || !s.All && len(s.Where) == 0 {
			return
		}
		again, err := AppendSelectExt(nil, s.Fields, s.Where)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeSelectExt(again)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Where {
			s.Where[i].IDs = uniqueIDs(s.Where[i].IDs)
		}
		if diff := cmp.Diff(s, got); diff != "" {
			t.Fatalf("%s -> %s: %s", ext, again, diff)
		}
	})
}

func sameSet(a, b *IDSet) bool {
	x, y := slices.Compact(slices.Clone(a.ids)), slices.Compact(slices.Clone(b.ids))
	return a.below == b.below && slices.Equal(x, y)
}

package phpserialize

import "strconv"

// The functions of this file write serialized text piece by piece, without
// values in between. They append to dst and allocate nothing else.

// AppendNull appends N;
func AppendNull(dst []byte) []byte { return append(dst, "N;"...) }

// AppendBool appends b:1; or b:0;
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, "b:1;"...)
	}
	return append(dst, "b:0;"...)
}

// AppendInt appends i:n;
func AppendInt(dst []byte, n int64) []byte {
	dst = append(dst, "i:"...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, ';')
}

// AppendFloat appends d:f; as PHP spells f.
func AppendFloat(dst []byte, f float64) []byte {
	dst = append(dst, "d:"...)
	dst = AppendFloatText(dst, f, 'E')
	return append(dst, ';')
}

// AppendString appends s:3:"abc";
func AppendString(dst []byte, s string) []byte {
	dst = appendCounted(dst, 's', len(s))
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, `";`...)
}

// AppendBytes appends b as a string.
func AppendBytes(dst, b []byte) []byte {
	dst = appendCounted(dst, 's', len(b))
	dst = append(dst, '"')
	dst = append(dst, b...)
	return append(dst, `";`...)
}

// AppendArrayStart begins an array of n elements: a:n:{. What follows are n times
// a key and a value, then AppendArrayEnd.
func AppendArrayStart(dst []byte, n int) []byte {
	return append(appendCounted(dst, 'a', n), '{')
}

// AppendKey appends s as an array key, by the rule of [StringKey]: i:123; or s:3:"abc";
func AppendKey(dst []byte, s string) []byte {
	if _, ok := canonicalInt(s); ok { // canonical, so the digits are the same
		dst = append(dst, "i:"...)
		dst = append(dst, s...)
		return append(dst, ';')
	}
	return AppendString(dst, s)
}

// AppendIntKey appends n as an array key: i:n;
func AppendIntKey(dst []byte, n int64) []byte { return AppendInt(dst, n) }

// AppendArrayEnd ends an array: }
func AppendArrayEnd(dst []byte) []byte { return append(dst, '}') }

// appendCounted appends a type letter and a count: s:3:
func appendCounted(dst []byte, letter byte, n int) []byte {
	dst = append(dst, letter, ':')
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(dst, ':')
}

package phpserialize

import (
	"math"
	"strconv"
)

// AppendFloatText appends f as PHP spells it with serialize_precision=-1: the
// shortest digits that read back as f, in fixed notation from 0.0001 to 17 digits
// before the point, else with the exponent letter exp: 'E' in serialize(), 'e' in
// json_encode(). Infinities and NaN are INF, -INF and NAN.
func AppendFloatText(dst []byte, f float64, exp byte) []byte {
	return appendFloat(dst, f, -1, 17, exp)
}

// appendFloat is php_gcvt: digits significant digits (-1: the shortest), fixed
// notation for up to width digits before the point.
func appendFloat(dst []byte, f float64, digits, width int, exp byte) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NAN"...)
	case math.IsInf(f, 1):
		return append(dst, "INF"...)
	case math.IsInf(f, -1):
		return append(dst, "-INF"...)
	case f == 0:
		if math.Signbit(f) {
			dst = append(dst, '-')
		}
		return append(dst, '0')
	}
	if digits > 0 {
		digits-- // strconv counts those behind the point
	}
	var buf [32]byte
	sci := strconv.AppendFloat(buf[:0], f, 'e', digits, 64) // -d.ddde+XX
	if sci[0] == '-' {
		dst = append(dst, '-')
		sci = sci[1:]
	}
	e := len(sci) - 1
	for sci[e] != 'e' {
		e--
	}
	x, _ := strconv.Atoi(string(sci[e+1:]))
	d := sci[:1]
	if e > 1 {
		sci[1] = sci[0]
		d = sci[1:e]
	}
	for len(d) > 1 && d[len(d)-1] == '0' {
		d = d[:len(d)-1]
	}
	point := x + 1 // digits before the point
	switch {
	case point < -3 || point > width:
		dst = append(dst, d[0], '.')
		if len(d) == 1 {
			dst = append(dst, '0')
		}
		dst = append(dst, d[1:]...)
		dst = append(dst, exp)
		if x >= 0 {
			dst = append(dst, '+')
		}
		return strconv.AppendInt(dst, int64(x), 10)
	case point <= 0:
		dst = append(dst, "0."...)
		for ; point < 0; point++ {
			dst = append(dst, '0')
		}
		return append(dst, d...)
	case point >= len(d):
		dst = append(dst, d...)
		for n := point - len(d); n > 0; n-- {
			dst = append(dst, '0')
		}
		return dst
	default:
		dst = append(dst, d[:point]...)
		dst = append(dst, '.')
		return append(dst, d[point:]...)
	}
}

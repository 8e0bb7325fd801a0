package handover

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Record is one thing that is handed over, as bytes: a kind, and fields with
// numbers. Fields that have their zero value are left out. Make one with
// [NewRecord], or reuse its memory with Reset.
type Record struct{ buf []byte }

// A field begins with its number and its type.
const (
	typeUint  = 0
	typeBytes = 1
)

// NewRecord returns a record of a kind, which must not be 0.
func NewRecord(kind uint64) *Record {
	r := new(Record)
	r.Reset(kind)
	return r
}

// Reset empties the record and gives it a kind.
func (r *Record) Reset(kind uint64) { r.buf = binary.AppendUvarint(r.buf[:0], kind) }

// Uint adds a number.
func (r *Record) Uint(field int, v uint64) {
	if v == 0 {
		return
	}
	r.buf = binary.AppendUvarint(r.buf, uint64(field)<<1|typeUint)
	r.buf = binary.AppendUvarint(r.buf, v)
}

// Int adds a number that may be negative.
func (r *Record) Int(field int, v int64) { r.Uint(field, uint64(v<<1)^uint64(v>>63)) }

// Bool adds a truth value.
func (r *Record) Bool(field int, v bool) {
	if v {
		r.Uint(field, 1)
	}
}

// Bytes adds bytes.
func (r *Record) Bytes(field int, v []byte) {
	if len(v) > 0 {
		r.Element(field, v)
	}
}

// Element adds bytes also when there are none: one element of a list, which is a
// field that stands several times.
func (r *Record) Element(field int, v []byte) {
	r.buf = binary.AppendUvarint(r.buf, uint64(field)<<1|typeBytes)
	r.buf = binary.AppendUvarint(r.buf, uint64(len(v)))
	r.buf = append(r.buf, v...)
}

// String adds a string.
func (r *Record) String(field int, v string) {
	if v == "" {
		return
	}
	r.buf = binary.AppendUvarint(r.buf, uint64(field)<<1|typeBytes)
	r.buf = binary.AppendUvarint(r.buf, uint64(len(v)))
	r.buf = append(r.buf, v...)
}

// Encoded returns the record's bytes, which the next change of the record
// overwrites.
func (r *Record) Encoded() []byte { return r.buf }

// ErrMalformed is returned for bytes that are no record.
var ErrMalformed = errors.New("handover: malformed record")

// Fields are the fields of a record that was read, in the order in which they
// were written:
//
//	for f.Next() {
//		switch f.Field() {
//		case fieldID:
//			id = f.Uint()
//		}
//	}
//	return f.Err()
type Fields struct {
	kind  uint64
	rest  []byte
	field int
	num   uint64
	bytes []byte
	err   error
}

// ParseRecord returns the fields of an encoded record. They refer to p.
func ParseRecord(p []byte) (*Fields, error) {
	kind, n := binary.Uvarint(p)
	if n <= 0 || kind == 0 {
		return nil, fmt.Errorf("%w: no kind", ErrMalformed)
	}
	return &Fields{kind: kind, rest: p[n:]}, nil
}

// Kind says what the record is.
func (f *Fields) Kind() uint64 { return f.kind }

// Next goes to the next field. It returns false after the last one, and when the
// record is malformed, which Err tells.
func (f *Fields) Next() bool {
	if f.err != nil || len(f.rest) == 0 {
		return false
	}
	tag, n := binary.Uvarint(f.rest)
	if n <= 0 || tag>>1 == 0 || tag>>1 > 1<<20 {
		return f.fail("a field without a number")
	}
	f.rest = f.rest[n:]
	f.field = int(tag >> 1)
	f.num, f.bytes = 0, nil
	v, n := binary.Uvarint(f.rest)
	if n <= 0 {
		return f.fail("a field without a value")
	}
	f.rest = f.rest[n:]
	if tag&1 == typeUint {
		f.num = v
		return true
	}
	if v > uint64(len(f.rest)) {
		return f.fail("a field longer than its record")
	}
	f.bytes, f.rest = f.rest[:v:v], f.rest[v:]
	return true
}

func (f *Fields) fail(what string) bool {
	f.err = fmt.Errorf("%w: kind %d: %s", ErrMalformed, f.kind, what)
	return false
}

// Err returns what was wrong with the record, nil if nothing.
func (f *Fields) Err() error { return f.err }

// Field returns the number of the field.
func (f *Fields) Field() int { return f.field }

// Uint returns the field's number, 0 if it holds bytes.
func (f *Fields) Uint() uint64 { return f.num }

// Int returns a number written by [Record.Int].
func (f *Fields) Int() int64 { return int64(f.num>>1) ^ -int64(f.num&1) }

// Bool returns a truth value.
func (f *Fields) Bool() bool { return f.num != 0 }

// Bytes returns the field's bytes. They are valid until the next record is read.
func (f *Fields) Bytes() []byte { return f.bytes }

// Copy returns a copy of the field's bytes, nil if there are none.
func (f *Fields) Copy() []byte { return append([]byte(nil), f.bytes...) }

// Text returns the field's bytes as a string.
func (f *Fields) Text() string { return string(f.bytes) }

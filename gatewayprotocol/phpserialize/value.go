package phpserialize

// Value is a PHP value: nil, bool, int64, float64, string, *Array, *Object,
// *Enum, *Custom or *Reference. Decoding gives these types and no others.
type Value = any

// Object is an object of any class: its name and what was serialized of it, the
// properties or the array that its __serialize returned. The names of private
// and protected properties have their NUL bytes.
//
// The same *Object in two places of a value is one object, written in full at
// the first and as "r:" at the others.
type Object struct {
	Class string
	Props *Array // nil is empty
}

// Enum is a case of an enumeration. As there is one instance of each case in
// PHP, two Enums of the same class and case are the same object.
type Enum struct {
	Class string
	Case  string
}

// Custom is an object of a class that implements PHP's old Serializable
// interface; Data is what its serialize() method returned.
type Custom struct {
	Class string
	Data  []byte
}

// Reference is a PHP reference set: all places of a value that hold the same
// *Reference share one variable. A Reference that is in one place only is an
// ordinary value.
type Reference struct {
	Value Value
}

// Deref returns the value behind v: v itself unless it is a *Reference.
func Deref(v Value) Value {
	for range maxDerefs {
		r, ok := v.(*Reference)
		if !ok {
			return v
		}
		if r == nil {
			return nil
		}
		v = r.Value
	}
	return nil // references to references in a circle: no such value in PHP
}

const maxDerefs = 16

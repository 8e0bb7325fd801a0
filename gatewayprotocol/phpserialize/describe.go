package phpserialize

import "fmt"

// Describe says for an error text what a value is, or what a reference refers
// to: "null", "the int 5", "a string of 3 bytes", "an array of 2", "an object of
// class Foo".
func Describe(v Value) string {
	switch v := Deref(v).(type) {
	case nil:
		return "null"
	case bool:
		return "a bool"
	case int64:
		return fmt.Sprintf("the int %d", v)
	case float64:
		return "a float"
	case string:
		return fmt.Sprintf("a string of %d bytes", len(v))
	case *Array:
		return fmt.Sprintf("an array of %d", v.Len())
	case *Object:
		return "an object of class " + v.Class
	case *Custom:
		return "an object of class " + v.Class
	case *Enum:
		return "an enum"
	}
	return fmt.Sprintf("a %T", v)
}

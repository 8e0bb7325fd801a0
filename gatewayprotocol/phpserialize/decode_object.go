package phpserialize

import "strings"

// incompleteName is the property in which PHP keeps the name of an unknown class.
const (
	incompleteName  = "__PHP_Incomplete_Class_Name"
	incompleteClass = "__PHP_Incomplete_Class"

	badClassName = "bad class name"
)

func (d *decoder) object(here place) error {
	start := d.pos
	class, err := d.class()
	if err != nil {
		return err
	}
	n := d.looseInt()
	if n < 0 || n > int64(len(d.data)-d.pos) || !d.skip(":{") {
		return d.fail(start, "bad number of properties")
	}
	o := &Object{Class: class, Props: d.sized(int(n))}
	here.set(o)
	return d.nested(o.Props, int(n), o)
}

// rename does what a property __PHP_Incomplete_Class_Name does in PHP: it
// becomes the name of the class.
func (o *Object) rename() {
	v, ok := o.Props.Get(Key{s: incompleteName})
	if !ok {
		return
	}
	o.Props.Delete(Key{s: incompleteName})
	if s, ok := Deref(v).(string); ok {
		o.Class = s
	} else {
		o.Class = incompleteClass
	}
}

func (d *decoder) custom(here place) error {
	start := d.pos
	class, err := d.class()
	if err != nil {
		return err
	}
	n := d.looseInt()
	if n < 0 || !d.skip(":{") || n >= int64(len(d.data)-d.pos) || d.data[d.pos+int(n)] != '}' {
		return d.fail(start, "bad custom object")
	}
	here.set(&Custom{Class: class, Data: []byte(d.data[d.pos : d.pos+int(n)])})
	d.pos += int(n) + 1
	return nil
}

func (d *decoder) enum(here place) error {
	start := d.pos
	name, err := d.string()
	if err != nil {
		return d.fail(start, "bad enum")
	}
	class, name, ok := strings.Cut(name, ":")
	if !ok || name == "" || !validClass(class) {
		return d.fail(start, "bad enum name")
	}
	here.set(&Enum{Class: class, Case: name})
	return nil
}

// class decodes X:3:"Abc": up to the number behind it.
func (d *decoder) class() (string, error) {
	start := d.pos
	n, ok := d.count()
	if !ok || !d.skip(`:"`) || n > uint64(len(d.data)-d.pos) {
		return "", d.fail(start, badClassName)
	}
	name := d.data[d.pos : d.pos+int(n)]
	d.pos += int(n)
	if !d.skip(`":`) || !validClass(name) {
		return "", d.fail(start, badClassName)
	}
	return name, nil
}

func validClass(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80 || c == '\\' && i > 0) {
			return false
		}
	}
	return name != ""
}

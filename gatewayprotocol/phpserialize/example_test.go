package phpserialize_test

import (
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

func Example() {
	v, err := phpserialize.Unmarshal([]byte(`a:2:{s:4:"name";s:3:"Ann";s:1:"5";a:1:{i:0;d:0.5;}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	session := v.(*phpserialize.Array)
	name, _ := session.GetString("name")
	fmt.Println(name)
	for k := range session.All() {
		fmt.Println(k, k.IsInt())
	}

	session.SetString("room", int64(7))
	session.Delete(phpserialize.IntKey(5))
	out, err := phpserialize.Marshal(session)
	fmt.Println(string(out), err)
	// Output:
	// Ann
	// name false
	// 5 true
	// a:2:{s:4:"name";s:3:"Ann";s:4:"room";i:7;} <nil>
}

func ExampleArrayReplaceRecursive() {
	base, _ := phpserialize.Unmarshal([]byte(`a:2:{s:4:"user";a:2:{s:2:"id";i:1;s:4:"name";s:3:"Ann";}s:4:"tags";a:2:{i:0;s:1:"a";i:1;s:1:"b";}}`))
	update, _ := phpserialize.Unmarshal([]byte(`a:2:{s:4:"user";a:1:{s:2:"id";i:2;}s:4:"tags";a:1:{i:0;s:1:"c";}}`))
	out, err := phpserialize.Marshal(phpserialize.ArrayReplaceRecursive(base.(*phpserialize.Array), update.(*phpserialize.Array)))
	fmt.Println(string(out), err)
	// Output:
	// a:2:{s:4:"user";a:2:{s:2:"id";i:2;s:4:"name";s:3:"Ann";}s:4:"tags";a:2:{i:0;s:1:"c";i:1;s:1:"b";}} <nil>
}

func ExampleAppendArrayStart() {
	dst := phpserialize.AppendArrayStart(nil, 2)
	dst = phpserialize.AppendInt(phpserialize.AppendKey(dst, "123"), 1)
	dst = phpserialize.AppendInt(phpserialize.AppendKey(dst, "007"), 2)
	dst = phpserialize.AppendArrayEnd(dst)
	fmt.Println(string(dst))
	// Output:
	// a:2:{i:123;i:1;s:3:"007";i:2;}
}

func ExampleParseStr() {
	out, _ := phpserialize.Marshal(phpserialize.ParseStr("a.b=1&list[]=x&list[]=y&map[5]=%C3%A9"))
	fmt.Println(string(out))
	// Output:
	// a:3:{s:3:"a_b";s:1:"1";s:4:"list";a:2:{i:0;s:1:"x";i:1;s:1:"y";}s:3:"map";a:1:{i:5;s:2:"é";}}
}

package phpjson_test

import (
	"errors"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
)

func Example() {
	v, err := phpjson.Decode([]byte(`{"5":"é/","list":[1,2.0]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, opt := range []phpjson.Options{{}, {UnescapedUnicode: true, UnescapedSlashes: true}} {
		out, err := phpjson.Encode(v, opt)
		fmt.Println(string(out), err)
	}
	_, err = phpjson.Decode([]byte(`{"a":`))
	fmt.Println(err, errors.Is(err, phpjson.ErrSyntax))
	// Output:
	// {"5":"\u00e9\/","list":[1,2]} <nil>
	// {"5":"é/","list":[1,2]} <nil>
	// phpjson: syntax error at offset 5 true
}

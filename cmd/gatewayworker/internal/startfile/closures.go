package startfile

import "github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/phpsyntax"

// closureIs reports whether a test holds for all functions that begin at a line.
func closureIs(at Place, test func(*phpsyntax.Closure) bool) bool {
	yes, no := false, false
	visit(at.File, func(node any) {
		if c, ok := node.(*phpsyntax.Closure); ok && c.Line == at.Line {
			is := test(c)
			yes, no = yes || is, no || !is
		}
	})
	return yes && !no
}

func isEmpty(c *phpsyntax.Closure) bool { return len(c.Func.Body) == 0 }

// isBinary recognizes what Workerman's manual has for binary frames:
//
//	function ($connection) {
//		$connection->websocketType = Websocket::BINARY_TYPE_ARRAYBUFFER;
//	}
func isBinary(c *phpsyntax.Closure) bool {
	if len(c.Func.Body) != 1 || len(c.Func.Params) == 0 {
		return false
	}
	s, ok := c.Func.Body[0].(*phpsyntax.Expression)
	if !ok {
		return false
	}
	a, ok := s.X.(*phpsyntax.Assign)
	if !ok || a.Op != "" {
		return false
	}
	p, ok := a.L.(*phpsyntax.Property)
	if !ok {
		return false
	}
	v, ok := p.X.(*phpsyntax.Variable)
	name, isText := p.Name.(*phpsyntax.Literal)
	if !ok || !isText || v.Name != c.Func.Params[0].Name || name.Value != "websocketType" {
		return false
	}
	switch r := a.R.(type) {
	case *phpsyntax.ClassConstant:
		return r.Name == "BINARY_TYPE_ARRAYBUFFER"
	case *phpsyntax.Literal:
		return r.Value == "\x82"
	}
	return false
}

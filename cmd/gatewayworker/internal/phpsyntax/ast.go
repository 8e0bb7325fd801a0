package phpsyntax

// Pos is the line of a node.
type Pos struct{ Line int }

// At returns the line.
func (p Pos) At() int { return p.Line }

// Expr is an expression, Stmt a statement: pointers to the types below.
type (
	Expr interface{ At() int }
	Stmt interface{ At() int }
)

// Class names in expressions are fully qualified, without the backslash in
// front; self, static and parent stay what they are.
type (
	// Literal is a string, int64 or float64.
	Literal struct {
		Pos
		Value any
	}
	// Template is a string with variables.
	Template struct {
		Pos
		Parts []Expr
	}
	// Variable is $name, or $$expr.
	Variable struct {
		Pos
		Name string
		Of   Expr
	}
	// Constant is a name that stands for a value: true, PHP_OS, FOO.
	Constant struct {
		Pos
		Name string // without its namespace
	}
	// Array is [...], array(...) and list(...).
	Array struct {
		Pos
		Items []Item
	}
	// Item is one of an Array; all nil is a hole in a list.
	Item struct {
		Key, Value Expr
		Spread     bool
	}
	// Index is X[Key]; without a Key it appends.
	Index struct {
		Pos
		X, Key Expr
	}
	// Property is X->Name.
	Property struct {
		Pos
		X    Expr
		Name Expr // a Literal, mostly
	}
	// StaticProperty is Class::$Name.
	StaticProperty struct {
		Pos
		Class Expr // a ClassName, mostly
		Name  string
	}
	// ClassConstant is Class::Name; Name class is the name itself.
	ClassConstant struct {
		Pos
		Class Expr
		Name  string
	}
	// ClassName is a class where it is named, not computed.
	ClassName struct {
		Pos
		Name string
	}
	// Call is a call of a function by its name, without its namespace, or of
	// the value of Of.
	Call struct {
		Pos
		Name string
		Of   Expr
		Args []Item
	}
	// MethodCall is X->Name(...).
	MethodCall struct {
		Pos
		X    Expr
		Name Expr
		Args []Item
	}
	// StaticCall is Class::Name(...).
	StaticCall struct {
		Pos
		Class Expr
		Name  string
		Args  []Item
	}
	// New is new Class(...); Class is nil for an anonymous class.
	New struct {
		Pos
		Class Expr
		Args  []Item
	}
	// Unary is an operator in front: ! - + ~ & @ print clone throw exit.
	Unary struct {
		Pos
		Op string
		X  Expr
	}
	// Cast is (Type)X, with PHP's short names: int, bool, float, string, array.
	Cast struct {
		Pos
		Type string
		X    Expr
	}
	// Binary is an operator between two, in lower case.
	Binary struct {
		Pos
		Op   string
		L, R Expr
	}
	// Assign is L = R, or L Op= R.
	Assign struct {
		Pos
		Op   string
		L, R Expr
	}
	// Step is ++ and --.
	Step struct {
		Pos
		X      Expr
		By     int64
		Before bool
	}
	// Ternary is If ? Then : Else; without Then it is If ?: Else.
	Ternary struct {
		Pos
		If, Then, Else Expr
	}
	// Match is match (X) {...}.
	Match struct {
		Pos
		X    Expr
		Arms []Arm
	}
	// Arm is one of a Match; no When is default.
	Arm struct {
		When []Expr
		Then Expr
	}
	// Isset is isset(...), Empty is empty(...).
	Isset struct {
		Pos
		Of []Expr
	}
	Empty struct {
		Pos
		X Expr
	}
	// Include is include and require, with or without once.
	Include struct {
		Pos
		Once, Required bool
		X              Expr
	}
	// Closure is function and fn; of fn the Body is a Return.
	Closure struct {
		Pos
		Func Function
	}
	// InstanceOf is X instanceof Class.
	InstanceOf struct {
		Pos
		X, Class Expr
	}
)

// Function is what can be called.
type Function struct {
	Name   string
	Params []Param
	Uses   []string
	Arrow  bool
	Body   []Stmt
}

// Param is a parameter.
type Param struct {
	Name     string
	Default  Expr
	Variadic bool
}

type (
	// Expression is an expression for its effect.
	Expression struct {
		Pos
		X Expr
	}
	// Echo prints.
	Echo struct {
		Pos
		Of []Expr
	}
	// If has elseif as an If in Else.
	If struct {
		Pos
		Cond       Expr
		Then, Else []Stmt
	}
	// While is while; DoWhile runs the body first.
	While struct {
		Pos
		Cond    Expr
		Body    []Stmt
		DoWhile bool
	}
	// For is for (Init; Cond; Post).
	For struct {
		Pos
		Init, Cond, Post []Expr
		Body             []Stmt
	}
	// Foreach is foreach (X as Key => Value).
	Foreach struct {
		Pos
		X, Key, Value Expr
		Body          []Stmt
	}
	// Switch is switch.
	Switch struct {
		Pos
		X     Expr
		Cases []Case
	}
	// Case is one of a Switch; no When is default.
	Case struct {
		When Expr
		Body []Stmt
	}
	// Jump is break and continue, over Levels loops.
	Jump struct {
		Pos
		Continue bool
		Levels   int
	}
	// Return is return; X may be nil.
	Return struct {
		Pos
		X Expr
	}
	// Block is {...}.
	Block struct {
		Pos
		Body []Stmt
	}
	// FuncDecl declares a function.
	FuncDecl struct {
		Pos
		Func Function
	}
	// ClassDecl declares a class, a trait or an interface.
	ClassDecl struct {
		Pos
		Name      string // fully qualified
		Parent    string
		Constants map[string]Expr
		Props     []ClassProp
		Methods   []Method
	}
	// ClassProp is a property of a class; Default may be nil.
	ClassProp struct {
		Pos
		Name    string
		Static  bool
		Default Expr
	}
	// Method is one of a class.
	Method struct {
		Pos
		Func Function
	}
	// ConstDecl is const NAME = X.
	ConstDecl struct {
		Pos
		Name string
		X    Expr
	}
	// Global makes variables of a function those of the file.
	Global struct {
		Pos
		Names []string
	}
	// StaticVar is a static variable of a function.
	StaticVar struct {
		Pos
		Name string
		X    Expr
	}
	// Unset is unset(...).
	Unset struct {
		Pos
		Of []Expr
	}
	// Try is try; catches are read over.
	Try struct {
		Pos
		Body, Finally []Stmt
	}
)

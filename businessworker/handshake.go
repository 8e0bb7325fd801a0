package businessworker

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// Handshake is what a websocket client sent to open its connection: the array
// that PHP hands to onWebSocketConnect.
//
// Its form is the gateway's choice: that of GatewayWorker 4 on Workerman 5, or,
// from PHP gateways on Workerman 3.5 and 4 and with gateway.HandshakeData3, that
// of GatewayWorker 3.x.
type Handshake struct {
	Query   Params // $data['get']: parameters of the query string, decoded
	Server  ServerVars
	Cookies Params // as they were sent; from GatewayWorker 3.x url-decoded
}

// Params are parameters in the order received. Their names and values follow
// PHP's rules: a[]=1 and a[b]=2 make arrays.
type Params struct{ *phpserialize.Array }

// Get returns the value of a parameter, "" for none and for an array; for
// those see Array.
func (p Params) Get(name string) string {
	if p.Array == nil {
		return ""
	}
	v, _ := p.Array.GetString(name)
	s, _ := phpserialize.ToString(v)
	return s
}

// Has reports whether there is the parameter.
func (p Params) Has(name string) bool {
	if p.Array == nil {
		return false
	}
	_, ok := p.Array.GetString(name)
	return ok
}

// ServerVars is $data['server']: PHP's $_SERVER of the handshake. From
// GatewayWorker 3.x it has no RemoteAddr, RemotePort and ContentType, ServerName
// is Host without the port, and ServerPort the port in Host.
type ServerVars struct {
	QueryString    string
	RequestMethod  string
	RequestURI     string
	ServerProtocol string
	ServerName     string // the Host header, with the port
	ContentType    string
	RemoteAddr     string
	RemotePort     int
	ServerPort     int
	// Header are the HTTP_… variables under their names in HTTP, such as
	// X-Forwarded-For. Repeated headers are one value joined by ",".
	Header http.Header
	// Vars is the whole array, in PHP's order.
	Vars *phpserialize.Array
}

// A HandshakeError says what is wrong with the data of an
// ON_WEBSOCKET_CONNECT event.
type HandshakeError struct{ Reason string }

func (e *HandshakeError) Error() string { return "businessworker: bad handshake data: " + e.Reason }

// decodeHandshake reads the body of an ON_WEBSOCKET_CONNECT event.
func decodeHandshake(m *gatewayprotocol.Message) (*Handshake, error) {
	if m.Flag&gatewayprotocol.FlagBodyIsScalar != 0 {
		return nil, &HandshakeError{"it is text"}
	}
	v, err := phpserialize.Unmarshal(m.Body)
	if err != nil {
		return nil, &HandshakeError{err.Error()}
	}
	arr, ok := v.(*phpserialize.Array)
	if !ok {
		return nil, &HandshakeError{fmt.Sprintf("it is a %T", v)}
	}
	part := func(name string) *phpserialize.Array {
		v, _ := arr.GetString(name)
		if a, ok := phpserialize.Deref(v).(*phpserialize.Array); ok {
			return a
		}
		return phpserialize.NewArray()
	}
	return &Handshake{
		Query:   Params{part("get")},
		Server:  serverVars(part("server")),
		Cookies: Params{part("cookie")},
	}, nil
}

func serverVars(vars *phpserialize.Array) ServerVars {
	s := ServerVars{Header: make(http.Header), Vars: vars}
	text := map[string]*string{
		"QUERY_STRING":    &s.QueryString,
		"REQUEST_METHOD":  &s.RequestMethod,
		"REQUEST_URI":     &s.RequestURI,
		"SERVER_PROTOCOL": &s.ServerProtocol,
		"SERVER_NAME":     &s.ServerName,
		"CONTENT_TYPE":    &s.ContentType,
		"REMOTE_ADDR":     &s.RemoteAddr,
	}
	for k, v := range vars.All() {
		name := k.String()
		value, _ := phpserialize.ToString(phpserialize.Deref(v))
		if header, ok := strings.CutPrefix(name, "HTTP_"); ok {
			s.Header.Set(strings.ReplaceAll(header, "_", "-"), value)
		} else if dst := text[name]; dst != nil {
			*dst = value
		} else if n, err := strconv.ParseUint(value, 10, 16); err == nil {
			switch name {
			case "REMOTE_PORT":
				s.RemotePort = int(n)
			case "SERVER_PORT":
				s.ServerPort = int(n)
			}
		}
	}
	return s
}

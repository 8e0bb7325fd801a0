package gatewayprotocol_test

import (
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// A frame that sends "hi" to one client, and what a gateway reads of it.
func ExampleDecodeMessage() {
	id, err := gatewayprotocol.ParseClientID("7f0000010b5400000005")
	if err != nil {
		panic(err)
	}
	wire := gatewayprotocol.AppendMessage(nil, &gatewayprotocol.Message{
		Cmd:          gatewayprotocol.CmdSendToOne,
		LocalIP:      id.LocalIP,
		LocalPort:    id.LocalPort,
		ConnectionID: id.ConnectionID,
		Flag:         gatewayprotocol.FlagBodyIsScalar,
		Body:         []byte("hi"),
	})
	fmt.Printf("%x\n", wire)

	var m gatewayprotocol.Message
	n, err := gatewayprotocol.DecodeMessage(wire, &m, 0)
	fmt.Println(n, err, m.Cmd, m.ClientID(), m.ClientID().Gateway(), string(m.Body))
	// Output:
	// 0000001e057f0000010b5400000000000000000005010000000000006869
	// 30 <nil> CMD_SEND_TO_ONE 7f0000010b5400000005 127.0.0.1:2900 hi
}

// The ext_data of CMD_SEND_TO_GROUP.
func ExampleDecodeSendToGroupExt() {
	ext, err := gatewayprotocol.AppendGroupsExt(nil, []string{"room"}, []uint32{5})
	fmt.Println(string(ext), err)

	var to gatewayprotocol.SendToGroup
	err = gatewayprotocol.DecodeSendToGroupExt(ext, &to)
	fmt.Printf("%s %v %v %v\n", to.Groups, to.Exclude.Has(5), to.Exclude.Has(6), err)
	// Output:
	// {"group":["room"],"exclude":{"5":5}} <nil>
	// [room] true false <nil>
}

func ExampleParseBroadcastAddresses() {
	// Two gateways with the same address and a third one: PHP's Register keeps
	// the keys, so that the list is an object.
	line := `{"event":"broadcast_addresses","addresses":{"0":"10.0.0.1:2900","2":"10.0.0.2:2900"}}`
	addresses, err := gatewayprotocol.ParseBroadcastAddresses([]byte(line))
	fmt.Println(addresses, err)
	// Output: [10.0.0.1:2900 10.0.0.2:2900] <nil>
}

func ExampleParseListenAddress() {
	a, err := gatewayprotocol.ParseListenAddress("Websocket://0.0.0.0:8282")
	fmt.Println(a.Scheme, a.HostPort(), err)
	_, err = gatewayprotocol.ParseListenAddress("websocket://0.0.0.0")
	fmt.Println(err)
	// Output:
	// websocket 0.0.0.0:8282 <nil>
	// gatewayprotocol: listen address "websocket://0.0.0.0": no port
}

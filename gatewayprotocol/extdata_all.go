package gatewayprotocol

import "github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"

// SendToAll says which clients a [CmdSendToAll] is for.
type SendToAll struct {
	// Only says that the message is for Connections alone, in their order and
	// once for each time an id is there. Otherwise it is for all clients
	// but Exclude.
	Only        bool
	Connections []uint32
	Exclude     IDSet
}

// AppendConnectionsExt appends the ext_data of a [CmdSendToAll] for these
// connections, {"connections":{"5":5}}. Repeated ids are written once, as by
// PHP's libraries. Without ids the message is for no client.
func AppendConnectionsExt(dst []byte, ids []uint32) []byte {
	dst = append(dst, `{"connections":`...)
	return append(appendIDMap(dst, ids), '}')
}

// AppendExcludeExt appends the ext_data of a [CmdSendToAll] for all clients
// but these connections, {"exclude":{"5":5}}. For no ids it appends nothing: the
// ext_data of a message for all clients is empty.
func AppendExcludeExt(dst []byte, ids []uint32) []byte {
	if len(ids) == 0 {
		return dst
	}
	dst = append(dst, `{"exclude":`...)
	return append(appendIDMap(dst, ids), '}')
}

// DecodeSendToAllExt reads the ext_data of a [CmdSendToAll] into s, whose
// slices it uses again.
//
// As PHP has it: what is no JSON object, or has no connections (or null), is
// for all clients; exclude is ignored beside connections and names the excluded
// ids by its keys, those with a null value aside. A connection that is itself
// an array is a [*MessageError].
func DecodeSendToAllExt(ext []byte, s *SendToAll) error {
	if s.decodeFast(ext) {
		return nil
	}
	return s.decodeSlow(ext)
}

func (s *SendToAll) reset() {
	s.Only = false
	s.Connections = s.Connections[:0]
	s.Exclude.reset()
}

// decodeFast reads {"connections":{"5":5}}, {"connections":[5]} and
// {"exclude":{"5":5}} and reports whether ext was such.
func (s *SendToAll) decodeFast(ext []byte) bool {
	s.reset()
	if len(ext) == 0 {
		return true
	}
	r := jsonScanner{buf: ext}
	switch {
	case r.literal(`{"connections":`):
		s.Only = true
		s.Exclude.ids = r.idMap(s.Exclude.ids, &s.Connections)
		s.Exclude.reset()
	case r.literal(`{"exclude":`):
		s.Exclude.ids = r.idKeys(s.Exclude.ids)
	default:
		return false
	}
	return r.literal("}") && r.done()
}

func (s *SendToAll) decodeSlow(ext []byte) error {
	s.reset()
	obj, ok := decodeJSON(ext).(*phpserialize.Array)
	if !ok {
		return nil
	}
	if conns, _ := obj.GetString("connections"); conns != nil {
		var err error
		s.Only = true
		if s.Connections, err = appendIDs(s.Connections, conns); err != nil {
			return &MessageError{Cmd: CmdSendToAll, Part: "ext_data", Reason: err.Error()}
		}
		return nil
	}
	if ex, _ := obj.GetString("exclude"); phpserialize.IsTruthy(ex) {
		s.Exclude.setKeys(ex)
	}
	return nil
}

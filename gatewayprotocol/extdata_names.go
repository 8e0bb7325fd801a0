package gatewayprotocol

import "github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"

// AppendNamesExt appends the ext_data of the commands that carry a list of
// uids or groups: ["a","b"]. It fails for a name that is not UTF-8.
func AppendNamesExt(dst []byte, names []string) ([]byte, error) {
	return appendNameList(dst, names)
}

// DecodeNamesExt reads the ext_data of [CmdSendToUID],
// [CmdBatchGetClientIDByUID] or [CmdBatchGetClientCountByGroup] and appends
// the names to dst[:0]. They may alias ext. The values of an object count like
// those of a list, repeated names are repeated, and what is neither holds no
// name. A name that is itself an array is a [*MessageError].
func DecodeNamesExt(cmd Command, ext []byte, dst [][]byte) ([][]byte, error) {
	r := jsonScanner{buf: ext}
	if names := r.names(dst[:0]); r.done() {
		return names, nil
	}
	names, err := appendNames(dst[:0], decodeJSON(ext))
	if err != nil {
		return dst[:0], &MessageError{Cmd: cmd, Part: "ext_data", Reason: err.Error()}
	}
	return names, nil
}

// SendToGroup says who a [CmdSendToGroup] is for: the members of Groups, once
// for each time that their group is named, but those in Exclude.
type SendToGroup struct {
	Groups  [][]byte // may alias the ext_data
	Exclude IDSet
}

// AppendGroupsExt appends the ext_data of a [CmdSendToGroup]:
// {"group":["a"],"exclude":null}, or {"group":["a"],"exclude":{"5":5}}. It
// fails for a group that is not UTF-8.
func AppendGroupsExt(dst []byte, groups []string, exclude []uint32) ([]byte, error) {
	out, err := appendNameList(append(dst, `{"group":`...), groups)
	if err != nil {
		return dst, err
	}
	out = append(out, `,"exclude":`...)
	if len(exclude) == 0 {
		return append(out, "null}"...), nil
	}
	return append(appendIDMap(out, exclude), '}'), nil
}

// DecodeSendToGroupExt reads the ext_data of a [CmdSendToGroup] into s, whose
// slices it uses again. Excluded ids are the keys of exclude that have a value
// other than null. What has no list of groups is for no client. A JSON string, or
// a group that is itself an array, is a [*MessageError].
func DecodeSendToGroupExt(ext []byte, s *SendToGroup) error {
	if s.decodeFast(ext) {
		return nil
	}
	return s.decodeSlow(ext)
}

func (s *SendToGroup) reset() {
	s.Groups = s.Groups[:0]
	s.Exclude.reset()
}

func (s *SendToGroup) decodeFast(ext []byte) bool {
	s.reset()
	r := jsonScanner{buf: ext}
	if !r.literal(`{"group":`) {
		return false
	}
	s.Groups = r.names(s.Groups)
	if !r.literal(`,"exclude":`) {
		return false
	}
	if !r.literal("null") {
		s.Exclude.ids = r.idKeys(s.Exclude.ids)
	}
	return r.literal("}") && r.done()
}

func (s *SendToGroup) decodeSlow(ext []byte) error {
	s.reset()
	switch v := decodeJSON(ext).(type) {
	case string:
		return &MessageError{Cmd: CmdSendToGroup, Part: "ext_data", Reason: "is a JSON string, not an object"}
	case *phpserialize.Array:
		groups, _ := v.GetString("group")
		var err error
		if s.Groups, err = appendNames(s.Groups, groups); err != nil {
			return &MessageError{Cmd: CmdSendToGroup, Part: "ext_data", Reason: err.Error()}
		}
		exclude, _ := v.GetString("exclude")
		s.Exclude.setKeys(exclude)
	}
	return nil
}

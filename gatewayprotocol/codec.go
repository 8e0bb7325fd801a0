package gatewayprotocol

import "encoding/binary"

// AppendMessage appends the frame of m to dst and returns the extended slice.
// The flag is written as it is: callers set [FlagBodyIsScalar] themselves.
func AppendMessage(dst []byte, m *Message) []byte {
	dst = AppendHead(dst, m, len(m.ExtData), len(m.Body))
	dst = append(dst, m.ExtData...)
	return append(dst, m.Body...)
}

// AppendHead appends the 28 bytes of head of a frame with the fields of m and
// the given lengths of ext_data and body, which the caller appends after it.
// m.ExtData and m.Body are not looked at.
func AppendHead(dst []byte, m *Message, extLen, bodyLen int) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(HeadLen+extLen+bodyLen))
	dst = append(dst, byte(m.Cmd))
	dst = binary.BigEndian.AppendUint32(dst, m.LocalIP)
	dst = binary.BigEndian.AppendUint16(dst, m.LocalPort)
	dst = binary.BigEndian.AppendUint32(dst, m.ClientIP)
	dst = binary.BigEndian.AppendUint16(dst, m.ClientPort)
	dst = binary.BigEndian.AppendUint32(dst, m.ConnectionID)
	dst = append(dst, byte(m.Flag))
	dst = binary.BigEndian.AppendUint16(dst, m.GatewayPort)
	return binary.BigEndian.AppendUint32(dst, uint32(extLen))
}

// FrameLen returns the length of the frame at the start of buf, or 0 while
// fewer than [HeadLen] bytes are there. A declared length below HeadLen or
// above limit is a [*FrameLengthError]: the stream cannot be read any further.
// limit 0 means [MaxPackageSize].
//
// The whole head must be there before its length counts, as in PHP.
func FrameLen(buf []byte, limit int) (int, error) {
	if len(buf) < HeadLen {
		return 0, nil
	}
	if limit <= 0 {
		limit = MaxPackageSize
	}
	n := binary.BigEndian.Uint32(buf)
	if n < HeadLen || uint64(n) > uint64(limit) {
		return 0, &FrameLengthError{Length: n, Limit: limit}
	}
	return int(n), nil
}

// DecodeMessage decodes the frame at the start of src and returns its length.
// While src holds less than a whole frame it returns 0 and no error. ExtData
// and Body alias src. limit is as for [FrameLen].
//
// An ext_len that reaches past the frame is cut: ext_data is then the whole
// rest and the body is empty, as in PHP.
func DecodeMessage(src []byte, m *Message, limit int) (int, error) {
	n, err := FrameLen(src, limit)
	if err != nil || n == 0 || len(src) < n {
		return 0, err
	}
	m.Cmd = Command(src[4])
	m.LocalIP = binary.BigEndian.Uint32(src[5:])
	m.LocalPort = binary.BigEndian.Uint16(src[9:])
	m.ClientIP = binary.BigEndian.Uint32(src[11:])
	m.ClientPort = binary.BigEndian.Uint16(src[15:])
	m.ConnectionID = binary.BigEndian.Uint32(src[17:])
	m.Flag = Flag(src[21])
	m.GatewayPort = binary.BigEndian.Uint16(src[22:])
	rest := src[HeadLen:n:n]
	ext := min(uint64(binary.BigEndian.Uint32(src[24:])), uint64(len(rest)))
	m.ExtData = rest[:ext:ext]
	m.Body = rest[ext:]
	return n, nil
}

package gatewayprotocol

// Flag is the flag byte of a frame.
type Flag uint8

const (
	// FlagBodyIsScalar says that the body is a string as it is. Without it the
	// body is PHP serialize() output (GatewayProtocol::FLAG_BODY_IS_SCALAR).
	FlagBodyIsScalar Flag = 0x01
	// FlagNotCallEncode asks the gateway to put the body on the client's socket
	// as it is, without the client protocol's framing
	// (GatewayProtocol::FLAG_NOT_CALL_ENCODE).
	FlagNotCallEncode Flag = 0x02
)

// HeadLen is the length of a frame's head in bytes.
const HeadLen = 28

// MaxPackageSize is Workerman's default bound on a frame or message in bytes
// (TcpConnection::$defaultMaxPackageSize). A frame of exactly this length is
// fine; a longer one ends the connection as soon as its head is read.
const MaxPackageSize = 10485760

// Message is one frame of the inner port. pack_len and ext_len are not fields:
// they follow from ExtData and Body.
type Message struct {
	Cmd          Command
	LocalIP      uint32 // the gateway's lanIp
	LocalPort    uint16 // the gateway's lanPort
	ClientIP     uint32 // 0 for an IPv6 client
	ClientPort   uint16
	ConnectionID uint32
	Flag         Flag
	GatewayPort  uint16 // the port that clients connect to
	ExtData      []byte
	Body         []byte
}

// ClientID returns the id of the client that the frame is about.
func (m *Message) ClientID() ClientID {
	return ClientID{LocalIP: m.LocalIP, LocalPort: m.LocalPort, ConnectionID: m.ConnectionID}
}

// Len returns the length of the encoded frame in bytes.
func (m *Message) Len() int { return HeadLen + len(m.ExtData) + len(m.Body) }

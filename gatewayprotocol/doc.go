// Package gatewayprotocol holds the wire formats that GatewayWorker's parts
// speak to each other: the binary GatewayProtocol frame of the inner port, the
// replies to queries, client ids and gateway addresses, the JSON that some
// commands carry as ext_data, and Register's text lines.
//
// It opens no sockets and starts no goroutines.
//
// # The frame
//
// Every frame on the inner port starts with a head of 28 bytes, big-endian,
// PHP's pack("NCNnNnNCnN"), followed by ext_data and the body:
//
//	 0       4   5         9          11         15          17              21
//	+--------+---+---------+----------+----------+-----------+---------------+
//	|pack_len|cmd|local_ip |local_port|client_ip |client_port| connection_id |
//	+--------+---+---------+----------+----------+-----------+---------------+
//	 21   22             24       28          28+ext_len         pack_len
//	+----+--------------+--------+-----------+--------------------+
//	|flag| gateway_port | ext_len| ext_data  | body               |
//	+----+--------------+--------+-----------+--------------------+
//
// pack_len counts the whole frame, the head included. The body is a scalar
// written as it is when [FlagBodyIsScalar] is set, and PHP serialize() output
// otherwise.
//
// A reply to a query is no frame: see [AppendReply].
//
// # Source of truth
//
// The formats are those of GatewayWorker 4.0 (src/Protocols/GatewayProtocol.php),
// GatewayClient 3.1.1 and Workerman 5.2. They are unchanged since GatewayWorker
// 3.0.16 but for commands 16 and 28, which the last versions of 3.1 brought.
// Where a comment says "PHP", it means these programs.
//
// # Who owns the bytes
//
// Functions named Append… append to the slice given and return it, like
// append. Functions named Decode… return slices that alias their input: they
// are valid for as long as the caller leaves the input alone. Copy what must
// live longer.
package gatewayprotocol
